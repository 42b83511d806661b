//! Who is asking: the client, its key, its signature, and whether the grant is fresh.

use jiff::Timestamp;

use super::{assertion::Assertion, refusal::Refusal};
use crate::{client::Client, registry::Registered, world::World};

/// How far a client's clock may be ahead, and how long a used grant is remembered after its end.
const SKEW: i64 = 10;
/// The longest a grant may live.
const MAX_LIFETIME: i64 = 120;

/// Finds the client that signed the assertion, and uses the assertion up.
pub(super) fn client(world: &World, assertion: &Assertion<'_>) -> Result<Client, Refusal> {
    let now = world.clock.now();
    let registered = world
        .registry
        .client(&assertion.claims.iss)
        .filter(|registered| registered.client.active)
        .ok_or_else(Refusal::client_not_found)?;
    check_signature(&registered, assertion, now)?;
    if assertion.claims.aud.as_deref() != Some(&world.issuer()) {
        return Err(Refusal::audience());
    }
    check_times(assertion.claims.iat, assertion.claims.exp, now.as_second())?;
    let until = assertion.claims.exp.saturating_add(SKEW);
    if !world.replays.first_use(assertion, until, now.as_second()) {
        return Err(Refusal::used_before());
    }
    Ok(registered.client)
}

fn check_signature(
    registered: &Registered,
    assertion: &Assertion<'_>,
    now: Timestamp,
) -> Result<(), Refusal> {
    let keys = &registered.client.keys;
    let Some(kid) = assertion.jws.kid() else {
        // Certificates alone. The stub trusts no authority, so they cannot be valid here.
        return Err(if keys.is_empty() {
            Refusal::untrusted_certificate()
        } else {
            Refusal::missing_kid()
        });
    };
    let (_kid, key) = keys
        .iter()
        .find(|(known, _key)| known == kid && now >= registered.keys_start)
        .ok_or_else(Refusal::unknown_kid)?;
    if now >= registered.keys_end {
        return Err(Refusal::expired_key());
    }
    if !assertion.jws.verifies(key) {
        return Err(Refusal::signature());
    }
    Ok(())
}

fn check_times(iat: i64, exp: i64, now: i64) -> Result<(), Refusal> {
    if iat > now.saturating_add(SKEW) {
        return Err(Refusal::issued_later());
    }
    if exp <= now {
        return Err(Refusal::expired());
    }
    if exp.saturating_sub(iat) > MAX_LIFETIME {
        return Err(Refusal::lives_too_long());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grant_is_neither_early_nor_late_nor_long() {
        const NOW: i64 = 1_000_000;
        let cases = [
            (0, 120, true),
            (10, 130, true),
            (11, 100, false),
            (-10, 110, true),
            (-119, 1, true),
            (-60, 0, false),
            (0, 121, false),
            (-1, 120, false),
            (i64::MIN / 2, i64::MAX / 2, false),
        ];
        for (iat, exp, accepted) in cases {
            let checked = check_times(NOW + iat, NOW + exp, NOW);
            assert_eq!(checked.is_ok(), accepted, "{iat} {exp}");
        }
        assert!(check_times(i64::MIN, i64::MAX, NOW).is_err());
    }
}
