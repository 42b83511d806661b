//! Machines that sleep and wall clocks that are set, in an order that chance decides, and what requests get of it
//! (E1 to E3, N11).

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use http::{Request, Response, header};
use maskinporten::{AccessToken, BoxError, BoxFuture, Error, Grant, TokenSource};
use tokio::time::{Instant, advance, sleep};
use tower_layer::Layer;
use tower_service::Service;

use crate::{BearerAuthLayer, Origins, Tokens, clock::fake};

const SECOND: Duration = Duration::from_secs(1);

/// In nanoseconds.
const DAY: i64 = 86_400_000_000_000;

/// The world: how late it is for whoever does not sleep, and when each token was asked for.
#[derive(Default)]
struct World {
    slept: Mutex<Duration>,
    born: Mutex<HashMap<String, (Duration, Duration)>>,
    fetches: AtomicUsize,
    down: Mutex<bool>,
    takes: Mutex<Duration>,
}

impl World {
    fn now(&self, began: Instant) -> Duration {
        began.elapsed() + *self.slept.lock().unwrap()
    }

    fn sleep(&self, duration: Duration) {
        *self.slept.lock().unwrap() += duration;
        fake::sleep(duration);
    }
}

/// Gives tokens of this lifetime.
struct Source {
    world: Arc<World>,
    began: Instant,
    lifetime: Duration,
}

impl TokenSource for Source {
    fn fetch<'a>(&'a self, _: &'a Grant) -> BoxFuture<'a, Result<AccessToken, Error>> {
        Box::pin(async move {
            let n = self.world.fetches.fetch_add(1, Ordering::Relaxed) + 1;
            let (requested_at, born) = (Instant::now(), self.world.now(self.began));
            let takes = *self.world.takes.lock().unwrap();
            sleep(takes).await;
            if *self.world.down.lock().unwrap() {
                return Err(Error::transient("down"));
            }
            let token = n.to_string();
            let life = (born, self.lifetime);
            self.world.born.lock().unwrap().insert(token.clone(), life);
            AccessToken::new(&token, requested_at, self.lifetime)
        })
    }
}

/// An API that looks at how old the tokens are that come.
#[derive(Clone)]
struct Api {
    world: Arc<World>,
    began: Instant,
}

impl Service<Request<()>> for Api {
    type Response = Response<()>;
    type Error = BoxError;
    type Future = std::future::Ready<Result<Response<()>, BoxError>>;

    fn poll_ready(
        &mut self,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Result<(), BoxError>> {
        std::task::Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<()>) -> Self::Future {
        let header = request.headers()[header::AUTHORIZATION].to_str().unwrap();
        let token = header.trim_start_matches("Bearer ");
        let (born, lifetime) = self.world.born.lock().unwrap()[token];
        let age = self.world.now(self.began) - born;
        assert!(
            age < lifetime,
            "a token of {lifetime:?} was sent when it was {age:?} old"
        );
        std::future::ready(Ok(Response::new(())))
    }
}

struct Walk {
    world: Arc<World>,
    tokens: Tokens,
    client: crate::BearerAuth<Api>,
    random: fastrand::Rng,
}

impl Walk {
    fn new(lifetime: Duration, seed: u64) -> Self {
        fastrand::seed(seed);
        let (world, began) = (Arc::<World>::default(), Instant::now());
        let source = Source {
            world: world.clone(),
            began,
            lifetime,
        };
        let tokens = Tokens::new(source, Grant::new("a:one").unwrap()).with_cold_wait(5 * SECOND);
        let origins = Origins::new(["https://api.example"]).unwrap();
        let api = Api {
            world: world.clone(),
            began,
        };
        Self {
            client: BearerAuthLayer::new(tokens.clone(), origins).layer(api),
            world,
            tokens,
            random: fastrand::Rng::with_seed(seed),
        }
    }

    /// Something happens to the clocks.
    ///
    /// Nights are short, so that sleep and a wall clock that is set do not cancel each other out to the second, which
    /// nobody could notice.
    async fn step(&mut self) {
        let random = &mut self.random;
        match random.u8(0..4) {
            0 => self.world.sleep(Duration::from_secs(random.u64(3..7_200))),
            1 => {
                let days = random.i64(1..9) * if random.bool() { 1 } else { -1 };
                fake::set_wall_clock(days * DAY);
            }
            _ => advance(Duration::from_millis(random.u64(0..90_000))).await,
        }
    }

