//! Replicas that were started in the same second, and share an endpoint.

use std::{sync::Arc, time::Duration};

use maskinporten::Grant;
use tokio::time::{Instant, sleep, sleep_until};
use tower_maskinporten::Tokens;

use super::endpoint::Endpoint;
use crate::{cpu, progress::Progress, samples::grouped, table::Row};

/// What Maskinporten's tokens live, unless a scope says otherwise.
const LIFETIME: Duration = Duration::from_secs(120);
/// Seconds from the beginning: the first tokens are there, and the outage begins and ends.
const SETTLED: u64 = 2;
const DOWN: u64 = 1_200;
const UP: u64 = DOWN + 60;
/// What comes at once when the endpoint is back, and what comes of that later.
const AFTER: u64 = UP + 5;
const END: u64 = UP + 300;

/// What became of them.
pub(super) struct Replicas {
    count: u32,
    endpoint: Arc<Endpoint>,
    /// When the last of them had a token again, after the outage.
    recovery: Duration,
    /// CPU time of the steady state, in seconds.
    cpu: f64,
}

pub(super) async fn live(count: u32, progress: &Progress) -> Replicas {
    progress.begin("replicas", END);
    let start = Instant::now();
    let at = |second| start + Duration::from_secs(second);
    let endpoint = Arc::new(Endpoint::new(LIFETIME));
    let grant = Grant::new("altinn:serviceowner").expect("a scope");
    let fleet: Vec<_> = (0..count)
        .map(|_| Tokens::new(Arc::clone(&endpoint), grant.clone()))
        .collect();
    for tokens in &fleet {
        let tokens = tokens.clone();
        tokio::spawn(async move { tokens.ready().await });
    }
    sleep_until(at(SETTLED)).await;
    let before = cpu::of_process();
    for second in SETTLED..DOWN {
        sleep_until(at(second)).await;
        progress.step();
    }
    sleep_until(at(DOWN)).await;
    let cpu = (cpu::of_process() - before).as_secs_f64();
    endpoint.set_down(true);
    let requests = tokio::spawn(ask(fleet.clone()));
    sleep_until(at(UP)).await;
    endpoint.set_down(false);
    while !fleet.iter().all(|tokens| tokens.status().is_ready()) {
        sleep(Duration::from_millis(100)).await;
    }
    let recovery = at(UP).elapsed();
    requests.abort();
    sleep_until(at(END)).await;
    Replicas {
        count,
        endpoint,
        recovery,
        cpu,
    }
}

/// A request to each every five seconds. It matters only while there is no token.
async fn ask(fleet: Vec<Tokens>) {
    loop {
        for tokens in &fleet {
            let tokens = tokens.clone();
            tokio::spawn(async move { tokens.ready().await });
        }
        sleep(Duration::from_secs(5)).await;
    }
}

impl Replicas {
    /// What they did to the endpoint, when each signature takes so many seconds of CPU.
    pub(super) fn row(&self, signature: f64) -> Row {
        let calls = self.endpoint.calls();
        let mean = calls.mean(SETTLED..DOWN);
        let seconds = (DOWN - SETTLED) as f64;
        let fetches = mean * seconds;
        Row {
            number: "Growth",
            what: format!(
                "{} replicas, started in the same second, with tokens of 120 s",
                grouped(self.count.into())
            ),
            target: "published".into(),
            measured: format!(
                "calls a second: {mean:.1} (peak {:.0}) in steady state; in an outage of 60 s peak {:.0}; after it peak {:.0} in \
                 the first 5 s, {:.0} later, the last replica well after {:.1} s. CPU of a replica: {:.0} µs a fetch and {:.0} \
                 for the signature, {:.2} s a day",
                calls.peak(SETTLED..DOWN),
                calls.peak(DOWN..UP),
                calls.peak(UP..AFTER),
                calls.peak(AFTER..END),
                self.recovery.as_secs_f64(),
                1e6 * self.cpu / fetches,
                1e6 * signature,
                86_400.0 * (self.cpu / seconds + mean * signature) / f64::from(self.count),
            ),
            is_met: None,
        }
    }
}
