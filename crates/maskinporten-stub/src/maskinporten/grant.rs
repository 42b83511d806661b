//! A request for a token, from the first check to the token.

use aws_lc_rs::error::Unspecified;
use axum::http::HeaderMap;

use super::{
    assertion, authenticate, authorise,
    claims::GrantClaims,
    details, form,
    refusal::Refusal,
    token::{self, Answer, Granted},
    trail::{Check, Trail},
};
use crate::world::World;

/// Makes every check in its order. The first that fails is the answer.
pub(super) fn answer(
    world: &World,
    headers: &HeaderMap,
    body: &[u8],
    trail: &mut Trail,
) -> Result<Result<Answer, Unspecified>, Refusal> {
    let now = world.clock.now();

    // What is sent.
    let text = trail.step(Check::Form, form::assertion(headers, body))?;
    let jws = trail.step(Check::Assertion, assertion::read(text.as_deref()))?;
    let chain = trail.step(Check::Header, assertion::check_header(&jws))?;
    let claims = trail.step(Check::Claims, GrantClaims::read(&jws.claims))?;

    // Who sends it.
    let registered = trail.step(Check::Client, authenticate::client(world, &claims))?;
    let key = authenticate::signing_key(world, &registered, &jws, chain.as_ref(), now);
    let key = trail.step(Check::Key, key)?;
    trail.step(Check::Signature, authenticate::signature(&jws, key))?;
    trail.step(Check::Audience, authenticate::audience(world, &claims))?;
    let times = authenticate::times(claims.iat, claims.exp, now.as_second());
    trail.step(Check::Times, times)?;
    let first_use = authenticate::first_use(world, text.as_deref(), &claims, now);
    trail.step(Check::Replay, first_use)?;

    // What it may have.
    let client = &registered.client;
    trail.step(Check::Scopes, authorise::scopes(client, &claims))?;
    trail.step(Check::Granted, authorise::granted(client, &claims))?;
    let parties = trail.step(Check::Consumer, authorise::parties(world, client, &claims))?;
    let details = details::look_up(world, client, &parties, &claims);
    let details = trail.step(Check::Details, details)?;
    let audience = trail.step(Check::Restrictions, authorise::restrictions(&claims))?;

    let granted = Granted {
        client,
        claims,
        parties,
        details,
        audience,
    };
    Ok(token::issue(world, granted))
}
