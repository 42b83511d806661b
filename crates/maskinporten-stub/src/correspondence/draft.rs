//! A correspondence to send: the shape of the request, with everything that is wrong with it.

use std::{collections::BTreeMap, sync::Arc};

use jiff::Timestamp;
use serde_json::Value;
use uuid::Uuid;

use super::{
    attachment_input::{self, AttachmentInput},
    body, notification,
    raw::{RawContent, RawCorrespondence, RawNotification, RawRequest, ReplyOption},
    recipient,
    references::{self, Reference},
    validation::Findings,
};

const MAX_RECIPIENTS: usize = 500;
const MAX_PROPERTIES: usize = 10;

/// A correspondence of the right shape.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    pub(super) resource_id: String,
    pub(super) senders_reference: String,
    pub(super) message_sender: Option<String>,
    pub(super) content: Content,
    pub(super) publish_at: Option<Timestamp>,
    pub(super) due: Option<Timestamp>,
    pub(super) references: Vec<Reference>,
    pub(super) property_list: BTreeMap<String, String>,
    pub(super) reply_options: Vec<ReplyOption>,
    pub(super) notification: Option<RawNotification>,
    pub(super) ignore_reservation: Option<bool>,
    pub(super) is_confirmation_needed: bool,
    pub(super) is_confidential: bool,
    pub(super) allow_forwarding: bool,
}

/// What the recipient reads.
#[derive(Clone, Debug, Default)]
pub(super) struct Content {
    pub(super) language: Option<String>,
    pub(super) title: String,
    pub(super) summary: Option<String>,
    pub(super) body: String,
    /// The files that should come with the request.
    pub(super) new_attachments: Vec<AttachmentInput>,
}

/// A draft and whom it goes to.
#[derive(Debug)]
pub(super) struct Order {
    pub(super) draft: Arc<Draft>,
    /// Normalised, in the order given.
    pub(super) recipients: Vec<String>,
    pub(super) attachments: Vec<Uuid>,
    pub(super) idempotent_key: Option<Uuid>,
}

impl Order {
    pub(super) fn read(body: &[u8]) -> Result<Self, Findings> {
        Self::of(RawRequest::read(body)?)
    }

    /// Reads a form that has been brought into the shape of a JSON body.
    pub(super) fn of_form(form: Value) -> Result<Self, Findings> {
        Self::of(RawRequest::of(form)?)
    }

    fn of(raw: RawRequest) -> Result<Self, Findings> {
        let mut findings = Findings::default();
        let attachments = raw.existing_attachments.unwrap_or_default();
        let attachments = attachments.iter().map(|id| guid(id));
        let order = Self {
            attachments: attachments.collect::<Result<_, _>>()?,
            idempotent_key: raw.idempotent_key.as_deref().map(guid).transpose()?,
            recipients: recipients(raw.recipients.0.unwrap_or_default(), &mut findings),
            draft: match raw.correspondence.0 {
                Some(raw) => Arc::new(Draft::of(raw, &mut findings)?),
                None => {
                    let message = "The Correspondence field is required.";
                    return Err(Findings::one("Correspondence", message));
                }
            },
        };
        findings.into_result()?;
        Ok(order)
    }
}

/// JSON has no ids; .NET fails at the conversion, like at any other wrong type.
fn guid(text: &str) -> Result<Uuid, Findings> {
    Uuid::try_parse(text)
        .map_err(|_error| Findings::one("$", "The JSON value could not be converted to a GUID."))
}

fn recipients(given: Vec<String>, findings: &mut Findings) -> Vec<String> {
    const KEY: &str = "Recipients";
    findings.require(!given.is_empty(), KEY, "Recipients can not be empty");
    findings.require(
        given.len() <= MAX_RECIPIENTS,
        KEY,
        "There are more than 500 recipients",
    );
    let mut normalised = Vec::with_capacity(given.len());
    for recipient in given {
        match recipient::normalise(&recipient) {
            Some(recipient) => normalised.push(recipient),
            None => findings.add(KEY, format!("'{recipient}' is not a valid recipient")),
        }
    }
    normalised
}

