//! A. Cold start, concurrency, cancellation.

use std::{
    convert::Infallible,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Waker},
    time::Duration,
};

use bytes::Bytes;
use http::{Request, Response, header::AUTHORIZATION};
use http_body_util::Full;
use maskinporten::{AccessToken, BoxError, BoxFuture, Error, Grant, TokenSource};
use maskinporten_stub::{Fault, Route, Stub};
use tests::{clock::Clock, grant, layer, log::logged, maskinporten, raw};
use tokio::{
    sync::Semaphore,
    task::{JoinSet, yield_now},
    time::{Instant, sleep, timeout},
};
use tower::{Layer, ServiceExt};
use tower_maskinporten::{BearerAuthLayer, Origins, TokenUnavailable, Tokens};
use tracing::Level;

const API: &str = "https://api.example";

/// An API that answers at once, if it is called with a token.
async fn api(request: Request<Full<Bytes>>) -> Result<Response<()>, Infallible> {
    assert!(request.headers()[AUTHORIZATION].is_sensitive());
    Ok(Response::new(()))
}

fn request(url: &str) -> Request<Full<Bytes>> {
    Request::get(url).body(Full::default()).unwrap()
}

/// A source of numbered tokens that live two minutes.
#[derive(Default)]
struct Numbered {
    fetches: AtomicUsize,
    takes: Duration,
}

impl TokenSource for Numbered {
    fn fetch<'a>(&'a self, _: &'a Grant) -> BoxFuture<'a, Result<AccessToken, Error>> {
        let n = self.fetches.fetch_add(1, Ordering::SeqCst) + 1;
        Box::pin(async move {
            let began = Instant::now();
            sleep(self.takes).await;
            AccessToken::new(&format!("token-{n}"), began, Duration::from_secs(120))
        })
    }
}

/// Asks nobody before it is let through, and counts who wants to be.
struct Gated<S> {
    source: S,
    gate: Arc<Semaphore>,
    fetches: Arc<AtomicUsize>,
}

impl<S: TokenSource> TokenSource for Gated<S> {
    fn fetch<'a>(&'a self, grant: &'a Grant) -> BoxFuture<'a, Result<AccessToken, Error>> {
        self.fetches.fetch_add(1, Ordering::Relaxed);
        Box::pin(async move {
            let _through = self.gate.acquire().await.unwrap();
            self.source.fetch(grant).await
        })
    }
}

