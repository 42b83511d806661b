//! F: what an API does to a request with a token, and what becomes of the token.

use std::{
    collections::VecDeque,
    convert::Infallible,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full};
use maskinporten::{BoxError, HttpClient};
use maskinporten_stub::{Fault, Route, Stub, Unauthorized};
use tests::{
    altinn, grant, layer,
    script::{Script, number},
};
use tokio::task::JoinSet;
use tower::{Layer, ServiceExt, service_fn};
use tower_maskinporten::{BearerAuthLayer, Origins, Tokens};

const API: &str = "https://api.example";

fn tokens(script: &Arc<Script>) -> Tokens {
    Tokens::new(script.clone(), grant())
}

fn bearer(tokens: &Tokens) -> BearerAuthLayer {
    BearerAuthLayer::new(tokens.clone(), Origins::new([API]).unwrap())
}

fn request<B>(body: B) -> Request<B> {
    Request::post(API).body(body).unwrap()
}

/// A 401 that blames the token.
fn unauthorized<B>(body: B) -> Response<B> {
    Response::builder()
        .status(StatusCode::UNAUTHORIZED)
        .header(header::WWW_AUTHENTICATE, "Bearer error=\"invalid_token\"")
        .header("x-trace", "0af765")
        .body(body)
        .unwrap()
}

const MINUTES: Duration = Duration::from_secs(120);

#[tokio::test]
async fn f1_a_token_that_was_revoked_under_load_is_fetched_once_and_no_request_fails() {
    let stub = Stub::start().await.unwrap();
    let tokens = Tokens::new(altinn(&stub), grant());
    let client = layer(&stub, &tokens).layer(HttpClient::new().unwrap());
    let url = format!(
        "{}/correspondence/api/v1/attachment/0f1e2d3c-4b5a-4968-8776-a5b4c3d2e1f0",
        stub.base_url()
    );
    tokens.ready().await.unwrap();
    for round in 1..=2 {
        stub.revoke_tokens();
        let mut requests = JoinSet::new();
        for _ in 0..100 {
            let request = Request::get(&url).body(Full::default()).unwrap();
            requests.spawn(client.clone().oneshot(request));
        }
        while let Some(answer) = requests.join_next().await {
            // There is no such attachment, which takes a token to be told.
            assert_eq!(answer.unwrap().unwrap().status(), StatusCode::NOT_FOUND);
        }
        assert_eq!(
            (stub.token_requests(), stub.exchanges()),
            (1 + round, 1 + round)
        );
        // Ten seconds later it may happen again.
        tests::pass(Duration::from_secs(11)).await;
    }
}

#[tokio::test]
async fn f4_what_has_no_access_is_told_and_no_token_is_blamed() {
    let stub = Stub::start().await.unwrap();
    let tokens = Tokens::new(altinn(&stub), grant());
    let client = layer(&stub, &tokens).layer(HttpClient::new().unwrap());
    let url = format!("{}/correspondence/api/v1/attachment", stub.base_url());
    stub.inject(Route::Correspondence, Fault::status(403).times(10));
    stub.inject(
        Route::Correspondence,
        Fault::unauthorized(Unauthorized::NoAccess).times(10),
    );
    for n in 0..20 {
        let request = Request::get(&url).body(Full::default()).unwrap();
        let answer = client.clone().oneshot(request).await.unwrap();
        let expected = if n < 10 {
            StatusCode::FORBIDDEN
        } else {
            StatusCode::UNAUTHORIZED
        };
        assert_eq!(answer.status(), expected);
    }
    assert_eq!((stub.token_requests(), stub.exchanges()), (1, 1));
    // Each was sent once.
    let requests = stub.requests();
    let sent = requests
        .iter()
        .filter(|request| request.route() == Some(Route::Correspondence));
    assert_eq!(sent.count(), 20);
}

/// A body that can be read once: no `Clone`, and no size.
struct Stream(VecDeque<Bytes>);

impl http_body::Body for Stream {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Bytes>, Infallible>>> {
        Poll::Ready(
            self.0
                .pop_front()
                .map(|bytes| Ok(http_body::Frame::data(bytes))),
        )
    }
}

