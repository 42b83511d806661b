//! What tests do with a stub: clock, faults, recorder, start and stop.

use std::time::Duration;

use maskinporten_stub::{Fault, Route, Stub};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::{
    assertion::Signer,
    http::{Ask, FORM, altinn_token, exchange, form, maskinporten_token, post_assertion},
};

const WRITE: &str = "altinn:correspondence.write";

#[tokio::test]
async fn the_date_header_follows_the_stubs_clock() {
    let stub = Stub::start().await.unwrap();
    let date = || async {
        let answer = Ask::get("/jwk").to(&stub).await;
        let date = answer.header("date");
        jiff::fmt::rfc2822::parse(date)
            .unwrap()
            .timestamp()
            .as_second()
    };
    let skew = date().await - crate::assertion::now();
    assert!((-2..=2).contains(&skew), "{skew}");
    stub.set_clock_offset(-3600);
    stub.advance_clock(Duration::from_secs(600));
    let skew = date().await - crate::assertion::now();
    assert!((-3002..=-2998).contains(&skew), "{skew}");
    // A grant that is right by the wall clock comes from the future now.
    let answer = post_assertion(&stub, &Signer::demo(&stub).grant(&stub, WRITE).sign()).await;
    assert!(answer.text().contains("Issue time is after now"));
}

#[tokio::test]
async fn faults_strike_as_often_as_told_and_heal() {
    let stub = Stub::start().await.unwrap();
    let signer = Signer::demo(&stub);
    let ask = || async {
        post_assertion(&stub, &signer.grant(&stub, WRITE).sign())
            .await
            .status
    };
    stub.inject(Route::Token, Fault::status(503).times(2));
    assert_eq!([ask().await, ask().await, ask().await], [503, 503, 200]);
    stub.inject(Route::Exchange, Fault::status(502));
    let token = maskinporten_token(&stub, WRITE).await;
    let answer = exchange(&stub, &token).await;
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (502, "text/html; charset=utf-8")
    );
    assert!(!answer.header("date").is_empty());
    stub.heal();
    assert_eq!(exchange(&stub, &token).await.status, 200);
    stub.inject(Route::Correspondence, Fault::status(429));
    let answer = Ask::get("/correspondence/api/v1/attachment/x")
        .to(&stub)
        .await;
    assert_eq!(answer.status, 429);
}

#[tokio::test]
async fn a_reset_comes_after_the_grant_was_used() {
    let stub = Stub::start().await.unwrap();
    stub.inject(Route::Token, Fault::reset().times(1));
    let assertion = Signer::demo(&stub).grant(&stub, WRITE).sign();
    let answer = Ask::post("/token", FORM, form(&assertion))
        .try_to(stub.base_url())
        .await;
    assert!(answer.is_err());
    let again = post_assertion(&stub, &assertion).await;
    assert!(
        again.json()["error_uri"]
            .as_str()
            .unwrap()
            .ends_with("/MP-012")
    );
    assert_eq!(stub.token_requests(), 2);
    let statuses: Vec<_> = stub
        .requests()
        .iter()
        .map(|request| request.status())
        .collect();
    assert_eq!(statuses, [None, Some(400)]);
}

#[tokio::test]
async fn a_delay_is_waited_for_and_the_request_already_counts() {
    let stub = Stub::start().await.unwrap();
    stub.inject(Route::Token, Fault::delay(Duration::from_secs(3600)));
    let assertion = Signer::demo(&stub).grant(&stub, WRITE).sign();
    let asking = Ask::post("/token", FORM, form(&assertion));
    let base_url = stub.base_url().to_owned();
    let asking = tokio::spawn(async move { asking.try_to(&base_url).await });
    while stub.token_requests() == 0 {
        tokio::task::yield_now().await;
    }
    assert!(!asking.is_finished());
    drop(stub);
    assert!(
        asking.await.unwrap().is_err(),
        "dropping the stub closes the connection"
    );
}

