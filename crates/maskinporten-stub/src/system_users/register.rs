//! `/systemregister/vendor`: vendors' systems.

use std::sync::Arc;

use axum::{
    Json,
    body::Bytes,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    response::IntoResponse,
};
use serde_json::json;
use uuid::Uuid;

use super::{
    access::{self, Denied},
    body,
    problem::{Finding, Invalid},
    rights::{AccessPackage, Right},
    store::OpenStore,
    system::{ChangeKind, Description, Listed, System},
    validation,
};
use crate::{
    caller::Caller,
    problem,
    refused::{Answer, Refused},
    world::World,
};

pub(super) async fn create(
    State(world): State<Arc<World>>,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    let caller = caller(&world, &headers)?;
    let described: Description = body::read(&body)?;
    // Whose system it is to be comes before what else is wrong with it.
    let Some(vendor) = described.vendor.org_number().map(str::to_owned) else {
        return Err(Invalid(vec![validation::vendor_is_no_organisation()]).into());
    };
    if !access::may_change(&caller, &vendor) {
        return Err(Denied::OTHER_VENDOR.into());
    }
    let mut store = world.system_users.open(world.clock.now());
    let mut findings = Vec::new();
    validation::id(&described, &vendor, &mut findings);
    if store.system(&described.id).is_some() {
        findings.push(validation::id_exists());
    }
    validation::redirects(&described, &mut findings);
    clients(&described, None, &store, &mut findings);
    validation::rights(&described.rights, &mut findings);
    validation::packages(&described.access_packages, &mut findings);
    refuse(findings)?;
    let mut system = System {
        internal_id: Uuid::new_v4(),
        vendor,
        description: described,
        deleted: false,
        log: Vec::new(),
    };
    system.note(ChangeKind::Create, &caller, store.now);
    let id = system.internal_id.to_string();
    match store.add_system(system) {
        Ok(()) => Ok(Json(id).into_response()),
        Err(_full) => Err(problem::full().into()),
    }
}

pub(super) async fn list(State(world): State<Arc<World>>, headers: HeaderMap) -> Answer {
    let caller = caller(&world, &headers)?;
    let store = world.system_users.open(world.clock.now());
    let own = store
        .systems()
        .filter(|system| !system.deleted && system.vendor == caller.org_number());
    let own: Vec<Listed> = own.map(Listed::of).collect();
    Ok(Json(own).into_response())
}

pub(super) async fn show(
    State(world): State<Arc<World>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Answer {
    let caller = caller(&world, &headers)?;
    let store = world.system_users.open(world.clock.now());
    let system = own(&store, &caller, &id)?;
    Ok(Json(&system.description).into_response())
}

pub(super) async fn replace(
    State(world): State<Arc<World>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    let caller = caller(&world, &headers)?;
    let described: Description = body::read(&body)?;
    let mut store = world.system_users.open(world.clock.now());
    let system = own(&store, &caller, &id)?;
    if described.vendor != system.description.vendor {
        return Err(missing());
    }
    if described.id != id {
        return Err(Invalid(vec![validation::other_id()]).into());
    }
    check_live(system)?;
    let mut findings = Vec::new();
    validation::rights(&described.rights, &mut findings);
    validation::packages(&described.access_packages, &mut findings);
    clients(&described, Some(&id), &store, &mut findings);
    refuse(findings)?;
    change(&mut store, &id, &caller, ChangeKind::Update, |system| {
        system.description = described;
    })
}

pub(super) async fn replace_rights(
    State(world): State<Arc<World>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    let caller = caller(&world, &headers)?;
    let rights: Vec<Right> = body::read(&body)?;
    let mut store = world.system_users.open(world.clock.now());
    let system = own(&store, &caller, &id)?;
    check_live(system)?;
    let mut findings = Vec::new();
    validation::rights(&rights, &mut findings);
    refuse(findings)?;
    change(
        &mut store,
        &id,
        &caller,
        ChangeKind::RightsUpdate,
        |system| {
            system.description.rights = rights;
        },
    )
}

pub(super) async fn replace_packages(
    State(world): State<Arc<World>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    let caller = caller(&world, &headers)?;
    let packages: Vec<AccessPackage> = body::read(&body)?;
    let mut store = world.system_users.open(world.clock.now());
    let system = own(&store, &caller, &id)?;
    check_live(system)?;
    let mut findings = Vec::new();
    validation::packages(&packages, &mut findings);
    refuse(findings)?;
    let kind = ChangeKind::AccessPackageUpdate;
    change(&mut store, &id, &caller, kind, |system| {
        system.description.access_packages = packages;
    })
}

/// A deleted system can still be looked at, and its id is not free again.
pub(super) async fn remove(
    State(world): State<Arc<World>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Answer {
    let caller = caller(&world, &headers)?;
    let mut store = world.system_users.open(world.clock.now());
    if store.system(&id).is_none() {
        return Err(problem::framework(StatusCode::BAD_REQUEST).into());
    }
    own(&store, &caller, &id)?;
    change(&mut store, &id, &caller, ChangeKind::Delete, |system| {
        system.deleted = true;
    })
}

pub(super) async fn changelog(
    State(world): State<Arc<World>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Answer {
    let caller = caller(&world, &headers)?;
    let store = world.system_users.open(world.clock.now());
    let system = own(&store, &caller, &id)?;
    Ok(Json(&system.log).into_response())
}

fn caller(world: &World, headers: &HeaderMap) -> Result<Caller, Denied> {
    access::caller(world, headers, access::REGISTER)
}

/// A client may belong to one live system only.
fn clients(
    described: &Description,
    own_id: Option<&str>,
    store: &OpenStore<'_>,
    findings: &mut Vec<Finding>,
) {
    validation::clients(described, findings);
    let mut clients = described.client_id.iter();
    let taken = |client: &String| {
        let mut others = store
            .systems()
            .filter(|system| own_id != Some(system.description.id.as_str()));
        others.any(|system| system.has_client(client))
    };
    if clients.any(taken) {
        findings.push(validation::client_exists());
    }
}

fn change(
    store: &mut OpenStore<'_>,
    id: &str,
    caller: &Caller,
    kind: ChangeKind,
    change: impl FnOnce(&mut System),
) -> Answer {
    let now = store.now;
    let system = store.system_mut(id).ok_or_else(missing)?;
    change(system);
    system.note(kind, caller, now);
    Ok(Json(json!({"success": true})).into_response())
}

fn missing() -> Refused {
    problem::framework(StatusCode::NOT_FOUND).into()
}

/// A system that is the caller's to see and change.
fn own<'s>(store: &'s OpenStore<'_>, caller: &Caller, id: &str) -> Result<&'s System, Refused> {
    let system = store.system(id).ok_or_else(missing)?;
    if access::may_change(caller, &system.vendor) {
        Ok(system)
    } else {
        Err(Denied::OTHER_VENDOR.into())
    }
}

fn check_live(system: &System) -> Result<(), Refused> {
    if system.deleted {
        let text = "Cannot update a system that is deleted.";
        return Err((StatusCode::BAD_REQUEST, text).into_response().into());
    }
    Ok(())
}

fn refuse(findings: Vec<Finding>) -> Result<(), Invalid> {
    if findings.is_empty() {
        Ok(())
    } else {
        Err(Invalid(findings))
    }
}
