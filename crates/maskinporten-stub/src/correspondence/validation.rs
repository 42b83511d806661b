//! Errors in the shape of a request, all reported at once and before any business error.

use std::collections::BTreeMap;

use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::Serialize;

use crate::problem;

/// What is wrong with a request's shape, by the place in the server's model.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Findings {
    found: Vec<(String, String)>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body {
    r#type: &'static str,
    title: &'static str,
    status: u16,
    code: &'static str,
    trace_id: String,
    status_description: &'static str,
    validation_errors: Vec<ValidationError>,
    /// The older form of the same.
    errors: BTreeMap<String, Vec<String>>,
}

#[derive(Serialize)]
struct ValidationError {
    code: &'static str,
    title: String,
    paths: [String; 1],
}

impl Findings {
    /// One finding, such as JSON that cannot be read (key `$`).
    pub(super) fn one(key: &str, message: impl Into<String>) -> Self {
        let mut findings = Self::default();
        findings.add(key, message);
        findings
    }

    pub(super) fn add(&mut self, key: &str, message: impl Into<String>) {
        self.found.push((key.to_owned(), message.into()));
    }

    pub(super) fn require(&mut self, condition: bool, key: &str, message: &str) {
        if !condition {
            self.add(key, message);
        }
    }

    /// A text that must be there and not too long, counted as .NET counts.
    pub(super) fn required_text(&mut self, key: &str, text: Option<&str>, max: usize) {
        let name = key.rsplit('.').next().unwrap_or(key);
        match text.filter(|text| !text.trim().is_empty()) {
            None => self.add(key, format!("The {name} field is required.")),
            Some(_text) => self.optional_text(key, text, max),
        }
    }

    pub(super) fn optional_text(&mut self, key: &str, text: Option<&str>, max: usize) {
        let name = key.rsplit('.').next().unwrap_or(key);
        if text.is_some_and(|text| text.encode_utf16().count() > max) {
            let message =
                format!("The field {name} must be a string with a maximum length of {max}.");
            self.add(key, message);
        }
    }

    pub(super) fn into_result(self) -> Result<(), Self> {
        if self.found.is_empty() {
            Ok(())
        } else {
            Err(self)
        }
    }

    #[cfg(test)]
    pub(super) fn keys(&self) -> Vec<&str> {
        self.found
            .iter()
            .map(|(key, _message)| key.as_str())
            .collect()
    }
}

impl IntoResponse for Findings {
    fn into_response(self) -> Response {
        let mut errors: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let mut validation_errors = Vec::new();
        for (key, message) in self.found {
            validation_errors.push(ValidationError {
                code: "CORR.VLD-00000",
                title: message.clone(),
                paths: [key.replace('.', "/")],
            });
            errors.entry(key).or_default().push(message);
        }
        let status = StatusCode::BAD_REQUEST;
        let body = Body {
            r#type: problem::kind(status),
            title: "Bad Request",
            status: 400,
            code: "STD-00000",
            trace_id: problem::trace_id(),
            status_description: "Bad Request",
            validation_errors,
            errors,
        };
        (status, Json(body)).into_response()
    }
}
