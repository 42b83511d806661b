//! The assertion before anybody is asked about it: its form and its header.

use serde_json::{Map, Value};

use super::{claims::GrantClaims, refusal::Refusal};
use crate::jws::Jws;

/// A well-formed assertion whose signature is not yet checked.
#[derive(Debug)]
pub(super) struct Assertion<'a> {
    pub(super) text: &'a str,
    pub(super) jws: Jws<'a>,
    pub(super) claims: GrantClaims,
}

impl<'a> Assertion<'a> {
    pub(super) fn read(text: &'a str) -> Result<Self, Refusal> {
        let jws = Jws::parse(text)
            .ok_or_else(|| Refusal::invalid_parameter("assertion is not a signed JWT"))?;
        check_header(&jws)?;
        let claims = GrantClaims::read(&jws.claims)?;
        Ok(Self { text, jws, claims })
    }
}

fn check_header(jws: &Jws<'_>) -> Result<(), Refusal> {
    let header = &jws.header;
    if jws.algorithm().is_none() {
        return Err(Refusal::invalid_parameter(
            "alg is not RS256, RS384 or RS512",
        ));
    }
    // RFC 7515 section 4.1.11: who does not understand an extension must refuse it.
    if header.contains_key("crit") {
        return Err(Refusal::invalid_parameter("crit is not supported"));
    }
    if header.contains_key("x5c") && !has_certificates(header) {
        return Err(Refusal::malformed_x5c());
    }
    match header.get("kid") {
        Some(Value::String(_kid)) => Ok(()),
        Some(_other) => Err(Refusal::invalid_parameter("kid is not a string")),
        None if header.contains_key("x5c") => Ok(()),
        None => Err(Refusal::missing_kid()),
    }
}

fn has_certificates(header: &Map<String, Value>) -> bool {
    header
        .get("x5c")
        .and_then(Value::as_array)
        .is_some_and(|chain| !chain.is_empty() && chain.iter().all(Value::is_string))
}
