//! How far Maskinporten's clock is from this machine's, as far as it has said so.

use std::{
    sync::atomic::{AtomicI64, Ordering},
    time::{Duration, SystemTime},
};

use http::{HeaderMap, header};

use crate::{meter, pace::Pace};

/// Differences below this are noise: a `Date` has whole seconds, and an answer takes time.
const NOTICEABLE: i64 = 2;
/// No answer moves our clock further than this, in seconds.
const FURTHEST: i64 = 300;
/// An answer that took longer says too little about now.
const FRESH: Duration = Duration::from_secs(2);

/// The difference in seconds, added to the wall clock for assertions and for nothing else.
#[derive(Debug, Default)]
pub(crate) struct Skew {
    seconds: AtomicI64,
    told: Pace,
}

impl Skew {
    /// The time that Maskinporten is believed to have.
    pub(crate) fn now(&self) -> SystemTime {
        let seconds = self.seconds.load(Ordering::Relaxed);
        let offset = Duration::from_secs(seconds.unsigned_abs());
        let now = SystemTime::now();
        let moved = if seconds < 0 {
            now.checked_sub(offset)
        } else {
            now.checked_add(offset)
        };
        moved.unwrap_or(now)
    }

    /// Learns from the `Date` of an answer that refused an assertion for its times, and took this long. True when
    /// what was learnt makes a difference.
    pub(crate) fn learn(&self, headers: &HeaderMap, took: Duration) -> bool {
        let date = headers
            .get(header::DATE)
            .and_then(|date| date.to_str().ok());
        let Some(date) = date.and_then(|date| httpdate::parse_http_date(date).ok()) else {
            return false;
        };
        let now = SystemTime::now();
        let seconds = match date.duration_since(now) {
            Ok(ahead) => i64::try_from(ahead.as_secs()).unwrap_or(i64::MAX),
            Err(behind) => -i64::try_from(behind.duration().as_secs()).unwrap_or(i64::MAX),
        };
        let seconds = seconds.clamp(-FURTHEST, FURTHEST);
        let differs = (seconds - self.seconds.load(Ordering::Relaxed)).abs() >= NOTICEABLE;
        if took > FRESH || !differs {
            return false;
        }
        self.seconds.store(seconds, Ordering::Relaxed);
        meter::clock_skew(seconds);
        if let Some(suppressed) = self.told.ask() {
            tracing::warn!(
                seconds,
                suppressed,
                "this machine's clock differs from Maskinporten's: assertions are made by Maskinporten's; synchronise the clock"
            );
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn learn(skew: &Skew, offset: i64, took: u64) -> bool {
        let now = SystemTime::now();
        let offset = if offset < 0 {
            now - Duration::from_secs(offset.unsigned_abs())
        } else {
            now + Duration::from_secs(offset.unsigned_abs())
        };
        let mut headers = HeaderMap::new();
        headers.insert(
            header::DATE,
            httpdate::fmt_http_date(offset).parse().unwrap(),
        );
        skew.learn(&headers, Duration::from_secs(took))
    }

    fn seconds(skew: &Skew) -> i64 {
        skew.seconds.load(Ordering::Relaxed)
    }

    #[test]
    fn e4_e6_learns_within_reason() {
        let skew = Skew::default();
        assert!(!learn(&skew, 1, 0), "noise");
        assert!(!learn(&skew, 100, 3), "an answer that took too long");
        assert!(learn(&skew, 100, 0) && (98..=100).contains(&seconds(&skew)));
        assert!(!learn(&skew, 100, 0), "nothing new");
        assert!(learn(&skew, 1_000_000_000, 0) && seconds(&skew) == FURTHEST);
        assert!(learn(&skew, -1_000_000_000, 0) && seconds(&skew) == -FURTHEST);
        let mut garbage = HeaderMap::new();
        assert!(!skew.learn(&garbage, Duration::ZERO));
        garbage.insert(header::DATE, "yesterday".parse().unwrap());
        assert!(!skew.learn(&garbage, Duration::ZERO));
    }
}
