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
    let text = text.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    if text.is_empty() {
        return Err(KeyError::new("there is nothing in it"));
    }
    if text.starts_with(['{', '[']) {
        return jwk::read(text, kid);
    }
    if text.contains(PEM) {
        return pem::read(text, needed(kid)?);
    }
    let mut bytes = decode(text)?;
    // Some secrets are encoded twice, once by whoever made them and once by where they are kept.
    if let Ok(text) = std::str::from_utf8(&bytes)
        && let Ok(twice) = decode(text)
    {
        bytes = twice;
    }
    if bytes.starts_with(&[DER_SEQUENCE]) {
        return pem::from_der(&bytes, needed(kid)?);
    }
    let Ok(text) = std::str::from_utf8(&bytes) else {
        return Err(KeyError::new("the base64 is of neither JSON, PEM nor DER"));
    };
    if text.contains(PEM) {
        return pem::read(text, needed(kid)?);
    }
    jwk::read(text.trim_start_matches('\u{feff}'), kid)
}

/// What every PEM file has in it.
const PEM: &str = "-----BEGIN ";
/// What every private key in DER begins with.
const DER_SEQUENCE: u8 = 0x30;

fn needed(kid: Option<&str>) -> Result<&str, KeyError> {
    kid.ok_or_else(|| KeyError::new("`kid` is missing: a key in PEM or DER has none of its own"))
}

pub(super) fn decode(text: &str) -> Result<Zeroizing<Vec<u8>>, KeyError> {
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
