//! F10: a client below the layer that is not ready, fails or panics.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    task::{Context, Poll, Waker},
    time::Duration,
};

use http::{Request, Response};
use maskinporten::BoxError;
use tests::{
    grant,
    script::{Script, number},
};
use tower::{Layer, Service, ServiceExt};
use tower_maskinporten::{BearerAuth, BearerAuthLayer, Origins, Tokens};

const API: &str = "https://api.example";
const TWO_MINUTES: Duration = Duration::from_secs(120);

fn bearer(tokens: &Tokens) -> BearerAuthLayer {
    BearerAuthLayer::new(tokens.clone(), Origins::new([API]).unwrap())
}

fn request() -> Request<String> {
    Request::post(API).body(String::new()).unwrap()
}

/// An API that fails in one way after the other.
#[derive(Clone, Default)]
struct Faulty {
    calls: Arc<AtomicUsize>,
    is_ready: bool,
}

impl Service<Request<String>> for Faulty {
    type Response = Response<String>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Response<String>, BoxError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        if self.calls.load(Ordering::SeqCst) % 5 == 1 {
            self.calls.fetch_add(1, Ordering::SeqCst);
            return Poll::Ready(Err("not ready, ever".into()));
        }
        self.is_ready = true;
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<String>) -> Self::Future {
        assert!(
            std::mem::take(&mut self.is_ready),
            "called without being asked whether it is ready"
        );
        match self.calls.fetch_add(1, Ordering::SeqCst) % 5 {
            0 => std::panic::resume_unwind(Box::new("in call")),
            2 => Box::pin(async { Err("broken pipe".into()) }),
            3 => Box::pin(async { std::panic::resume_unwind(Box::new("in the future")) }),
            _ => Box::pin(async { Ok(Response::new("fine".to_owned())) }),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn f10_an_api_that_fails_or_panics_changes_nothing_about_the_token() {
    let script = Script::healthy(TWO_MINUTES);
    let tokens = Tokens::new(script.clone(), grant());
    tokens.ready().await.unwrap();
    let faulty = Faulty::default();
    let client = bearer(&tokens).replaying_clones().layer(faulty.clone());
    let mut outcomes = Vec::new();
    for _ in 0..1_000 {
        let request = tokio::spawn(client.clone().oneshot(request()));
        outcomes.push(match request.await {
            Err(panicked) => {
                assert!(panicked.is_panic());
                "panic"
            }
            Ok(Err(_)) => "error",
            Ok(Ok(_)) => "fine",
        });
        let header = tokens.authorization(&grant()).await.unwrap();
        assert_eq!(number(&header), 1);
    }
    let round = ["panic", "error", "error", "panic", "fine"];
    assert!(
        outcomes.chunks(5).all(|outcomes| outcomes == round),
        "{:?}",
        &outcomes[..10]
    );
    assert_eq!(script.fetches(), 1);
}

/// An API that takes one request at a time, from whoever asked first whether it is ready.
#[derive(Default)]
struct OneAtATime {
    taken: Arc<AtomicBool>,
    mine: bool,
}

impl Clone for OneAtATime {
    fn clone(&self) -> Self {
        let taken = self.taken.clone();
        Self { taken, mine: false }
    }
}

impl Drop for OneAtATime {
    fn drop(&mut self) {
        if self.mine {
            self.taken.store(false, Ordering::SeqCst);
        }
    }
}

impl Service<Request<String>> for OneAtATime {
    type Response = Response<String>;
    type Error = BoxError;
    type Future = std::future::Ready<Result<Response<String>, BoxError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        if !self.mine && self.taken.swap(true, Ordering::SeqCst) {
            return Poll::Pending;
        }
        self.mine = true;
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<String>) -> Self::Future {
        assert!(self.mine, "called without being asked whether it is ready");
        std::future::ready(Ok(Response::new("fine".to_owned())))
    }
}

fn is_ready(client: &BearerAuth<OneAtATime>) -> bool {
    let mut cx = Context::from_waker(Waker::noop());
    client.clone().poll_ready(&mut cx).is_ready()
}

#[tokio::test(start_paused = true)]
async fn f10_whoever_waits_for_a_token_holds_the_service_that_was_ready() {
    let script = Script::new(Duration::from_secs(1), |_| Ok(TWO_MINUTES));
    let mut client = bearer(&Tokens::new(script.clone(), grant())).layer(OneAtATime::default());
    assert!(is_ready(&client));
    let waiting = client.ready().await.unwrap().call(request());
    assert!(!is_ready(&client), "it is the waiting request's turn");
    assert_eq!(waiting.await.unwrap().body(), "fine");
    assert!(is_ready(&client));
}
