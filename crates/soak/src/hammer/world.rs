//! The other side: an endpoint that fails, and an API that takes no token that has run out or that it has called bad.
//!
//! The endpoint fails by chance; now and then it is down for half a minute from a first refresh on; and now and then the
//! API calls a token bad that is still good, and the endpoint is well then: otherwise the request would have to fail.

use std::{
    convert::Infallible,
    future::{Ready, ready},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    task::{Context, Poll},
    time::Duration,
};

use fastrand::Rng;
use http::{HeaderValue, Request, Response, StatusCode, header};
use tower::Service;

use super::clock::DrivenClock;
use crate::endpoint::Answer;

const LIFETIME: Duration = Duration::from_secs(120);
/// Tokens that are there at the same time have different places.
const PLACES: usize = 1024;

/// What the endpoint and the API know of each other. Times are the clock's.
#[derive(Debug)]
pub(super) struct World {
    clock: Arc<DrivenClock>,
    /// When each token ends.
    ends: Vec<AtomicU64>,
    /// The token that is called bad, and from when on.
    bad: AtomicU64,
    bad_from: AtomicU64,
    pub(super) issued: AtomicU64,
    pub(super) outages: AtomicU64,
    pub(super) called_bad: AtomicU64,
    pub(super) unauthorized: AtomicU64,
    pub(super) expired: AtomicU64,
}

impl World {
    pub(super) fn new(clock: Arc<DrivenClock>) -> Self {
        Self {
            clock,
            ends: (0..PLACES).map(|_| AtomicU64::default()).collect(),
            bad: AtomicU64::default(),
            bad_from: AtomicU64::default(),
            issued: AtomicU64::default(),
            outages: AtomicU64::default(),
            called_bad: AtomicU64::default(),
            unauthorized: AtomicU64::default(),
            expired: AtomicU64::default(),
        }
    }

    fn end(&self, token: u64) -> &AtomicU64 {
        &self.ends[token as usize % PLACES]
    }
}

/// How the endpoint is.
#[derive(Clone, Copy, Debug)]
enum Mood {
    /// It fails by chance.
    Moody,
    /// It will be down for half a minute from the next call on.
    Failing,
    Down {
        until: u64,
        is_silent: bool,
    },
    Well,
}

/// What the endpoint does.
pub(super) struct Script {
    world: Arc<World>,
    faults: f64,
    mood: Mood,
    random: Rng,
}

impl Script {
    pub(super) fn new(world: Arc<World>, faults: f64, seed: u64) -> Self {
        Self {
            world,
            faults,
            mood: Mood::Well,
            random: Rng::with_seed(seed),
        }
    }

    pub(super) fn answer(&mut self, call: u64) -> Answer {
        let now = self.world.clock.now();
        if matches!(self.mood, Mood::Failing) {
            self.world.outages.fetch_add(1, Relaxed);
            self.mood = Mood::Down {
                until: now + 30_000,
                is_silent: self.random.bool(),
            };
        }
        match self.mood {
            Mood::Moody if self.random.f64() < self.faults => failure(self.random.u32(..3) == 0),
            Mood::Down { until, is_silent } if now < until => failure(is_silent),
            _ => self.token(call, now),
        }
    }

    fn token(&mut self, call: u64, now: u64) -> Answer {
        let world = &self.world;
        let end = now + LIFETIME.as_millis() as u64;
        world.end(call).store(end, Relaxed);
        world.issued.fetch_add(1, Relaxed);
        self.mood = match self.random.u32(..40) {
            0 => Mood::Failing,
            // While the token is fresh, so that no fetch is under way yet that may fail.
            1 | 2 => {
                let from = now + self.random.u64(25_000..45_000);
                world.bad_from.store(from, Relaxed);
                world.bad.store(call, Relaxed);
                world.called_bad.fetch_add(1, Relaxed);
                Mood::Well
            }
            _ => Mood::Moody,
        };
        Answer::token(LIFETIME)
    }
}

fn failure(is_silent: bool) -> Answer {
    if is_silent {
        Answer::silence()
    } else {
        Answer::unavailable()
    }
}

/// Answers at once, if the token is good.
#[derive(Clone, Debug)]
pub(super) struct Api(pub(super) Arc<World>);

impl Service<Request<()>> for Api {
    type Response = Response<()>;
    type Error = Infallible;
    type Future = Ready<Result<Response<()>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<()>) -> Self::Future {
        let world = &self.0;
        let token = number(&request.headers()[header::AUTHORIZATION]);
        let now = world.clock.now();
        let is_expired = now >= world.end(token).load(Relaxed);
        let is_bad = world.bad.load(Relaxed) == token && now >= world.bad_from.load(Relaxed);
        let mut response = Response::new(());
        if is_expired {
            world.expired.fetch_add(1, Relaxed);
        }
        if is_expired || is_bad {
            world.unauthorized.fetch_add(1, Relaxed);
            *response.status_mut() = StatusCode::UNAUTHORIZED;
            let challenge = HeaderValue::from_static("Bearer error=\"invalid_token\"");
            let headers = response.headers_mut();
            headers.insert(header::WWW_AUTHENTICATE, challenge);
        }
        ready(Ok(response))
    }
}

/// The number of the token in `Bearer 17`.
fn number(authorization: &HeaderValue) -> u64 {
    let digits = authorization.as_bytes().iter().skip("Bearer ".len());
    digits.fold(0, |number, digit| {
        number * 10 + u64::from(digit.wrapping_sub(b'0'))
    })
}
