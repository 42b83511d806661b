//! How soon there is a new token once the endpoint is well again, whatever has gone before. In virtual time.

use std::{
    convert::Infallible,
    future::{Ready, ready},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use http::{HeaderValue, Request, Response, StatusCode, header};
use indicatif::ProgressBar;
use tokio::time::{Instant, sleep};
use tower::{Layer, ServiceExt};
use tower_maskinporten::{BearerAuthLayer, Origins, TokenState, Tokens};

use super::{
    Number,
    endpoint::{Answer, Endpoint},
    grouped, in_virtual_time,
};

/// Where the requests go.
const API: &str = "https://api.test/";

/// How the endpoint is for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mood {
    Well,
    Down,
    Slow,
    Silent,
    Refusing,
}

const MOODS: [Mood; 5] = [
    Mood::Well,
    Mood::Down,
    Mood::Slow,
    Mood::Silent,
    Mood::Refusing,
];

impl Mood {
    fn answer(self, lifetime: Duration) -> Answer {
        match self {
            Self::Well => Answer::token(lifetime),
            Self::Down => Answer::unavailable(),
            Self::Slow => Answer::Failure {
                after: Duration::from_secs(3),
                error: maskinporten::Error::transient("503, after a while"),
            },
            Self::Silent => Answer::silence(),
            Self::Refusing => Answer::refusal(),
        }
    }
}

/// Where the tokens are found when the endpoint is well again, and what is promised then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Found {
    /// There is a usable token.
    Usable,
    /// There is none, and requests come in.
    Asked,
    /// There is none, and nobody asks.
    Idle,
    /// The last answer was a refusal, which is remembered.
    Refused,
}

const FOUND: [(Found, &str, Duration); 4] = [
    (Found::Usable, "stale", Duration::from_millis(7_500)),
    (
        Found::Asked,
        "expired, asked",
        Duration::from_millis(22_500),
    ),
    (Found::Idle, "expired, idle", Duration::from_secs(45)),
    (Found::Refused, "refused", Duration::from_secs(300)),
];

/// What timers are late by, at most.
const TICK: Duration = Duration::from_millis(2);

/// N7: how long it takes after so many random outages, from every state that they lead to.
#[must_use]
pub fn after_outages(outages: u64, seed: u64, progress: &ProgressBar) -> Number {
    let mut longest = [Duration::ZERO; FOUND.len()];
    let mut counts = [0_u64; FOUND.len()];
    let mut stuck = 0;
    for seed in seed..seed + outages {
        let (found, took) = in_virtual_time(seed, one());
        let place = FOUND.iter().position(|(one, ..)| *one == found).unwrap();
        counts[place] += 1;
        match took {
            Some(took) => longest[place] = longest[place].max(took),
            None => stuck += 1,
        }
        progress.inc(1);
    }
    let each = FOUND.iter().zip(longest).zip(counts);
    let shown: Vec<_> = each
        .map(|(((_, name, _), took), count)| {
            format!("{name} ≤ {:.1} s ({})", took.as_secs_f64(), grouped(count))
        })
        .collect();
    let mut each = FOUND.iter().zip(longest);
    Number {
        row: "N7",
        goal: "the call that recovers: ≤ 7.5 s (stale), ≤ 22.5 s (expired, asked) after the endpoint; 0 states without a \
               way out",
        measured: format!(
            "{} random outages: {}; {stuck} without a way out",
            grouped(outages),
            shown.join(", ")
        ),
        is_met: stuck == 0 && each.all(|((_, _, bound), took)| took <= *bound + TICK),
    }
}

/// The endpoint's mood, and when it was called first after the outage.
#[derive(Debug)]
struct Scene {
    mood: Mood,
    is_over: bool,
    called: Option<Instant>,
}

