//! `/clients`: those of an organisation, and those it has made for others.

use std::sync::Arc;

use axum::{
    Json,
    body::Bytes,
    extract::{Path, RawQuery, State},
    http::{HeaderMap, StatusCode},
    response::IntoResponse,
};
use uuid::Uuid;

use super::{
    admin::{self, Admin},
    client_order::Order,
    client_view::View,
};
use crate::{
    body,
    client::Client,
    identifiers, problem,
    refused::{Answer, Refused},
    registered::Registered,
    world::World,
};

pub(super) async fn list(
    State(world): State<Arc<World>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Answer {
    let admin = Admin::of(&world, &headers, admin::READ)?;
    let inactive = is_true(query.as_deref(), "inactive");
    let clients = world.registry.clients(|registered| {
        admin.administers(registered) && (inactive || registered.client.active)
    });
    let views: Vec<View> = clients.iter().map(View::of).collect();
    Ok(Json(views).into_response())
}

pub(super) async fn create(
    State(world): State<Arc<World>>,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    let admin = Admin::of(&world, &headers, admin::CREATE)?;
    let order = read(&body)?;
    if let Some(id) = &order.client_id {
        // Nothing is ever deleted, so neither is the id of a client that was deactivated.
        return Err(if world.registry.has_client(id) {
            refused(
                StatusCode::CONFLICT,
                "There is a client with that client_id",
            )
        } else {
            bad("client_id is not the caller's to choose")
        });
    }
    let own = admin.org_number();
    let organisation = order.client_orgno.as_deref().unwrap_or(own);
    if !identifiers::is_org_number(organisation) {
        return Err(bad("client_orgno is not nine digits"));
    }
    if !admin.may_create_for(organisation) {
        let detail = "The token's scopes do not let it make clients for that organisation";
        return Err(refused(StatusCode::FORBIDDEN, detail));
    }
    let mut client = Client::new(Uuid::new_v4().to_string(), organisation);
    if organisation != own {
        client.profile.supplier = Some(own.to_owned());
    }
    order.apply(&mut client);
    let now = world.clock.now();
    let registered = world.registry.create_client(client, now);
    let registered = registered.ok_or_else(problem::full)?;
    Ok((StatusCode::CREATED, Json(View::of(&registered))).into_response())
}

pub(super) async fn show(
    State(world): State<Arc<World>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Answer {
    let admin = Admin::of(&world, &headers, admin::READ)?;
    change(&world, &admin, &id, |registered| {
        Ok(Json(View::of(registered)).into_response())
    })
}

pub(super) async fn replace(
    State(world): State<Arc<World>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    let admin = Admin::of(&world, &headers, admin::CHANGE)?;
    let order = read(&body)?;
    let now = world.clock.now();
    change(&world, &admin, &id, |registered| {
        let client = &mut registered.client;
        let stays =
            |given: &Option<String>, is: &String| given.as_ref().is_none_or(|new| new == is);
        if !stays(&order.client_id, &client.id) || !stays(&order.client_orgno, &client.organisation)
        {
            return Err(bad("client_id and client_orgno cannot be changed"));
        }
        order.apply(client);
        registered.updated = now;
        Ok(Json(View::of(registered)).into_response())
    })
}

pub(super) async fn deactivate(
    State(world): State<Arc<World>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Answer {
    let admin = Admin::of(&world, &headers, admin::CREATE)?;
    let now = world.clock.now();
    change(&world, &admin, &id, |registered| {
        registered.client.active = false;
        registered.updated = now;
        Ok(StatusCode::NO_CONTENT.into_response())
    })
}

/// Does something with a client of the caller's. There are no others.
pub(super) fn change(
    world: &World,
    admin: &Admin,
    id: &str,
    change: impl FnOnce(&mut Registered) -> Answer,
) -> Answer {
    let changed = world.registry.change_client(id, |registered| {
        admin.administers(registered).then(|| change(registered))
    });
    changed.flatten().unwrap_or_else(|| {
        let detail = "There is no such client";
        Err(refused(StatusCode::NOT_FOUND, detail))
    })
}

pub(super) fn bad(detail: &str) -> Refused {
    refused(StatusCode::BAD_REQUEST, detail)
}

pub(super) fn refused(status: StatusCode, detail: &str) -> Refused {
    problem::detailed(status, detail).into()
}

/// Whether a parameter of the query says `true`.
pub(super) fn is_true(query: Option<&str>, name: &str) -> bool {
    let mut parameters = form_urlencoded::parse(query.unwrap_or_default().as_bytes());
    parameters.any(|(found, value)| found == name && value == "true")
}

fn read(body: &[u8]) -> Result<Order, Refused> {
    let order: Order = body::read(body)?;
    match order.problem() {
        Some(detail) => Err(bad(detail)),
        None => Ok(order),
    }
}
