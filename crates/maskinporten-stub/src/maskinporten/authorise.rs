//! What the client may have: scopes, and on whose behalf.

use super::{claims::GrantClaims, refusal::Refusal, token::Audience};
use crate::{client::Client, identifiers, registry::Delegation, world::World};

/// For whom a token is issued.
#[derive(Debug)]
pub(super) struct Parties {
    pub(super) consumer: String,
    /// The client's organisation, when another one has delegated the scopes to it.
    pub(super) supplier: Option<String>,
}

/// Whether the customer that is named lets the client act on its behalf.
pub(super) fn parties(
    world: &World,
    client: &Client,
    claims: &GrantClaims,
) -> Result<Parties, Refusal> {
    let own = client.organisation.clone();
    let Some(consumer) = claims.consumer_org.clone() else {
        return Ok(Parties {
            consumer: own,
            supplier: None,
        });
    };
    if !identifiers::is_org_number(&consumer) {
        return Err(Refusal::invalid_parameter(
            "consumer_org is not nine digits",
        ));
    }
    if consumer == own {
        return Err(Refusal::own_consumer_org()
            .because("consumer_org is the client's own organisation; leave it out"));
    }
    for scope in &claims.scopes {
        let delegation = Delegation {
            consumer: consumer.clone(),
            supplier: own.clone(),
            scope: scope.clone(),
        };
        if !world.registry.is_delegated(&delegation) {
            return Err(Refusal::not_delegated(&consumer, scope, &own));
        }
    }
    Ok(Parties {
        consumer,
        supplier: Some(own),
    })
}

/// Whether the client is registered with the scopes, for this kind of integration.
pub(super) fn scopes(client: &Client, claims: &GrantClaims) -> Result<(), Refusal> {
    let unknown: Vec<&str> = claims
        .scopes
        .iter()
        .filter(|scope| {
            ![
                &client.scopes,
                &client.not_granted,
                &client.not_for_maskinporten,
            ]
            .iter()
            .any(|list| list.contains(scope))
        })
        .map(String::as_str)
        .collect();
    if !unknown.is_empty() {
        let why = format!("the client is not registered with {}", unknown.join(" "));
        return Err(Refusal::scopes_not_on_client(&unknown).because(why));
    }
    let mut scopes = claims.scopes.iter();
    match scopes.find(|scope| client.not_for_maskinporten.contains(scope)) {
        Some(scope) => Err(Refusal::scopes_not_for_maskinporten()
            .because(format!("{scope} is for another kind of integration"))),
        None => Ok(()),
    }
}

/// Whether the scopes' owners have granted them.
pub(super) fn granted(client: &Client, claims: &GrantClaims) -> Result<(), Refusal> {
    // A delegated scope has been granted to the customer, not to the supplier.
    if claims.consumer_org.is_some() {
        return Ok(());
    }
    let mut scopes = claims.scopes.iter();
    match scopes.find(|scope| client.not_granted.contains(scope)) {
        Some(scope) => Err(Refusal::scope_not_granted(scope).because(format!(
            "the owner of {scope} has not granted it to {}",
            client.organisation
        ))),
        None => Ok(()),
    }
}

/// Checks what the token is to be restricted to: an audience, which it gives, and a person.
pub(super) fn restrictions(claims: &GrantClaims) -> Result<Option<Audience>, Refusal> {
    let audience = claims.audience()?;
    match &claims.pid {
        Some(pid) if !identifiers::is_national_identity_number(pid) => Err(
            Refusal::invalid_parameter("pid is not a national identity number"),
        ),
        _ => Ok(audience),
    }
}
