//! `GET /correspondence/{id}/attachment/{attachment_id}/download`: a recipient's file.

use std::sync::Arc;

use axum::{
    extract::{Path, State},
    http::{
        HeaderMap, HeaderValue, StatusCode,
        header::{CONTENT_DISPOSITION, CONTENT_TYPE},
    },
    response::{IntoResponse, Response},
};

use super::{
    file_name, lifecycle::CorrespondenceStatus::AttachmentsDownloaded, negotiation, policy::Policy,
    problem::Problem, refused::Refused,
};
use crate::{problem::PROBLEM_JSON, world::World};

pub(super) async fn download(
    State(world): State<Arc<World>>,
    Path((id, attachment_id)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    let caller = Policy::Download.admit(&world, &headers)?;
    negotiation::accepts(&headers, negotiation::BYTES)?;
    let id = negotiation::id("correspondenceId", &id)?;
    let attachment_id = negotiation::id("attachmentId", &attachment_id)?;
    let now = world.clock.now();
    let mut store = world.store.open(now, &world.registry);
    let (correspondence, attachments) = store
        .correspondence(id)
        .ok_or_else(Problem::correspondence_not_found)?;
    caller.check_receives(correspondence)?;
    let mut attachments = attachments.into_iter();
    let attachment = attachments
        .find(|attachment| attachment.id == attachment_id)
        .ok_or_else(Problem::attachment_not_found)?;
    let bytes = attachment.content()?;
    let name = &attachment.input.file_name;
    let kind = file_name::content_type(name);
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static(kind)),
        (CONTENT_DISPOSITION, disposition(name, kind)),
    ];
    correspondence.note(AttachmentsDownloaded, now);
    Ok((headers, bytes).into_response())
}

/// Browsers show what they can, and save the rest (RFC 6266).
fn disposition(name: &str, kind: &str) -> HeaderValue {
    let shown = kind == "application/pdf" || kind.starts_with("image/");
    let how = if shown { "inline" } else { "attachment" };
    let plain = |c: char| {
        if c.is_ascii_graphic() || c == ' ' {
            c
        } else {
            '_'
        }
    };
    // Quotes and backslashes are not allowed in file names.
    let fallback: String = name.chars().map(plain).collect();
    let encoded: String = name.bytes().map(percent_encoded).collect();
    let value = format!("{how}; filename=\"{fallback}\"; filename*=UTF-8''{encoded}");
    HeaderValue::try_from(value).unwrap_or_else(|_error| HeaderValue::from_static("attachment"))
}

/// RFC 8187 section 3.2.1, with fewer characters left as they are.
fn percent_encoded(byte: u8) -> String {
    if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
        char::from(byte).to_string()
    } else {
        format!("%{byte:02X}")
    }
}

/// The endpoints that promise no JSON name their problems as what they are; not authentication,
/// which answers before them.
pub(super) async fn problems_by_their_name(mut response: Response) -> Response {
    let status = response.status();
    let own = status.is_client_error() && status != StatusCode::FORBIDDEN;
    let kind = response.headers().get(CONTENT_TYPE);
    if own && kind.is_some_and(|kind| kind == negotiation::JSON) {
        let problem = HeaderValue::from_static(PROBLEM_JSON);
        response.headers_mut().insert(CONTENT_TYPE, problem);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_browsers_can_show_is_shown_under_its_name() {
        for (name, expected) in [
            (
                "vedtak 1.pdf",
                "inline; filename=\"vedtak 1.pdf\"; filename*=UTF-8''vedtak%201.pdf",
            ),
            (
                "høring.docx",
                "attachment; filename=\"h_ring.docx\"; filename*=UTF-8''h%C3%B8ring.docx",
            ),
            (
                "kart.PNG",
                "inline; filename=\"kart.PNG\"; filename*=UTF-8''kart.PNG",
            ),
        ] {
            assert_eq!(disposition(name, file_name::content_type(name)), expected);
        }
    }
}
