//! `Tokens` and the layer beside a reference that is too simple to be wrong: a list of tokens, and what each request
//! may find. Scripts of requests, outages, refusals, revocations and time are made up, and cut down when one fails.

#![expect(clippy::unwrap_used, reason = "what cannot be had in a test ends it")]

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use http::{Request, Response, StatusCode, header};
use maskinporten::{AccessToken, BoxError, BoxFuture, Error, Grant, TokenSource};
use proptest::prelude::*;
use tokio::time::{Instant, sleep};
use tower::{Layer, Service, ServiceExt};
use tower_maskinporten::{BearerAuthLayer, Origins, Tokens};

const API: &str = "https://api.example";
const COLD_WAIT: Duration = Duration::from_secs(15);
/// For a better token than one that an API has refused, before it is tried again.
const DOUBT_WAIT: Duration = Duration::from_secs(2);
const LATENCY: Duration = Duration::from_millis(40);
/// The endpoint is not asked more often than this, but for a 401; and whatever it said, it is asked within five minutes.
const SPACING: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(300);

/// What happens next.
#[derive(Clone, Debug)]
enum Event {
    Pass(Duration),
    Request,
    /// So many at once.
    Burst(usize),
    Endpoint(Endpoint),
    /// The API takes the present token no longer.
    Revoke,
}

/// How the token endpoint is.
#[derive(Clone, Copy, Debug)]
enum Endpoint {
    Well { lifetime: u64 },
    Down,
    Refuses,
    Hangs,
}

#[derive(Clone, Debug)]
struct Issued {
    at: Instant,
    lifetime: Duration,
    revoked: bool,
}

impl Issued {
    /// When it is not attached any more: 5 s or 5 % before its end.
    fn hard(&self) -> Instant {
        self.at + self.lifetime - Duration::from_secs(5).min(self.lifetime / 20)
    }
}

#[derive(Clone, Copy, Debug)]
struct Call {
    at: Instant,
    endpoint: Endpoint,
    /// Maybe because an API takes the present token no longer: that is at once, but once in 10 s.
    for_401: bool,
}

/// The reference: what the endpoint was asked and has given.
struct World {
    endpoint: Endpoint,
    tokens: Vec<Issued>,
    calls: Vec<Call>,
    sends: usize,
}

type Shared = Arc<Mutex<World>>;

struct Source(Shared);

impl TokenSource for Source {
    fn fetch<'a>(&'a self, _: &'a Grant) -> BoxFuture<'a, Result<AccessToken, Error>> {
        Box::pin(async {
            let at = Instant::now();
            let endpoint = {
                let mut world = self.0.lock().unwrap();
                let endpoint = world.endpoint;
                let for_401 = world.tokens.last().is_some_and(|token| token.revoked);
                world.calls.push(Call {
                    at,
                    endpoint,
                    for_401,
                });
                endpoint
            };
            sleep(LATENCY).await;
            match endpoint {
                Endpoint::Well { lifetime } => {
                    let lifetime = Duration::from_secs(lifetime);
                    let mut world = self.0.lock().unwrap();
                    let name = world.tokens.len().to_string();
                    world.tokens.push(Issued {
                        at,
                        lifetime,
                        revoked: false,
                    });
                    AccessToken::new(&name, at, lifetime)
                }
                Endpoint::Down => Err(Error::transient("down")),
                Endpoint::Refuses => Err(Error::permanent("refused")),
                Endpoint::Hangs => std::future::pending().await,
            }
        })
    }
}

/// Answers 401 to tokens that have run out, were revoked or were never issued.
fn api(
    world: Shared,
) -> impl Service<Request<()>, Response = Response<usize>, Error = BoxError, Future: Send> + Clone {
    tower::service_fn(move |request: Request<()>| {
        let header = request.headers()[header::AUTHORIZATION].to_str().unwrap();
        let token: usize = header["Bearer ".len()..].parse().unwrap();
        let mut world = world.lock().unwrap();
        world.sends += 1;
        let issued = &world.tokens[token];
        assert!(
            Instant::now() < issued.at + issued.lifetime,
            "a token that has run out was sent"
        );
        let mut response = Response::new(token);
        if issued.revoked {
            *response.status_mut() = StatusCode::UNAUTHORIZED;
            let challenge = "Bearer error=\"invalid_token\"".parse().unwrap();
            response
                .headers_mut()
                .insert(header::WWW_AUTHENTICATE, challenge);
        }
        async { Ok(response) }
    })
}

