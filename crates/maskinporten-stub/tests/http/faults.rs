//! Faults on order, in process: what a client meets.

use maskinporten_stub::{Body, Fault, Route, Stub, Unauthorized};
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::{
    assertion::Signer,
    http::{Ask, FORM, altinn_token, form, maskinporten_token, part, post_assertion},
};

const SCOPE: &str = "altinn:correspondence.write";
const LETTER: &str = "/correspondence/api/v1/correspondence/0198c9f0-1111-7000-8000-000000000001";

#[tokio::test]
async fn errors_have_the_body_that_was_ordered() {
    let stub = Stub::start().await.unwrap();
    for (kind, content_type, part) in [
        (Body::Html, "text/html; charset=utf-8", "<html>"),
        (
            Body::OauthError,
            "application/json",
            "temporarily_unavailable",
        ),
        (Body::Empty, "", ""),
    ] {
        let fault = Fault::status(503).with_body(kind).times(1);
        stub.inject(Route::Token, fault);
        let answer = Ask::post("/token", FORM, "").to(&stub).await;
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (503, content_type)
        );
        assert!(answer.text().contains(part) && answer.text().is_empty() == part.is_empty());
    }
}

#[tokio::test]
async fn there_is_a_401_of_each_kind() {
    let stub = Stub::start().await.unwrap();
    for (kind, challenge, body) in [
        (Unauthorized::Bearer, "Bearer", ""),
        (
            Unauthorized::InvalidToken,
            "Bearer error=\"invalid_token\"",
            "",
        ),
        (Unauthorized::NoAccess, "", "CORR-04001"),
    ] {
        stub.inject(Route::Correspondence, Fault::unauthorized(kind).times(1));
        let answer = Ask::get(LETTER).to(&stub).await;
        assert_eq!(answer.status, 401);
        assert!(answer.header("www-authenticate").starts_with(challenge));
        assert_eq!(
            answer.header("www-authenticate").is_empty(),
            challenge.is_empty()
        );
        assert!(answer.text().contains(body));
    }
}

#[tokio::test]
async fn too_many_requests_say_when_to_come_back() {
    let stub = Stub::start().await.unwrap();
    stub.set_clock_offset(784_111_770 - jiff::Timestamp::now().as_second());
    stub.inject(Route::Token, Fault::too_many_requests(7).times(1));
    stub.inject(Route::Token, Fault::too_many_requests_until(3600));
    let answer = Ask::post("/token", FORM, "").to(&stub).await;
    assert_eq!((answer.status, answer.header("retry-after")), (429, "7"));
    let answer = Ask::post("/token", FORM, "").to(&stub).await;
    assert!(
        answer
            .header("retry-after")
            .starts_with("Sun, 06 Nov 1994 09:49:")
    );
}

#[tokio::test]
async fn a_redirect_leads_elsewhere() {
    let stub = Stub::start().await.unwrap();
    stub.inject(Route::Token, Fault::redirect("https://evil.example/token"));
    let answer = Ask::post("/token", FORM, "").to(&stub).await;
    let location = answer.header("location");
    assert_eq!(
        (answer.status, location),
        (307, "https://evil.example/token")
    );
}

/// Sends a token request and gives what came back before the connection closed, or `limit` bytes.
async fn raw(stub: &Stub, limit: u64) -> Vec<u8> {
    let address = stub.base_url().strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).await.unwrap();
    let body = form(&Signer::demo(stub).grant(stub, SCOPE).sign());
    let request = format!(
        "POST /token HTTP/1.1\r\nhost: {address}\r\ncontent-type: {FORM}\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    // A reset after the half is as good as an end.
    let _ = stream.take(limit).read_to_end(&mut answer).await;
    answer
}

