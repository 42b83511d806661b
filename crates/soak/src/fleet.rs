//! What a fleet that was started in the same second does to the token endpoint. In virtual time.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::time::{Instant, sleep, sleep_until};
use tower_maskinporten::Tokens;

use super::{
    Number,
    endpoint::{Answer, Endpoint},
    grouped, in_virtual_time,
};

/// Until then everybody has its first token.
const START: Duration = Duration::from_secs(2);
/// Twenty minutes in which all is well.
const STEADY: Duration = Duration::from_secs(1200);
/// Then an outage.
const OUTAGE: Duration = Duration::from_secs(300);
/// And what comes after it.
const AFTER: Duration = Duration::from_secs(300);

/// N26: the calls that so many sources make, each second, in steady state and through an outage. The goal is for a
/// thousand, and is taken to grow with them.
#[must_use]
pub fn calls(sources: u32, seed: u64) -> Number {
    let calls = in_virtual_time(seed, live(sources));
    let steady = calls.each_second(START, STEADY - START);
    let outage = calls.each_second(STEADY, OUTAGE);
    let first = calls.each_second(STEADY + OUTAGE, Duration::from_secs(5));
    let later = calls.each_second(STEADY + OUTAGE + Duration::from_secs(5), AFTER);
    let peak = |seconds: &[u32]| seconds.iter().max().copied().unwrap_or(0);
    let mean = |seconds: &[u32]| f64::from(seconds.iter().sum::<u32>()) / seconds.len() as f64;
    Number {
        row: "N26",
        goal: "1,000 sources started in the same second: steady peak ≤ 100 calls/s (mean 16)",
        measured: format!(
            "{}: peak {}/s, mean {:.1}/s; in an outage of 300 s peak {}/s, mean {:.0}/s; after it peak {}/s in the first 5 \
             s, {}/s later, the last one well after {:.1} s",
            grouped(sources.into()),
            peak(&steady),
            mean(&steady),
            peak(&outage),
            mean(&outage),
            peak(&first),
            peak(&later),
            calls.last_recovery.as_secs_f64(),
        ),
        is_met: f64::from(peak(&steady)) <= f64::from(sources) / 10.0,
    }
}

struct Calls {
    /// When each came in, from the start.
    at: Vec<Duration>,
    last_recovery: Duration,
}

impl Calls {
    fn each_second(&self, from: Duration, lasts: Duration) -> Vec<u32> {
        let mut seconds = vec![0; usize::try_from(lasts.as_secs()).unwrap()];
        for at in &self.at {
            let second = at.checked_sub(from).map(|since| since.as_secs());
            let second = second.and_then(|second| usize::try_from(second).ok());
            if let Some(count) = second.and_then(|second| seconds.get_mut(second)) {
                *count += 1;
            }
        }
        seconds
    }
}

async fn live(sources: u32) -> Calls {
    let start = Instant::now();
    let log = Arc::new(Mutex::new(Vec::new()));
    let is_down = Arc::new(AtomicBool::new(false));
    let fleet: Vec<Tokens> = (0..sources)
        .map(|_| {
            let (log, is_down) = (Arc::clone(&log), Arc::clone(&is_down));
            let endpoint = Endpoint::new(move |_| {
                let mut log = log.lock().unwrap_or_else(PoisonError::into_inner);
                log.push(start.elapsed());
                if is_down.load(Ordering::Relaxed) {
                    Answer::unavailable()
                } else {
                    Answer::token(Duration::from_secs(120))
                }
            });
            Tokens::new(endpoint, crate::grant())
        })
        .collect();
    for tokens in &fleet {
        let tokens = tokens.clone();
        tokio::spawn(async move { tokens.ready().await });
    }
    sleep_until(start + STEADY).await;
    is_down.store(true, Ordering::Relaxed);
    let requests = tokio::spawn(ask(fleet.clone()));
    sleep(OUTAGE).await;
    is_down.store(false, Ordering::Relaxed);
    let recovery = Instant::now();
    let mut waiting: Vec<&Tokens> = fleet.iter().collect();
    while !waiting.is_empty() {
        sleep(Duration::from_millis(250)).await;
        waiting.retain(|tokens| !tokens.status().is_ready());
    }
    let last_recovery = recovery.elapsed();
    requests.abort();
    sleep_until(recovery + AFTER).await;
    let at = log.lock().unwrap_or_else(PoisonError::into_inner).clone();
    Calls { at, last_recovery }
}

/// A request to each every five seconds. It matters only while there is no token.
async fn ask(fleet: Vec<Tokens>) {
    loop {
        for tokens in &fleet {
            let tokens = tokens.clone();
            tokio::spawn(async move { tokens.authorization(&tokens.grant()).await });
        }
        sleep(Duration::from_secs(5)).await;
    }
}
