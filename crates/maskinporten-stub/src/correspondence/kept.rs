//! What the API keeps: attachments and correspondences, moved along by the stub's clock.

use std::sync::Arc;

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::{
    attachment_input::AttachmentInput,
    caller::organisation_urn,
    draft::Draft,
    lifecycle::{
        AttachmentStatus,
        CorrespondenceStatus::{
            self, Confirmed, Failed, Fetched, Initialized, Published, PurgedByAltinn,
            PurgedByRecipient, ReadyForPublish,
        },
        Event,
    },
    problem::Problem,
    received::Received,
    register::Standing,
};
use crate::clock;

/// How long the background check after a confirmation takes.
const CONFIRMATION_TIME: SignedDuration = SignedDuration::from_secs(4);
/// A recipient who looks all day must not fill the memory.
const MAX_HISTORY: usize = 1000;

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
    /// Gone when the attachment is, or when newer ones need the place.
    pub(super) bytes: Option<Bytes>,
    is_malware: bool,
    /// When the upload was complete, and the malware scan began.
    uploaded: Option<Timestamp>,
}

/// A correspondence to one recipient.
#[derive(Debug)]
pub(super) struct Correspondence {
    pub(super) id: Uuid,
    pub(super) recipient: String,
    pub(super) owner: String,
    pub(super) draft: Arc<Draft>,
    pub(super) attachments: Vec<Uuid>,
    pub(super) dialog_id: String,
    pub(super) created: Timestamp,
    pub(super) publish_at: Timestamp,
    pub(super) history: Vec<Event<CorrespondenceStatus>>,
    /// When the recipient confirmed, until the background check is over.
    pub(super) confirming: Option<Timestamp>,
}

impl Attachment {
    pub(super) fn new(input: AttachmentInput, owner: String, now: Timestamp) -> Self {
        Self {
            id: Uuid::new_v4(),
            owner,
            checksum: input.checksum.clone(),
            history: vec![Event::new(AttachmentStatus::Initialized, now)],
            correspondences: Vec::new(),
            created: now,
            expires: input
                .expiration_in_days
                .map(|days| clock::after(now, SignedDuration::from_hours(24 * i64::from(days)))),
            bytes: None,
            is_malware: false,
            uploaded: None,
            input,
        }
    }

    pub(super) fn status(&self) -> AttachmentStatus {
        self.history
            .last()
            .map_or(AttachmentStatus::Initialized, |event| event.status)
    }

    pub(super) fn push(&mut self, status: AttachmentStatus, at: Timestamp) {
        self.history.push(Event::new(status, at));
    }

    pub(super) fn fail(&mut self, text: &str, at: Timestamp) {
        let failed = Event::with_text(AttachmentStatus::Failed, text, at);
        self.history.push(failed);
    }

    /// The upload is complete; the scan begins.
    pub(super) fn received(&mut self, received: Received, now: Timestamp) {
        self.checksum = Some(received.md5);
        self.bytes = received.bytes;
        self.is_malware = received.is_malware;
        self.uploaded = Some(now);
    }

    /// What can be downloaded.
    pub(super) fn content(&self) -> Result<Bytes, Problem> {
        match self.status() {
            AttachmentStatus::Purged => Err(Problem::new(2019, "The file has been purged")),
            AttachmentStatus::Expired => Err(Problem::new(2020, "The file has expired")),
            AttachmentStatus::Published => {
                self.bytes.clone().ok_or_else(Problem::attachment_not_found)
            }
            AttachmentStatus::Initialized
            | AttachmentStatus::UploadProcessing
            | AttachmentStatus::Failed => Err(Problem::attachment_not_found()),
        }
    }

    pub(super) fn purge(&mut self, now: Timestamp) {
        self.push(AttachmentStatus::Purged, now);
        self.bytes = None;
    }

    /// `UploadProcessing` → `Published` or `Failed`, when the scan is over; → `Expired`.
    pub(super) fn settle(&mut self, scan_time: SignedDuration, now: Timestamp) {
        if let Some(uploaded) = self.uploaded {
            let scanned = clock::after(uploaded, scan_time);
            if self.status() == AttachmentStatus::UploadProcessing && scanned <= now {
                if self.is_malware {
                    self.fail("Malware scan failed: EICAR test file", scanned);
                    self.bytes = None;
                } else {
                    self.push(AttachmentStatus::Published, scanned);
                }
            }
        }
        let expired = self.expires.filter(|expires| *expires <= now);
        if let (AttachmentStatus::Published, Some(at)) = (self.status(), expired) {
            self.push(AttachmentStatus::Expired, at);
            self.bytes = None;
        }
    }
}

