//! `GET /correspondence`: the ids of what was sent or received.

use std::{cmp::Reverse, collections::HashMap, sync::Arc};

use axum::{
    Json,
    extract::{RawQuery, State},
    http::HeaderMap,
    response::{IntoResponse, Response},
};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use super::{
    attachment_input, body,
    caller::Caller,
    kept::Correspondence,
    lifecycle::{CORRESPONDENCE_STATUSES, CorrespondenceStatus},
    negotiation,
    policy::Policy,
    problem::Problem,
    recipient,
    refused::Refused,
    store::OpenStore,
    validation::Findings,
};
use crate::world::World;

const ROLES: [&str; 3] = ["Recipient", "Sender", "RecipientAndSender"];
const MAX_FOUND: usize = 1000;

#[derive(Serialize)]
struct Answer {
    ids: Vec<String>,
}

pub(super) async fn search(
    State(world): State<Arc<World>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    let caller = Policy::SenderOrRecipient.admit(&world, &headers)?;
    negotiation::accepts(&headers, negotiation::JSON)?;
    let query = Query::read(query.as_deref().unwrap_or_default())?;
    if query.from.zip(query.to).is_some_and(|(from, to)| from > to) {
        return Err(Problem::new(1027, "From is after To").into());
    }
    let party = party(&world, &caller, &query)?;
    let mut store = world.store.open(world.clock.now(), &world.registry);
    let ids = query.answer(&party, &mut store);
    let ids = ids.iter().map(Uuid::to_string).collect();
    Ok(Json(Answer { ids }).into_response())
}

/// For whom to search: the caller, who may say so of itself and of nobody else.
fn party(world: &World, caller: &Caller, query: &Query) -> Result<String, Problem> {
    let party = caller.known_party(world);
    let party = party.ok_or_else(Problem::caller_undetermined)?;
    let resource = world.registry.resource(&query.resource_id);
    let access =
        resource.is_some_and(|resource| caller.may_read() || caller.is_sender(&resource.owner));
    let itself = query.on_behalf_of.as_deref().is_none_or(|of| of == party);
    if access && itself {
        Ok(party.to_owned())
    } else {
        Err(Problem::no_access())
    }
}

/// What to search for.
#[derive(Debug)]
struct Query {
    resource_id: String,
    role: &'static str,
    status: Option<&'static str>,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
    on_behalf_of: Option<String>,
    senders_reference: Option<String>,
    idempotent_key: Option<Uuid>,
    /// Nothing comes from Altinn 2 here, so nothing is found by its number.
    is_of_altinn2: bool,
}

impl Query {
    fn read(query: &str) -> Result<Self, Findings> {
        let mut given: HashMap<String, String> = HashMap::new();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            if !value.is_empty() {
                let name = name.to_ascii_lowercase();
                given.entry(name).or_insert_with(|| value.into_owned());
            }
        }
        let mut findings = Findings::default();
        let mut value = |name: &str| given.remove(&name.to_ascii_lowercase());
        let resource_id = value("resourceId").unwrap_or_default();
        findings.required_text("resourceId", Some(&resource_id), 255);
        let role = value("role");
        findings.required_text("role", role.as_deref(), 255);
        let one_of = |key: &str, text: Option<String>, names, findings: &mut Findings| {
            let text = text?;
            let found = body::one_of(Some(&Value::String(text.clone())), names);
            findings.require(found.is_some(), key, &invalid(&text));
            found
        };
        let role = one_of("role", role, ROLES.as_slice(), &mut findings);
        let status = value("status");
        let status = one_of("status", status, &CORRESPONDENCE_STATUSES, &mut findings);
        let on_behalf_of = value("onBehalfOf").and_then(|text| {
            let party = recipient::normalise(&text);
            findings.require(party.is_some(), "onBehalfOf", &invalid(&text));
            party
        });
        let idempotent_key = value("idempotentKey").and_then(|text| {
            let key = Uuid::try_parse(&text).ok();
            findings.require(key.is_some(), "idempotentKey", &invalid(&text));
            key
        });
        let altinn2 = value("altinn2CorrespondenceId");
        if let Some(text) = &altinn2 {
            let is_number = text.parse::<i32>().is_ok();
            findings.require(is_number, "altinn2CorrespondenceId", &invalid(text));
        }
        let read = Self {
            resource_id: attachment_input::resource_id(resource_id),
            role: role.unwrap_or_default(),
            status,
            from: body::time("from", value("from").as_deref())?,
            to: body::time("to", value("to").as_deref())?,
            on_behalf_of,
            senders_reference: value("sendersReference"),
            idempotent_key,
            is_of_altinn2: altinn2.is_some(),
        };
        findings.into_result()?;
        Ok(read)
    }

    fn answer(&self, party: &str, store: &mut OpenStore<'_>) -> Vec<Uuid> {
        if self.is_of_altinn2 {
            return Vec::new();
        }
        if let Some(key) = self.idempotent_key {
            let id = store.used_for(key);
            let is_theirs = |id: &Uuid| {
                let found = store.correspondence(*id);
                found.is_some_and(|(found, _)| found.is_sent_by(party) || found.recipient == party)
            };
            return id.filter(is_theirs).into_iter().collect();
        }
        let mut found = store.find(|correspondence| self.fits(correspondence, party));
        found.sort_by_key(|correspondence| Reverse(correspondence.publish_at));
        let ids = found.iter().map(|correspondence| correspondence.id);
        ids.take(MAX_FOUND).collect()
    }

    fn fits(&self, correspondence: &Correspondence, party: &str) -> bool {
        let Some(status) = correspondence.status().map(|event| event.status) else {
            return false;
        };
        let name = format!("{status:?}");
        let as_sender = self.role != "Recipient" && correspondence.is_sent_by(party);
        let as_recipient =
            self.role != "Sender" && correspondence.recipient == party && is_for_recipients(status);
        let at = correspondence.publish_at;
        let reference = &correspondence.draft.senders_reference;
        correspondence.draft.resource_id == self.resource_id
            && (as_sender || as_recipient)
            // What is purged is found by its status only.
            && self.status.map_or_else(|| !correspondence.is_purged(), |status| status == name)
            && self.from.is_none_or(|from| at > from)
            && self.to.is_none_or(|to| at < to)
            && self.senders_reference.as_ref().is_none_or(|wanted| wanted == reference)
    }
}

/// These statuses never match for a recipient.
fn is_for_recipients(status: CorrespondenceStatus) -> bool {
    !matches!(
        status,
        CorrespondenceStatus::Initialized
            | CorrespondenceStatus::ReadyForPublish
            | CorrespondenceStatus::Failed
    )
}

fn invalid(text: &str) -> String {
    format!("The value '{text}' is not valid.")
}
