//! The assertion before anybody is asked about it: its form and its header.

use serde_json::Value;

use super::{refusal::Refusal, x5c::Chain};
use crate::jws::Jws;

/// Takes an assertion apart. Its signature is not checked yet.
pub(super) fn read(text: Option<&str>) -> Result<Jws<'_>, Refusal> {
    let text = text.ok_or_else(|| Refusal::invalid_parameter("assertion is missing"))?;
    Jws::parse(text).ok_or_else(|| Refusal::invalid_parameter("assertion is not a signed JWT"))
}

/// Checks the header, and reads the certificates in it.
pub(super) fn check_header(jws: &Jws<'_>) -> Result<Option<Chain>, Refusal> {
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
    let chain = match header.get("x5c") {
        Some(x5c) => Some(Chain::read(x5c).ok_or_else(Refusal::malformed_x5c)?),
        None => None,
    };
    match header.get("kid") {
        Some(Value::String(_kid)) => Ok(chain),
        Some(_other) => Err(Refusal::invalid_parameter("kid is not a string")),
        None if chain.is_some() => Ok(chain),
        None => Err(Refusal::missing_kid()
            .because("the header has neither kid nor x5c; one of them must name the key")),
    }
}
