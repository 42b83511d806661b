//! What a million rotations, and a million handles that come and go, leave behind.

use std::{fs, sync::Arc, time::Duration};

use indicatif::ProgressBar;
use maskinporten_stub::Stub;
use tokio::{
    runtime::{Handle, Runtime},
    task::yield_now,
    time::sleep,
};
use tower_maskinporten::Tokens;

use super::{
    Number,
    endpoint::{Answer, Endpoint},
    grouped, in_virtual_time,
};

/// How often memory is looked at.
const LOOKS: u32 = 100;
/// The pace at which a rotation or a handle is reckoned to take place when slopes are told by the hour: ten a second.
const PER_HOUR: f64 = 36_000.0;

/// N16: the growth over so many rotations of one token, a tenth of whose fetches fail. In virtual time.
#[must_use]
pub fn of_rotations(rotations: u32, seed: u64, progress: &ProgressBar) -> Number {
    let (resident, made) = in_virtual_time(seed, async {
        let endpoint = Arc::new(Endpoint::new(|call| {
            if call > 1 && fastrand::u32(..10) == 0 {
                Answer::unavailable()
            } else {
                Answer::token(Duration::from_secs(120))
            }
        }));
        let tokens = Tokens::new(Arc::clone(&endpoint), crate::grant());
        tokens.ready().await.unwrap();
        let mut resident = Vec::new();
        for _ in 0..LOOKS {
            while endpoint.calls() < u64::from(rotations / LOOKS) * (resident.len() as u64 + 1) {
                sleep(Duration::from_secs(1_000)).await;
                tokens.ready().await.unwrap();
            }
            resident.push(resident_kib());
            progress.inc(u64::from(rotations / LOOKS));
        }
        (resident, endpoint.calls())
    });
    let slope = slope(&resident) * f64::from(LOOKS) / made as f64 * PER_HOUR;
    Number {
        row: "N16",
        goal: "memory ≤ 1 KiB/h over 10⁶ rotations (ten a second)",
        measured: format!(
            "{slope:.2} KiB/h in {}; RSS {}",
            grouped(made),
            shown(&resident)
        ),
        is_met: is_known(&resident) && slope <= 1.0,
    }
}

/// N16: the same for handles that are made, get a token and are dropped; some of them over TCP. And that no task and no
/// file descriptor stays.
#[must_use]
pub fn of_handles(handles: u32, over_tcp: u32, progress: &ProgressBar) -> Number {
    let descriptors = descriptors();
    let (resident, mut tasks) = in_virtual_time(1, async {
        let mut resident = Vec::new();
        for made in 1..=handles {
            let endpoint = Endpoint::new(|_| Answer::token(Duration::from_secs(120)));
            let tokens = Tokens::new(endpoint, crate::grant());
            tokens.ready().await.unwrap();
            drop(tokens);
            if made % (handles / LOOKS).max(1) == 0 {
                resident.push(resident_kib());
                progress.inc(u64::from(handles / LOOKS));
            }
        }
        (resident, tasks_left().await)
    });
    let runtime = Runtime::new().unwrap();
    tasks += runtime.block_on(async {
        let stub = Stub::start().await.unwrap();
        for _ in 0..over_tcp {
            let tokens = Tokens::new(crate::maskinporten(&stub), crate::grant());
            tokens.ready().await.unwrap();
        }
        stub.stop().await;
        tasks_left().await
    });
    drop(runtime);
    let left = self::descriptors().saturating_sub(descriptors);
    let slope = slope(&resident) * f64::from(LOOKS) / f64::from(handles) * PER_HOUR;
    Number {
        row: "N16",
        goal: "memory ≤ 1 KiB/h over 10⁶ handles made and dropped (ten a second); no task, no descriptor stays",
        measured: format!(
            "{slope:.2} KiB/h in {}; RSS {}; with {} over TCP {tasks} tasks and {left} descriptors stay",
            grouped(handles.into()),
            shown(&resident),
            grouped(over_tcp.into()),
        ),
        is_met: is_known(&resident) && slope <= 1.0 && tasks == 0 && left == 0,
    }
}

/// The tasks of this runtime, once those that were aborted have had time to end.
async fn tasks_left() -> usize {
    for _ in 0..10_000 {
        if Handle::current().metrics().num_alive_tasks() == 0 {
            break;
        }
        yield_now().await;
    }
    Handle::current().metrics().num_alive_tasks()
}

/// Whether the system tells.
fn is_known(resident: &[u64]) -> bool {
    resident.iter().all(|kib| *kib > 0)
}

fn shown(resident: &[u64]) -> String {
    match (resident.get(resident.len() / 10), resident.last()) {
        (Some(early), Some(late)) if is_known(resident) => format!(
            "{} KiB after a tenth, {} KiB at the end",
            grouped(*early),
            grouped(*late)
        ),
        _ => "unknown".to_owned(),
    }
}

/// KiB from one look to the next, by least squares, leaving out the first tenth.
fn slope(resident: &[u64]) -> f64 {
    let looks = &resident[resident.len() / 10..];
    let count = looks.len() as f64;
    let mean_at = (count - 1.0) / 2.0;
    let mean = looks.iter().sum::<u64>() as f64 / count;
    let (mut covariance, mut variance) = (0.0, 0.0);
    for (at, kib) in looks.iter().enumerate() {
        let off = at as f64 - mean_at;
        covariance += off * (*kib as f64 - mean);
        variance += off * off;
    }
    covariance / variance
}

/// Memory in use, exactly, where the system tells; what it tells elsewhere lags by some pages a thread.
fn resident_kib() -> u64 {
    let rollup = fs::read_to_string("/proc/self/smaps_rollup").unwrap_or_default();
    let line = rollup.lines().find_map(|line| line.strip_prefix("Rss:"));
    line.and_then(|line| line.trim().strip_suffix(" kB")?.parse().ok())
        .unwrap_or(0)
}

/// Open file descriptors, where the system tells.
fn descriptors() -> usize {
    fs::read_dir("/proc/self/fd").map_or(0, Iterator::count)
}
