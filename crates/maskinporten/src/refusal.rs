//! A refusal in Maskinporten's words, and what to do about it.

use std::fmt;

use http::StatusCode;
use serde::Deserialize;

use crate::{advice, text};

/// How much of a text from the server is kept, in characters.
const TEXT_LIMIT: usize = 512;
/// `MP-` and a number, in bytes.
const LONGEST_CODE: usize = 16;

/// What Maskinporten said when it refused a grant: the members of its OAuth error answer (RFC 6749 section 5.2), and
/// [what to do about it](https://docs.digdir.no/docs/Maskinporten/maskinporten_feilsoking).
///
/// Texts are kept to 512 characters, without control characters, and with `…` for words of more than 64 characters and
/// for national identity numbers: a server may repeat the assertion that it was sent.
///
/// ```
/// # fn log(error: &maskinporten::Error) {
/// if let Some(refusal) = error.refusal() {
///     let code = refusal.code().unwrap_or("no code");
///     eprintln!("{} ({code}), trace {:?}", refusal.error(), refusal.trace_id());
///     eprintln!("{}", refusal.advice().unwrap_or("see Digdir's troubleshooting page"));
/// }
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Refusal {
    status: StatusCode,
    error: Box<str>,
    description: Option<Box<str>>,
    code: Option<Box<str>>,
    trace_id: Option<Box<str>>,
}

#[derive(Deserialize)]
struct ErrorAnswer {
    error: String,
    error_description: Option<String>,
    error_uri: Option<String>,
}

impl Refusal {
    /// Reads an error answer; `None` when the body is not one.
    pub(crate) fn read(status: StatusCode, body: &[u8]) -> Option<Self> {
        let answer: ErrorAnswer = serde_json::from_slice(body).ok()?;
        let code = answer.error_uri.as_deref().and_then(mp_code);
        let trace_id = answer.error_description.as_deref().and_then(trace_id);
        let clean = |text: &str| text::clean(text, TEXT_LIMIT);
        Some(Self {
            status,
            error: clean(&answer.error),
            description: answer.error_description.as_deref().map(clean),
            code: code.map(clean),
            trace_id: trace_id.map(clean),
        })
    }

    /// The HTTP status, usually 400.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The OAuth error, such as `invalid_grant`. Maskinporten has values of its own too (`forbidden`,
    /// `invalid_altinn_customer_configuration`).
    #[must_use]
    pub fn error(&self) -> &str {
        &self.error
    }

    /// The description, with the trace id that Digdir's support asks for.
    #[must_use]
    pub fn description(&self) -> Option<&str> {
        self.description.as_deref()
    }

    /// Maskinporten's own number for it, such as `MP-200`. Some errors have none.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.code.as_deref()
    }

    /// The trace id (older: correlation id) from the description.
    #[must_use]
    pub fn trace_id(&self) -> Option<&str> {
        self.trace_id.as_deref()
    }

    /// What to do about it, in one line, for the errors that are known.
    #[must_use]
    pub fn advice(&self) -> Option<&'static str> {
        advice::find(self.code(), self.description())
    }

    /// Whether the customer has no such system user, or has not approved it yet (MP-303): when that is done, the same
    /// grant is good.
    ///
    /// ```
    /// # fn handle(error: &maskinporten::Error) {
    /// if error.refusal().is_some_and(|refusal| refusal.may_be_approved()) {
    ///     // Show the customer where to approve.
    /// }
    /// # }
    /// ```
    #[must_use]
    pub fn may_be_approved(&self) -> bool {
        self.code() == Some("MP-303")
    }

    /// Whether the same grant, signed anew at once, is likely to be accepted: it was used before, or came too late.
    pub(crate) fn is_cured_by_new_assertion(&self) -> bool {
        // The number is there only where `error_uri` is.
        matches!(self.code(), Some("MP-012" | "MP-130"))
            || self.says("grant is used before")
            || self.says("jwt is expired")
    }

    /// Whether the assertion's times were the trouble: too early, or too late.
    pub(crate) fn blames_clock(&self) -> bool {
        matches!(self.code(), Some("MP-130"))
            || self.says("issue time is after now")
            || self.says("jwt is expired")
    }

    /// Whether the key was the trouble: not registered, or not yet known everywhere.
    pub(crate) fn blames_kid(&self) -> bool {
        self.says("unknown key identifier")
    }

    /// Whether another key of the client may fare better: this one is not known, has ended, or is not the one that is
    /// registered under its name.
    pub(crate) fn blames_key(&self) -> bool {
        self.blames_kid() || matches!(self.code(), Some("MP-120" | "MP-121" | "MP-122" | "MP-124"))
    }

    fn says(&self, phrase: &str) -> bool {
        let description = self.description().unwrap_or_default();
        description.to_ascii_lowercase().contains(phrase)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.error)?;
        if let Some(code) = &self.code {
            write!(f, " ({code})")?;
        }
        if let Some(description) = &self.description {
            write!(f, ": {description}")?;
        }
        if let Some(advice) = self.advice() {
            write!(f, "; {advice}")?;
        }
        Ok(())
    }
}