/// One outage of several phases, in the course of which the API may call tokens bad; then all is well. Gives what there
/// was then, and how long it took to the call that brought a fresh token, counted from the end of the last call of the
/// outage; nothing when there was no such token within the hour.
async fn one() -> (Found, Option<Duration>) {
    let seconds = Duration::from_secs;
    let lifetime = seconds([20, 60, 120, 120, 600, 1800][fastrand::usize(..6)]);
    let scene = Arc::new(Mutex::new(Scene {
        mood: Mood::Well,
        is_over: false,
        called: None,
    }));
    let stage = Arc::clone(&scene);
    let endpoint = Arc::new(Endpoint::new(move |_| {
        let mut scene = lock(&stage);
        if scene.is_over {
            scene.called.get_or_insert_with(Instant::now);
        }
        scene.mood.answer(lifetime)
    }));
    let tokens = Tokens::new(Arc::clone(&endpoint), crate::grant());
    let bad = Arc::new(AtomicU64::new(0));
    let is_asked = fastrand::bool();
    if fastrand::bool() {
        tokens.ready().await.unwrap();
        sleep(lifetime.mul_f64(fastrand::f64())).await;
    }
    // Nothing begins before somebody asks.
    let first = tokens.clone();
    tokio::spawn(async move { first.ready().await });
    let requests = is_asked.then(|| tokio::spawn(ask(tokens.clone(), Arc::clone(&bad))));
    for _ in 0..fastrand::u32(1..6) {
        lock(&scene).mood = MOODS[fastrand::usize(..MOODS.len())];
        if fastrand::u32(..4) == 0 {
            bad.store(endpoint.calls(), Ordering::Relaxed);
        }
        // From a second to five minutes, the short ones as often as the long.
        sleep(seconds(1).mul_f64(300_f64.powf(fastrand::f64()))).await;
    }
    lock(&scene).mood = Mood::Well;
    bad.store(0, Ordering::Relaxed);
    while endpoint.is_called() {
        sleep(Duration::from_millis(1)).await;
    }
    let well = Instant::now();
    lock(&scene).is_over = true;
    let found = found(&tokens, is_asked);
    while !is_well(&tokens) && well.elapsed() < seconds(3600) {
        sleep(seconds(1)).await;
    }
    if let Some(requests) = requests {
        requests.abort();
    }
    let called = lock(&scene).called.map_or(Duration::ZERO, |at| at - well);
    (found, is_well(&tokens).then_some(called))
}

fn lock(scene: &Mutex<Scene>) -> MutexGuard<'_, Scene> {
    scene.lock().unwrap_or_else(PoisonError::into_inner)
}

fn found(tokens: &Tokens, is_asked: bool) -> Found {
    let status = tokens.status();
    let grant = status.default_grant();
    match grant.last_error() {
        Some(error) if !error.is_transient() => Found::Refused,
        _ if grant.state().is_usable() => Found::Usable,
        _ if is_asked => Found::Asked,
        _ => Found::Idle,
    }
}

/// Whether there is nothing to recover from. A token without a failure is refreshed when that is due.
fn is_well(tokens: &Tokens) -> bool {
    let status = tokens.status();
    let grant = status.default_grant();
    let is_trusted = matches!(grant.state(), TokenState::Fresh | TokenState::Stale);
    is_trusted && grant.last_error().is_none()
}

/// Two requests a second to an API that calls one token bad.
async fn ask(tokens: Tokens, bad: Arc<AtomicU64>) {
    let api = tower::service_fn(move |request: Request<()>| answer(&request, &bad));
    let origins = Origins::new([API]).unwrap();
    let client = BearerAuthLayer::new(tokens, origins)
        .replaying_clones()
        .layer(api);
    loop {
        tokio::spawn(client.clone().oneshot(Request::get(API).body(()).unwrap()));
        sleep(Duration::from_millis(500)).await;
    }
}

fn answer(request: &Request<()>, bad: &AtomicU64) -> Ready<Result<Response<()>, Infallible>> {
    let token = request.headers()[header::AUTHORIZATION].to_str().unwrap();
    let mut response = Response::new(());
    if token == format!("Bearer {}", bad.load(Ordering::Relaxed)) {
        *response.status_mut() = StatusCode::UNAUTHORIZED;
        let challenge = HeaderValue::from_static("Bearer error=\"invalid_token\"");
        response
            .headers_mut()
            .insert(header::WWW_AUTHENTICATE, challenge);
    }
    ready(Ok(response))
}
