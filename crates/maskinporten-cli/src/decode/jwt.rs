//! A JWT in its parts (RFC 7519, in the compact serialisation of RFC 7515).

use base64::{
    Engine,
    alphabet::URL_SAFE,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use serde_json::{Map, Value};

use crate::failure::Failure;

const BASE64URL: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Nothing in it was checked.
pub(crate) struct Jwt {
    pub(crate) header: Map<String, Value>,
    pub(crate) claims: Map<String, Value>,
    /// What was signed: the first two parts as they stand there.
    pub(crate) signed: String,
    pub(crate) signature: Vec<u8>,
}

impl Jwt {
    /// Reads a token as people have it at hand: a header, a quoted string, with line breaks.
    pub(crate) fn read(text: &str) -> Result<Self, Failure> {
        let bare: String = text
            .split(|c: char| c.is_whitespace() || "\"',;".contains(c))
            .filter(|word| !["authorization:", "bearer"].contains(&word.to_lowercase().as_str()))
            .collect();
        let parts: Vec<_> = bare.split('.').collect();
        let [header, claims, signature] = parts.as_slice() else {
            return Err(Failure::new(format!(
                "It is not a JWT: that has three parts with dots between them, and this has {}.",
                parts.len()
            )));
        };
        let signed = format!("{header}.{claims}");
        Ok(Self {
            header: object(header, "header")?,
            claims: object(claims, "claims")?,
            signed,
            signature: bytes(signature, "signature")?,
        })
    }

    pub(crate) fn text(&self, claim: &str) -> Option<&str> {
        self.claims.get(claim)?.as_str()
    }
}

fn object(part: &str, what: &str) -> Result<Map<String, Value>, Failure> {
    serde_json::from_slice(&bytes(part, what)?)
        .map_err(|_| Failure::new(format!("The {what} of the token is no JSON object.")))
}

fn bytes(part: &str, what: &str) -> Result<Vec<u8>, Failure> {
    BASE64URL
        .decode(part)
        .map_err(|_| Failure::new(format!("The {what} of the token is not in base64url.")))
}