/// Sends one request, and holds what comes of it to what the reference says.
async fn request<S>(client: S, world: Shared)
where
    S: Service<Request<()>, Response = Response<usize>, Error = BoxError>,
{
    let began = Instant::now();
    let before = world.lock().unwrap().tokens.last().cloned();
    let answer = client
        .oneshot(Request::get(API).body(()).unwrap())
        .await
        .map(|response| (response.status(), *response.body()));
    let took = began.elapsed();
    let world = world.lock().unwrap();
    let was_usable = before.is_some_and(|token| began < token.hard() && !token.revoked);
    if was_usable {
        let (status, _) = answer.expect("there is a good token");
        assert_eq!(status, StatusCode::OK);
        assert_eq!(
            took,
            Duration::ZERO,
            "nobody waits while there is a good token"
        );
        return;
    }
    assert!(took <= DOUBT_WAIT + COLD_WAIT, "waited for {took:?}");
    match answer {
        Ok((StatusCode::OK, token)) => assert!(!world.tokens[token].revoked),
        Ok((status, token)) => {
            assert_eq!(status, StatusCode::UNAUTHORIZED);
            assert!(world.tokens[token].revoked);
        }
        Err(error) => {
            // In an outage nobody waits to see how the attempt under way ends.
            let over = |call: &&Call| call.at + LATENCY <= Instant::now();
            let last = world.calls.iter().rfind(over);
            let was_well = last.is_some_and(|call| matches!(call.endpoint, Endpoint::Well { .. }));
            assert!(
                !was_well,
                "{error} although the endpoint is well: {:?}",
                world.calls
            );
        }
    }
}

fn client(
    world: Shared,
) -> impl Service<Request<()>, Response = Response<usize>, Error = BoxError, Future: Send> + Clone {
    let tokens = Tokens::new(Source(world.clone()), Grant::new("a:one").unwrap());
    let layer = BearerAuthLayer::new(tokens, Origins::new([API]).unwrap());
    layer.replaying_clones().layer(api(world))
}

async fn play(script: Vec<Event>) {
    let world = Arc::new(Mutex::new(World {
        endpoint: Endpoint::Well { lifetime: 120 },
        tokens: Vec::new(),
        calls: Vec::new(),
        sends: 0,
    }));
    let client = client(world.clone());
    let mut requests = 0;
    for event in script {
        match event {
            Event::Pass(time) => sleep(time).await,
            Event::Request => {
                requests += 1;
                request(client.clone(), world.clone()).await;
            }
            Event::Burst(size) => {
                requests += size;
                let mut burst = tokio::task::JoinSet::new();
                for _ in 0..size {
                    burst.spawn(request(client.clone(), world.clone()));
                }
                burst.join_all().await;
            }
            Event::Endpoint(endpoint) => world.lock().unwrap().endpoint = endpoint,
            Event::Revoke => {
                if let Some(token) = world.lock().unwrap().tokens.last_mut() {
                    token.revoked = true;
                }
            }
        }
    }
    {
        let world = world.lock().unwrap();
        assert!(
            world.sends <= 2 * requests,
            "a request is sent twice at most"
        );
        for calls in world.calls.windows(3) {
            let pauses = [calls[1].at - calls[0].at, calls[2].at - calls[0].at];
            let well_spaced = pauses[1] >= SPACING && (pauses[0] >= SPACING || calls[1].for_401);
            assert!(well_spaced, "asked again too soon: {calls:?}");
        }
    }
    recover(&client, &world).await;
}

/// Nothing is final: when the endpoint is well again, requests are served before long.
async fn recover<S>(client: &S, world: &Shared)
where
    S: Service<Request<()>, Response = Response<usize>, Error = BoxError> + Clone,
{
    world.lock().unwrap().endpoint = Endpoint::Well { lifetime: 120 };
    let well_since = Instant::now();
    loop {
        let asked = client.clone().oneshot(Request::get(API).body(()).unwrap());
        if asked.await.is_ok_and(|answer| answer.status().is_success()) {
            return;
        }
        let outage = well_since.elapsed();
        assert!(
            outage <= LONGEST_PAUSE + COLD_WAIT,
            "still not served after {outage:?}"
        );
        sleep(Duration::from_secs(1)).await;
    }
}

fn event() -> impl Strategy<Value = Event> {
    let lifetime = prop::sample::select(vec![3, 20, 120, 1800]);
    let endpoint = prop_oneof![
        3 => lifetime.prop_map(|lifetime| Endpoint::Well { lifetime }),
        2 => Just(Endpoint::Down),
        1 => Just(Endpoint::Refuses),
        1 => Just(Endpoint::Hangs),
    ];
    prop_oneof![
        4 => (0_u64..200_000).prop_map(|ms| Event::Pass(Duration::from_millis(ms))),
        2 => (0_u64..2_000).prop_map(|ms| Event::Pass(Duration::from_millis(ms))),
        6 => Just(Event::Request),
        1 => (2_usize..20).prop_map(Event::Burst),
        3 => endpoint.prop_map(Event::Endpoint),
        1 => Just(Event::Revoke),
    ]
}

proptest! {
    #[test]
    fn whatever_happens_requests_find_what_the_reference_says(
        script in prop::collection::vec(event(), 1..40),
        jitter in any::<u64>(),
    ) {
        // What varies by chance varies the same way when a script is tried again.
        fastrand::seed(jitter);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        runtime.block_on(play(script));
    }
}
