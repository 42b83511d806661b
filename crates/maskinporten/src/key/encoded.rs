//! Keys as they are pasted into secrets: base64 of a JWK, of PEM or of DER.

use base64::{
    Engine, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use zeroize::Zeroizing;

use super::{KeyError, KeyOptions, Unnamed, der, jwk, pem};

/// The standard alphabet, padded or not; some encoders leave bits over in the last character.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// Reads whatever it is: text or DER, encoded or not.
pub(super) fn read(contents: &[u8], options: &KeyOptions) -> Result<Unnamed, KeyError> {
    if contents.starts_with(&[DER_SEQUENCE]) {
        return der::read(contents, options);
    }
    let text = std::str::from_utf8(contents)
        .map_err(|_| KeyError::new("it is neither text nor a key in DER"))?;
    if let Some(key) = read_text(text, options) {
        return key;
    }
    let mut bytes = decode(text)?;
    // Some secrets are encoded twice, once by whoever made them and once by where they are kept.
    for _ in 0..2 {
        if bytes.starts_with(&[DER_SEQUENCE]) {
            return der::read(&bytes, options);
        }
        let Ok(text) = std::str::from_utf8(&bytes) else {
            break;
        };
        if let Some(key) = read_text(text, options) {
            return key;
        }
        let Ok(twice) = decode(text) else {
            return jwk::read(text, options.kid.as_deref());
        };
        bytes = twice;
    }
    Err(KeyError::new("the base64 is of neither JSON, PEM nor DER"))
}

/// Reads a key that is not encoded, or no longer.
fn read_text(text: &str, options: &KeyOptions) -> Option<Result<Unnamed, KeyError>> {
    let text = text.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    if text.starts_with(['{', '[']) {
        Some(jwk::read(text, options.kid.as_deref()))
    } else if text.contains(PEM) {
        Some(pem::read(text, options))
    } else {
        None
    }
}

/// What every PEM file has in it.
const PEM: &str = "-----BEGIN ";
/// What every private key in DER begins with. It is `0` as text, which neither JSON, PEM nor their base64 begin with.
const DER_SEQUENCE: u8 = 0x30;

pub(super) fn decode(text: &str) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let text = text.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    if text.is_empty() {
        return Err(KeyError::new("there is nothing in it"));
    }
    let mut standard = Zeroizing::new(String::with_capacity(text.len()));
    standard.extend(
        text.chars()
            .filter(|c| !c.is_whitespace() && !matches!(c, '"' | '\''))
            .map(|c| match c {
                '-' => '+',
                '_' => '/',
                other => other,
            }),
    );
    decoded(&LENIENT, &standard).ok_or_else(|| KeyError::new("it is neither base64 nor JSON"))
}

/// Decodes base64. What was decoded before a mistake was found is wiped, too.
pub(super) fn decoded(engine: &GeneralPurpose, base64: &str) -> Option<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(Vec::new());
    engine.decode_vec(base64, &mut bytes).ok()?;
    Some(bytes)
}
