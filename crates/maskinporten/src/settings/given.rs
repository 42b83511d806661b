//! Values, and where they came from.

use std::{fmt, str::FromStr};

use http::Uri;
use zeroize::Zeroizing;

use super::SettingsError;
use crate::url::secure_url;

/// One value. It prints as its member and its origin, never as itself.
pub(super) struct Given {
    /// What the settings call it, whatever name it came by.
    pub(super) member: &'static str,
    /// `variable X`, or a file's name.
    pub(super) origin: String,
    /// Which of the sources it is from, counted as they are merged.
    pub(super) source: usize,
    value: Zeroizing<String>,
}

impl Given {
    pub(super) fn new(member: &'static str, origin: String, value: Zeroizing<String>) -> Self {
        Self {
            member,
            origin,
            source: 0,
            value,
        }
    }

    /// The value, without white space around it.
    pub(super) fn text(&self) -> &str {
        self.value.trim()
    }

    /// Parses the value. The text of `T`'s error must not hold it.
    pub(super) fn parse<T: FromStr<Err: fmt::Display>>(&self) -> Result<T, SettingsError> {
        let parsed = self.text().parse();
        parsed.map_err(|error| SettingsError::invalid(self, error))
    }

    /// Parses the value as the address of `what`, which secrets may be sent to.
    pub(super) fn url(&self, what: &'static str) -> Result<Uri, SettingsError> {
        secure_url(self.text(), what).map_err(|error| SettingsError::invalid(self, error))
    }
}

impl fmt::Display for Given {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` ({})", self.member, self.origin)
    }
}

/// What one source gives: a file, or the variables of one vocabulary.
#[derive(Default)]
pub(super) struct Source {
    pub(super) given: Vec<Given>,
    /// Members that are there with a blank value.
    pub(super) blank: Vec<&'static str>,
    /// What is in the section and is no member of it, with its origin.
    pub(super) unknown: Vec<String>,
}

impl Source {
    /// Adds a value; a blank one counts as not set, as it does for the official client, and takes away what an
    /// earlier source has set.
    ///
    /// # Errors
    ///
    /// When the member is there already, in another spelling, with another value.
    pub(super) fn add(&mut self, given: Given) -> Result<(), SettingsError> {
        if given.text().is_empty() {
            self.blank.push(given.member);
            return Ok(());
        }
        match self.given.iter().find(|twin| twin.member == given.member) {
            None => self.given.push(given),
            Some(twin) if twin.text() == given.text() => {}
            Some(twin) => return Err(SettingsError::differ(twin, &given, "different values")),
        }
        Ok(())
    }
}
