//! Durations, counted by size: so many that they cannot be kept.

use std::time::Duration;

/// How many steps a doubling has, so that a sixteenth is the error.
const STEPS: u64 = 16;

/// A histogram of durations.
#[derive(Clone, Debug)]
pub struct Latencies {
    counts: Vec<u64>,
    longest: Duration,
}

impl Default for Latencies {
    fn default() -> Self {
        Self {
            counts: vec![0; (64 * STEPS) as usize],
            longest: Duration::ZERO,
        }
    }
}

impl Latencies {
    /// Counts one.
    pub fn note(&mut self, latency: Duration) {
        let nanos = u64::try_from(latency.as_nanos()).unwrap_or(u64::MAX);
        self.counts[place(nanos)] += 1;
        self.longest = self.longest.max(latency);
    }

    /// Counts those of another, too.
    pub fn join(&mut self, other: &Self) {
        for (count, more) in self.counts.iter_mut().zip(&other.counts) {
            *count += more;
        }
        self.longest = self.longest.max(other.longest);
    }

    /// What so many of a million do not exceed, in nanoseconds.
    #[must_use]
    pub fn quantile(&self, of_a_million: u64) -> u64 {
        let all: u64 = self.counts.iter().sum();
        let wanted = (u128::from(all) * u128::from(of_a_million)).div_ceil(1_000_000);
        let mut seen = 0;
        for (place, count) in self.counts.iter().enumerate() {
            seen += u128::from(*count);
            if seen >= wanted {
                return upper(place);
            }
        }
        u64::MAX
    }

    /// The longest.
    #[must_use]
    pub fn longest(&self) -> Duration {
        self.longest
    }
}

/// Small ones have a place each, larger ones a place for each sixteenth of a doubling.
fn place(nanos: u64) -> usize {
    let doublings = nanos.max(STEPS).ilog2() - STEPS.ilog2();
    (u64::from(doublings) * STEPS + (nanos >> doublings)) as usize
}

/// The largest that has this place.
fn upper(place: usize) -> u64 {
    let place = place as u64;
    let doublings = (place / STEPS).saturating_sub(1);
    let smallest = (place - doublings * STEPS) << doublings;
    smallest | ((1 << doublings) - 1)
}
