//! Time that stands still while the network does its work, and moves when it is told to.

use std::{
    sync::mpsc,
    time::{Duration, SystemTime},
};

use tokio::{
    task::{spawn_blocking, yield_now},
    time::{self, Instant},
};
use tower_maskinporten::Tokens;

/// How long, in real time, a test may wait for one thing that does not come.
const IN_VAIN: Duration = Duration::from_secs(60);
/// After so long, in real time, time runs on by itself: what waits in vain for ever had better fail.
const HANG: Duration = Duration::from_secs(600);
/// How far time moves at once when it passes.
const STEP: Duration = Duration::from_millis(250);

/// The stopped clock of a test's runtime, which must be of one thread. It is the clock of tokens and of all timers,
/// but not the stub's.
#[derive(Debug)]
pub struct Clock {
    _held: mpsc::Sender<()>,
}

impl Clock {
    /// Stops time until this is dropped.
    #[must_use]
    pub fn stop() -> Self {
        time::pause();
        let (held, released) = mpsc::channel::<()>();
        // Paused time runs on to the next timer when all tasks wait, be it for the network only; but not while
        // anything blocks.
        spawn_blocking(move || {
            let _ = released.recv_timeout(HANG);
        });
        Self { _held: held }
    }

    /// Moves time by so much at once, and lets happen what is due without the network.
    pub async fn jump(&self, by: Duration) {
        time::advance(by).await;
        self.settle().await;
    }

    /// Moves time by so much in small steps, whatever is under way.
    pub async fn pass(&self, by: Duration) {
        let end = Instant::now() + by;
        while Instant::now() < end {
            self.jump(STEP.min(end - Instant::now())).await;
        }
    }

    /// The same, but fetches of the default token take no time: each step waits for the one under way.
    pub async fn pass_for(&self, tokens: &Tokens, by: Duration) {
        let end = Instant::now() + by;
        while Instant::now() < end {
            self.jump(STEP.min(end - Instant::now())).await;
            self.landed(tokens).await;
        }
    }

    /// Waits until no fetch of the default token is under way. Time stands still.
    pub async fn landed(&self, tokens: &Tokens) {
        self.until(|| !tokens.status().default_grant().is_fetching())
            .await;
    }

    /// Waits until it is so, by what comes over the network. Time stands still.
    ///
    /// # Panics
    ///
    /// When nothing has come of it within a minute of real time.
    pub async fn until(&self, is_so: impl Fn() -> bool) {
        let began = SystemTime::now();
        while !is_so() {
            let waited = began.elapsed().unwrap_or_default();
            assert!(waited < IN_VAIN, "waited in vain for a minute");
            yield_now().await;
        }
    }

    /// Lets tasks start each other: a timer wakes the refresher, which starts a flight, and so on.
    async fn settle(&self) {
        for _ in 0..10 {
            yield_now().await;
        }
    }
}

impl Drop for Clock {
    fn drop(&mut self) {
        // A panic may have come from the clock itself.
        if !std::thread::panicking() {
            time::resume();
        }
    }
}
