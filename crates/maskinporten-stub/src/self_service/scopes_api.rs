//! `/scopes`: those of their owner, and the list of all.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Json,
    body::Bytes,
    extract::{RawQuery, State},
    http::{HeaderMap, StatusCode},
    response::IntoResponse,
};

use super::{
    admin,
    clients::{bad, is_true, refused},
    scope::{self, Scope, Settings, View},
    scopes::NotAdded,
};
use crate::{
    body, problem,
    refused::{Answer, Refused},
    world::World,
};

/// Everybody may see the public ones.
pub(super) async fn all(
    State(world): State<Arc<World>>,
    RawQuery(query): RawQuery,
) -> Json<Vec<View>> {
    let for_all = is_true(query.as_deref(), "accessible_for_all");
    Json(world.registry.scopes.list(|scope| {
        let wanted = scope.is_public() && (!for_all || scope.settings.accessible_for_all);
        wanted.then(|| scope.view())
    }))
}

/// One scope if the query names one, otherwise all of the owner.
pub(super) async fn show(
    State(world): State<Arc<World>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Answer {
    let owner = admin::scope_owner(&world, &headers)?;
    let query = query.as_deref();
    if name(query).is_some() {
        return change(&world, query, owner.org_number(), |scope| {
            Ok(Json(scope.view()).into_response())
        });
    }
    let inactive = is_true(query, "inactive");
    let own = world.registry.scopes.list(|scope| {
        let wanted = scope.owner == owner.org_number() && (inactive || scope.active);
        wanted.then(|| scope.view())
    });
    Ok(Json(own).into_response())
}

pub(super) async fn create(
    State(world): State<Arc<World>>,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    let owner = admin::scope_owner(&world, &headers)?;
    let settings: Settings = body::read(&body)?;
    if !scope::is_name(&settings.name()) {
        return Err(bad("the name is not of the form prefix:subscope"));
    }
    let now = world.clock.now();
    let scope = Scope {
        settings,
        owner: owner.org_number().to_owned(),
        active: true,
        created: now,
        updated: now,
        access: BTreeMap::new(),
    };
    let view = Json(scope.view());
    match world.registry.scopes.add(scope) {
        Ok(()) => Ok((StatusCode::CREATED, view).into_response()),
        // Nothing is ever deleted, so neither is the name of a scope that was deactivated.
        Err(NotAdded::Exists) => Err(refused(
            StatusCode::CONFLICT,
            "There is a scope with that name",
        )),
        Err(NotAdded::Full) => Err(problem::full().into()),
    }
}

pub(super) async fn replace(
    State(world): State<Arc<World>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    let owner = admin::scope_owner(&world, &headers)?;
    let settings: Settings = body::read(&body)?;
    let now = world.clock.now();
    change(&world, query.as_deref(), owner.org_number(), |scope| {
        if settings.name() != scope.settings.name() {
            return Err(bad("the name of a scope cannot be changed"));
        }
        scope.settings = settings;
        scope.updated = now;
        Ok(Json(scope.view()).into_response())
    })
}

pub(super) async fn deactivate(
    State(world): State<Arc<World>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Answer {
    let owner = admin::scope_owner(&world, &headers)?;
    let now = world.clock.now();
    change(&world, query.as_deref(), owner.org_number(), |scope| {
        scope.active = false;
        scope.updated = now;
        Ok(Json(scope.view()).into_response())
    })
}

/// Does something with the owner's scope that the query names. There are no others.
pub(super) fn change(
    world: &World,
    query: Option<&str>,
    owner: &str,
    change: impl FnOnce(&mut Scope) -> Answer,
) -> Answer {
    let name = name(query).ok_or_else(|| bad("the parameter scope is missing"))?;
    let changed = world.registry.scopes.change(&name, owner, change);
    changed.unwrap_or_else(|| Err(missing()))
}

pub(super) fn missing() -> Refused {
    refused(StatusCode::NOT_FOUND, "There is no such scope")
}

/// The scope's name may have a slash, so it is a parameter and not a part of the path.
fn name(query: Option<&str>) -> Option<String> {
    let mut parameters = form_urlencoded::parse(query?.as_bytes());
    let (_name, scope) = parameters.find(|(name, _value)| name == "scope")?;
    Some(scope.into_owned())
}