    async fn request(&mut self) -> Result<Duration, BoxError> {
        let asked = Instant::now();
        let request = Request::get("https://api.example/").body(()).unwrap();
        self.client.call(request).await?;
        Ok(asked.elapsed())
    }

    fn fetches(&self) -> usize {
        self.world.fetches.load(Ordering::Relaxed)
    }
}

#[tokio::test(start_paused = true)]
async fn e1_e2_e3_n11_clocks_that_jump_cost_one_fetch_each_and_no_request() {
    for (seed, lifetime) in [(1, 120), (2, 600), (3, 1800), (4, 3600)] {
        let mut walk = Walk::new(Duration::from_secs(lifetime), seed);
        walk.request().await.unwrap();
        for n in 0..5_000 {
            walk.step().await;
            let before = walk.fetches();
            // The endpoint answers at once, so nobody waits.
            assert_eq!(walk.request().await.unwrap(), Duration::ZERO, "{seed}, {n}");
            walk.request().await.unwrap();
            assert!(
                walk.fetches() <= before + 1,
                "{seed}, {n}: {}",
                walk.fetches() - before
            );
        }
    }
}

#[tokio::test(start_paused = true)]
async fn e1_e2_e3_n11_no_token_is_sent_that_has_run_out_whatever_the_endpoint_does() {
    for (seed, lifetime) in [(5, 120), (6, 600), (7, 1800), (8, 3600)] {
        let mut walk = Walk::new(Duration::from_secs(lifetime), seed);
        let mut served = 0;
        for n in 0..5_000 {
            if walk.random.u8(0..20) == 0 {
                *walk.world.down.lock().unwrap() = walk.random.bool();
                let takes = [0, 100, 1_500, 30_000][walk.random.usize(0..4)];
                *walk.world.takes.lock().unwrap() = Duration::from_millis(takes);
            }
            walk.step().await;
            if let Ok(waited) = walk.request().await {
                served += 1;
                assert!(waited <= 5 * SECOND, "{seed}, {n}: {waited:?}");
            }
        }
        assert!(served > 1_500, "{seed}: {served}");
    }
}

#[tokio::test(start_paused = true)]
async fn e1_a_machine_that_wakes_has_a_token_before_anybody_asks() {
    for lifetime in [120, 1800] {
        let mut walk = Walk::new(Duration::from_secs(lifetime), 9);
        walk.request().await.unwrap();
        walk.world.sleep(Duration::from_secs(7_200));
        // The refresher looks at the clocks every half a minute.
        sleep(31 * SECOND).await;
        assert_eq!(walk.fetches(), 2);
        *walk.world.down.lock().unwrap() = true;
        assert_eq!(walk.request().await.unwrap(), Duration::ZERO);
    }
}

#[tokio::test(start_paused = true)]
async fn e1_a_machine_that_was_copied_waits_two_seconds_for_a_better_token() {
    let mut walk = Walk::new(Duration::from_secs(1800), 11);
    walk.request().await.unwrap();
    // Nothing but the wall clock knows of it, and the endpoint is slow.
    fake::set_wall_clock(DAY);
    *walk.world.takes.lock().unwrap() = 10 * SECOND;
    assert_eq!(walk.request().await.unwrap(), 2 * SECOND);
    assert_eq!(walk.request().await.unwrap(), Duration::ZERO);
    assert_eq!(walk.fetches(), 2);
    sleep(8 * SECOND).await;
    walk.request().await.unwrap();
    assert_eq!(walk.fetches(), 2);
}

#[tokio::test(start_paused = true)]
async fn e1_customers_that_are_asked_for_have_theirs_too() {
    let mut walk = Walk::new(Duration::from_secs(1800), 10);
    let customers: Vec<_> = (0..100)
        .map(|n| Grant::new(&format!("a:{n}")).unwrap())
        .collect();
    let ask = async |walk: &mut Walk| {
        for customer in &customers {
            let mut request = Request::get("https://api.example/").body(()).unwrap();
            request.extensions_mut().insert(customer.clone());
            walk.client.call(request).await.unwrap();
        }
    };
    ask(&mut walk).await;
    walk.world.sleep(Duration::from_secs(7_200));
    let before = walk.fetches();
    ask(&mut walk).await;
    assert_eq!(walk.fetches(), before + customers.len());
    ask(&mut walk).await;
    assert_eq!(walk.fetches(), before + customers.len());
    drop(walk.tokens);
}
