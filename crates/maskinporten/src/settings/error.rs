//! Why the settings cannot be used.

use std::{error, fmt, io, path::Path};

use super::given::Given;
use crate::BoxError;

/// Why [`Settings`](super::Settings) could not be made or connected: which member, where it came from, and what is
/// wrong with it. Neither its text nor its sources hold a value of the settings.
///
/// What is wrong with a value is in the text. [`source`](error::Error::source) is what the operating system or the
/// network said: an [`io::Error`] of a file that could not be read or of the HTTP client, an
/// [`Error`](crate::Error) of metadata that could not be had.
#[derive(Debug)]
pub struct SettingsError {
    text: String,
    source: Option<BoxError>,
}

impl SettingsError {
    pub(super) fn new(text: String) -> Self {
        Self { text, source: None }
    }

    pub(super) fn invalid(given: &Given, reason: impl fmt::Display) -> Self {
        Self::new(format!("{given}: {reason}"))
    }

    pub(super) fn differ(one: &Given, other: &Given, what: &str) -> Self {
        Self::new(format!(
            "{one} and {other} give {what}: take one of them out"
        ))
    }

    /// A file or directory that is a source of settings, and cannot be read.
    pub(super) fn unreadable(path: &Path, error: io::Error) -> Self {
        Self::with_source(format!("{} cannot be read", path.display()), error)
    }

    /// The parser's own text may quote what it read, so it is not used.
    pub(super) fn json(name: &str, error: &serde_json::Error) -> Self {
        let trouble = match error.classify() {
            serde_json::error::Category::Data => "not a JSON object",
            serde_json::error::Category::Eof => "JSON that ends too early",
            _ => "not JSON",
        };
        let (line, column) = (error.line(), error.column());
        Self::new(format!(
            "{name} is {trouble} (line {line}, column {column})"
        ))
    }

    pub(super) fn with_source(text: String, source: impl Into<BoxError>) -> Self {
        Self {
            text,
            source: Some(source.into()),
        }
    }
}

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl error::Error for SettingsError {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        self.source.as_ref().map(|source| source.as_ref() as _)
    }
}
