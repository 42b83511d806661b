//! What senders and recipients see of a correspondence.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{
    attachment_view::AttachmentOfContent,
    caller::{Caller, organisation_urn},
    draft::Draft,
    kept::{Attachment, Correspondence},
    lifecycle::{
        CorrespondenceStatus::{self, Published, Read},
        Event, iso,
    },
    problem::Problem,
    raw::ReplyOption,
    references::Reference,
};

/// Who is looking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reader {
    Sender,
    Recipient,
}

impl Reader {
    /// Who is both is the sender.
    pub(super) fn of(caller: &Caller, correspondence: &Correspondence) -> Result<Self, Problem> {
        if caller.is_sender(&correspondence.owner) {
            Ok(Self::Sender)
        } else if caller.is_recipient(&correspondence.recipient) {
            Ok(Self::Recipient)
        } else {
            Err(Problem::no_access())
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Overview {
    resource_id: String,
    sender: String,
    senders_reference: String,
    message_sender: String,
    content: Content,
    requested_publish_time: String,
    due_date_time: Option<String>,
    external_references: Vec<Reference>,
    property_list: BTreeMap<String, String>,
    reply_options: Vec<ReplyOption>,
    /// Always null, whatever the API's document says.
    notification: Option<()>,
    ignore_reservation: Option<bool>,
    is_confirmation_needed: bool,
    is_confidential: bool,
    allow_forwarding: bool,
    recipient: String,
    correspondence_id: String,
    created: String,
    #[serde(flatten)]
    status: Option<Event<CorrespondenceStatus>>,
    notifications: [(); 0],
    altinn2_correspondence_id: Option<()>,
    published: Option<String>,
    read: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Content {
    language: String,
    message_title: String,
    message_summary: String,
    message_body: String,
    attachments: Vec<AttachmentOfContent>,
}

impl Overview {
    pub(super) fn of(
        correspondence: &Correspondence,
        attachments: &[&Attachment],
        reader: Reader,
    ) -> Self {
        let draft = Draft::clone(&correspondence.draft);
        let mut external_references = draft.references;
        external_references.push(Reference::dialog(correspondence.dialog_id.clone()));
        Self {
            resource_id: draft.resource_id,
            sender: organisation_urn(&correspondence.owner),
            senders_reference: draft.senders_reference,
            message_sender: draft.message_sender.unwrap_or_default(),
            content: Content::of(correspondence, attachments, reader),
            requested_publish_time: iso(correspondence.publish_at),
            due_date_time: draft.due.map(iso),
            external_references,
            property_list: draft.property_list,
            reply_options: draft.reply_options,
            notification: None,
            ignore_reservation: draft.ignore_reservation,
            is_confirmation_needed: draft.is_confirmation_needed,
            is_confidential: draft.is_confidential,
            allow_forwarding: draft.allow_forwarding,
            recipient: correspondence.recipient.clone(),
            correspondence_id: correspondence.id.to_string(),
            created: iso(correspondence.created),
            status: correspondence.status().cloned(),
            notifications: [],
            altinn2_correspondence_id: None,
            published: correspondence.reached(Published).map(iso),
            read: correspondence.reached(Read).map(iso),
        }
    }
}

impl Content {
    /// Once it is published the content is the recipient's; the sender sees it blank.
    fn of(correspondence: &Correspondence, attachments: &[&Attachment], reader: Reader) -> Self {
        if reader == Reader::Sender && correspondence.has(Published) {
            return Self {
                language: "no".to_owned(),
                message_title: String::new(),
                message_summary: String::new(),
                message_body: String::new(),
                attachments: Vec::new(),
            };
        }
        let content = correspondence.draft.content.clone();
        Self {
            language: content.language.unwrap_or_else(|| "nb".to_owned()),
            message_title: content.title,
            message_summary: content.summary.unwrap_or_default(),
            message_body: content.body,
            attachments: attachments
                .iter()
                .map(|attachment| AttachmentOfContent::of(attachment))
                .collect(),
        }
    }
}

/// The same with its history.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Details {
    #[serde(flatten)]
    overview: Overview,
    status_history: Vec<Event<CorrespondenceStatus>>,
    system_label: &'static str,
}

impl Details {
    pub(super) fn of(
        correspondence: &Correspondence,
        attachments: &[&Attachment],
        reader: Reader,
    ) -> Self {
        Self {
            overview: Overview::of(correspondence, attachments, reader),
            status_history: correspondence.history.clone(),
            system_label: "Default",
        }
    }
}