fn stream() -> Stream {
    Stream(["%PDF", "-1.7 ", "and so on"].map(Bytes::from).into())
}

#[tokio::test(start_paused = true)]
async fn f5_a_stream_is_sent_once_and_its_401_comes_back_whole() {
    let script = Script::healthy(MINUTES);
    let tokens = tokens(&script);
    let received = Arc::new(AtomicUsize::new(0));
    let count = received.clone();
    let api = service_fn(move |request: Request<Stream>| {
        let count = count.clone();
        async move {
            let accepted = number(&request.headers()[header::AUTHORIZATION]) > 1;
            let body = request.into_body().collect().await?.to_bytes();
            assert_eq!(body, "%PDF-1.7 and so on");
            count.fetch_add(1, Ordering::SeqCst);
            Ok::<_, BoxError>(if accepted {
                Response::new("fine")
            } else {
                unauthorized("why")
            })
        }
    });
    // A layer that replays what it can has nothing to replay it from.
    for client in [
        bearer(&tokens)
            .replaying(|_: &Stream| None)
            .layer(api.clone())
            .boxed_clone(),
        bearer(&tokens).layer(api).boxed_clone(),
    ] {
        let before = (received.load(Ordering::SeqCst), script.fetches());
        let answer = client.clone().oneshot(request(stream())).await.unwrap();
        if before.1 == 0 {
            assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
            assert_eq!(answer.headers()["x-trace"], "0af765");
            assert!(answer.headers().contains_key(header::WWW_AUTHENTICATE));
            assert_eq!(*answer.body(), "why");
            assert_eq!(received.load(Ordering::SeqCst), 1);
        }
        // The next one has a new token.
        let answer = client.oneshot(request(stream())).await.unwrap();
        assert_eq!(*answer.body(), "fine");
    }
    assert_eq!(script.fetches(), 2);
}

#[tokio::test(start_paused = true)]
async fn f6_whoever_brings_credentials_of_their_own_keeps_them_through_every_401() {
    let script = Script::healthy(MINUTES);
    let sent = Arc::new(AtomicUsize::new(0));
    let count = sent.clone();
    let api = service_fn(move |request: Request<String>| {
        let mut values = request.headers().get_all(header::AUTHORIZATION).iter();
        assert_eq!(values.next().unwrap(), "Bearer mine");
        assert_eq!(values.next().unwrap(), "Bearer mine too");
        assert!(values.next().is_none());
        count.fetch_add(1, Ordering::SeqCst);
        async { Ok::<_, BoxError>(unauthorized(String::new())) }
    });
    let client = bearer(&tokens(&script)).replaying_clones().layer(api);
    for _ in 0..10 {
        let mut request = request("the body".to_owned());
        for mine in ["Bearer mine", "Bearer mine too"] {
            let mine = HeaderValue::from_static(mine);
            request.headers_mut().append(header::AUTHORIZATION, mine);
        }
        let answer = client.clone().oneshot(request).await.unwrap();
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
    }
    assert_eq!((sent.load(Ordering::SeqCst), script.fetches()), (10, 0));
}

#[tokio::test(start_paused = true)]
async fn f12_a_request_with_no_room_for_a_header_is_an_error() {
    let script = Script::healthy(MINUTES);
    let api = service_fn(|_: Request<String>| async { Ok::<_, BoxError>(Response::new("fine")) });
    let full = || {
        let mut request = request(String::new());
        let mut n = 0;
        loop {
            let name: HeaderName = format!("x-{n}").parse().unwrap();
            if request
                .headers_mut()
                .try_insert(name, HeaderValue::from_static("y"))
                .is_err()
            {
                return request;
            }
            n += 1;
        }
    };
    for client in [
        bearer(&tokens(&script)).layer(api).boxed_clone(),
        bearer(&tokens(&script))
            .replaying_clones()
            .layer(api)
            .boxed_clone(),
    ] {
        // Once when it waits for the token, and once when that is there.
        for _ in 0..2 {
            let error = client.clone().oneshot(full()).await.unwrap_err();
            assert!(error.is::<header::MaxSizeReached>(), "{error}");
        }
        let answer = client.oneshot(request(String::new())).await.unwrap();
        assert_eq!(*answer.body(), "fine");
    }
}
