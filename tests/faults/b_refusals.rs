//! B. The token endpoint refuses.

use std::time::Duration;

use maskinporten::{ClientKey, Grant, HttpClient, Maskinporten};
use maskinporten_stub::{Client, Stub};
use tests::{
    clock::Clock,
    environment, grant,
    log::logged,
    maskinporten_for,
    raw::{Reply, Server},
};
use tokio::time::Instant;
use tower_maskinporten::{TokenUnavailable, Tokens};
use tracing::Level;

const SECOND: Duration = Duration::from_secs(1);
const JSON: &str = "Content-Type: application/json\r\n";

/// Asks, and waits for nothing.
async fn ask(tokens: &Tokens) -> Result<(), TokenUnavailable> {
    let impatient = tokens.clone().with_cold_wait(Duration::ZERO);
    impatient.ready().await
}

#[tokio::test]
async fn b6_a_refusal_is_asked_about_less_and_less_and_told_to_all_at_once() {
    for (status, error) in [
        (401, "invalid_client"),
        (400, "invalid_scope"),
        (400, "unauthorized_client"),
        (400, "invalid_request"),
    ] {
        let body = format!(r#"{{"error":"{error}","error_description":"No."}}"#);
        let server = Server::always(Reply::with(status, JSON, body)).await;
        let clock = Clock::stop();
        let tokens = Tokens::new(server.source(), grant());
        tokens.ready().await.unwrap_err();
        while server.requests() < 7 {
            let refused = ask(&tokens).await.unwrap_err();
            let refused = refused.last_error().unwrap();
            assert_eq!(refused.refusal().unwrap().error(), error);
            assert!(!refused.is_transient());
            clock.jump(SECOND).await;
            clock.landed(&tokens).await;
        }
        let asked = server.asked();
        let pauses = asked
            .windows(2)
            .map(|pair| (pair[1].at - pair[0].at).as_secs());
        for (pause, least) in pauses.zip([30, 60, 120, 240, 300, 300]) {
            // Varied by a tenth, but not over the longest.
            let most = (least + least / 10).min(300) + 1;
            assert!((least..=most).contains(&pause), "{error}: {pause} s");
        }
    }
}

#[tokio::test]
async fn b6_the_first_refusal_after_a_long_outage_is_remembered_as_shortly_as_any_first_one() {
    let answers = |n| match n {
        ..=10 => Reply::with(503, "", ""),
        _ => Reply::with(400, JSON, r#"{"error":"invalid_client"}"#),
    };
    let server = Server::start(answers).await;
    let clock = Clock::stop();
    let tokens = Tokens::new(server.source(), grant());
    while server.requests() < 13 {
        assert!(ask(&tokens).await.is_err());
        clock.landed(&tokens).await;
        clock.jump(SECOND).await;
    }
    let asked = server.asked();
    for (pair, least) in asked[10..].windows(2).zip([30, 60]) {
        let pause = (pair[1].at - pair[0].at).as_secs();
        assert!(
            (least..=least + least / 10 + 1).contains(&pause),
            "{pause} s"
        );
    }
}

const ID: &str = "a-client";

/// A client that may have `scopes`, with the keys of these clients.
fn client(scopes: &str, keys: &[&Client]) -> Client {
    let client = Client::new(ID, "310702641").scopes(scopes);
    let public = keys.iter().flat_map(|client| client.public_jwks());
    public.fold(client, |client, jwk| client.key(&jwk).unwrap())
}

#[tokio::test]
async fn b9_a_key_that_stays_unknown_is_asked_about_for_three_minutes_and_then_refused() {
    let stub = Stub::start().await.unwrap();
    let (known, unknown) = (
        Client::generate(ID, "310702641").unwrap(),
        Client::generate(ID, "310702641").unwrap(),
    );
    stub.register(client("a:one", &[&known]));
    let clock = Clock::stop();
    let tokens = Tokens::new(
        maskinporten_for(&stub, &unknown),
        Grant::new("a:one").unwrap(),
    );
    let mut asked = Vec::new();
    let began = Instant::now();
    while began.elapsed() < SECOND * 240 {
        assert!(ask(&tokens).await.is_err());
        clock.landed(&tokens).await;
        if stub.token_requests() > asked.len() {
            asked.push(began.elapsed().as_secs());
        }
        clock.jump(SECOND).await;
    }
    // Every 15 s and no sooner, for three minutes; then as any refusal.
    for pair in asked.windows(2) {
        let pause = pair[1] - pair[0];
        let expected = if pair[0] < 180 { 15..=24 } else { 30..=34 };
        assert!(expected.contains(&pause), "{asked:?}");
    }
    assert!((9..=14).contains(&asked.len()), "{asked:?}");
    let status = tokens.status();
    let error = status.default_grant().last_error().unwrap();
    assert!(!error.is_transient(), "{error}");
    // Not for ever: it is registered after all.
    stub.register(client("a:one", &[&unknown]));
    clock.pass_for(&tokens, SECOND * 300).await;
    ask(&tokens).await.unwrap();
}

#[tokio::test]
async fn b10_a_scope_that_is_taken_away_is_told_and_the_token_is_used_to_its_end() {
    let told = || logged(Level::WARN, r#"client="b10""#);
    assert!(told().is_empty());
    let stub = Stub::start().await.unwrap();
    let key = Client::generate(ID, "310702641").unwrap();
    stub.register(client("a:one", &[&key]));
    let clock = Clock::stop();
    let source = maskinporten_for(&stub, &key);
    let tokens = Tokens::new(source, Grant::new("a:one").unwrap()).with_name("b10");
    tokens.ready().await.unwrap();
    let born = Instant::now();
    stub.register(client("b:other", &[&key]));
    while born.elapsed() < Duration::from_millis(113_800) {
        ask(&tokens).await.unwrap();
        clock.pass_for(&tokens, SECOND / 5).await;
    }
    let status = tokens.status();
    assert!(status.is_ready() && status.is_degraded());
    let told = told();
    assert!(
        told.iter().all(|line| line.contains(r#"code="MP-200""#)) && !told.is_empty(),
        "{told:?}"
    );
    clock.pass_for(&tokens, SECOND * 2).await;
    let error = ask(&tokens).await.unwrap_err();
    let refusal = error.last_error().unwrap().refusal().unwrap();
    assert_eq!(refusal.code(), Some("MP-200"));
    assert!(!tokens.status().is_ready());
}

#[tokio::test]
async fn b11_what_an_error_answer_says_is_cut_short_and_cannot_forge_a_log() {
    let told = || logged(Level::WARN, r#"client="b11""#);
    assert!(told().is_empty());
    let forged = r"\u001b[2J\u001b[31m\r\n2026-11-21 INFO all is well\u0000";
    let long = "x".repeat(7_000);
    for body in [
        format!(r#"{{"error":"{forged}","error_description":"{forged}{long}"}}"#),
        format!(r#"{{"error":"{long}","error_description":"(trace_id: {forged}{long})"}}"#),
        format!(r#"{{"error":"a","error_uri":"https://m.example/errors/MP-{forged}{long}"}}"#),
        String::new(),
        "<html>".repeat(200_000),
        "\u{1b}[2J".repeat(1_000),
    ] {
        let server = Server::always(Reply::with(500, JSON, body)).await;
        let clock = Clock::stop();
        let tokens = Tokens::new(server.source(), grant()).with_name("b11");
        let impatient = tokens.clone().with_cold_wait(SECOND / 10);
        let waiting = tokio::spawn(async move { impatient.ready().await });
        clock.until(|| server.requests() > 0).await;
        clock.landed(&tokens).await;
        clock.jump(SECOND / 5).await;
        let unavailable = waiting.await.unwrap().unwrap_err();
        let error = unavailable.last_error().unwrap();
        assert_eq!(error.status_code().unwrap().as_u16(), 500);
        assert!(error.is_transient());
        for text in [
            error.to_string(),
            format!("{error:?}"),
            format!("{unavailable:?}"),
        ] {
            assert!(!text.chars().any(char::is_control), "{text:?}");
            assert!(text.len() < 4_000, "{}", text.len());
        }
    }
    let told = told();
    assert_eq!(told.len(), 6);
    for line in told {
        assert!(!line.chars().any(char::is_control), "{line:?}");
        assert!(line.len() < 4_000, "{}", line.len());
    }
}

#[tokio::test]
async fn b9_of_two_keys_the_other_is_asked_with_once_and_not_for_each_refusal() {
    let stub = Stub::start().await.unwrap();
    let keys = [(); 2].map(|()| Client::generate(ID, "310702641").unwrap());
    let stranger = Client::generate(ID, "310702641").unwrap();
    stub.register(client("a:one", &[&stranger]));
    let [first, second] = keys
        .each_ref()
        .map(|key| ClientKey::from_jwk(key.private_jwk().unwrap()).unwrap());
    let ring = maskinporten::KeyRing::new(first).with_fallback(second);
    let http = HttpClient::new().unwrap();
    let source = Maskinporten::new(environment(&stub), ID, ring, http);
    let clock = Clock::stop();
    let tokens = Tokens::new(source, Grant::new("a:one").unwrap());
    assert!(ask(&tokens).await.is_err());
    clock.until(|| stub.token_requests() > 0).await;
    clock.landed(&tokens).await;
    assert_eq!(stub.token_requests(), 2);
}
