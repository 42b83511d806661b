//! What it takes to keep all tenants' tokens fresh.
//!
//! In scaled time: tokens live a tenth of the two minutes of Maskinporten's, and what it takes in a second is then
//! what it takes in ten. All tasks run on one thread, and its CPU time is what is read; requests are made by another.
//! The source gives a token at once: nothing is signed, and nothing waits for a network.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
        mpsc,
    },
    thread,
    time::Duration,
};

use maskinporten::{AccessToken, BoxFuture, Error, Grant, TokenSource};
use rustix::time::{ClockId, clock_gettime};
use tokio::{
    runtime::{Builder, Handle},
    time::{Instant, sleep},
};
use tower_maskinporten::Tokens;

use super::{grants, many, row};
use crate::{
    harness::{poll_once, token},
    options::Options,
    progress::Progress,
    table::Row,
};

/// Maskinporten's tokens live that long unless it is told otherwise.
const LIFETIME: Duration = Duration::from_secs(120);

/// Time runs that much faster.
const SCALE: u32 = 10;

/// Gives short-lived tokens, and counts them.
struct Counted {
    token: String,
    fetches: Arc<AtomicU64>,
}

impl TokenSource for Counted {
    fn fetch<'a>(&'a self, _: &'a Grant) -> BoxFuture<'a, Result<AccessToken, Error>> {
        self.fetches.fetch_add(1, Ordering::Relaxed);
        let now = Instant::now();
        Box::pin(async move { AccessToken::new(&self.token, now, LIFETIME / SCALE) })
    }
}

pub fn measure(options: &Options, progress: &Progress) -> Vec<Row> {
    // Two lives of a token, after another one in which the pace is found; or long enough for each to be refreshed.
    let (settle, seconds) = if options.quick { (2, 6) } else { (12, 24) };
    let grants = grants::made(many(options));
    let fetches = Arc::new(AtomicU64::new(0));
    let source = Counted {
        token: token(0),
        fetches: Arc::clone(&fetches),
    };
    progress.begin("tokens are refreshed", seconds + settle);
    let done = AtomicBool::new(false);
    let (cpu, count, tasks) = thread::scope(|scope| {
        let (send, receive) = mpsc::channel();
        let background = scope.spawn({
            let (grants, fetches) = (&grants, &fetches);
            move || {
                let runtime = Builder::new_current_thread()
                    .enable_all()
                    .build()
                    .expect("a runtime can be started");
                let tokens = runtime.block_on(grants::filled(source, grants));
                let _ = send.send((tokens, runtime.handle().clone()));
                let wait = |seconds| {
                    for _ in 0..seconds {
                        runtime.block_on(async { sleep(Duration::from_secs(1)).await });
                        progress.step();
                    }
                };
                wait(settle);
                let (cpu, count) = (cpu_time(), fetches.load(Ordering::Relaxed));
                wait(seconds);
                (cpu_time() - cpu, fetches.load(Ordering::Relaxed) - count)
            }
        });
        let (tokens, handle) = receive.recv().expect("the thread sends before it ends");
        let user = scope.spawn({
            let (grants, done) = (&grants, &done);
            move || use_all(&tokens, &handle, grants, done)
        });
        let (cpu, count) = background.join().expect("it does not panic");
        done.store(true, Ordering::Relaxed);
        (cpu, count, user.join().expect("it does not panic"))
    });
    // That many seconds for tokens that live two minutes.
    let span = (seconds as u32 * SCALE) as f64;
    let share = cpu.as_secs_f64() / span;
    let each = cpu.as_secs_f64() / count as f64;
    let every = grants.len() as f64 * span / count as f64;
    let at_two_minutes = each * grants.len() as f64 / LIFETIME.as_secs_f64();
    let measured = format!(
        "{share:.3} cores: {:.1} us each, every {every:.0} s (every 120 s would be {at_two_minutes:.3} cores)",
        each * 1e6
    );
    vec![
        row(
            format!(
                "{} tenants' tokens of 120 s are kept fresh (in scaled time)",
                grants.len()
            ),
            "all every 120 s, on less than 0.5 cores",
            measured,
            Some(share < 0.5 && every <= 120.0),
        ),
        row(
            "background tasks meanwhile, at most".to_owned(),
            "at most 4",
            tasks.to_string(),
            Some(tasks <= 4),
        ),
    ]
}

/// Uses every tenant's token again and again, so that all are refreshed; tells how many tasks there were at most.
fn use_all(tokens: &Tokens, runtime: &Handle, grants: &[Grant], done: &AtomicBool) -> usize {
    let _entered = runtime.enter();
    let mut tasks = 0;
    while !done.load(Ordering::Relaxed) {
        for some in grants.chunks(1000) {
            for grant in some {
                // One that is late is waited for by nobody.
                let _ = poll_once(tokens.authorization(grant));
            }
            tasks = tasks.max(runtime.metrics().num_alive_tasks());
            thread::sleep(Duration::from_millis(10));
        }
    }
    tasks
}

/// What this thread has used of a processor.
fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(
        time.tv_sec.unsigned_abs(),
        time.tv_nsec.unsigned_abs() as u32,
    )
}