#[tokio::test]
async fn half_an_answer_promises_the_whole() {
    let stub = Stub::start().await.unwrap();
    stub.inject(Route::Token, Fault::half_answer());
    let answer = String::from_utf8(raw(&stub, 1 << 20).await).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let promised = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "));
    let promised: usize = promised.unwrap().parse().unwrap();
    assert_eq!(body.len(), promised / 2);
    assert!(body.starts_with(r#"{"access_token":""#));
}

#[tokio::test]
async fn an_endless_body_goes_on_until_the_stub_stops() {
    let stub = Stub::start().await.unwrap();
    stub.inject(Route::Token, Fault::endless_body());
    let answer = raw(&stub, 4 << 20).await;
    assert_eq!(answer.len(), 4 << 20);
    stub.stop().await;
}

#[tokio::test]
async fn rotated_keys_sign_and_old_ones_stay_for_a_while() {
    let stub = Stub::start().await.unwrap();
    let jwks = "/authentication/api/v1/openid/.well-known/openid-configuration/jwks";
    let kids = async |path: &str| {
        let keys = Ask::get(path).to(&stub).await.json()["keys"].clone();
        let kid = |key: &serde_json::Value| key["kid"].as_str().unwrap().to_owned();
        keys.as_array().unwrap().iter().map(kid).collect::<Vec<_>>()
    };
    let before = (kids("/jwk").await, kids(jwks).await);
    let old_token = altinn_token(&stub, SCOPE).await;
    stub.rotate_keys().await.unwrap();
    let after = (kids("/jwk").await, kids(jwks).await);
    assert_eq!((after.0.len(), after.1.len()), (2, 3));
    assert_eq!(after.0[1], before.0[0]);
    assert_eq!(
        after.1[0], before.1[1],
        "the key published beforehand signs now"
    );
    assert!(part(&maskinporten_token(&stub, SCOPE).await, 0).contains(&after.0[0]));
    assert!(part(&altinn_token(&stub, SCOPE).await, 0).contains(&after.1[0]));
    assert_eq!(
        Ask::get(LETTER).bearer(&old_token).to(&stub).await.status,
        404
    );
    stub.set_altinn_token_lifetime(std::time::Duration::from_secs(7200));
    stub.advance_clock(std::time::Duration::from_secs(3600));
    assert_eq!((kids("/jwk").await.len(), kids(jwks).await.len()), (1, 2));
}

#[tokio::test]
async fn a_reset_forgets_what_happened_but_not_who_is_registered() {
    let stub = Stub::start().await.unwrap();
    stub.inject(Route::Token, Fault::status(503));
    stub.set_token_lifetime(std::time::Duration::from_secs(1));
    stub.set_clock_offset(-3600);
    stub.reset();
    let assertion = Signer::demo(&stub).grant(&stub, SCOPE).sign();
    let answer = post_assertion(&stub, &assertion).await;
    assert_eq!(answer.json()["expires_in"], 119);
    stub.reset();
    assert!(stub.requests().is_empty());
    let again = post_assertion(&stub, &assertion).await;
    assert_eq!(again.status, 200, "used grants are forgotten too");
}

#[tokio::test]
async fn members_of_an_answer_are_changed_on_order() {
    let stub = Stub::start().await.unwrap();
    let strange = [
        ("expires_in", json!("120")),
        ("scope", json!(null)),
        ("extra", json!({"a": {"b": 1}, "c": null})),
    ];
    stub.inject(Route::Token, Fault::merge_patch(strange).times(1));
    let assertion = Signer::demo(&stub).grant(&stub, SCOPE).sign();
    let answer = post_assertion(&stub, &assertion).await.json();
    assert_eq!(answer["expires_in"], "120");
    assert!(answer.get("scope").is_none());
    assert_eq!(answer["extra"], json!({"a": {"b": 1}}));
    assert_eq!(answer["token_type"], "Bearer");
    // The grant was processed: it is used up.
    let again = post_assertion(&stub, &assertion).await;
    assert!(again.text().contains("MP-012"), "{}", again.text());
    // What is no object stays as it is.
    stub.inject(Route::Exchange, Fault::merge_patch([("a", json!(1))]));
    assert_eq!(altinn_token(&stub, SCOPE).await.split('.').count(), 3);
}
