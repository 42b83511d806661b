//! How often what repeats is told.

use std::{
    mem,
    sync::{Mutex, PoisonError},
};

use tokio::time::Instant;

use crate::schedule;

/// Has something told at most once a minute, and counts how often it was not.
#[derive(Default)]
pub(crate) struct Pace(Mutex<Told>);

#[derive(Default)]
struct Told {
    at: Option<Instant>,
    suppressed: u64,
}

impl Pace {
    /// Whether it is to be told now, as it always is when it `is_news`: if so, with how often it was not told since
    /// it last was.
    pub(crate) fn ask(&self, is_news: bool) -> Option<u64> {
        let now = Instant::now();
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_due = told.at.is_none_or(|at| at + schedule::TELLING <= now);
        if !is_due && !is_news {
            told.suppressed += 1;
            return None;
        }
        told.at = Some(now);
        Some(mem::take(&mut told.suppressed))
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_repeats_is_told_once_a_minute_and_news_always() {
        let pace = Pace::default();
        assert_eq!(pace.ask(false), Some(0));
        for _ in 0..99 {
            assert_eq!(pace.ask(false), None);
        }
        assert_eq!(pace.ask(true), Some(99));
        advance(schedule::TELLING).await;
        assert_eq!(pace.ask(false), Some(0));
    }
}
