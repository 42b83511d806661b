//! The command line.

use clap::{Parser, ValueEnum};

/// Measures what the project promises in numbers, and prints a table of it in Markdown.
#[derive(Debug, Parser)]
#[command(name = "soak", after_help = EXIT_CODES)]
pub(crate) struct Options {
    /// What to measure; everything if not said
    #[arg(long = "stage", value_name = "STAGE")]
    stages: Vec<Stage>,
    /// How many requests the stage `requests` makes; 1e9 is the goal
    #[arg(long, value_name = "NUMBER", default_value = "1e8", value_parser = count)]
    pub(crate) requests: u64,
    /// What share of fetches fails meanwhile
    #[arg(long, value_name = "SHARE", default_value_t = 0.3, value_parser = share)]
    pub(crate) faults: f64,
    /// How many rotations `rotations` and `memory` go through, and how many handles come and go; with fewer, a single
    /// page of memory is too much growth
    #[arg(long, value_name = "NUMBER", default_value = "1e6", value_parser = count)]
    pub(crate) rotations: u64,
    /// How many random outages `recovery` tries
    #[arg(long, value_name = "NUMBER", default_value = "1e4", value_parser = count)]
    pub(crate) outages: u64,
    /// What chance begins with
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    pub(crate) seed: u64,
}

const EXIT_CODES: &str =
    "Exit codes: 0 when every goal is met, 1 when one is missed, 2 when the command line is wrong.";

/// What is measured together. Real time comes first: once a clock has been paused in a program, tokio takes a lock to
/// read any of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Stage {
    /// N4: what a call takes while refreshes fail
    Calls,
    /// N2, N3: many at once, over TCP
    Herd,
    /// N12: clocks that are wrong
    Skew,
    /// N16: what stays in memory
    Memory,
    /// N1: requests without end while fetches fail
    Requests,
    /// N4, N6: outages, in virtual time
    Outage,
    /// N5: tokens that run out before the next is there, in virtual time
    Rotations,
    /// N7: the way out of random outages, in virtual time
    Recovery,
    /// N26: a thousand and ten thousand sources, in virtual time
    Fleet,
}

impl Options {
    /// The stages to run, in order.
    pub(crate) fn stages(&self) -> Vec<Stage> {
        let all = Stage::value_variants().iter().copied();
        all.filter(|stage| self.stages.is_empty() || self.stages.contains(stage))
            .collect()
    }
}

/// A whole number, written as `1000000` or `1e6`.
fn count(text: &str) -> Result<u64, String> {
    let number: f64 = text.parse().map_err(|_| "not a number".to_owned())?;
    // Everything up to here is exact.
    if (1.0..=9e15).contains(&number) && number.fract() == 0.0 {
        Ok(number as u64)
    } else {
        Err("not a whole number of at least 1".to_owned())
    }
}

fn share(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(share) if (0.0..1.0).contains(&share) => Ok(share),
        _ => Err("not a share from 0 to below 1".to_owned()),
    }
}
