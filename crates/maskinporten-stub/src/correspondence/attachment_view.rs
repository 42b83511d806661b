//! What callers see of an attachment.

use serde::Serialize;

use super::{
    caller::organisation_urn,
    file_name,
    kept::Attachment,
    lifecycle::{AttachmentStatus, Event, iso},
};

/// An attachment as `GET /attachment/{id}` shows it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AttachmentOverview {
    #[serde(flatten)]
    file: File,
    resource_id: String,
    sender: String,
    attachment_id: String,
    #[serde(flatten)]
    status: Option<Event<AttachmentStatus>>,
    correspondence_ids: Vec<String>,
    data_type: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct File {
    file_name: String,
    display_name: Option<String>,
    is_encrypted: bool,
    checksum: Option<String>,
    senders_reference: String,
    expiration_in_days: Option<i32>,
}

impl AttachmentOverview {
    pub(super) fn of(attachment: &Attachment) -> Self {
        let ids = attachment.correspondences.iter();
        Self {
            file: File::of(attachment),
            resource_id: attachment.input.resource_id.clone(),
            sender: organisation_urn(&attachment.owner),
            attachment_id: attachment.id.to_string(),
            status: attachment.history.last().cloned(),
            correspondence_ids: ids.map(ToString::to_string).collect(),
            data_type: file_name::media_type(&attachment.input.file_name),
        }
    }
}

impl File {
    fn of(attachment: &Attachment) -> Self {
        let input = attachment.input.clone();
        Self {
            file_name: input.file_name,
            display_name: input.display_name,
            is_encrypted: input.is_encrypted,
            checksum: attachment.checksum.clone(),
            senders_reference: input.senders_reference,
            expiration_in_days: input.expiration_in_days,
        }
    }
}

/// The same with its history.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AttachmentDetails {
    #[serde(flatten)]
    overview: AttachmentOverview,
    status_history: Vec<Event<AttachmentStatus>>,
}

impl AttachmentDetails {
    pub(super) fn of(attachment: &Attachment) -> Self {
        Self {
            overview: AttachmentOverview::of(attachment),
            status_history: attachment.history.clone(),
        }
    }
}

/// An attachment as part of a correspondence's content.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AttachmentOfContent {
    #[serde(flatten)]
    file: File,
    id: String,
    data_location_type: &'static str,
    created: String,
    #[serde(flatten)]
    status: Option<Event<AttachmentStatus>>,
    data_type: &'static str,
    expiration_time: Option<String>,
}

impl AttachmentOfContent {
    pub(super) fn of(attachment: &Attachment) -> Self {
        Self {
            file: File::of(attachment),
            id: attachment.id.to_string(),
            data_location_type: "AltinnCorrespondenceAttachment",
            created: iso(attachment.created),
            status: attachment.history.last().cloned(),
            data_type: file_name::media_type(&attachment.input.file_name),
            expiration_time: attachment.expires.map(iso),
        }
    }
}
