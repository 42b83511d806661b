//! What `BearerAuth` does to requests and their answers.
#![expect(clippy::unwrap_used, reason = "what cannot be had in a test ends it")]

mod common;

use std::{pin::Pin, sync::Arc, time::Duration};

use common::{Script, grant, secs};
use http::{Request, Response, StatusCode, header};
use maskinporten::{AccessToken, BoxError, BoxFuture, Error, Grant, TokenSource};
use tokio_test::{assert_pending, assert_ready_ok};
use tower::{Layer, Service, ServiceBuilder, ServiceExt};
use tower_maskinporten::{
    BearerAuth, BearerAuthLayer, OriginNotAllowed, Origins, ReplayClones, TokenUnavailable, Tokens,
};
use tower_test::mock::{self, Handle};

const API: &str = "https://platform.tt02.altinn.no";
const INVALID_TOKEN: &str = "Bearer error=\"invalid_token\"";

type Mock<R> = mock::Spawn<BearerAuth<mock::Mock<Request<String>, Response<String>>, R>>;
type Inner = Pin<Box<Handle<Request<String>, Response<String>>>>;

fn layer(script: &Arc<Script>) -> BearerAuthLayer {
    let tokens = Tokens::new(script.clone(), grant());
    BearerAuthLayer::new(tokens, Origins::new([API]).unwrap())
}

fn spawn<R: Clone>(layer: BearerAuthLayer<R>) -> (Mock<R>, Inner) {
    let (service, handle) = mock::spawn_layer(layer);
    (service, Box::pin(handle))
}

fn request(uri: &str) -> Request<String> {
    Request::post(uri).body("the body".into()).unwrap()
}

fn unauthorized(challenge: &str) -> Response<String> {
    Response::builder()
        .status(StatusCode::UNAUTHORIZED)
        .header(header::WWW_AUTHENTICATE, challenge)
        .body("why".into())
        .unwrap()
}

fn token(request: &Request<String>) -> &str {
    request.headers()[header::AUTHORIZATION].to_str().unwrap()
}

/// Sends one request through, answering each that reaches the inner service with the next of `answers`. Gives what
/// came back and the tokens that were seen.
async fn exchange<R>(
    (service, inner): &mut (Mock<R>, Inner),
    answers: Vec<Response<String>>,
) -> (Response<String>, Vec<String>)
where
    R: tower_maskinporten::Replay<String> + Clone,
{
    inner.as_mut().get_mut().allow(answers.len() as u64);
    assert_ready_ok!(service.poll_ready());
    let response = service.call(request(API));
    let serve = async {
        let mut seen = Vec::new();
        for answer in answers {
            let (request, send) = inner.as_mut().next_request().await.unwrap();
            assert_eq!(request.body(), "the body");
            seen.push(token(&request).to_owned());
            send.send_response(answer);
        }
        seen
    };
    let both = async { tokio::join!(response, serve) };
    let bound = tokio::time::timeout(secs(3600), both);
    let (response, seen) = bound.await.expect("as many requests as answers");
    (response.unwrap(), seen)
}

#[tokio::test(start_paused = true)]
async fn case_40_the_token_is_attached_and_sensitive() {
    let script = Script::healthy();
    let (mut service, mut inner) = spawn(layer(&script));
    assert_ready_ok!(service.poll_ready());
    let response = service.call(request(&format!("{API}/storage")));
    let serve = async {
        let (request, send) = inner.as_mut().next_request().await.unwrap();
        assert_eq!(token(&request), "Bearer token-1");
        assert!(request.headers()[header::AUTHORIZATION].is_sensitive());
        send.send_response(Response::new("fine".into()));
    };
    let (response, ()) = tokio::join!(response, serve);
    assert_eq!(response.unwrap().body(), "fine");
}

#[tokio::test(start_paused = true)]
async fn case_41_a_callers_own_authorization_is_left_alone_unless_told_otherwise() {
    let script = Script::healthy();
    for (layer, expected, answer) in [
        (layer(&script), "Basic mine", StatusCode::UNAUTHORIZED),
        (
            layer(&script).overriding(),
            "Bearer token-1",
            StatusCode::OK,
        ),
    ] {
        let (mut service, mut inner) = spawn(layer.replaying_clones());
        assert_ready_ok!(service.poll_ready());
        let mut mine = request(API);
        let header = "Basic mine".parse().unwrap();
        mine.headers_mut().insert(header::AUTHORIZATION, header);
        let response = service.call(mine);
        let serve = async {
            let (request, send) = inner.as_mut().next_request().await.unwrap();
            assert_eq!(token(&request), expected);
            let mut response = unauthorized(INVALID_TOKEN);
            *response.status_mut() = answer;
            send.send_response(response);
        };
        let (response, ()) = tokio::join!(response, serve);
        assert_eq!(response.unwrap().status(), answer);
    }
    // The 401 to somebody else's credentials had nothing refreshed.
    assert_eq!(script.fetches(), 1);
}