#[tokio::test]
async fn a1_a_hundred_thousand_requests_make_one_call_and_one_line() {
    const REQUESTS: usize = 100_000;
    let told = || logged(Level::INFO, r#"client="a1""#);
    assert!(told().is_empty());
    let stub = Stub::start().await.unwrap();
    let _clock = Clock::stop();
    let gate = Arc::new(Semaphore::new(0));
    let fetches = Arc::<AtomicUsize>::default();
    let source = Gated {
        source: maskinporten(&stub),
        gate: Arc::clone(&gate),
        fetches: Arc::clone(&fetches),
    };
    let tokens = Tokens::new(source, grant()).with_name("a1");
    let client = layer(&stub, &tokens).layer(tower::service_fn(api));
    let waiting = Arc::<AtomicUsize>::default();
    let mut requests = JoinSet::new();
    // Half of them while the call is under way already.
    for half in 1..=2 {
        for _ in 0..REQUESTS / 2 {
            let call = client.clone().oneshot(request(stub.base_url()));
            let waiting = Arc::clone(&waiting);
            requests.spawn(async move {
                waiting.fetch_add(1, Ordering::Relaxed);
                call.await
            });
        }
        while waiting.load(Ordering::Relaxed) < half * REQUESTS / 2 {
            yield_now().await;
        }
    }
    gate.add_permits(1);
    for answer in requests.join_all().await {
        answer.unwrap();
    }
    assert_eq!(fetches.load(Ordering::Relaxed), 1);
    assert_eq!(stub.token_requests(), 1);
    let told = told();
    assert!(
        matches!(&*told, [line] if line.contains("there is a token")),
        "{told:?}"
    );
}

#[tokio::test]
async fn a3_whoever_starts_a_fetch_may_be_dropped_at_any_await() {
    let stub = Stub::start().await.unwrap();
    for polls in 0..8 {
        let tokens = Tokens::new(maskinporten(&stub), grant());
        let client = layer(&stub, &tokens).layer(tower::service_fn(api));
        {
            let mut leading = pin!(client.clone().oneshot(request(stub.base_url())));
            for _ in 0..polls {
                let mut unwoken = Context::from_waker(Waker::noop());
                if leading.as_mut().poll(&mut unwoken).is_ready() {
                    break;
                }
                yield_now().await;
            }
        }
        client.oneshot(request(stub.base_url())).await.unwrap();
    }
    assert_eq!(stub.token_requests(), 8);
}

#[tokio::test(start_paused = true)]
async fn a4_ten_minutes_of_requests_that_are_aborted_lose_no_refresh() {
    let source = Arc::new(Numbered {
        takes: Duration::from_millis(500),
        ..Numbered::default()
    });
    let tokens = Tokens::new(Arc::clone(&source), grant());
    let slow = tower::service_fn(|_: Request<()>| async {
        sleep(Duration::from_millis(30)).await;
        Ok::<_, BoxError>(Response::new(()))
    });
    let client = BearerAuthLayer::new(tokens, Origins::new([API]).unwrap()).layer(slow);
    let send = || client.clone().oneshot(Request::get(API).body(()).unwrap());
    let began = Instant::now();
    // The one that starts the first fetch is among those that are aborted.
    let mut requests = 0_u64;
    while began.elapsed() < Duration::from_secs(600) {
        if requests.is_multiple_of(10) {
            let patience = Duration::from_millis(requests % 30);
            assert!(timeout(patience, send()).await.is_err());
        } else {
            let asked = Instant::now();
            send().await.unwrap();
            let waits = requests < 10;
            assert!(waits || asked.elapsed() == Duration::from_millis(30));
        }
        requests += 1;
    }
    // A token is replaced 60 to 72 s after it was asked for.
    let calls = source.fetches.load(Ordering::SeqCst);
    assert!((9..=11).contains(&calls), "{calls}");
}

#[tokio::test]
async fn a5_an_endpoint_that_is_down_from_the_start_is_told_after_15_seconds_and_then_at_once() {
    let told = |level| logged(level, r#"client="a5""#).len();
    assert_eq!(told(Level::WARN), 0);
    let stub = Stub::start().await.unwrap();
    stub.inject(Route::Token, Fault::status(503));
    let clock = Clock::stop();
    let tokens = Tokens::new(maskinporten(&stub), grant()).with_name("a5");
    let client = layer(&stub, &tokens).layer(tower::service_fn(api));
    let send = || {
        let call = client.clone().oneshot(request(stub.base_url()));
        async move {
            let asked = Instant::now();
            let error = call.await.unwrap_err();
            let error = error.downcast::<TokenUnavailable>().unwrap();
            (error, asked.elapsed())
        }
    };
    let first = tokio::spawn(send());
    clock.jump(Duration::ZERO).await;
    clock.landed(&tokens).await;
    clock.pass_for(&tokens, Duration::from_millis(15_100)).await;
    let (error, waited) = first.await.unwrap();
    assert_eq!(waited.as_secs(), 15);
    let text = error.to_string();
    assert!(text.contains("attempts have failed in 15 s"), "{text}");
    let last = error.last_error().unwrap();
    assert_eq!(last.status_code().unwrap().as_u16(), 503);
    for _ in 0..600 {
        let (_, waited) = send().await;
        assert_eq!(waited, Duration::ZERO);
        clock.pass_for(&tokens, Duration::from_millis(100)).await;
    }
    // The pauses grow to 15 s, give or take half: 11 as a rule.
    let calls = stub.token_requests();
    assert!((6..=17).contains(&calls), "{calls}");
    let warnings = told(Level::WARN);
    assert!((1..=2).contains(&warnings), "{warnings}");
    assert_eq!(told(Level::ERROR), 1);
}

#[tokio::test]
async fn a6_a_source_that_hangs_holds_up_no_other() {
    let silent = raw::Server::always(raw::Reply::Stay(Vec::new())).await;
    let stub = Stub::start().await.unwrap();
    // Time stands still: whoever waits for a timeout waits for ever.
    let clock = Clock::stop();
    let hanging = Tokens::new(silent.source(), grant());
    let mut waiting = JoinSet::new();
    // More than are ever asked for at once.
    for n in 0..40 {
        let hanging = hanging.clone();
        let customer = Grant::new(&format!("a:customer-{n}")).unwrap();
        waiting.spawn(async move { hanging.authorization(&customer).await });
    }
    clock.until(|| silent.requests() == 30).await;
    let tokens = Tokens::new(maskinporten(&stub), grant());
    let began = Instant::now();
    for _ in 0..2 {
        tokens.ready().await.unwrap();
    }
    assert_eq!(began.elapsed(), Duration::ZERO);
    assert_eq!(stub.token_requests(), 1);
    assert!(waiting.try_join_next().is_none());
}

#[tokio::test(start_paused = true)]
async fn a8_whoever_keeps_a_header_for_an_hour_holds_up_nobody() {
    let source = Arc::new(Numbered::default());
    let tokens = Tokens::new(Arc::clone(&source), grant());
    let kept = tokens.authorization(&grant()).await.unwrap();
    let status = tokens.status();
    // A request that is with a slow API keeps its token, too.
    let slow = tower::service_fn(|request: Request<()>| async move {
        sleep(Duration::from_secs(3600)).await;
        Ok::<_, BoxError>(Response::new(request.headers()[AUTHORIZATION].clone()))
    });
    let origins = Origins::new([API]).unwrap();
    let client = BearerAuthLayer::new(tokens.clone(), origins).layer(slow);
    let slow = tokio::spawn(client.oneshot(Request::get(API).body(()).unwrap()));
    for _ in 0..3600 {
        let now = timeout(Duration::ZERO, tokens.authorization(&grant())).await;
        now.expect("nobody waits").unwrap();
        sleep(Duration::from_secs(1)).await;
    }
    assert!(source.fetches.load(Ordering::SeqCst) >= 50);
    assert_eq!(kept, "Bearer token-1");
    assert_eq!(slow.await.unwrap().unwrap().into_body(), kept);
    assert_eq!(status.default_grant().age(), Some(Duration::ZERO));
}

#[tokio::test]
async fn a9_ten_thousand_clones_of_a_layer_share_one_call() {
    let stub = Stub::start().await.unwrap();
    let tokens = Tokens::new(maskinporten(&stub), grant());
    let layer = layer(&stub, &tokens);
    drop(tokens);
    let mut requests = JoinSet::new();
    for _ in 0..10_000 {
        // As a service is made for each connection.
        let client = layer.clone().layer(tower::service_fn(api));
        requests.spawn(client.oneshot(request(stub.base_url())));
    }
    for answer in requests.join_all().await {
        answer.unwrap();
    }
    assert_eq!(stub.token_requests(), 1);
}