impl Draft {
    fn of(raw: RawCorrespondence, findings: &mut Findings) -> Result<Self, Findings> {
        let key = |name: &str| format!("Correspondence.{name}");
        let resource_id = raw.resource_id.0.unwrap_or_default();
        let senders_reference = raw.senders_reference.0.unwrap_or_default();
        findings.required_text(&key("ResourceId"), Some(&resource_id), 255);
        findings.required_text(&key("SendersReference"), Some(&senders_reference), 4096);
        findings.optional_text(&key("MessageSender"), raw.message_sender.as_deref(), 255);
        let resource = attachment_input::resource_id(resource_id);
        let content = match raw.content.0 {
            Some(content) => Content::of(content, &resource, findings),
            None => {
                findings.add(&key("Content"), "The Content field is required.");
                Content::default()
            }
        };
        let references = raw.external_references.unwrap_or_default();
        let property_list = raw.property_list.unwrap_or_default();
        check_properties(&property_list, findings);
        if let Some(notification) = &raw.notification {
            notification::check_shape(notification, findings)?;
        }
        Ok(Self {
            resource_id: resource,
            senders_reference,
            message_sender: raw.message_sender,
            content,
            publish_at: body::time("$", raw.requested_publish_time.as_deref())?,
            due: body::time("$", raw.due_date_time.as_deref())?,
            references: references::read(references, findings)?,
            property_list,
            reply_options: raw.reply_options.unwrap_or_default(),
            notification: raw.notification,
            ignore_reservation: raw.ignore_reservation,
            is_confirmation_needed: raw.is_confirmation_needed,
            is_confidential: raw.is_confidential,
            allow_forwarding: raw.allow_forwarding,
        })
    }
}

impl Content {
    fn of(raw: RawContent, resource_id: &str, findings: &mut Findings) -> Self {
        let key = |name: &str| format!("Correspondence.Content.{name}");
        findings.required_text(&key("MessageTitle"), raw.message_title.0.as_deref(), 255);
        findings.optional_text(&key("MessageSummary"), raw.message_summary.as_deref(), 255);
        findings.required_text(&key("MessageBody"), raw.message_body.0.as_deref(), 30_000);
        let files = raw.attachments.unwrap_or_default().into_iter().enumerate();
        let file = |(index, raw)| {
            let prefix = key(&format!("Attachments[{index}]."));
            AttachmentInput::of(raw, resource_id.to_owned(), &prefix, findings)
        };
        let new_attachments = files.map(file).collect();
        Self {
            language: raw.language,
            title: raw.message_title.0.unwrap_or_default(),
            summary: raw.message_summary,
            body: raw.message_body.0.unwrap_or_default(),
            new_attachments,
        }
    }
}

fn check_properties(properties: &BTreeMap<String, String>, findings: &mut Findings) {
    const KEY: &str = "Correspondence.PropertyList";
    let few = properties.len() <= MAX_PROPERTIES;
    findings.require(few, KEY, "There are more than 10 properties");
    for (name, value) in properties {
        let fits = name.encode_utf16().count() <= 50 && value.encode_utf16().count() <= 300;
        findings.require(
            fits,
            KEY,
            "A property is longer than 50 or its value than 300",
        );
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn reports_everything_wrong_with_the_shape() {
        let long = "a".repeat(256);
        let cases: [(&str, Value, &[&str]); 17] = [
            ("/recipients", json!(["0192:310244007"]), &[]),
            ("/recipients", json!([]), &["Recipients"]),
            ("/recipients", json!(null), &["Recipients"]),
            (
                "/recipients",
                json!(["me", "you"]),
                &["Recipients", "Recipients"],
            ),
            ("/recipients", json!("0192:310244007"), &["$"]),
            ("/correspondence", json!(null), &["Correspondence"]),
            ("/correspondence", json!({}), &["$"]),
            (
                "/correspondence/resourceId",
                json!(""),
                &["Correspondence.ResourceId"],
            ),
            (
                "/correspondence/messageSender",
                json!(long),
                &["Correspondence.MessageSender"],
            ),
            (
                "/correspondence/content",
                json!(null),
                &["Correspondence.Content"],
            ),
            (
                "/correspondence/content/messageTitle",
                json!(" "),
                &["Correspondence.Content.MessageTitle"],
            ),
            (
                "/correspondence/content/messageBody",
                json!(null),
                &["Correspondence.Content.MessageBody"],
            ),
            (
                "/correspondence/requestedPublishTime",
                json!("soon"),
                &["$"],
            ),
            (
                "/correspondence/propertyList",
                json!({"a": long.repeat(2)}),
                &["Correspondence.PropertyList"],
            ),
            (
                "/correspondence/externalReferences",
                json!([{"referenceType": "dialogportenTransmissionId", "referenceValue": "x"}]),
                &["Correspondence.ExternalReferences"],
            ),
            ("/existingAttachments", json!(["x"]), &["$"]),
            ("/idempotentKey", json!("x"), &["$"]),
        ];
        for (place, value, expected) in cases {
            let mut body = json!({
                "correspondence": {
                    "resourceId": "r", "sendersReference": "s", "messageSender": null,
                    "content": {"messageTitle": "t", "messageBody": "b"},
                    "requestedPublishTime": null, "propertyList": null, "externalReferences": null,
                },
                "recipients": null, "existingAttachments": null, "idempotentKey": null,
            });
            body["recipients"] = json!(["0192:310244007"]);
            *body.pointer_mut(place).unwrap() = value;
            let findings = Order::read(body.to_string().as_bytes())
                .err()
                .unwrap_or_default();
            assert_eq!(findings.keys(), expected, "{place} {body}");
        }
    }
}