#[tokio::test(start_paused = true)]
async fn case_50_other_origins_see_neither_token_nor_request() {
    let script = Script::healthy();
    let (mut service, mut inner) = spawn(layer(&script));
    for elsewhere in [
        "http://platform.tt02.altinn.no/",
        "https://platform.tt02.altinn.no:8443/",
        "https://evil.example/",
        "https://user:password@platform.tt02.altinn.no/",
        "/relative",
    ] {
        assert_ready_ok!(service.poll_ready());
        let error = service.call(request(elsewhere)).await.unwrap_err();
        let error = error.downcast::<OriginNotAllowed>().unwrap();
        assert!(!error.to_string().contains("password"), "{error}");
    }
    assert_pending!(inner.as_mut().poll_request());
    assert_eq!(script.fetches(), 0);
}

#[tokio::test(start_paused = true)]
async fn without_a_token_nothing_is_sent_and_the_reason_is_there() {
    let script = Script::new(Duration::ZERO, |_| Err(Error::permanent("no such client")));
    let (mut service, mut inner) = spawn(layer(&script));
    assert_ready_ok!(service.poll_ready());
    let error = service.call(request(API)).await.unwrap_err();
    let error = error.downcast::<TokenUnavailable>().unwrap();
    assert!(!error.last_error().unwrap().is_transient());
    assert_pending!(inner.as_mut().poll_request());
}

#[tokio::test(start_paused = true)]
async fn case_42_a_401_that_blames_the_token_is_replayed_once() {
    for challenge in [INVALID_TOKEN, "Bearer"] {
        let script = Script::healthy();
        let mut client = spawn(layer(&script).replaying_clones());
        let answers = vec![unauthorized(challenge), Response::new("fine".into())];
        let (response, seen) = exchange(&mut client, answers).await;
        assert_eq!(response.body(), "fine");
        assert_eq!(seen, ["Bearer token-1", "Bearer token-2"]);
        assert_eq!(script.fetches(), 2);
    }
}

