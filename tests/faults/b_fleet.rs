//! B. A thousand replicas of one service, and the token endpoint that they share.

use std::{
    ops::Range,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use maskinporten::{AccessToken, BoxFuture, Error, Grant, TokenSource};
use tests::grant;
use tokio::time::{Instant, sleep};
use tower_maskinporten::Tokens;

/// The endpoint, which counts its calls by the second.
#[derive(Default)]
struct Endpoint {
    began: Mutex<Option<Instant>>,
    calls: Mutex<Vec<usize>>,
    down: AtomicBool,
}

impl TokenSource for Endpoint {
    fn fetch<'a>(&'a self, _: &'a Grant) -> BoxFuture<'a, Result<AccessToken, Error>> {
        let now = Instant::now();
        let began = *self.began.lock().unwrap().get_or_insert(now);
        let second = usize::try_from((now - began).as_secs()).unwrap();
        let mut calls = self.calls.lock().unwrap();
        if calls.len() <= second {
            calls.resize(second + 1, 0);
        }
        calls[second] += 1;
        drop(calls);
        let outcome = if self.down.load(Ordering::Relaxed) {
            Err(Error::transient("down"))
        } else {
            AccessToken::new("a-token", now, Duration::from_secs(120))
        };
        Box::pin(async move {
            sleep(Duration::from_millis(50)).await;
            outcome
        })
    }
}

impl Endpoint {
    /// The most in a second of `time`, and how many there were in all.
    fn calls(&self, time: Range<usize>) -> (usize, usize) {
        let mut calls = self.calls.lock().unwrap().clone();
        calls.resize(calls.len().max(time.end), 0);
        let calls = &calls[time];
        (*calls.iter().max().unwrap(), calls.iter().sum())
    }
}

const REPLICAS: usize = 1_000;

#[tokio::test(start_paused = true)]
async fn b4_a_thousand_replicas_that_start_and_recover_together_ask_one_after_the_other() {
    let endpoint = Arc::<Endpoint>::default();
    let fleet: Vec<_> = (0..REPLICAS)
        .map(|_| Tokens::new(Arc::clone(&endpoint), grant()).with_cold_wait(Duration::ZERO))
        .collect();
    // All are asked all the time.
    let run = async |seconds: usize| {
        let mut served = 0;
        for _ in 0..seconds / 4 {
            served = 0;
            for tokens in &fleet {
                served += usize::from(tokens.ready().await.is_ok());
            }
            sleep(Duration::from_secs(4)).await;
        }
        served
    };
    assert_eq!(run(300).await, REPLICAS);
    // All at once when they start; no two waves after that are as one.
    assert_eq!(endpoint.calls(0..5), (REPLICAS, REPLICAS));
    let (peak, sum) = endpoint.calls(5..300);
    assert!(peak <= 130, "{peak} in one second");
    assert!((4_000..=5_000).contains(&sum), "{sum} in 295 s");

    endpoint.down.store(true, Ordering::Relaxed);
    assert_eq!(run(300).await, 0);
    let (peak, sum) = endpoint.calls(300..600);
    assert!(peak <= 400, "{peak} in one second of an outage");
    assert!(sum <= 300 * 100, "{sum} in 300 s of an outage");

    endpoint.down.store(false, Ordering::Relaxed);
    assert_eq!(run(28).await, REPLICAS);
    let (peak, _) = endpoint.calls(600..628);
    assert!(peak <= 130, "{peak} in one second of the recovery");
    assert_eq!(run(180).await, REPLICAS);
    let (peak, _) = endpoint.calls(628..808);
    assert!(peak <= 130, "{peak} in one second after the recovery");
}
