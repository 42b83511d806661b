//! Tenants, each with a grant of its own, shared out among the replicas of a fleet.

use std::{fs, sync::Arc, time::Duration};

use maskinporten::Grant;
use tokio::time::{Instant, sleep_until};
use tower_maskinporten::Tokens;

use super::endpoint::Endpoint;
use crate::{
    cpu, harness::poll_once, progress::Progress, samples::grouped, table::Row, tenants::grants,
};

/// What Altinn's tokens live.
const LIFETIME: Duration = Duration::from_secs(1_800);
const REPLICAS: usize = 10;
/// A request for each tenant every five minutes: often enough that each is refreshed.
const PAUSE: u64 = 300;
/// Seconds from the beginning: all have tokens and have had several, and the outage begins and ends.
const SETTLED: u64 = 3_600;
const DOWN: u64 = SETTLED + 2_340;
const UP: u64 = DOWN + 60;
const END: u64 = UP + 1_500;

/// What became of them.
pub(super) struct Tenants {
    count: usize,
    endpoint: Arc<Endpoint>,
    /// When the last of them had its first token.
    filled: u64,
    asked: u64,
    /// How many requests since then did not have a token at once.
    waited: u64,
    /// CPU time of the steady state, in seconds.
    cpu: f64,
    /// In bytes; zero where the system does not tell.
    memory: f64,
}

pub(super) async fn live(count: usize, progress: &Progress) -> Tenants {
    progress.begin("tenants", END);
    let endpoint = Arc::new(Endpoint::new(LIFETIME));
    let grants = grants::made(count);
    let before = resident();
    let scope = Grant::new("altinn:serviceowner").expect("a scope");
    let replicas: Vec<_> = (0..REPLICAS)
        .map(|_| Tokens::new(Arc::clone(&endpoint), scope.clone()).with_capacity(count))
        .collect();
    let start = Instant::now();
    let (mut filled, mut asked, mut waited) = (0, 0, 0);
    let (mut cpu, mut used) = (Duration::ZERO, Duration::ZERO);
    for second in 0..END {
        match second {
            SETTLED => used = cpu::of_process(),
            DOWN => {
                cpu = cpu::of_process() - used;
                endpoint.set_down(true);
            }
            UP => endpoint.set_down(false),
            _ => {}
        }
        let turn = (second % PAUSE) as usize;
        for number in (turn..count).step_by(PAUSE as usize) {
            let tokens = &replicas[number / PAUSE as usize % REPLICAS];
            // One that is late is waited for by nobody.
            let is_served = matches!(
                poll_once(tokens.authorization(&grants[number])),
                Some(Ok(_))
            );
            if second < SETTLED {
                filled = if is_served { filled } else { second };
            } else {
                asked += 1;
                waited += u64::from(!is_served);
            }
        }
        sleep_until(start + Duration::from_secs(second + 1)).await;
        progress.step();
    }
    Tenants {
        count,
        endpoint,
        filled,
        asked,
        waited,
        cpu: cpu.as_secs_f64(),
        memory: resident() - before,
    }
}

/// The memory in use, in bytes.
fn resident() -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<f64>().ok());
    1024.0 * kib.unwrap_or(0.0)
}

impl Tenants {
    /// What they did to the endpoint, when each signature takes so many seconds of CPU.
    pub(super) fn row(&self, signature: f64) -> Row {
        let calls = self.endpoint.calls();
        let mean = calls.mean(SETTLED..DOWN);
        let share = self.cpu / (DOWN - SETTLED) as f64;
        Row {
            number: "Growth",
            what: format!(
                "{} tenants on {REPLICAS} replicas, with Altinn tokens of 1800 s, a request each every {PAUSE} s",
                grouped(self.count as f64)
            ),
            target: "published".into(),
            measured: format!(
                "calls a second: {mean:.0} (peak {:.0}) in steady state; in an outage of 60 s peak {:.0} (mean {:.0}); after it peak \
                 {:.0}; all had a token after {} s, and {} of {} requests since then did not have one at once. CPU of the fleet: \
                 {:.1} % of a core, and {:.1} % for the signatures. Memory {:.0} bytes a tenant",
                calls.peak(SETTLED..DOWN),
                calls.peak(DOWN..UP),
                calls.mean(DOWN..UP),
                calls.peak(UP..END),
                self.filled,
                grouped(self.waited as f64),
                grouped(self.asked as f64),
                100.0 * share,
                100.0 * mean * signature,
                self.memory / self.count as f64,
            ),
            is_met: None,
        }
    }
}