impl Correspondence {
    /// The highest status reached; that the recipient fetched it does not count.
    pub(super) fn status(&self) -> Option<&Event<CorrespondenceStatus>> {
        let counting = self.history.iter().filter(|event| event.status != Fetched);
        counting.max_by_key(|event| event.status)
    }

    /// The first time that it reached a status.
    pub(super) fn reached(&self, status: CorrespondenceStatus) -> Option<Timestamp> {
        let mut events = self.history.iter();
        events
            .find(|event| event.status == status)
            .map(|event| event.at)
    }

    pub(super) fn has(&self, status: CorrespondenceStatus) -> bool {
        self.reached(status).is_some()
    }

    pub(super) fn is_sent_by(&self, party: &str) -> bool {
        organisation_urn(&self.owner) == party
    }

    pub(super) fn is_purged(&self) -> bool {
        self.has(PurgedByRecipient) || self.has(PurgedByAltinn)
    }

    pub(super) fn push(&mut self, status: CorrespondenceStatus, at: Timestamp) {
        self.history.push(Event::new(status, at));
    }

    /// Notes what a recipient may do over and over, but not for ever.
    pub(super) fn note(&mut self, status: CorrespondenceStatus, at: Timestamp) {
        if self.history.len() < MAX_HISTORY {
            self.push(status, at);
        }
    }

    /// `Initialized` → `ReadyForPublish` → `Published`, each when its time has come, or `Failed`;
    /// → `Confirmed`. The attachments must have been settled before.
    pub(super) fn settle(
        &mut self,
        attachments: &[&Attachment],
        recipient: Standing,
        now: Timestamp,
    ) {
        let status = self.status().map(|event| event.status);
        if status == Some(Initialized) {
            self.prepare(attachments);
        }
        let ready = self
            .status()
            .filter(|event| event.status == ReadyForPublish);
        let ready = ready.map(|event| event.at.max(self.publish_at));
        if let Some(at) = ready.filter(|at| *at <= now) {
            self.publish(recipient, at);
        }
        let confirmed = self
            .confirming
            .map(|at| clock::after(at, CONFIRMATION_TIME));
        if let Some(at) = confirmed.filter(|at| *at <= now) {
            self.confirming = None;
            self.push(Confirmed, at);
        }
    }

    /// Waits for all attachments, unless one has failed.
    fn prepare(&mut self, attachments: &[&Attachment]) {
        let last = |attachment: &&Attachment| {
            let event = attachment.history.last();
            event.map(|event| (event.status, event.at))
        };
        let mut events = attachments.iter().filter_map(last);
        if let Some((_status, at)) =
            events.find(|(status, _at)| *status == AttachmentStatus::Failed)
        {
            let text = "Malware was found in an attachment";
            self.history.push(Event::with_text(Failed, text, at));
            return;
        }
        let published = |attachment: &&Attachment| {
            let mut events = attachment.history.iter();
            let published = events.find(|event| event.status == AttachmentStatus::Published);
            published.map(|event| event.at)
        };
        let published: Option<Vec<Timestamp>> = attachments.iter().map(published).collect();
        if let Some(published) = published {
            let ready = published.into_iter().fold(self.created, Timestamp::max);
            self.push(ReadyForPublish, ready);
        }
    }

    /// Asks the registers once more, which may have changed since it was sent.
    fn publish(&mut self, recipient: Standing, at: Timestamp) {
        let ignores = self.draft.ignore_reservation == Some(true);
        let why_not = match recipient {
            Standing::Reachable => None,
            Standing::Reserved | Standing::Uncertain if ignores => None,
            Standing::Unknown => Some("The recipient is not in Altinn's register any more"),
            Standing::WithoutRoles => Some("Nobody can read it at the recipient any more"),
            Standing::Reserved => Some("The recipient is reserved in KRR now"),
            Standing::Uncertain => Some("KRR did not say whether the recipient is reserved"),
        };
        match why_not {
            None => self.push(Published, at),
            Some(text) => self.history.push(Event::with_text(Failed, text, at)),
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
            self.note(Fetched, now);
        }
    }
}
