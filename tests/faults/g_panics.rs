//! G1, G7, N25: other people's code panics, wherever it is called from: in a source, a signer, a client, a subscriber, a
//! function that copies bodies, an API, a waker. The next request is served as if nothing had been. (A recorder of metrics
//! is in `tower-maskinporten`'s own tests.)

use std::{
    collections::BTreeMap,
    panic::resume_unwind,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use http::{Request, Response, StatusCode, header};
use maskinporten::{AccessToken, BoxError, BoxFuture, Error, Grant, KeyRing, TokenSource};
use tests::{grant, script::Script};
use tokio::time::{Instant, sleep, timeout};
use tower::{Layer, ServiceExt, service_fn, util::BoxCloneService};
use tower_maskinporten::{BearerAuthLayer, Origins, Tokens};
use tracing::{Event, Id, Metadata, Subscriber, span};

use crate::trap::{Listening, PLACES, Place, TRAP, Trapped, alarmed, listen, source, trap};

const API: &str = "https://api.example";

type Client = BoxCloneService<Request<String>, Response<()>, BoxError>;

/// An API that says 401 so many times, and the layer before it.
fn client(tokens: &Tokens, refusals: &Arc<AtomicUsize>) -> Client {
    let refusals = refusals.clone();
    let api = service_fn(move |_: Request<String>| {
        trap(Place::Api);
        let less = |left: usize| left.checked_sub(1);
        let refused = refusals.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
        let answer = async move {
            let answer = Response::builder();
            Ok::<_, BoxError>(match refused {
                Ok(_) => answer
                    .status(StatusCode::UNAUTHORIZED)
                    .header(header::WWW_AUTHENTICATE, "Bearer")
                    .body(())?,
                Err(_) => answer.body(())?,
            })
        };
        Trapped(Box::pin(answer), Place::ApiPoll, None)
    });
    let copy = |body: &String| {
        trap(Place::CopyBody);
        Some(body.clone())
    };
    let origins = Origins::new([API]).unwrap();
    let layer = BearerAuthLayer::new(tokens.clone(), origins).replaying(copy);
    layer.layer(api).boxed_clone()
}

#[tokio::test(start_paused = true)]
async fn g1_g7_n25_ten_thousand_panics_of_other_people_cost_no_next_request() {
    let _listening = listen(Listening);
    fastrand::seed(25);
    let refusals = Arc::new(AtomicUsize::new(0));
    let mut tokens = Tokens::new(source(), grant());
    let mut injected: BTreeMap<Place, usize> = BTreeMap::new();
    let mut rounds = 0;
    while injected.values().sum::<usize>() < 10_000 {
        let place = PLACES[rounds % PLACES.len()];
        rounds += 1;
        TRAP.set(Some((place, fastrand::usize(0..3))));
        // It happens when a token is fetched for whoever waits, when one is refreshed, and when one is blamed.
        if fastrand::bool() {
            tokens = Tokens::new(source(), grant());
        } else {
            sleep(Duration::from_secs(fastrand::u64(0..200))).await;
        }
        refusals.store(fastrand::usize(0..2), Ordering::Relaxed);
        let client = client(&tokens, &refusals);
        let request = || {
            let request = Request::post(API).body("the body".to_owned()).unwrap();
            Box::pin(client.clone().oneshot(request))
        };
        // In its own call it may happen to the request itself. Otherwise it waits a little longer, and no more.
        if let Ok(outcome) = tokio::spawn(alarmed(request())).await {
            assert!(outcome.is_ok(), "{place:?}: {outcome:?}");
        }
        if TRAP.take().is_none() {
            *injected.entry(place).or_default() += 1;
        }
        refusals.store(0, Ordering::Relaxed);
        let asked = Instant::now();
        let answer = timeout(Duration::from_secs(600), request()).await;
        let waited = asked.elapsed();
        let answer = answer.unwrap_or_else(|_| panic!("{place:?}: nobody answers any more"));
        assert!(answer.is_ok(), "{place:?}, after {waited:?}: {answer:?}");
        assert!(waited <= Duration::from_secs(5), "{place:?}: {waited:?}");
    }
    assert_eq!(injected.len(), PLACES.len(), "{injected:?}");
    assert!(*injected.values().min().unwrap() >= 100, "{injected:?}");
}

/// A source whose keys cannot be asked for: it panics each time.
struct Keyless {
    source: Arc<Script>,
    asked: Arc<AtomicUsize>,
}

impl TokenSource for Keyless {
    fn fetch<'a>(&'a self, grant: &'a Grant) -> BoxFuture<'a, Result<AccessToken, Error>> {
        self.source.fetch(grant)
    }

    fn keys(&self) -> Option<&KeyRing> {
        // It gives in before time would stand still for ever.
        if self.asked.fetch_add(1, Ordering::Relaxed) < 10_000 {
            resume_unwind(Box::new("a bug of somebody else's"));
        }
        None
    }
}

#[tokio::test(start_paused = true)]
async fn g1_a_refresher_that_panics_each_time_does_not_have_waiting_requests_spin() {
    let asked = Arc::new(AtomicUsize::new(0));
    let source = Script::new(Duration::from_secs(1), |_| Ok(Duration::from_secs(120)));
    let keyless = Keyless {
        source: source.clone(),
        asked: asked.clone(),
    };
    let tokens = Tokens::new(keyless, grant());
    tokens.ready().await.unwrap();
    let asked = asked.load(Ordering::Relaxed);
    assert!(asked <= 2, "{asked}");
    // Nobody refreshes in the background, so it is done for the first request that finds the token old or gone.
    for _ in 0..10 {
        sleep(Duration::from_secs(90)).await;
        tokens.ready().await.unwrap();
    }
    assert!((6..=11).contains(&source.fetches()), "{}", source.fetches());
}

/// A subscriber that always panics where a fetch begins, and counts.
struct Allergic(Arc<AtomicUsize>);

impl Subscriber for Allergic {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_span()
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> Id {
        // It gives in before time would stand still for ever.
        if self.0.fetch_add(1, Ordering::Relaxed) < 10_000 {
            resume_unwind(Box::new("a bug of somebody else's"));
        }
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &span::Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, _: &Event<'_>) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

#[tokio::test(start_paused = true)]
async fn g1_a_fetch_that_cannot_begin_is_tried_again_after_pauses() {
    let panics = Arc::new(AtomicUsize::new(0));
    let _listening = listen(Allergic(panics.clone()));
    let tokens = Tokens::new(Script::healthy(Duration::from_secs(120)), grant());
    let error = tokens.ready().await.unwrap_err();
    assert!(error.last_error().unwrap().is_transient(), "{error}");
    let panics = panics.load(Ordering::Relaxed);
    assert!((2..=10).contains(&panics), "{panics} in 15 s");
}