/// The last segment of `https://{issuer host}/errors/MP-121`, which is the only place that has the number.
fn mp_code(error_uri: &str) -> Option<&str> {
    error_uri
        .rsplit('/')
        .next()
        .filter(|segment| segment.starts_with("MP-") && segment.len() <= LONGEST_CODE)
}

/// `…(trace_id: 0123…)`, or, before 2024, `…(correlation id: …)`.
fn trace_id(description: &str) -> Option<&str> {
    let start = ["(trace_id: ", "(correlation id: "]
        .iter()
        .find_map(|marker| Some(description.find(marker)? + marker.len()))?;
    let rest = description.get(start..)?;
    rest.split(')').next().map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str) -> Refusal {
        Refusal::read(StatusCode::BAD_REQUEST, body.as_bytes()).unwrap()
    }

    #[test]
    fn takes_the_number_from_the_uri_and_the_trace_id_from_the_text() {
        let refusal = read(
            r#"{"error":"invalid_grant","error_description":"Invalid assertion. Expired key. (trace_id: 0af7651916cd43dd8448eb211c80319c)","error_uri":"https://maskinporten.no/errors/MP-121"}"#,
        );
        assert_eq!(refusal.code(), Some("MP-121"));
        assert_eq!(refusal.trace_id(), Some("0af7651916cd43dd8448eb211c80319c"));
        assert!(refusal.advice().unwrap().contains("over a year old"));
    }

    #[test]
    fn case_56_unknown_errors_are_kept_as_they_are() {
        let refusal = read(r#"{"error":"something_new","extra":1}"#);
        assert_eq!(refusal.error(), "something_new");
        assert_eq!(
            (refusal.code(), refusal.description(), refusal.advice()),
            (None, None, None)
        );
        assert_eq!(refusal.to_string(), "something_new");
    }

    #[test]
    fn errors_without_a_number_are_known_by_their_text() {
        let refusal = read(
            r#"{"error":"invalid_grant","error_description":"Invalid assertion. Client authentication failed. Unknown key identifier (kid) for client. (correlation id: 7b1e)"}"#,
        );
        assert_eq!(refusal.code(), None);
        assert_eq!(refusal.trace_id(), Some("7b1e"));
        assert!(refusal.advice().unwrap().contains("two minutes"));
    }

    #[test]
    fn texts_cannot_forge_log_lines_or_fill_the_log() {
        let body = format!(
            r#"{{"error":"a\nb","error_description":"{}\u001b[2J"}}"#,
            "x ".repeat(2500)
        );
        let refusal = read(&body);
        assert_eq!(refusal.error(), "ab");
        assert_eq!(refusal.description().unwrap().len(), TEXT_LIMIT);
    }

    #[test]
    fn what_is_no_oauth_error_is_none() {
        for body in ["", "null", "<html>", "[]", "{}", r#"{"error":5}"#] {
            assert!(
                Refusal::read(StatusCode::BAD_REQUEST, body.as_bytes()).is_none(),
                "{body}"
            );
        }
    }
}
