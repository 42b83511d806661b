//! The body of `POST /correspondence` as JSON types alone.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{
    body::{self, Required},
    validation::Findings,
};

const NAMES: [&str; 42] = [
    "correspondence",
    "recipients",
    "existingAttachments",
    "idempotentKey",
    "resourceId",
    "sendersReference",
    "messageSender",
    "content",
    "requestedPublishTime",
    "dueDateTime",
    "externalReferences",
    "propertyList",
    "replyOptions",
    "notification",
    "ignoreReservation",
    "isConfirmationNeeded",
    "isConfidential",
    "allowForwarding",
    "language",
    "messageTitle",
    "messageSummary",
    "messageBody",
    "attachments",
    "referenceValue",
    "referenceType",
    "linkURL",
    "linkText",
    "notificationTemplate",
    "notificationChannel",
    "emailSubject",
    "emailBody",
    "smsBody",
    "sendReminder",
    "reminderEmailSubject",
    "reminderEmailBody",
    "reminderSmsBody",
    "reminderNotificationChannel",
    "customRecipients",
    "emailAddress",
    "mobileNumber",
    "organizationNumber",
    "nationalIdentityNumber",
];

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RawRequest {
    pub(super) correspondence: Required<RawCorrespondence>,
    pub(super) recipients: Required<Vec<String>>,
    pub(super) existing_attachments: Option<Vec<String>>,
    pub(super) idempotent_key: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RawCorrespondence {
    pub(super) resource_id: Required<String>,
    pub(super) senders_reference: Required<String>,
    pub(super) message_sender: Option<String>,
    pub(super) content: Required<RawContent>,
    pub(super) requested_publish_time: Option<String>,
    pub(super) due_date_time: Option<String>,
    pub(super) external_references: Option<Vec<RawReference>>,
    pub(super) property_list: Option<BTreeMap<String, String>>,
    pub(super) reply_options: Option<Vec<ReplyOption>>,
    pub(super) notification: Option<Map<String, Value>>,
    pub(super) ignore_reservation: Option<bool>,
    #[serde(default)]
    pub(super) is_confirmation_needed: bool,
    #[serde(default)]
    pub(super) is_confidential: bool,
    #[serde(default)]
    pub(super) allow_forwarding: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RawContent {
    pub(super) language: Option<String>,
    pub(super) message_title: Required<String>,
    pub(super) message_summary: Option<String>,
    pub(super) message_body: Required<String>,
    pub(super) attachments: Option<Vec<Value>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RawReference {
    pub(super) reference_value: Required<String>,
    pub(super) reference_type: Value,
}

/// A way to answer; it comes back as it was sent.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct ReplyOption {
    #[serde(rename = "linkURL")]
    pub(super) link_url: String,
    #[serde(rename = "linkText")]
    pub(super) link_text: Option<String>,
}

impl RawRequest {
    pub(super) fn read(body: &[u8]) -> Result<Self, Findings> {
        body::read(body, &NAMES)
    }
}
