//! `/scopes/access`: which organisations may use which scopes.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, RawQuery, State},
    http::HeaderMap,
    response::IntoResponse,
};

use super::{
    admin,
    clients::bad,
    iso,
    scope::{Access, AccessView},
    scopes::MOST_CONSUMERS,
    scopes_api::{change, missing},
};
use crate::{identifiers, problem, refused::Answer, world::World};

/// Who owns a scope that only a test's clients know is not known; Digdir stands for them.
const UNKNOWN_OWNER: &str = "991825827";

/// The organisations that one scope has been granted to, for its owner.
pub(super) async fn of_scope(
    State(world): State<Arc<World>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Answer {
    let owner = admin::scope_owner(&world, &headers)?;
    change(&world, query.as_deref(), owner.org_number(), |scope| {
        let access = scope.access.iter();
        let views: Vec<AccessView> = access
            .map(|(consumer, access)| scope.access_view(consumer, *access))
            .collect();
        Ok(Json(views).into_response())
    })
}

/// What the caller's organisation has been granted, by owners or by the test.
pub(super) async fn of_organisation(State(world): State<Arc<World>>, headers: HeaderMap) -> Answer {
    let caller = admin::consumer(&world, &headers)?;
    let own = caller.org_number();
    let mut views = world.registry.scopes.list(|scope| {
        let access = *scope.access.get(own)?;
        scope.active.then(|| scope.access_view(own, access))
    });
    let clients = world
        .registry
        .clients(|registered| registered.client.organisation == own);
    for registered in clients {
        for scope in registered.client.scopes {
            if views.iter().any(|view| view.scope == scope) {
                continue;
            }
            views.push(AccessView {
                scope,
                state: "APPROVED",
                consumer_orgno: own.to_owned(),
                owner_orgno: UNKNOWN_OWNER.to_owned(),
                created: iso(registered.created),
                last_updated: iso(registered.created),
            });
        }
    }
    Ok(Json(views).into_response())
}

pub(super) async fn grant(
    State(world): State<Arc<World>>,
    Path(consumer): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Answer {
    let owner = admin::scope_owner(&world, &headers)?;
    if !identifiers::is_org_number(&consumer) {
        return Err(bad("the consumer is not nine digits"));
    }
    let now = world.clock.now();
    change(&world, query.as_deref(), owner.org_number(), |scope| {
        if scope.access.len() >= MOST_CONSUMERS && !scope.access.contains_key(&consumer) {
            return Err(problem::full().into());
        }
        let new = Access {
            approved: true,
            created: now,
            updated: now,
        };
        let access = scope.access.entry(consumer.clone()).or_insert(new);
        access.approved = true;
        access.updated = now;
        let access = *access;
        Ok(Json(scope.access_view(&consumer, access)).into_response())
    })
}

pub(super) async fn revoke(
    State(world): State<Arc<World>>,
    Path(consumer): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Answer {
    let owner = admin::scope_owner(&world, &headers)?;
    let now = world.clock.now();
    change(&world, query.as_deref(), owner.org_number(), |scope| {
        let access = scope.access.get_mut(&consumer).ok_or_else(missing)?;
        access.approved = false;
        access.updated = now;
        let access = *access;
        Ok(Json(scope.access_view(&consumer, access)).into_response())
    })
}
