//! What the API keeps, for who looks at the stub.

use bytes::Bytes;
use jiff::Timestamp;
use serde::Serialize;

use super::{
    kept::{Attachment, Correspondence},
    lifecycle::{AttachmentStatus, CorrespondenceStatus, Event},
    store::Store,
};
use crate::registry::Registry;

/// How many of each kind are listed.
const LISTED: usize = 100;

/// The newest attachments and correspondences, the newest first.
#[derive(Serialize)]
pub(crate) struct Listing {
    pub(crate) attachments: Vec<ListedAttachment>,
    pub(crate) correspondences: Vec<ListedCorrespondence>,
}

#[derive(Serialize)]
pub(crate) struct ListedAttachment {
    id: String,
    created: Timestamp,
    owner: String,
    bytes: usize,
    status: AttachmentStatus,
    history: Vec<Event<AttachmentStatus>>,
}

#[derive(Serialize)]
pub(crate) struct ListedCorrespondence {
    id: String,
    created: Timestamp,
    owner: String,
    recipient: String,
    attachments: Vec<String>,
    status: Option<CorrespondenceStatus>,
    history: Vec<Event<CorrespondenceStatus>>,
}

impl Store {
    /// What is kept, as it is at that time.
    pub(crate) fn listing(&self, now: Timestamp, registry: &Registry) -> Listing {
        let mut store = self.open(now, registry);
        let (attachments, correspondences) = store.ids();
        let mut listing = Listing {
            attachments: Vec::new(),
            correspondences: Vec::new(),
        };
        for id in attachments {
            let attachment = store.attachment(id);
            listing
                .attachments
                .extend(attachment.map(|attachment| ListedAttachment::of(attachment)));
        }
        for id in correspondences {
            let correspondence = store.correspondence(id);
            listing.correspondences.extend(
                correspondence.map(|(correspondence, _)| ListedCorrespondence::of(correspondence)),
            );
        }
        let newest_first = |one: Timestamp, other: Timestamp| other.cmp(&one);
        let attachments = &mut listing.attachments;
        attachments.sort_by(|one, other| newest_first(one.created, other.created));
        attachments.truncate(LISTED);
        let correspondences = &mut listing.correspondences;
        correspondences.sort_by(|one, other| newest_first(one.created, other.created));
        correspondences.truncate(LISTED);
        listing
    }
}

impl ListedAttachment {
    fn of(attachment: &Attachment) -> Self {
        Self {
            id: attachment.id.to_string(),
            created: attachment.created,
            owner: attachment.owner.clone(),
            bytes: attachment.bytes.as_ref().map_or(0, Bytes::len),
            status: attachment.status(),
            history: attachment.history.clone(),
        }
    }
}

impl ListedCorrespondence {
    fn of(correspondence: &Correspondence) -> Self {
        Self {
            id: correspondence.id.to_string(),
            created: correspondence.created,
            owner: correspondence.owner.clone(),
            recipient: correspondence.recipient.clone(),
            attachments: correspondence
                .attachments
                .iter()
                .map(ToString::to_string)
                .collect(),
            status: correspondence.status().map(|event| event.status),
            history: correspondence.history.clone(),
        }
    }
}
