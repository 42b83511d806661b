//! How often what repeats is told.

use std::{
    mem,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

/// How long after something was told it may be told again.
const PAUSE: Duration = Duration::from_secs(60);

/// Has something told at most once a minute, and counts how often it was not.
#[derive(Debug)]
pub(crate) struct Pace(Mutex<Told>);

#[derive(Debug)]
struct Told {
    at: Option<Instant>,
    suppressed: u64,
}

impl Pace {
    pub(crate) const fn new() -> Self {
        Self(Mutex::new(Told {
            at: None,
            suppressed: 0,
        }))
    }

    /// Whether it is to be told now: if so, with how often it was not told since it last was.
    pub(crate) fn ask(&self) -> Option<u64> {
        let now = Instant::now();
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if told.at.is_some_and(|at| now < at + PAUSE) {
            told.suppressed += 1;
            return None;
        }
        told.at = Some(now);
        Some(mem::take(&mut told.suppressed))
    }
}

impl Default for Pace {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn once_a_minute_and_with_the_rest_counted() {
        let pace = Pace::new();
        assert_eq!(pace.ask(), Some(0));
        for _ in 0..59 {
            advance(Duration::from_secs(1)).await;
            assert_eq!(pace.ask(), None);
        }
        advance(Duration::from_secs(1)).await;
        assert_eq!(pace.ask(), Some(59));
        assert_eq!(pace.ask(), None);
    }
}
