//! Statuses over time.

use jiff::Timestamp;
use serde::Serialize;

/// Where an attachment is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(super) enum AttachmentStatus {
    Initialized,
    UploadProcessing,
    Published,
    Purged,
    Failed,
    Expired,
}

/// Where a correspondence is, in the order of the API's numbers: the highest one counts.
///
/// The API has also `Replied` and `Archived`, which are old, and `Forwarded`, which the stub does
/// not serve.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(super) enum CorrespondenceStatus {
    Initialized,
    ReadyForPublish,
    Published,
    /// Appears in histories only.
    Fetched,
    Read,
    Confirmed,
    PurgedByRecipient,
    PurgedByAltinn,
    Reserved,
    Failed,
    AttachmentsDownloaded,
}

/// All of the API's names, in the order of their numbers.
pub(super) const CORRESPONDENCE_STATUSES: [&str; 14] = [
    "Initialized",
    "ReadyForPublish",
    "Published",
    "Fetched",
    "Read",
    "Replied",
    "Confirmed",
    "PurgedByRecipient",
    "PurgedByAltinn",
    "Archived",
    "Reserved",
    "Failed",
    "AttachmentsDownloaded",
    "Forwarded",
];

/// One entry of a history.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Event<S> {
    pub(super) status: S,
    status_text: String,
    status_changed: String,
    #[serde(skip)]
    pub(super) at: Timestamp,
}

impl<S: std::fmt::Debug> Event<S> {
    pub(super) fn new(status: S, at: Timestamp) -> Self {
        let text = format!("{status:?}");
        Self::with_text(status, text, at)
    }

    pub(super) fn with_text(status: S, status_text: impl Into<String>, at: Timestamp) -> Self {
        Self {
            status,
            status_text: status_text.into(),
            status_changed: iso(at),
            at,
        }
    }
}

/// The API's form of a time, to the microsecond.
pub(super) fn iso(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%S%.6f+00:00").to_string()
}
