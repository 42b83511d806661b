//! What to measure, and how thoroughly.

use std::path::PathBuf;

use clap::Parser;

use crate::instructions::Counted;

/// Measures what the layer costs, beside its peers, and prints a table of it in Markdown.
#[derive(Parser)]
pub struct Options {
    /// What to measure: S1, for example; everything if not said. May be repeated.
    #[arg(long = "row", value_name = "ROW")]
    rows: Vec<String>,
    /// Takes seconds instead of minutes. Times are worth nothing then, and are not judged.
    #[arg(long)]
    pub quick: bool,
    /// Draws what was measured into this directory, as SVG.
    #[arg(long, value_name = "DIR")]
    pub plots: Option<PathBuf>,
    /// Runs one subject for callgrind, and measures nothing.
    #[arg(long, hide = true)]
    pub count: Option<Counted>,
}

impl Options {
    /// Whether the row is to be measured.
    pub fn wants(&self, number: &str) -> bool {
        self.rows.is_empty() || self.rows.iter().any(|row| row.eq_ignore_ascii_case(number))
    }

    /// Whether the row is asked for by its name.
    pub fn names(&self, number: &str) -> bool {
        !self.rows.is_empty() && self.wants(number)
    }

    /// The first of the rows asked for that is none of these.
    pub fn unknown(&self, numbers: &[&str]) -> Option<&str> {
        self.rows.iter().map(String::as_str).find(|row| {
            !numbers
                .iter()
                .any(|number| row.eq_ignore_ascii_case(number))
        })
    }
}
