//! The business rules of `POST /correspondence`, in the order in which the server finds them broken.

use std::collections::HashSet;

use jiff::{SignedDuration, Timestamp};

use super::{
    caller::Caller,
    draft::{Draft, Order},
    lifecycle::AttachmentStatus,
    notification,
    problem::Problem,
    references,
    store::OpenStore,
    text,
};
use crate::{clock, world::World};

const MAX_ATTACHMENTS: usize = 100;
const LANGUAGES: [&str; 3] = ["nb", "nn", "en"];
const LAST_HOURS: SignedDuration = SignedDuration::from_hours(6);
const MAX_URL: usize = 255;

/// Checks an order and gives the organisation it is sent for.
pub(super) fn check(
    world: &World,
    caller: &Caller,
    order: &Order,
    store: &mut OpenStore<'_>,
) -> Result<String, Problem> {
    let draft = &order.draft;
    check_idempotency(order, store)?;
    let owner = caller.owner_to_send_for(world, &draft.resource_id)?;
    if draft.is_confidential {
        return Err(Problem::new(
            1060,
            "The resource is not for confidential correspondences",
        ));
    }
    let unique: HashSet<&String> = order.recipients.iter().collect();
    if unique.len() != order.recipients.len() {
        return Err(Problem::new(1006, "Recipients must be unique"));
    }
    check_dates(draft, store.now)?;
    check_content(draft)?;
    references::check(&draft.references, order.recipients.len())?;
    check_attachments(order, &owner, store)?;
    if !draft
        .reply_options
        .iter()
        .all(|option| is_reply_url(&option.link_url))
    {
        return Err(Problem::new(
            1035,
            "Reply options must be https URLs of at most 255 characters",
        ));
    }
    if let Some(notification) = &draft.notification {
        notification::check(notification)?;
    }
    Ok(owner)
}

fn check_idempotency(order: &Order, store: &OpenStore<'_>) -> Result<(), Problem> {
    let Some(key) = order.idempotent_key else {
        return Ok(());
    };
    if key.is_nil() {
        return Err(Problem::new(
            1033,
            "The idempotency key must be a GUID and not empty",
        ));
    }
    if order.recipients.len() > 1 {
        let detail = "Idempotency keys are not supported for several recipients";
        return Err(Problem::new(1047, detail));
    }
    if store.has_used(key) {
        return Err(Problem::idempotent_key_used());
    }
    Ok(())
}

fn check_dates(draft: &Draft, now: Timestamp) -> Result<(), Problem> {
    match draft.due {
        None if draft.is_confirmation_needed => Err(Problem::new(
            1016,
            "DueDateTime is required when confirmation is needed",
        )),
        Some(due) if due < now => Err(Problem::new(1008, "DueDateTime cannot be in the past")),
        Some(due) if due < draft.publish_at.unwrap_or(now) => Err(Problem::new(
            1009,
            "DueDateTime cannot be before RequestedPublishTime",
        )),
        _ => Ok(()),
    }
}

fn check_content(draft: &Draft) -> Result<(), Problem> {
    let content = &draft.content;
    if !text::is_plain(&content.title) {
        return Err(Problem::new(1002, "Message title must be plain text"));
    }
    if !text::is_markdown(&content.body) {
        return Err(Problem::new(1003, "Message body must be Markdown"));
    }
    let language = content.language.as_deref();
    if language.is_some_and(|language| !LANGUAGES.contains(&language)) {
        return Err(Problem::new(1023, "The language must be nb, nn or en"));
    }
    let sender = draft.message_sender.as_deref().unwrap_or_default();
    if !text::is_plain(sender) {
        return Err(Problem::new(1039, "Message sender must be plain text"));
    }
    Ok(())
}

fn check_attachments(order: &Order, owner: &str, store: &mut OpenStore<'_>) -> Result<(), Problem> {
    let now = store.now;
    let (mut foreign, mut missing, mut unpublished, mut ending) = (false, false, false, false);
    for id in &order.attachments {
        match store.attachment(*id) {
            None => missing = true,
            Some(attachment) => {
                foreign |= attachment.owner != owner;
                unpublished |= attachment.status() != AttachmentStatus::Published;
                ending |= attachment
                    .expires
                    .is_some_and(|end| end < clock::after(now, LAST_HOURS));
            }
        }
    }
    let new = order.draft.content.new_attachments;
    let rules = [
        (foreign, 1017, "An existing attachment has another sender"),
        (missing, 1007, "Existing attachment not found"),
        (
            order.attachments.len().saturating_add(new) > MAX_ATTACHMENTS,
            1038,
            "A correspondence has at most 100 attachments",
        ),
        (unpublished, 1018, "Attachment is not published"),
        (
            new > 0,
            1005,
            "Mismatch between uploaded files and attachment metadata",
        ),
        (
            ending,
            1055,
            "An existing attachment expires within 6 hours",
        ),
    ];
    match rules.into_iter().find(|(broken, _code, _detail)| *broken) {
        Some((_broken, code, detail)) => Err(Problem::new(code, detail)),
        None => Ok(()),
    }
}

fn is_reply_url(url: &str) -> bool {
    let uri: Option<axum::http::Uri> = url.parse().ok();
    url.encode_utf16().count() <= MAX_URL
        && uri.is_some_and(|uri| uri.scheme_str() == Some("https"))
}
