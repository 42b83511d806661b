//! Many who want a token at once, and many who do not wait for it.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use maskinporten::{AccessToken, BoxFuture, Error, Grant, TokenSource};
use maskinporten_stub::{Fault, Route, Stub};
use tokio::{
    sync::Notify,
    task::JoinSet,
    time::{Instant, sleep_until, timeout},
};
use tower_maskinporten::Tokens;

use super::{
    Number,
    endpoint::{Answer, Endpoint},
    grouped,
};

/// N2: so many requests on a cold start, over TCP. How long after the endpoint's answer the last one had its token is
/// only judged when it `is_timed`.
pub async fn cold_start(callers: usize, is_timed: bool) -> Number {
    let stub = Stub::start().await.unwrap();
    // Long enough for all of them to be there before it answers.
    stub.inject(Route::Token, Fault::delay(Duration::from_secs(1)));
    let source = Arc::new(Timed {
        source: crate::maskinporten(&stub),
        took: Mutex::default(),
    });
    let tokens = Tokens::new(Arc::clone(&source), crate::grant());
    let crowd = Arc::new(Crowd::default());
    let begun = Instant::now();
    for _ in 0..callers {
        let (tokens, crowd) = (tokens.clone(), Arc::clone(&crowd));
        tokio::spawn(async move {
            let is_served = tokens.ready().await.is_ok();
            crowd.note(is_served, begun.elapsed(), callers);
        });
    }
    crowd.is_done.notified().await;
    let served = crowd.served.load(Ordering::SeqCst);
    let last = Duration::from_nanos(crowd.last.load(Ordering::SeqCst));
    let took = *source.took.lock().unwrap_or_else(PoisonError::into_inner);
    let beyond = last.saturating_sub(took);
    let calls = stub.token_requests();
    Number {
        row: "N2",
        goal: "10 k and 100 k concurrent cold starts: 1 call, the last one served ≤ 150 ms after the endpoint's latency",
        measured: format!(
            "{}: {calls} call, {} served, the last one {} ms after",
            grouped(callers as u64),
            grouped(served as u64),
            beyond.as_millis()
        ),
        is_met: calls == 1
            && served == callers
            && (!is_timed || beyond <= Duration::from_millis(150)),
    }
}

/// Those who wait, counted by themselves: collecting a hundred thousand tasks would take longer than they do.
#[derive(Debug, Default)]
struct Crowd {
    answered: AtomicUsize,
    served: AtomicUsize,
    /// When the last one was answered, in nanoseconds since the beginning.
    last: AtomicU64,
    is_done: Notify,
}

impl Crowd {
    fn note(&self, is_served: bool, after: Duration, callers: usize) {
        self.last
            .fetch_max(after.as_nanos() as u64, Ordering::SeqCst);
        self.served
            .fetch_add(usize::from(is_served), Ordering::SeqCst);
        if self.answered.fetch_add(1, Ordering::SeqCst) + 1 == callers {
            self.is_done.notify_one();
        }
    }
}

/// Notes how long the last fetch took.
struct Timed<S> {
    source: S,
    took: Mutex<Duration>,
}

impl<S: TokenSource> TokenSource for Timed<S> {
    fn fetch<'a>(&'a self, grant: &'a Grant) -> BoxFuture<'a, Result<AccessToken, Error>> {
        Box::pin(async move {
            let begun = Instant::now();
            let token = self.source.fetch(grant).await;
            *self.took.lock().unwrap_or_else(PoisonError::into_inner) = begun.elapsed();
            token
        })
    }
}

/// Those of N3: 400 in 4 s, each of whom waits 50 ms for an endpoint that takes 150 ms.
const IMPATIENT: u32 = 400;
const EVERY: Duration = Duration::from_millis(10);
const PATIENCE: Duration = Duration::from_millis(50);
/// How long the endpoint takes.
const LATENCY: Duration = Duration::from_millis(150);

/// N3 over TCP.
pub async fn impatient_over_tcp() -> Number {
    let stub = Stub::start().await.unwrap();
    stub.inject(Route::Token, Fault::delay(LATENCY));
    let tokens = Tokens::new(crate::maskinporten(&stub), crate::grant());
    let served = impatient(&tokens).await;
    judge(&served, stub.token_requests() as u64, "over TCP")
}

/// N3 in virtual time.
pub async fn impatient_in_memory() -> Number {
    let endpoint = Arc::new(Endpoint::new(|_| Answer::Token {
        after: LATENCY,
        lifetime: Duration::from_secs(120),
    }));
    let tokens = Tokens::new(Arc::clone(&endpoint), crate::grant());
    let served = impatient(&tokens).await;
    judge(&served, endpoint.calls(), "in virtual time")
}

/// Who of them was served.
async fn impatient(tokens: &Tokens) -> Vec<bool> {
    let begun = Instant::now();
    let mut callers = JoinSet::new();
    for caller in 0..IMPATIENT {
        sleep_until(begun + EVERY * caller).await;
        let tokens = tokens.clone();
        callers.spawn(async move {
            let is_served = timeout(PATIENCE, tokens.ready()).await;
            (caller, matches!(is_served, Ok(Ok(()))))
        });
    }
    let mut served = callers.join_all().await;
    served.sort_unstable();
    served.into_iter().map(|(_, is_served)| is_served).collect()
}

fn judge(served: &[bool], calls: u64, how: &str) -> Number {
    let count = served.iter().filter(|is_served| **is_served).count();
    let share = count as f64 / served.len() as f64;
    let first = served.iter().position(|is_served| *is_served);
    let is_served_from_then_on = first.is_some_and(|first| served[first..].iter().all(|one| *one));
    Number {
        row: "N3",
        goal: "callers with 50 ms of patience, endpoint 150 ms: 1 call, ≥ 97 % served, all from the first on",
        measured: format!(
            "{how}: {calls} call, {:.1} % served, {}",
            100.0 * share,
            if is_served_from_then_on {
                "all from the first on"
            } else {
                "not all from the first on"
            }
        ),
        is_met: calls == 1 && share >= 0.97 && is_served_from_then_on,
    }
}
