//! Whether a token is one of this stub's, and still good.

use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::{jws::Jws, world::World};

/// Who issued a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenIssuer {
    Maskinporten,
    Altinn,
}

/// A token whose signature, issuer and time are right.
#[derive(Debug)]
pub(crate) struct Verified {
    pub(crate) issuer: TokenIssuer,
    pub(crate) claims: Map<String, Value>,
}

/// What is wrong with a token.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Rejected {
    Malformed,
    UnknownKey,
    Signature,
    Issuer(String),
    NoExpiry,
    Expired(Timestamp),
}

/// Verifies a token, taking it for `skew` seconds after its end. The audience is nobody's concern.
pub(crate) fn verify(world: &World, token: &str, skew: i64) -> Result<Verified, Rejected> {
    let jws = Jws::parse(token).ok_or(Rejected::Malformed)?;
    let kid = jws.kid().ok_or(Rejected::UnknownKey)?;
    let key = world.ring.find(kid, world.clock.now());
    let key = key.ok_or(Rejected::UnknownKey)?;
    let issuer = key.issuer();
    let expected = match issuer {
        TokenIssuer::Maskinporten => world.issuer(),
        TokenIssuer::Altinn => world.altinn_issuer(),
    };
    if !jws.verifies(key.public()) {
        return Err(Rejected::Signature);
    }
    let iss = jws.claims.get("iss").and_then(Value::as_str);
    if iss != Some(&expected) {
        return Err(Rejected::Issuer(iss.unwrap_or_default().to_owned()));
    }
    let exp = jws.claims.get("exp").and_then(Value::as_i64);
    let exp = exp.ok_or(Rejected::NoExpiry)?;
    if exp.saturating_add(skew) <= world.clock.seconds() {
        let expired = Timestamp::from_second(exp).unwrap_or(Timestamp::MIN);
        return Err(Rejected::Expired(expired));
    }
    Ok(Verified {
        issuer,
        claims: jws.claims,
    })
}
