//! What the targets are and what was measured.

use std::fmt;

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

/// Prints the table of `rows`.
pub fn print(rows: &[Row]) {
    println!("| # | what | target | measured | |\n|---|---|---|---|---|");
    for row in rows {
        println!("{row}");
    }
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
