//! What a sender says about a new attachment.

use serde::Deserialize;

use super::{
    body::{self, Required},
    file_name,
    problem::Problem,
    raw::RawFile,
    validation::Findings,
};

const NAMES: [&str; 7] = [
    "resourceId",
    "fileName",
    "displayName",
    "isEncrypted",
    "checksum",
    "sendersReference",
    "expirationInDays",
];

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Raw {
    resource_id: Required<String>,
    #[serde(flatten)]
    file: RawFile,
}

/// A new attachment of the right shape.
#[derive(Clone, Debug)]
pub(super) struct AttachmentInput {
    /// Without `urn:altinn:resource:`.
    pub(super) resource_id: String,
    pub(super) file_name: String,
    pub(super) senders_reference: String,
    pub(super) display_name: Option<String>,
    pub(super) is_encrypted: bool,
    pub(super) checksum: Option<String>,
    pub(super) expiration_in_days: Option<i32>,
}

impl AttachmentInput {
    pub(super) fn read(body: &[u8]) -> Result<Self, Findings> {
        let raw: Raw = body::read(body, &NAMES)?;
        let mut findings = Findings::default();
        let id = raw.resource_id.0.unwrap_or_default();
        findings.required_text("ResourceId", Some(&id), 255);
        let input = Self::of(raw.file, resource_id(id), "", &mut findings);
        findings.into_result()?;
        Ok(input)
    }

    /// The attachment that a file becomes; `prefix` is its place in the server's model.
    pub(super) fn of(
        raw: RawFile,
        resource_id: String,
        prefix: &str,
        findings: &mut Findings,
    ) -> Self {
        let key = |name: &str| format!("{prefix}{name}");
        let senders_reference = raw.senders_reference.0.unwrap_or_default();
        findings.required_text(&key("SendersReference"), Some(&senders_reference), 4096);
        findings.optional_text(&key("FileName"), raw.file_name.0.as_deref(), 255);
        findings.optional_text(&key("DisplayName"), raw.display_name.as_deref(), 255);
        findings.require(
            raw.checksum.as_deref().is_none_or(is_md5),
            &key("Checksum"),
            "The checksum is not 32 lower-case hexadecimal digits of an MD5 hash.",
        );
        Self {
            resource_id,
            file_name: raw.file_name.0.unwrap_or_default(),
            senders_reference,
            display_name: raw.display_name,
            is_encrypted: raw.is_encrypted,
            checksum: raw.checksum.filter(|checksum| !checksum.is_empty()),
            expiration_in_days: raw.expiration_in_days,
        }
    }

    /// The business rules about the attachment alone.
    pub(super) fn check(&self) -> Result<(), Problem> {
        file_name::check(&self.file_name)?;
        self.check_expiry()
    }

    pub(super) fn check_expiry(&self) -> Result<(), Problem> {
        if self.expiration_in_days.is_some_and(|days| days < 1) {
            let detail = "The attachment must be kept for a day or more";
            return Err(Problem::new(2017, detail));
        }
        Ok(())
    }
}

/// Takes away the URN's prefix.
pub(super) fn resource_id(given: String) -> String {
    match given.strip_prefix("urn:altinn:resource:") {
        Some(id) => id.to_owned(),
        None => given,
    }
}

fn is_md5(text: &str) -> bool {
    let hexadecimal = |byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    text.is_empty() || (text.len() == 32 && text.bytes().all(hexadecimal))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn reports_everything_wrong_with_the_shape() {
        let long = "a".repeat(256);
        let cases: [(Value, &[&str]); 8] = [
            (
                json!({"resourceId": "r", "fileName": "a.pdf", "sendersReference": "s"}),
                &[],
            ),
            (
                json!({"RESOURCEID": "r", "FileName": "a.pdf", "sendersreference": "s", "more": 1}),
                &[],
            ),
            (
                json!({"fileName": "a.pdf", "sendersReference": "s"}),
                &["$"],
            ),
            (
                json!({"resourceId": 1, "fileName": "a.pdf", "sendersReference": "s"}),
                &["$"],
            ),
            (json!([]), &["$"]),
            (
                json!({"resourceId": "", "fileName": "a.pdf", "sendersReference": null}),
                &["ResourceId", "SendersReference"],
            ),
            (
                json!({"resourceId": "r", "fileName": long, "sendersReference": "s", "displayName": long}),
                &["FileName", "DisplayName"],
            ),
            (
                json!({"resourceId": "r", "fileName": "a.pdf", "sendersReference": "s", "checksum": "5EB63BBBE01EEED093CB22BB8F5ACDC3"}),
                &["Checksum"],
            ),
        ];
        for (body, expected) in cases {
            let findings = AttachmentInput::read(body.to_string().as_bytes())
                .err()
                .unwrap_or_default();
            assert_eq!(findings.keys(), expected, "{body}");
        }
    }
}
