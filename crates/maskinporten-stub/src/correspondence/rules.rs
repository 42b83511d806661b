//! The business rules of a new correspondence, in the order in which the server finds them broken.

use jiff::Timestamp;

use super::{
    attachment_rules,
    caller::Caller,
    draft::{Draft, Order},
    files::File,
    notification,
    problem::Problem,
    recipient_rules::{self, Reserved},
    references,
    resource::Resource,
    store::OpenStore,
    text,
};
use crate::world::World;

const LANGUAGES: [&str; 3] = ["nb", "nn", "en"];
const MAX_URL: usize = 255;

/// An order that breaks no rule.
#[derive(Debug)]
pub(super) struct Cleared {
    /// The organisation it is sent for.
    pub(super) owner: String,
    pub(super) reserved: Reserved,
    /// The files in the order of their descriptions.
    pub(super) files: Vec<File>,
}

pub(super) fn check(
    world: &World,
    caller: &Caller,
    order: &Order,
    files: Vec<File>,
    store: &mut OpenStore<'_>,
) -> Result<Cleared, Problem> {
    let draft = &order.draft;
    check_idempotency(order, store)?;
    let resource = caller.resource_to_send_with(world, &draft.resource_id)?;
    check_resource(&resource, draft)?;
    caller
        .known_party(world)
        .ok_or_else(Problem::caller_unknown)?;
    recipient_rules::check(world, &order.recipients)?;
    if draft.is_confirmation_needed && draft.due.is_none() {
        let detail = "DueDateTime is required when confirmation is needed";
        return Err(Problem::new(1016, detail));
    }
    let reserved = recipient_rules::check_reservations(world, order)?;
    check_dates(draft, store.now)?;
    check_content(draft)?;
    references::check(&draft.references, order.recipients.len())?;
    let files = attachment_rules::check(order, files, &resource.owner, store)?;
    let replies = &draft.reply_options;
    if !replies.iter().all(|option| is_reply_url(&option.link_url)) {
        let detail = "Reply options must be https URLs of at most 255 characters";
        return Err(Problem::new(1035, detail));
    }
    if let Some(notification) = &draft.notification {
        notification::check(notification)?;
    }
    Ok(Cleared {
        owner: resource.owner,
        reserved,
        files,
    })
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
    if store.used_for(key).is_some() {
        return Err(Problem::idempotent_key_used());
    }
    Ok(())
}

fn check_resource(resource: &Resource, draft: &Draft) -> Result<(), Problem> {
    if !resource.is_correspondence_service {
        let detail = "The resource is not of the type CorrespondenceService";
        return Err(Problem::new(4010, detail));
    }
    match (draft.is_confidential, resource.is_confidential) {
        (true, false) => {
            let detail = "The resource is not for confidential correspondences";
            Err(Problem::new(1060, detail))
        }
        (false, true) => {
            let detail = "The resource is for confidential correspondences only";
            Err(Problem::new(1061, detail))
        }
        _ => Ok(()),
    }
}

fn check_dates(draft: &Draft, now: Timestamp) -> Result<(), Problem> {
    match draft.due {
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

fn is_reply_url(url: &str) -> bool {
    let uri: Option<axum::http::Uri> = url.parse().ok();
    url.encode_utf16().count() <= MAX_URL
        && uri.is_some_and(|uri| uri.scheme_str() == Some("https"))
}
