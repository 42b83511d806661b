//! How long many things took, each by itself.

use std::time::Duration;

/// Times up to this many nanoseconds are told apart.
const LONGEST: usize = 1 << 18;

/// Counts by nanoseconds.
pub struct Histogram(Vec<u64>);

impl Histogram {
    pub fn new() -> Self {
        Self(vec![0; LONGEST])
    }

    pub fn note(&mut self, time: Duration) {
        let nanoseconds = (time.as_nanos() as usize).min(LONGEST - 1);
        self.0[nanoseconds] += 1;
    }

    /// Adds what another has counted.
    pub fn add(&mut self, other: &Self) {
        for (count, more) in self.0.iter_mut().zip(&other.0) {
            *count += more;
        }
    }

    /// The time that this share of all takes at most, in nanoseconds; not a number when there is none.
    pub fn quantile(&self, share: f64) -> f64 {
        let total: u64 = self.0.iter().sum();
        let rank = ((total as f64 * share).ceil() as u64).max(1);
        let mut below = 0;
        for (nanoseconds, count) in self.0.iter().enumerate() {
            below += count;
            if below >= rank {
                return nanoseconds as f64;
            }
        }
        f64::NAN
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_of_all_that_were_added() {
        let mut histogram = Histogram::new();
        assert!(histogram.quantile(0.5).is_nan());
        for nanoseconds in 1..=99 {
            histogram.note(Duration::from_nanos(nanoseconds));
        }
        let mut other = Histogram::new();
        other.note(Duration::from_secs(1));
        histogram.add(&other);
        assert_eq!(histogram.quantile(0.5), 50.0);
        assert_eq!(histogram.quantile(0.9999), (LONGEST - 1) as f64);
    }
}
