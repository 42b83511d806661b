//! Among other layers.

use std::{sync::Arc, time::Duration};

use http::{Request, Response, StatusCode, header};
use maskinporten::BoxError;
use tokio_test::{assert_pending, assert_ready_ok};
use tower::{Layer, Service, ServiceBuilder, ServiceExt};
use tower_maskinporten::{BearerAuth, BearerAuthLayer, OriginNotAllowed, ReplayClones};

use crate::{
    common::{Script, secs},
    support::{API, INVALID_TOKEN, layer, request, spawn, token, unauthorized},
};

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