#[tokio::test(start_paused = true)]
async fn case_42_a_second_401_is_the_answer() {
    let script = Script::healthy();
    let mut client = spawn(layer(&script).replaying_clones());
    let answers = vec![unauthorized(INVALID_TOKEN), unauthorized(INVALID_TOKEN)];
    let (response, seen) = exchange(&mut client, answers).await;
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(seen.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn case_44_concurrent_401s_make_one_fetch() {
    let script = Script::new(secs(1), |_| Ok(secs(120)));
    let client = layer(&script)
        .replaying_clones()
        .layer(api(|token| token != "Bearer token-1"));
    let answers = all((0..100).map(|_| client.clone().oneshot(request(API)))).await;
    for answer in answers {
        assert_eq!(answer.unwrap().status(), StatusCode::OK);
    }
    assert_eq!(script.fetches(), 2);
}

#[tokio::test(start_paused = true)]
async fn case_45_when_no_new_token_comes_the_401_is_the_answer_and_the_old_token_stays() {
    let script = Script::new(Duration::ZERO, |n| match n {
        1 => Ok(secs(120)),
        _ => Err(Error::transient("down")),
    });
    let mut client = spawn(layer(&script).replaying_clones());
    let (response, _) = exchange(&mut client, vec![unauthorized(INVALID_TOKEN)]).await;
    assert_eq!(response.body(), "why");
    let (response, seen) = exchange(&mut client, vec![Response::new("fine".into())]).await;
    assert_eq!(response.body(), "fine");
    assert_eq!(seen, ["Bearer token-1"]);
}

#[tokio::test(start_paused = true)]
async fn case_46_other_answers_are_passed_on_and_refresh_nothing() {
    let script = Script::healthy();
    let mut client = spawn(layer(&script).replaying_clones());
    let status = |status, header: (&str, &str)| {
        Response::builder()
            .status(status)
            .header(header.0, header.1)
            .body(String::new())
            .unwrap()
    };
    for answer in [
        status(500, ("x", "y")),
        status(403, ("www-authenticate", INVALID_TOKEN)),
        status(401, ("content-type", "application/json")), // CORR-04001
        status(401, ("content-type", "application/problem+json")),
        status(
            401,
            ("www-authenticate", "Bearer error=\"insufficient_scope\""),
        ),
        status(401, ("www-authenticate", "Basic")),
    ] {
        let expected = answer.status();
        let (response, seen) = exchange(&mut client, vec![answer]).await;
        assert_eq!((response.status(), seen.len()), (expected, 1));
    }
    assert_eq!(script.fetches(), 1);
}

#[tokio::test(start_paused = true)]
async fn case_47_a_body_that_cannot_be_copied_is_not_replayed_but_the_next_request_has_a_new_token()
{
    let script = Script::healthy();
    let mut client = spawn(layer(&script).replaying(|_: &String| None));
    let (response, _) = exchange(&mut client, vec![unauthorized(INVALID_TOKEN)]).await;
    assert_eq!(response.body(), "why");
    let (_, seen) = exchange(&mut client, vec![Response::new("fine".into())]).await;
    assert_eq!(seen, ["Bearer token-2"]);
}

#[tokio::test(start_paused = true)]
async fn f2_a_late_401_for_an_older_token_takes_the_newer_one_without_a_fetch() {
    let script = Script::healthy();
    let (mut service, mut inner) = spawn(layer(&script).replaying_clones());
    // Two requests leave with the first token; the 401 of the second arrives when there is a newer one.
    inner.as_mut().get_mut().allow(4);
    assert_ready_ok!(service.poll_ready());
    let first = service.call(request(API));
    assert_ready_ok!(service.poll_ready());
    let second = service.call(request(API));
    let serve = async {
        let (_, early) = inner.as_mut().next_request().await.unwrap();
        let (_, late) = inner.as_mut().next_request().await.unwrap();
        early.send_response(unauthorized(INVALID_TOKEN));
        let (again, send) = inner.as_mut().next_request().await.unwrap();
        assert_eq!(token(&again), "Bearer token-2");
        send.send_response(Response::new("fine".into()));
        late.send_response(unauthorized(INVALID_TOKEN));
        let (again, send) = inner.as_mut().next_request().await.unwrap();
        assert_eq!(token(&again), "Bearer token-2");
        send.send_response(Response::new("fine".into()));
    };
    let (first, second, ()) = tokio::join!(first, second, serve);
    assert_eq!(
        (first.unwrap().body(), second.unwrap().body()),
        (&"fine".into(), &"fine".into())
    );
    assert_eq!(script.fetches(), 2);
}

#[tokio::test(start_paused = true)]
async fn f2_a_replay_never_carries_a_token_that_has_run_out() {
    let script = Script::new(Duration::ZERO, |n| match n {
        1 | 2 => Ok(secs(20)),
        _ => Err(Error::transient("down")),
    });
    let (mut service, mut inner) = spawn(layer(&script).replaying_clones());
    inner.as_mut().get_mut().allow(2);
    assert_ready_ok!(service.poll_ready());
    let response = service.call(request(API));
    let serve = async {
        let (_, send) = inner.as_mut().next_request().await.unwrap();
        // The second token has come and gone when the 401 to the first arrives.
        tokio::time::sleep(secs(100)).await;
        send.send_response(unauthorized(INVALID_TOKEN));
    };
    let both = async { tokio::join!(response, serve).0 };
    let response = tokio::time::timeout(secs(3600), both).await;
    let response = response.expect("nothing is sent again").unwrap();
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
    assert_pending!(inner.as_mut().poll_request());
}

#[tokio::test(start_paused = true)]
async fn b6_a_401_does_not_make_a_refusal_forgotten() {
    let script = Script::new(Duration::ZERO, |n| match n {
        1 => Ok(secs(1800)),
        _ => Err(Error::permanent("invalid_scope")),
    });
    let client = layer(&script).replaying_clones().layer(api(|_| false));
    for _ in 0..600 {
        let answer = client.clone().oneshot(request(API)).await.unwrap();
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
        tokio::time::sleep(secs(1)).await;
    }
    // Refused at the first 401, and remembered for 30 s, 60 s, 120 s and so on.
    assert!((2..=6).contains(&script.fetches()), "{}", script.fetches());
}

#[tokio::test(start_paused = true)]
async fn case_43_the_same_token_again_is_not_tried_again() {
    struct Same(Arc<Script>);
    impl TokenSource for Same {
        fn fetch<'a>(&'a self, grant: &'a Grant) -> BoxFuture<'a, Result<AccessToken, Error>> {
            Box::pin(async move {
                let token = self.0.fetch(grant).await?;
                AccessToken::new("same", token.requested_at(), token.lifetime())
            })
        }
    }
    let script = Script::healthy();
    let tokens = Tokens::new(Same(script.clone()), grant());
    let layer = BearerAuthLayer::new(tokens, Origins::new([API]).unwrap());
    let mut client = spawn(layer.replaying_clones());
    let (response, seen) = exchange(&mut client, vec![unauthorized(INVALID_TOKEN)]).await;
    assert_eq!(
        (response.status(), seen.len()),
        (StatusCode::UNAUTHORIZED, 1)
    );
    assert_eq!(script.fetches(), 2);
}

#[tokio::test(start_paused = true)]
async fn doubt_holds_requests_up_for_two_seconds_in_all() {
    let hanging = Script::new(Duration::ZERO, |_| Ok(secs(1800)));
    let tokens = Tokens::new(Hanging(hanging.clone()), grant());
    let origins = Origins::new([API]).unwrap();
    let client = BearerAuthLayer::new(tokens, origins).layer(api(|_| false));
    // The first 401 puts the token in doubt, and the fetch of another hangs.
    client.clone().oneshot(request(API)).await.unwrap();
    let started = tokio::time::Instant::now();
    for _ in 0..100 {
        client.clone().oneshot(request(API)).await.unwrap();
    }
    assert!(started.elapsed() <= secs(2), "{:?}", started.elapsed());
}

/// The first fetch is like any; the others never end.
struct Hanging(Arc<Script>);

impl TokenSource for Hanging {
    fn fetch<'a>(&'a self, grant: &'a Grant) -> BoxFuture<'a, Result<AccessToken, Error>> {
        Box::pin(async move {
            let token = self.0.fetch(grant).await?;
            if self.0.fetches() > 1 {
                std::future::pending::<()>().await;
            }
            Ok(token)
        })
    }
}

#[tokio::test(start_paused = true)]
async fn f3_an_api_that_always_says_401_does_not_make_a_storm() {
    let script = Script::healthy();
    let sends = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let counter = sends.clone();
    let client = layer(&script).replaying_clones().layer(api(move |_| {
        counter.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        false
    }));
    let (requests, pause) = (6_000, Duration::from_millis(100));
    for _ in 0..requests {
        let answer = client.clone().oneshot(request(API)).await.unwrap();
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
        tokio::time::sleep(pause).await;
    }
    // Ten minutes: the first token, a refresh each 10 s until three were useless, and then each minute.
    assert!((8..=16).contains(&script.fetches()), "{}", script.fetches());
    let sends = sends.load(std::sync::atomic::Ordering::SeqCst);
    assert!(sends <= requests + script.fetches(), "{sends}");
}

#[tokio::test(start_paused = true)]
async fn case_48_readiness_is_the_inner_services_and_a_replay_asks_again() {
    let script = Script::healthy();
    let (mut service, mut inner) = spawn(layer(&script).replaying_clones());
    inner.as_mut().get_mut().allow(0);
    assert_pending!(service.poll_ready());
    inner.as_mut().get_mut().allow(1);
    assert_ready_ok!(service.poll_ready());
    let mut response = tokio_test::task::spawn(service.call(request(API)));
    let (_, send) = loop {
        assert_pending!(response.poll());
        tokio::task::yield_now().await;
        if let std::task::Poll::Ready(request) = inner.as_mut().poll_request() {
            break request.unwrap();
        }
    };
    send.send_response(unauthorized(INVALID_TOKEN));
    // A new token comes, but the service takes no second request yet.
    for _ in 0..10 {
        assert_pending!(response.poll());
        tokio::task::yield_now().await;
    }
    assert_eq!(script.fetches(), 2);
    assert_pending!(inner.as_mut().poll_request());
    inner.as_mut().get_mut().allow(1);
    assert_pending!(response.poll());
    let (again, send) = inner.as_mut().next_request().await.unwrap();
    assert_eq!(token(&again), "Bearer token-2");
    send.send_response(Response::new("fine".into()));
    assert_eq!(response.await.unwrap().body(), "fine");
}

#[tokio::test(start_paused = true)]
async fn composes_with_the_layers_of_tower_http() {
    use tower_http::{
        follow_redirect::FollowRedirectLayer, sensitive_headers::SetSensitiveRequestHeadersLayer,
        timeout::TimeoutLayer,
    };
    let script = Script::healthy();
    let client = ServiceBuilder::new()
        .layer(FollowRedirectLayer::new())
        .layer(SetSensitiveRequestHeadersLayer::new([header::COOKIE]))
        .layer(layer(&script).replaying_clones())
        .map_err(BoxError::from)
        .layer(TimeoutLayer::with_status_code(
            StatusCode::GATEWAY_TIMEOUT,
            secs(30),
        ))
        .service(tower::service_fn(|request: Request<String>| async move {
            assert_eq!(request.uri().host(), Some("platform.tt02.altinn.no"));
            Ok::<_, BoxError>(
                Response::builder()
                    .status(StatusCode::SEE_OTHER)
                    .header(header::LOCATION, "https://evil.example/")
                    .body(String::new())
                    .unwrap(),
            )
        }));
    // F8: the layer stands between whoever follows redirects and the network.
    let error = client.oneshot(request(API)).await.unwrap_err();
    assert!(error.is::<OriginNotAllowed>(), "{error}");
}

#[tokio::test(start_paused = true)]
async fn f11_below_a_retry_layer_every_retry_has_a_current_token() {
    let script = Script::new(Duration::ZERO, |_| Ok(secs(20)));
    let seen = Arc::new(std::sync::Mutex::new(Vec::new()));
    let log = seen.clone();
    let inner = tower::service_fn(move |request: Request<String>| {
        log.lock().unwrap().push(token(&request).to_owned());
        let failed = log.lock().unwrap().len() < 3;
        async move {
            // Each attempt takes longer than a token lives.
            tokio::time::sleep(secs(25)).await;
            if failed {
                Err(BoxError::from("broken"))
            } else {
                Ok(Response::new(String::new()))
            }
        }
    });
    let client = ServiceBuilder::new()
        .retry(Attempts(3))
        .layer(layer(&script))
        .service(inner);
    client.oneshot(request(API)).await.unwrap();
    let mut seen = seen.lock().unwrap().clone();
    assert_eq!(seen.len(), 3);
    seen.dedup();
    assert_eq!(seen.len(), 3, "{seen:?}");
}

#[test]
fn is_send_sync_and_clone_where_the_inner_service_is() {
    fn check<T: Send + Sync + Clone + 'static>() {}
    type Client = tower::util::BoxCloneSyncService<Request<String>, Response<String>, BoxError>;
    check::<BearerAuthLayer>();
    check::<BearerAuth<Client>>();
    check::<BearerAuth<Client, ReplayClones>>();
    let closure = layer(&Script::healthy()).replaying(|body: &String| Some(body.clone()));
    assert!(format!("{:?}", closure.layer(())).contains("BearerAuth"));
    fn send<T: Send>() {}
    send::<<BearerAuth<Client, ReplayClones> as Service<Request<String>>>::Future>();
}

#[derive(Clone)]
struct Attempts(usize);

impl tower::retry::Policy<Request<String>, Response<String>, BoxError> for Attempts {
    type Future = std::future::Ready<()>;

    fn retry(
        &mut self,
        _: &mut Request<String>,
        result: &mut Result<Response<String>, BoxError>,
    ) -> Option<Self::Future> {
        self.0 = self.0.checked_sub(1)?;
        result.is_err().then(|| std::future::ready(()))
    }

    fn clone_request(&mut self, request: &Request<String>) -> Option<Request<String>> {
        Some(request.clone())
    }
}

/// An API that says 401 to tokens that are not `accepted`.
fn api(
    accepted: impl Fn(&str) -> bool + Clone + Send + 'static,
) -> impl Service<Request<String>, Response = Response<String>, Error = BoxError, Future: Send> + Clone
{
    tower::service_fn(move |request: Request<String>| {
        let accepted = accepted(token(&request));
        async move {
            Ok(if accepted {
                Response::new(String::new())
            } else {
                unauthorized(INVALID_TOKEN)
            })
        }
    })
}

async fn all<F: Future + Send + 'static>(futures: impl Iterator<Item = F>) -> Vec<F::Output>
where
    F::Output: Send,
{
    let mut set = tokio::task::JoinSet::new();
    for future in futures {
        set.spawn(future);
    }
    set.join_all().await
}
