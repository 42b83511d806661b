//! Clients with the mistakes that people make, against the stub: each is caught. They have no layer of ours.

#![expect(clippy::unwrap_used, reason = "what cannot be had in a test ends it")]

use std::time::Duration;

use bytes::Bytes;
use http::{
    HeaderValue, Method, Request, Response, StatusCode,
    header::{AUTHORIZATION, CONTENT_TYPE, WWW_AUTHENTICATE},
};
use http_body_util::{BodyExt, Full};
use maskinporten::{ClientKey, HttpClient, Maskinporten, TokenSource};
use maskinporten_stub::{Fault, Route, Stub};
use serde_json::Value;
use tests::{environment, grant, maskinporten};
use tower::ServiceExt;

/// A token as somebody gets it who keeps none.
async fn token(stub: &Stub) -> HeaderValue {
    let token = maskinporten(stub).fetch(&grant()).await.unwrap();
    token.authorization().clone()
}

/// Calls the API, and gives what it answers, with the code of a problem.
async fn call(
    stub: &Stub,
    token: &HeaderValue,
    path: &str,
    (kind, body): (&str, &str),
) -> (Response<()>, Value) {
    let url = format!("{}/correspondence/api/v1{path}", stub.base_url());
    let request = Request::builder()
        .method(Method::POST)
        .uri(url)
        .header(AUTHORIZATION, token)
        .header(CONTENT_TYPE, kind)
        .body(Full::from(body.to_owned()))
        .unwrap();
    let (head, body) = HttpClient::new()
        .unwrap()
        .oneshot(request)
        .await
        .unwrap()
        .into_parts();
    let body: Bytes = body.collect().await.unwrap().to_bytes();
    let answer = serde_json::from_slice(&body).unwrap_or_default();
    (Response::from_parts(head, ()), answer)
}

const JSON: &str = "application/json";
const BYTES: &str = "application/octet-stream";

fn attachment(resource: &str) -> String {
    format!(r#"{{"resourceId":"{resource}","fileName":"a.pdf","sendersReference":"1"}}"#)
}

#[tokio::test]
async fn whoever_sends_an_assertion_twice_is_refused_for_it() {
    let stub = Stub::start().await.unwrap();
    let http = HttpClient::new().unwrap();
    // What a retry layer under the token client does.
    let twice = tower::service_fn(move |request: Request<Full<Bytes>>| {
        let http = http.clone();
        async move {
            match http.clone().oneshot(request.clone()).await {
                Err(_) => http.oneshot(request).await,
                answer => answer,
            }
        }
    });
    let demo = stub.demo_client();
    let key = ClientKey::from_jwk(demo.private_jwk()).unwrap();
    let source = Maskinporten::new(environment(&stub), demo.client_id(), key, twice);
    stub.inject(Route::Token, Fault::reset().times(1));
    let error = source.fetch(&grant()).await.unwrap_err();
    assert_eq!(error.refusal().unwrap().code(), Some("MP-012"));
}

#[tokio::test]
async fn whoever_never_refreshes_is_told_that_the_token_is_bad() {
    let stub = Stub::start().await.unwrap();
    let letter = attachment("ttd-brev");
    let spoil: [fn(&Stub); 2] = [Stub::revoke_tokens, |stub| {
        stub.advance_clock(Duration::from_secs(3600));
    }];
    for spoil in spoil {
        let token = token(&stub).await;
        let (answer, _) = call(&stub, &token, "/attachment", (JSON, &letter)).await;
        assert_eq!(answer.status(), StatusCode::OK);
        spoil(&stub);
        let (answer, _) = call(&stub, &token, "/attachment", (JSON, &letter)).await;
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
        let challenge = answer.headers()[WWW_AUTHENTICATE].to_str().unwrap();
        assert!(challenge.contains("invalid_token"), "{challenge}");
    }
}

#[tokio::test]
async fn whoever_refreshes_because_access_is_denied_gets_tokens_for_nothing() {
    let stub = Stub::start().await.unwrap();
    stub.register_resource("others-brev", "974761076");
    let letter = attachment("others-brev");
    let mut token_in_use = token(&stub).await;
    for tries in 1..=3 {
        let (answer, problem) = call(&stub, &token_in_use, "/attachment", (JSON, &letter)).await;
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
        // What tells it from a bad token: it is a problem with a code, and no challenge.
        assert_eq!(problem["errorCode"], 4001);
        assert!(!answer.headers().contains_key(WWW_AUTHENTICATE));
        // And what a test of such a client sees.
        assert_eq!(stub.token_requests(), tries);
        token_in_use = token(&stub).await;
    }
}

#[tokio::test]
async fn whoever_sends_a_stream_again_that_is_used_up_has_uploaded_nothing() {
    let stub = Stub::start().await.unwrap();
    let old = token(&stub).await;
    let (_, id) = call(&stub, &old, "/attachment", (JSON, &attachment("ttd-brev"))).await;
    let upload = format!("/attachment/{}/upload", id.as_str().unwrap());
    stub.revoke_tokens();
    let (answer, _) = call(&stub, &old, &upload, (BYTES, "%PDF-1.7")).await;
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
    // The body went with the first attempt, and there is nothing left of it for the second.
    let new = token(&stub).await;
    let (answer, problem) = call(&stub, &new, &upload, (BYTES, "")).await;
    assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
    assert_eq!(problem["errorCode"], 2004);
    assert_eq!(stub.attachment_bytes(id.as_str().unwrap()), None);
    // And has used the attachment up, as at the real one.
    let (answer, problem) = call(&stub, &new, &upload, (BYTES, "%PDF-1.7")).await;
    assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
    assert_eq!(problem["errorCode"], 2005);
}
