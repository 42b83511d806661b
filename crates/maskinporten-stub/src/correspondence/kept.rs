//! What the API keeps: attachments and correspondences, moved along by the stub's clock.

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::{
    attachment_input::AttachmentInput,
    draft::Draft,
    lifecycle::{
        AttachmentStatus,
        CorrespondenceStatus::{self, Fetched, Published, ReadyForPublish},
        Event,
    },
};
use crate::clock;

/// An attachment, from its announcement on.
#[derive(Debug)]
pub(super) struct Attachment {
    pub(super) id: Uuid,
    pub(super) input: AttachmentInput,
    pub(super) owner: String,
    pub(super) checksum: Option<String>,
    pub(super) history: Vec<Event<AttachmentStatus>>,
    pub(super) correspondences: Vec<Uuid>,
    pub(super) created: Timestamp,
    pub(super) expires: Option<Timestamp>,
    pub(super) bytes: Bytes,
    /// When the upload was complete, and the malware scan began.
    pub(super) uploaded: Option<Timestamp>,
}

/// A correspondence to one recipient.
#[derive(Debug)]
pub(super) struct Correspondence {
    pub(super) id: Uuid,
    pub(super) recipient: String,
    pub(super) owner: String,
    pub(super) draft: Draft,
    pub(super) attachments: Vec<Uuid>,
    pub(super) dialog_id: String,
    pub(super) created: Timestamp,
    pub(super) publish_at: Timestamp,
    pub(super) history: Vec<Event<CorrespondenceStatus>>,
}

impl Attachment {
    pub(super) fn status(&self) -> AttachmentStatus {
        self.history
            .last()
            .map_or(AttachmentStatus::Initialized, |event| event.status)
    }

    /// `UploadProcessing` → `Published`, when the scan is over.
    pub(super) fn settle(&mut self, scan_time: SignedDuration, now: Timestamp) {
        let Some(uploaded) = self.uploaded else {
            return;
        };
        let scanned = clock::after(uploaded, scan_time);
        if self.status() == AttachmentStatus::UploadProcessing && scanned <= now {
            self.history
                .push(Event::new(AttachmentStatus::Published, scanned));
        }
    }
}

impl Correspondence {
    /// The highest status reached; that the recipient fetched it does not count.
    pub(super) fn status(&self) -> Option<&Event<CorrespondenceStatus>> {
        self.history
            .iter()
            .rev()
            .find(|event| event.status != Fetched)
    }

    pub(super) fn is_published(&self) -> bool {
        self.status().is_some_and(|event| event.status == Published)
    }

    /// `ReadyForPublish` → `Published`, when its time has come.
    pub(super) fn settle(&mut self, now: Timestamp) {
        let ready = self
            .status()
            .is_some_and(|event| event.status == ReadyForPublish);
        if ready && self.publish_at <= now {
            let at = self.publish_at.max(self.created);
            self.history.push(Event::new(Published, at));
        }
    }

    /// Notes that the recipient looked, unless that was noted within `pause`.
    pub(super) fn fetched(&mut self, now: Timestamp, pause: SignedDuration) {
        let last = self
            .history
            .iter()
            .rev()
            .find(|event| event.status == Fetched);
        if last.is_none_or(|event| clock::after(event.at, pause) <= now) {
            self.history.push(Event::new(Fetched, now));
        }
    }
}
