//! How many calls came in, second by second.

use std::{ops::Range, time::Duration};

/// The calls of each second since the beginning.
#[derive(Default)]
pub(super) struct Calls(Vec<u32>);

impl Calls {
    /// Counts one that came in so long after the beginning.
    pub(super) fn note(&mut self, at: Duration) {
        let second = usize::try_from(at.as_secs()).unwrap_or(usize::MAX);
        if second >= self.0.len() {
            self.0.resize(second + 1, 0);
        }
        self.0[second] += 1;
    }

    /// The most in one of these seconds.
    pub(super) fn peak(&self, seconds: Range<u64>) -> f64 {
        f64::from(self.during(seconds).max().unwrap_or(0))
    }

    /// As many as in each of these seconds, if they were spread evenly.
    pub(super) fn mean(&self, seconds: Range<u64>) -> f64 {
        let length = seconds.end - seconds.start;
        let all: u64 = self.during(seconds).map(u64::from).sum();
        all as f64 / length as f64
    }

    fn during(&self, seconds: Range<u64>) -> impl Iterator<Item = u32> {
        let skipped = seconds.start as usize;
        let taken = (seconds.end - seconds.start) as usize;
        self.0.iter().copied().skip(skipped).take(taken)
    }
}
