//! What the targets are and what was measured.

use std::fmt;

/// The first lines of the table.
pub const HEAD: &str = "| # | what | target | measured | |\n|---|---|---|---|---|";

/// A target, and what was measured.
pub struct Row {
    /// `S1`, for example.
    pub number: &'static str,
    pub what: String,
    pub target: String,
    pub measured: String,
    /// Whether that is as it should be; `None` for what is only published.
    pub is_met: Option<bool>,
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = match self.is_met {
            None => "",
            Some(true) => "ok",
            Some(false) => "MISSED",
        };
        let Self {
            number,
            what,
            target,
            measured,
            ..
        } = self;
        write!(
            f,
            "| {number} | {what} | {target} | {measured} | {verdict} |"
        )
    }
}
