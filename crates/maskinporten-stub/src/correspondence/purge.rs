//! `DELETE /correspondence/{id}/purge`: a sender's until it is published, a recipient's from then.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
    http::HeaderMap,
    response::{IntoResponse, Response},
};

use super::{
    correspondence_view::Reader,
    kept::Correspondence,
    lifecycle::CorrespondenceStatus::{
        self, Confirmed, Failed, Initialized, Published, PurgedByAltinn, PurgedByRecipient,
        ReadyForPublish,
    },
    negotiation,
    policy::Policy,
    problem::Problem,
    refused::Refused,
};
use crate::world::World;

pub(super) async fn purge(
    State(world): State<Arc<World>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    let caller = Policy::SenderOrRecipient.admit(&world, &headers)?;
    negotiation::accepts(&headers, negotiation::JSON)?;
    let id = negotiation::id("correspondenceId", &id)?;
    let now = world.clock.now();
    let mut store = world.store.open(now, &world.registry);
    let (correspondence, _attachments) = store
        .correspondence(id)
        .ok_or_else(Problem::correspondence_not_found)?;
    let reader = Reader::of(&caller, correspondence)?;
    let purged = check(correspondence, reader)?;
    correspondence.push(purged, now);
    Ok(Json(id.to_string()).into_response())
}

fn check(correspondence: &Correspondence, reader: Reader) -> Result<CorrespondenceStatus, Problem> {
    if correspondence.is_purged() {
        return Err(Problem::new(1014, "It has been purged already"));
    }
    match reader {
        Reader::Sender => {
            let status = correspondence.status().map(|event| event.status);
            let early = matches!(status, Some(Initialized | ReadyForPublish | Failed));
            if early && !correspondence.has(Published) {
                return Ok(PurgedByAltinn);
            }
            let detail = "A sender cannot purge what has been published";
            Err(Problem::new(1013, detail))
        }
        Reader::Recipient if !correspondence.has(Published) => {
            Err(Problem::correspondence_not_found())
        }
        Reader::Recipient
            if correspondence.draft.is_confirmation_needed && !correspondence.has(Confirmed) =>
        {
            let detail = "It cannot be purged before it is confirmed";
            Err(Problem::new(1026, detail))
        }
        Reader::Recipient => Ok(PurgedByRecipient),
    }
}
