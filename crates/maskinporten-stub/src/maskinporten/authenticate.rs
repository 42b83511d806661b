//! Who is asking: the client, its key, its signature, and whether the grant is fresh.

use jiff::Timestamp;

use super::{assertion::Assertion, refusal::Refusal, x5c::Chain};
use crate::{client::Client, registered::Registered, rsa::PublicKey, world::World};

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
    let key = signing_key(world, &registered, assertion, now)?;
    if !assertion.jws.verifies(key) {
        return Err(Refusal::signature());
    }
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

/// The key that must have signed: a registered one, or that of a certificate when there are none.
fn signing_key<'a>(
    world: &World,
    registered: &'a Registered,
    assertion: &'a Assertion<'_>,
    now: Timestamp,
) -> Result<&'a PublicKey, Refusal> {
    let client = &registered.client;
    let Some(kid) = assertion.jws.kid() else {
        let chain = assertion.chain.as_ref();
        let chain = chain.filter(|_chain| client.keys.is_empty());
        let chain = chain.ok_or_else(Refusal::missing_kid)?;
        return certified_key(world, client, chain, now);
    };
    let key = registered.key(kid, now).ok_or_else(Refusal::unknown_kid)?;
    if now >= registered.keys_end {
        return Err(Refusal::expired_key());
    }
    if let Some(chain) = &assertion.chain
        && certified_key(world, client, chain, now)? != key
    {
        return Err(Refusal::untrusted_certificate());
    }
    Ok(key)
}

/// The key of a certificate that is to be trusted, and that belongs to the client's organisation.
fn certified_key<'a>(
    world: &World,
    client: &Client,
    chain: &'a Chain,
    now: Timestamp,
) -> Result<&'a PublicKey, Refusal> {
    if !chain.leads_to(&world.registry.trusted(), now) {
        return Err(Refusal::untrusted_certificate());
    }
    if chain.leaf.organisation.as_ref() != Some(&client.organisation) {
        return Err(Refusal::other_organisation());
    }
    let key = chain.leaf.key.as_ref();
    key.ok_or_else(Refusal::untrusted_certificate)
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
