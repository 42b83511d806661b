//! How often.

use std::time::Duration;

use crate::options::Options;

/// How often each subject is measured. All take turns in every round, so that a machine that is busy for a while, or
/// changes its pace, does so for all.
#[derive(Clone, Copy)]
pub struct Plan {
    pub rounds: usize,
    /// How many batches of operations in a row, in a round.
    pub batches: usize,
    /// How long a batch takes: short beside a scheduler's time slice, long beside reading the clock.
    pub batch: Duration,
}

impl Plan {
    pub fn new(options: &Options) -> Self {
        let (rounds, batches) = if options.quick { (2, 4) } else { (150, 25) };
        Self {
            rounds,
            batches,
            batch: Duration::from_micros(60),
        }
    }
}
