//! What a request carries, and where to.

use std::time::Duration;

use http::{Response, StatusCode, header};
use maskinporten::Error;
use tokio_test::{assert_pending, assert_ready_ok};
use tower_maskinporten::{OriginNotAllowed, TokenUnavailable};

use crate::{
    common::Script,
    support::{API, INVALID_TOKEN, layer, request, spawn, token, unauthorized},
};

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
