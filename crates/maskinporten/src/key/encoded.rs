//! Keys as they are pasted into secrets: base64 of a JWK, of PEM or of DER.

use base64::{
    Engine, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use zeroize::Zeroizing;

use super::{ClientKey, KeyError, jwk, pem};

/// The standard alphabet, padded or not; some encoders leave bits over in the last character.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

pub(super) fn read(text: &str, kid: Option<&str>) -> Result<ClientKey, KeyError> {
    if let Some(key) = read_text(text, kid) {
        return key;
    }
    let mut bytes = decode(text)?;
    // Some secrets are encoded twice, once by whoever made them and once by where they are kept.
    for _ in 0..2 {
        if bytes.starts_with(&[DER_SEQUENCE]) {
            return pem::from_der(&bytes, needed(kid)?);
        }
        let Ok(text) = std::str::from_utf8(&bytes) else {
            break;
        };
        if let Some(key) = read_text(text, kid) {
            return key;
        }
        let Ok(twice) = decode(text) else {
            return jwk::read(text, kid);
        };
        bytes = twice;
    }
    Err(KeyError::new("the base64 is of neither JSON, PEM nor DER"))
}

/// Reads a key that is not encoded, or no longer.
fn read_text(text: &str, kid: Option<&str>) -> Option<Result<ClientKey, KeyError>> {
    let text = text.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    if text.starts_with(['{', '[']) {
        Some(jwk::read(text, kid))
    } else if text.contains(PEM) {
        Some(needed(kid).and_then(|kid| pem::read(text, kid)))
    } else {
        None
    }
}

/// What every PEM file has in it.
const PEM: &str = "-----BEGIN ";
/// What every private key in DER begins with.
const DER_SEQUENCE: u8 = 0x30;

fn needed(kid: Option<&str>) -> Result<&str, KeyError> {
    kid.ok_or_else(|| KeyError::new("`kid` is missing: a key in PEM or DER has none of its own"))
}

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
    LENIENT
        .decode(standard.as_bytes())
        .map(Zeroizing::new)
        .map_err(|_| KeyError::new("it is neither base64 nor JSON"))
}
