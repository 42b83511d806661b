//! What the client may have: scopes, and on whose behalf.

use super::{claims::GrantClaims, refusal::Refusal};
use crate::{client::Client, identifiers, registry::Delegation, world::World};

/// For whom a token is issued.
#[derive(Debug)]
pub(super) struct Parties {
    pub(super) consumer: String,
    /// The client's organisation, when another one has delegated the scopes to it.
    pub(super) supplier: Option<String>,
}

pub(super) fn parties(
    world: &World,
    client: &Client,
    claims: &GrantClaims,
) -> Result<Parties, Refusal> {
    check_scopes(client, claims)?;
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
        return Err(Refusal::own_consumer_org());
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

fn check_scopes(client: &Client, claims: &GrantClaims) -> Result<(), Refusal> {
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
        return Err(Refusal::scopes_not_on_client(&unknown));
    }
    let mut scopes = claims.scopes.iter();
    if scopes.any(|scope| client.not_for_maskinporten.contains(scope)) {
        return Err(Refusal::scopes_not_for_maskinporten());
    }
    // A delegated scope has been granted to the customer, not to the supplier.
    if claims.consumer_org.is_some() {
        return Ok(());
    }
    let mut scopes = claims.scopes.iter();
    match scopes.find(|scope| client.not_granted.contains(scope)) {
        Some(scope) => Err(Refusal::scope_not_granted(scope)),
        None => Ok(()),
    }
}

/// Checks the person a token is to be restricted to.
pub(super) fn person(claims: &GrantClaims) -> Result<(), Refusal> {
    match &claims.pid {
        Some(pid) if !identifiers::is_national_identity_number(pid) => Err(
            Refusal::invalid_parameter("pid is not a national identity number"),
        ),
        _ => Ok(()),
    }
}
