//! Who is asking: the client, its key, its signature, and whether the grant is fresh.

use jiff::Timestamp;

use super::{claims::GrantClaims, refusal::Refusal, x5c::Chain};
use crate::{client::Client, jws::Jws, registered::Registered, rsa::PublicKey, world::World};

/// How far a client's clock may be ahead, and how long a used grant is remembered after its end.
const SKEW: i64 = 10;
/// The longest a grant may live.
const MAX_LIFETIME: i64 = 120;

/// The client that says it is asking.
pub(super) fn client(world: &World, claims: &GrantClaims) -> Result<Registered, Refusal> {
    let iss = &claims.iss;
    let registered = world.registry.client(iss).ok_or_else(|| {
        Refusal::client_not_found().because(format!("no client with the id {iss:?} is registered"))
    })?;
    if registered.client.active {
        Ok(registered)
    } else {
        let why = format!("the client {iss:?} has been deactivated");
        Err(Refusal::client_not_found().because(why))
    }
}

/// The key that must have signed: a registered one, or that of a certificate when there are none.
pub(super) fn signing_key<'a>(
    world: &World,
    registered: &'a Registered,
    jws: &Jws<'_>,
    chain: Option<&'a Chain>,
    now: Timestamp,
) -> Result<&'a PublicKey, Refusal> {
    let client = &registered.client;
    let Some(kid) = jws.kid() else {
        let chain = chain.filter(|_chain| client.keys.is_empty());
        let chain = chain.ok_or_else(|| {
            Refusal::missing_kid()
                .because("the client has registered keys, so the header must name one by its kid")
        })?;
        return certified_key(world, client, chain, now);
    };
    let key = registered.key(kid, now).ok_or_else(|| {
        Refusal::unknown_kid().because(if client.keys.iter().any(|(known, _key)| known == kid) {
            format!("the key {kid:?} was registered just now, and is not known here yet")
        } else {
            format!("the client has no key with the kid {kid:?}")
        })
    })?;
    if now >= registered.keys_end {
        return Err(Refusal::expired_key().because("the key was registered more than a year ago"));
    }
    if let Some(chain) = chain
        && certified_key(world, client, chain, now)? != key
    {
        return Err(Refusal::untrusted_certificate()
            .because("the certificate in x5c has another key than the one that kid names"));
    }
    Ok(key)
}

/// Whether that key signed it.
pub(super) fn signature(jws: &Jws<'_>, key: &PublicKey) -> Result<(), Refusal> {
    if jws.verifies(key) {
        Ok(())
    } else {
        Err(Refusal::signature().because(
            "the signature was made with another key than the one that kid or x5c names, or for \
             other content",
        ))
    }
}

/// Whether the grant is for this issuer.
pub(super) fn audience(world: &World, claims: &GrantClaims) -> Result<(), Refusal> {
    let issuer = world.issuer();
    match claims.aud.as_deref() {
        Some(aud) if aud == issuer => Ok(()),
        Some(aud) => {
            Err(Refusal::audience()
                .because(format!("aud is {aud:?}, and this issuer is {issuer:?}")))
        }
        None => Err(Refusal::audience().because(format!(
            "aud must be one text, and be this issuer, {issuer:?}"
        ))),
    }
}

/// Uses the grant up.
pub(super) fn first_use(
    world: &World,
    text: Option<&str>,
    claims: &GrantClaims,
    now: Timestamp,
) -> Result<(), Refusal> {
    let until = claims.exp.saturating_add(SKEW);
    let text = text.unwrap_or_default();
    if world
        .replays
        .first_use(text, claims, until, now.as_second())
    {
        Ok(())
    } else {
        Err(Refusal::used_before().because(
            "this grant, or another with the same jti, has been used before; sign a new one for \
             every request",
        ))
    }
}

/// The key of a certificate that is to be trusted, and that belongs to the client's organisation.
fn certified_key<'a>(
    world: &World,
    client: &Client,
    chain: &'a Chain,
    now: Timestamp,
) -> Result<&'a PublicKey, Refusal> {
    if !chain.leads_to(&world.registry.trusted(), now) {
        return Err(Refusal::untrusted_certificate().because(
            "the certificates in x5c are not all valid now, or lead to no authority that is \
             trusted here",
        ));
    }
    if chain.leaf.organisation.as_ref() != Some(&client.organisation) {
        return Err(Refusal::other_organisation().because(format!(
            "the certificate is not of the client's organisation, {}",
            client.organisation
        )));
    }
    let key = chain.leaf.key.as_ref();
    key.ok_or_else(Refusal::untrusted_certificate)
}

/// Whether the grant is neither early nor late nor long.
pub(super) fn times(iat: i64, exp: i64, now: i64) -> Result<(), Refusal> {
    if iat > now.saturating_add(SKEW) {
        let ahead = iat.saturating_sub(now);
        let why = format!("iat is {ahead} s ahead of this clock; {SKEW} s are allowed");
        return Err(Refusal::issued_later().because(why));
    }
    if exp <= now {
        let ago = now.saturating_sub(exp);
        let why = format!("exp was {ago} s ago on this clock");
        return Err(Refusal::expired().because(why));
    }
    let life = exp.saturating_sub(iat);
    if life > MAX_LIFETIME {
        let why = format!("exp is {life} s after iat; {MAX_LIFETIME} s are allowed");
        return Err(Refusal::lives_too_long().because(why));
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
            let checked = times(NOW + iat, NOW + exp, NOW);
            assert_eq!(checked.is_ok(), accepted, "{iat} {exp}");
        }
        assert!(times(i64::MIN, i64::MAX, NOW).is_err());
    }
}
