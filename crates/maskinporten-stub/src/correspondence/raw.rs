//! The body of `POST /correspondence` as JSON types alone.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    body::{self, Required},
    validation::Findings,
};

const NAMES: [&str; 52] = [
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
    "emailContentType",
    "reminderEmailContentType",
    "customRecipient",
    "customNotificationRecipients",
    "overrideRegisteredContactInformation",
    "fileName",
    "displayName",
    "isEncrypted",
    "checksum",
    "expirationInDays",
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
    pub(super) notification: Option<RawNotification>,
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
    pub(super) attachments: Option<Vec<RawFile>>,
}

/// A file that comes with the request, or should.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RawFile {
    pub(super) file_name: Required<String>,
    pub(super) senders_reference: Required<String>,
    pub(super) display_name: Option<String>,
    #[serde(default)]
    pub(super) is_encrypted: bool,
    pub(super) checksum: Option<String>,
    pub(super) expiration_in_days: Option<i32>,
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

/// What to tell the recipient, and where.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RawNotification {
    pub(super) notification_template: Option<Value>,
    pub(super) notification_channel: Option<Value>,
    pub(super) reminder_notification_channel: Option<Value>,
    pub(super) email_content_type: Option<Value>,
    pub(super) reminder_email_content_type: Option<Value>,
    pub(super) email_subject: Option<String>,
    pub(super) email_body: Option<String>,
    pub(super) sms_body: Option<String>,
    #[serde(default)]
    pub(super) send_reminder: bool,
    pub(super) reminder_email_subject: Option<String>,
    pub(super) reminder_email_body: Option<String>,
    pub(super) reminder_sms_body: Option<String>,
    #[serde(default)]
    pub(super) override_registered_contact_information: bool,
    pub(super) custom_recipients: Option<Vec<RawContact>>,
    pub(super) custom_recipient: Option<RawContact>,
    pub(super) custom_notification_recipients: Option<Vec<RawOverride>>,
}

/// Somebody else to notify.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RawContact {
    pub(super) email_address: Option<String>,
    pub(super) mobile_number: Option<String>,
    pub(super) organization_number: Option<String>,
    pub(super) national_identity_number: Option<String>,
}

/// The older form of the same.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RawOverride {
    pub(super) recipients: Vec<RawContact>,
}

impl RawRequest {
    pub(super) fn read(body: &[u8]) -> Result<Self, Findings> {
        body::read(body, &NAMES)
    }

    pub(super) fn of(value: Value) -> Result<Self, Findings> {
        body::read_value(value, &NAMES)
    }
}
