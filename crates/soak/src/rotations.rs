//! How many tokens run out before the next is there, when fetching fails by chance. In virtual time.

use std::{
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};

use indicatif::ProgressBar;
use maskinporten::{AccessToken, BoxFuture, Error, Grant, TokenSource};
use tokio::time::{Instant, sleep};
use tower_maskinporten::Tokens;

use super::{Number, grouped, in_virtual_time};

/// Tokens, and how fetching them fares.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Odds {
    lifetime: Duration,
    /// How long ago tokens were asked for when they come, to pass over the time in which nothing happens.
    age: Duration,
    /// The share of fetches that fail.
    faults: f64,
    /// What each that fails takes.
    cost: Duration,
    goal: &'static str,
    /// The share of rotations that may be missed.
    bound: f64,
}

impl Odds {
    /// Tokens of two minutes, from an endpoint that is slow to fail.
    pub const SLOW: Self = Self {
        lifetime: Duration::from_secs(120),
        age: Duration::ZERO,
        faults: 0.3,
        cost: Duration::from_secs(3),
        goal: "missed rotations of 120 s tokens, 30 % faults costing 3 s each: ≤ 1e-4",
        bound: 1e-4,
    };
    /// Tokens of an hour, from an endpoint that hardly ever answers.
    pub const RARE: Self = Self {
        lifetime: Duration::from_secs(3600),
        age: Duration::from_secs(2900),
        faults: 0.9,
        cost: Duration::ZERO,
        goal: "missed rotations of 3600 s tokens, 90 % fast faults: ≤ 1e-5",
        bound: 1e-5,
    };
}

/// N5: what share of so many rotations is missed. They are divided among all cores.
#[must_use]
pub fn missed(odds: Odds, rotations: u64, seed: u64, progress: &ProgressBar) -> Number {
    let cores = thread::available_parallelism().map_or(1, usize::from) as u64;
    let tallies: Vec<Tally> = thread::scope(|scope| {
        let tasks: Vec<_> = (0..cores)
            .map(|core| {
                let share = rotations.div_ceil(cores);
                scope.spawn(move || in_virtual_time(seed + core, rotate(odds, share, progress)))
            })
            .collect();
        tasks.into_iter().map(|task| task.join().unwrap()).collect()
    });
    let sum = |of: fn(&Tally) -> u64| tallies.iter().map(of).sum::<u64>();
    let (rotations, missed) = (sum(|tally| tally.rotations), sum(|tally| tally.missed));
    let share = missed as f64 / rotations as f64;
    Number {
        row: "N5",
        goal: odds.goal,
        measured: format!(
            "{missed} of {} ({share:.1e}), {} calls",
            grouped(rotations),
            grouped(sum(|tally| tally.calls))
        ),
        is_met: share <= odds.bound,
    }
}

#[derive(Debug)]
struct Tally {
    rotations: u64,
    missed: u64,
    calls: u64,
}

async fn rotate(odds: Odds, rotations: u64, progress: &ProgressBar) -> Tally {
    let source = Arc::new(Chance {
        odds,
        tokens: OnceLock::new(),
        calls: AtomicU64::new(0),
        rotations: AtomicU64::new(0),
        missed: AtomicU64::new(0),
    });
    let tokens = Tokens::new(Arc::clone(&source), crate::grant());
    tokens.ready().await.unwrap();
    // Round in a circle: the tokens have their source, which asks them.
    source.tokens.set(tokens).unwrap();
    let mut seen = 0;
    while seen < rotations {
        sleep((odds.lifetime - odds.age) * 10).await;
        let now = source.rotations.load(Ordering::Relaxed);
        progress.inc(now - seen);
        seen = now;
    }
    Tally {
        rotations: seen,
        missed: source.missed.load(Ordering::Relaxed),
        calls: source.calls.load(Ordering::Relaxed),
    }
}

/// Gives tokens by chance, and looks each time whether the one before has held out.
struct Chance {
    odds: Odds,
    tokens: OnceLock<Tokens>,
    calls: AtomicU64,
    rotations: AtomicU64,
    missed: AtomicU64,
}

impl TokenSource for Chance {
    fn fetch<'a>(&'a self, _: &'a Grant) -> BoxFuture<'a, Result<AccessToken, Error>> {
        let requested_at = Instant::now();
        self.calls.fetch_add(1, Ordering::Relaxed);
        Box::pin(async move {
            if let Some(tokens) = self.tokens.get() {
                if fastrand::f64() < self.odds.faults {
                    sleep(self.odds.cost).await;
                    return Err(Error::transient("503"));
                }
                self.rotations.fetch_add(1, Ordering::Relaxed);
                if !tokens.status().is_ready() {
                    self.missed.fetch_add(1, Ordering::Relaxed);
                }
            }
            let requested_at = requested_at - self.odds.age;
            AccessToken::new("token", requested_at, self.odds.lifetime)
        })
    }
}
