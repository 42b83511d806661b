//! Statuses over time.

use jiff::Timestamp;
use serde::Serialize;

/// Where an attachment is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(super) enum AttachmentStatus {
    Initialized,
    UploadProcessing,
    Published,
    Failed,
}

/// Where a correspondence is. `Fetched` appears in histories only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(super) enum CorrespondenceStatus {
    Initialized,
    ReadyForPublish,
    Published,
    Fetched,
}

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

    pub(super) fn with_text(status: S, status_text: String, at: Timestamp) -> Self {
        Self {
            status,
            status_text,
            status_changed: iso(at),
            at,
        }
    }
}

/// The API's form of a time, to the microsecond.
pub(super) fn iso(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%S%.6f+00:00").to_string()
}
