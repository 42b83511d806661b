//! Requests without end while fetches fail, on a clock that is driven faster than the real one.
//!
//! The numbers by which tokens are refreshed have floors, a second between fetches for example, so tokens that really
//! lived 120 ms would be refreshed in another way than those of two minutes. So nothing is scaled here but time itself:
//! tokens live 120 s on tokio's clock, which is paused, and is driven (`clock`) by the requests, so that there are as
//! many to a rotation on a slow machine as on a fast one. All else is real: two threads call one layer at the same time,
//! and flights land while they do. The wall clock is the system's and is not set meanwhile.

mod clock;
mod world;

use std::{
    pin::pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};

use clock::{DrivenClock, THREADS, Thread};
use http::{Request, StatusCode, Uri};
use indicatif::ProgressBar;
use tokio::{
    runtime::{Builder, Handle},
    time::Instant,
};
use tower::{Layer, Service};
use tower_maskinporten::{BearerAuth, BearerAuthLayer, Origins, ReplayClones, Tokens};
use world::{Api, Script, World};

use super::{Number, endpoint::Endpoint, grouped, latencies::Latencies};

const API: &str = "https://api.test/";
/// How long a token is used, on average.
const ROTATION: Duration = Duration::from_secs(64);
/// How many requests a thread makes before it says so; one of them is timed.
const BATCH: u64 = 64;

/// N1: so many requests, of which none may fail, over about so many rotations, in which this share of fetches fails: a
/// third of them because nothing is answered.
#[must_use]
pub fn requests(
    requests: u64,
    rotations: u32,
    faults: f64,
    seed: u64,
    progress: &ProgressBar,
) -> Number {
    let mut runtime = Builder::new_current_thread();
    let runtime = runtime.enable_time().start_paused(true).build().unwrap();
    let inside = runtime.enter();
    fastrand::seed(seed);
    let each = (ROTATION * rotations).div_f64(requests as f64);
    let clock = Arc::new(DrivenClock::new(each));
    let world = Arc::new(World::new(Arc::clone(&clock)));
    let script = Mutex::new(Script::new(Arc::clone(&world), faults, seed));
    let endpoint = Arc::new(Endpoint::new(move |call| {
        let mut script = script.lock().unwrap_or_else(PoisonError::into_inner);
        script.answer(call)
    }));
    let tokens = Tokens::new(Arc::clone(&endpoint), crate::grant());
    let origins = Origins::new([API]).unwrap();
    let client = BearerAuthLayer::new(tokens, origins)
        .replaying_clones()
        .layer(Api(Arc::clone(&world)));
    drop(inside);
    let begun = Instant::now();
    let mut tally = Tally::default();
    thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS)
            .map(|thread| {
                let (client, clock, runtime) = (client.clone(), &clock, runtime.handle());
                let share = requests.div_ceil(THREADS as u64);
                scope.spawn(move || work(client, &Thread::new(clock, thread), runtime, share))
            })
            .collect();
        runtime.block_on(clock.drive(progress));
        for thread in threads {
            tally.join(&thread.join().unwrap());
        }
    });
    let load = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
    Number {
        row: "N1",
        goal: "0 failed of 10⁹ requests over 2,000 rotations, 30 % of fetches failing (⅓ silence, ⅔ 5xx)",
        measured: format!(
            "{} of {} failed, {} expired tokens sent; {} rotations, {} calls, {} outages of 30 s, {} tokens called bad \
             ({} × 401); {} requests waited, ≤ {:.2} s; p50 of a call {:.2} µs, p99.99 {:.0} µs; {:.0} s",
            tally.failed,
            grouped(tally.made),
            load(&world.expired),
            grouped(load(&world.issued)),
            grouped(endpoint.calls()),
            load(&world.outages),
            load(&world.called_bad),
            load(&world.unauthorized),
            tally.waited,
            tally.longest.as_secs_f64(),
            tally.latencies.quantile(500_000) as f64 / 1e3,
            tally.latencies.quantile(999_900) as f64 / 1e3,
            begun.elapsed().as_secs_f64(),
        ),
        is_met: tally.failed == 0 && tally.made >= requests && load(&world.expired) == 0,
    }
}

/// What one thread has seen.
#[derive(Debug, Default)]
struct Tally {
    made: u64,
    failed: u64,
    waited: u64,
    /// The longest that a request waited, on the clock that tokens live by.
    longest: Duration,
    /// What calls took, on the real one.
    latencies: Latencies,
}

type Client = BearerAuth<Api, ReplayClones>;

fn work(mut client: Client, thread: &Thread, runtime: &Handle, requests: u64) -> Tally {
    let mut tally = Tally::default();
    let uri = Uri::from_static(API);
    while tally.made < requests {
        // Outside the runtime, tokio's clock is the real one.
        let begun = Instant::now();
        let inside = runtime.enter();
        tally.make(&mut client, &uri, thread);
        drop(inside);
        tally.latencies.note(begun.elapsed());
        let _inside = runtime.enter();
        for _ in 1..BATCH {
            tally.make(&mut client, &uri, thread);
        }
        thread.made(BATCH);
    }
    thread.leave();
    tally
}

impl Tally {
    /// Makes a request.
    fn make(&mut self, client: &mut Client, uri: &Uri, thread: &Thread) {
        thread.look();
        let mut request = Request::new(());
        *request.uri_mut() = uri.clone();
        let answer = pin!(client.call(request));
        let (answer, waited) = thread.block_on(answer);
        self.made += 1;
        if let Some(waited) = waited {
            self.waited += 1;
            self.longest = self.longest.max(waited);
        }
        if !answer.is_ok_and(|answer| answer.status() == StatusCode::OK) {
            self.failed += 1;
        }
    }

    fn join(&mut self, other: &Self) {
        self.made += other.made;
        self.failed += other.failed;
        self.waited += other.waited;
        self.longest = self.longest.max(other.longest);
        self.latencies.join(&other.latencies);
    }
}