#[tokio::test]
async fn records_what_was_asked_but_no_token() {
    let stub = Stub::start().await.unwrap();
    let assertion = Signer::demo(&stub).grant(&stub, WRITE).sign();
    let token = post_assertion(&stub, &assertion).await.json()["access_token"]
        .as_str()
        .unwrap()
        .to_owned();
    let path = "/authentication/api/v1/exchange/maskinporten";
    Ask::get(format!("{path}?test=true"))
        .bearer(&token)
        .to(&stub)
        .await;
    Ask::get("/nowhere").to(&stub).await;
    let requests = stub.requests();
    let seen: Vec<_> = requests
        .iter()
        .map(|request| (request.method(), request.path(), request.status()))
        .collect();
    assert_eq!(
        seen,
        [
            ("POST", "/token", Some(200)),
            ("GET", path, Some(200)),
            ("GET", "/nowhere", Some(404))
        ]
    );
    assert_eq!((stub.token_requests(), stub.exchanges()), (1, 1));
    assert_eq!(requests[0].claims().unwrap()["scope"], WRITE);
    assert_eq!(requests[1].claims().unwrap()["iss"], stub.issuer());
    assert_eq!(requests[2].claims(), None);
    let hashes: Vec<_> = requests
        .iter()
        .map(|request| request.sha256().map(str::len))
        .collect();
    assert_eq!(hashes, [Some(64), Some(64), None]);

    let jwk: Value = serde_json::from_str(stub.demo_client().private_jwk()).unwrap();
    let shown = format!("{:?} {requests:?} {stub:?} {:?}", stub, stub.demo_client());
    for secret in [&assertion, &token] {
        for part in secret.split('.') {
            assert!(!shown.contains(part));
        }
    }
    for member in ["d", "p", "q", "dp", "dq", "qi"] {
        assert!(!shown.contains(jwk[member].as_str().unwrap()), "{member}");
    }
    stub.clear_requests();
    assert!(stub.requests().is_empty());
    assert_eq!(stub.token_requests(), 0);
    altinn_token(&stub, WRITE).await;
    assert_eq!(stub.requests().len(), 2);
}

#[tokio::test]
async fn records_assertions_that_a_fault_kept_from_the_endpoint() {
    let stub = Stub::start().await.unwrap();
    stub.inject(Route::Token, Fault::status(503));
    let signer = Signer::demo(&stub);
    for _attempt in 0..2 {
        post_assertion(&stub, &signer.grant(&stub, WRITE).sign()).await;
    }
    let requests = stub.requests();
    assert!(requests[0].sha256().is_some());
    assert_ne!(requests[0].sha256(), requests[1].sha256());
}

#[tokio::test]
async fn listens_on_loopback_only() {
    let refused = Stub::builder()
        .listen(([0, 0, 0, 0], 0).into())
        .start()
        .await;
    assert_eq!(
        refused.unwrap_err().kind(),
        std::io::ErrorKind::InvalidInput
    );
    let stub = Stub::start().await.unwrap();
    assert!(stub.base_url().starts_with("http://127.0.0.1:"));
    let address = stub
        .base_url()
        .strip_prefix("http://")
        .unwrap()
        .parse()
        .unwrap();
    assert!(
        Stub::builder().listen(address).start().await.is_err(),
        "the port is taken"
    );
}

#[tokio::test]
async fn two_stubs_do_not_know_each_other() {
    let (one, other) = (Stub::start().await.unwrap(), Stub::start().await.unwrap());
    let token = altinn_token(&one, WRITE).await;
    assert_eq!((one.requests().len(), other.requests().len()), (2, 0));
    let path = "/correspondence/api/v1/correspondence/0198c9f0-1111-7000-8000-000000000001";
    assert_eq!(Ask::get(path).bearer(&token).to(&one).await.status, 404);
    assert_eq!(Ask::get(path).bearer(&token).to(&other).await.status, 401);
}

#[tokio::test]
async fn stops_when_dropped() {
    let stub = Stub::start().await.unwrap();
    let base_url = stub.base_url().to_owned();
    let mut open = TcpStream::connect(base_url.strip_prefix("http://").unwrap())
        .await
        .unwrap();
    open.write_all(b"GET /jwk HTTP/1.1\r\n").await.unwrap();
    Ask::get("/jwk").to(&stub).await;
    drop(stub);
    assert!(Ask::get("/jwk").try_to(&base_url).await.is_err());
    let mut rest = Vec::new();
    // Closed: the end, or a reset. Not a wait for the rest of the request.
    let _ = open.read_to_end(&mut rest).await;
    assert!(rest.is_empty());
}

#[tokio::test]
async fn stops_gracefully_when_asked() {
    let stub = Stub::start().await.unwrap();
    let base_url = stub.base_url().to_owned();
    stub.inject(Route::Token, Fault::delay(Duration::from_millis(20)));
    let assertion = Signer::demo(&stub).grant(&stub, WRITE).sign();
    let asking = Ask::post("/token", FORM, form(&assertion));
    let to = base_url.clone();
    let asking = tokio::spawn(async move { asking.try_to(&to).await });
    while stub.token_requests() == 0 {
        tokio::task::yield_now().await;
    }
    stub.stop().await;
    assert_eq!(asking.await.unwrap().unwrap().status, 200);
    assert!(Ask::get("/jwk").try_to(&base_url).await.is_err());
}
