//! B. The token endpoint fails.

use std::time::Duration;

use http::{Request, StatusCode};
use http_body_util::Full;
use maskinporten::{HttpClient, Maskinporten, Retry, Settings, TokenSource};
use maskinporten_stub::{Fault, Route, Stub};
use tests::{
    altinn,
    clock::Clock,
    environment, grant, maskinporten,
    raw::{Reply, Server},
};
use tokio::{task::JoinSet, time::Instant};
use tower::ServiceExt;
use tower_maskinporten::Tokens;

const SECOND: Duration = Duration::from_secs(1);

/// Asks, and waits for nothing: a token that is there is there at once.
async fn served(tokens: &Tokens) -> bool {
    let impatient = tokens.clone().with_cold_wait(Duration::ZERO);
    impatient.ready().await.is_ok()
}

#[tokio::test]
async fn b2_a_long_outage_is_asked_about_ever_less() {
    let stub = Stub::start().await.unwrap();
    stub.inject(Route::Token, Fault::status(503));
    let clock = Clock::stop();
    let tokens = Tokens::new(maskinporten(&stub), grant());
    let calls_in = async |minutes: usize, asking: bool| {
        let before = stub.token_requests();
        for _ in 0..minutes * 60 {
            if asking {
                assert!(!served(&tokens).await);
            }
            clock.jump(SECOND).await;
            clock.landed(&tokens).await;
        }
        stub.token_requests() - before
    };
    let first = calls_in(1, true).await;
    assert!((5..=14).contains(&first), "{first} in the first minute");
    calls_in(1, true).await;
    // Pauses of 15 s, give or take half, while requests fail for it; of 30 s while there are none.
    let asked = calls_in(20, true).await;
    assert!((50..=120).contains(&asked), "{asked} in 20 minutes");
    calls_in(1, false).await;
    let idle = calls_in(20, false).await;
    assert!((25..=60).contains(&idle), "{idle} in 20 minutes");
}

#[tokio::test]
async fn b3_a_token_that_runs_out_is_replaced_soon_after_the_endpoint_recovers() {
    let stub = Stub::start().await.unwrap();
    let clock = Clock::stop();
    let tokens = Tokens::new(maskinporten(&stub), grant());
    for outage in [1, 5, 10, 20, 30, 34] {
        tokens.ready().await.unwrap();
        let before = tokens.authorization(&grant()).await.unwrap();
        // Until its refresh is due: half a token's life and a bit, whatever is left of it.
        stub.inject(Route::Token, Fault::status(503));
        while tokens.status().default_grant().failed_attempts() == 0 {
            clock.pass_for(&tokens, SECOND).await;
        }
        clock.pass_for(&tokens, SECOND * outage).await;
        stub.heal();
        let healed = Instant::now();
        while tokens.authorization(&grant()).await.unwrap() == before {
            assert!(healed.elapsed() <= Duration::from_millis(7_600));
            clock.pass_for(&tokens, SECOND / 10).await;
        }
    }
}

#[tokio::test]
async fn b3_whoever_waits_is_served_at_once_when_the_endpoint_recovers() {
    let stub = Stub::start().await.unwrap();
    stub.inject(Route::Token, Fault::status(503).times(4));
    let clock = Clock::stop();
    let tokens = Tokens::new(maskinporten(&stub), grant());
    let mut waiting = JoinSet::new();
    for _ in 0..100 {
        let tokens = tokens.clone();
        waiting.spawn(async move { tokens.ready().await.map(|()| Instant::now()) });
    }
    while stub.token_requests() < 5 {
        clock.pass_for(&tokens, SECOND / 10).await;
    }
    let now = Instant::now();
    for served in waiting.join_all().await {
        assert_eq!(served.unwrap(), now);
    }
}

#[tokio::test]
async fn b5_however_long_the_server_asks_to_wait_there_is_one_more_try_before_the_token_ends() {
    let stub = Stub::start().await.unwrap();
    stub.inject(Route::Token, Fault::too_many_requests(1_000_000).on_call(2));
    let clock = Clock::stop();
    let tokens = Tokens::new(maskinporten(&stub), grant());
    tokens.ready().await.unwrap();
    for _ in 0..600 {
        assert!(served(&tokens).await);
        clock.pass_for(&tokens, SECOND / 5).await;
    }
    assert_eq!(stub.token_requests(), 3);
}

/// How long a client whose first request was answered like this leaves the server alone.
async fn left_alone(reply: Reply) -> Duration {
    let server = Server::always(reply).await;
    let clock = Clock::stop();
    let tokens = Tokens::new(server.source(), grant());
    while server.requests() < 2 {
        assert!(!served(&tokens).await);
        clock.landed(&tokens).await;
        clock.pass_for(&tokens, SECOND / 10).await;
    }
    let asked = server.asked();
    asked[1].at - asked[0].at
}

#[tokio::test]
async fn b5_retry_after_is_heeded_within_reason() {
    for (said, from, to) in [
        ("7", 7, 7),
        ("60", 60, 60),
        ("61", 60, 60),
        ("1000000000000", 60, 60),
        ("99999999999999999999999", 60, 60),
        ("0", 1, 1),
        ("-1", 1, 1),
        ("1.5", 1, 1),
        ("soon", 1, 1),
        ("Sat, 21 Nov 2009 10:00:00 GMT", 1, 1),
        ("Thu, 21 Nov 2999 10:00:00 GMT", 60, 60),
    ] {
        let status = if from == 60 { 429 } else { 503 };
        let headers = format!("Retry-After: {said}\r\n");
        let reply = Reply::with(status, &headers, "");
        let alone = left_alone(reply).await;
        assert!((from..=to).contains(&alone.as_secs()), "{said}: {alone:?}");
    }
}

#[tokio::test]
async fn b7_a_grant_that_was_used_before_is_signed_anew_once_and_then_later() {
    let stub = Stub::start().await.unwrap();
    let http = HttpClient::new().unwrap();
    // A layer that sends twice, as no layer there should: the stub takes the second for a replay, and says so.
    let replaying = tower::service_fn(move |request: Request<Full<_>>| {
        let http = http.clone();
        async move {
            let (head, body) = request.into_parts();
            let again = Request::from_parts(head.clone(), body.clone());
            http.clone()
                .oneshot(Request::from_parts(head, body))
                .await?;
            http.oneshot(again).await
        }
    });
    let demo = stub.demo_client();
    let key = maskinporten::ClientKey::from_jwk(demo.private_jwk()).unwrap();
    let source = Maskinporten::new(environment(&stub), demo.client_id(), key, replaying);
    let clock = Clock::stop();
    let tokens = Tokens::new(Retry::new(source), grant());
    let waiting = tokio::spawn({
        let tokens = tokens.clone();
        async move { tokens.ready().await }
    });
    clock.until(|| stub.token_requests() >= 4).await;
    clock.landed(&tokens).await;
    // Time stands still: what comes at once has come.
    assert_eq!(stub.token_requests(), 4);
    let status = tokens.status();
    let error = status.default_grant().last_error().unwrap();
    assert_eq!(error.refusal().unwrap().code(), Some("MP-012"));
    assert!(error.is_transient() && !waiting.is_finished());
    let asked = stub.requests();
    let jtis: Vec<_> = asked
        .iter()
        .map(|asked| &asked.claims().unwrap()["jti"])
        .collect();
    assert!(jtis[0] == jtis[1] && jtis[1] != jtis[2] && jtis[2] == jtis[3]);
    clock.pass_for(&tokens, SECOND * 2).await;
    assert_eq!(stub.token_requests(), 8);
}

#[tokio::test]
async fn b8_a_clock_that_is_wrong_costs_one_more_call_and_no_time() {
    let stub = Stub::start().await.unwrap();
    let _clock = Clock::stop();
    let began = Instant::now();
    // "Issue time is after now", and MP-130.
    for (seconds, code) in [(-250, None), (250, Some("MP-130"))] {
        stub.set_clock_offset(seconds);
        stub.clear_requests();
        let refused = Maskinporten::fetch(&unretried(&stub), &grant()).await;
        let refused = refused.unwrap_err();
        assert_eq!(refused.refusal().unwrap().code(), code);
        let tokens = Tokens::new(maskinporten(&stub), grant());
        tokens.ready().await.unwrap();
        assert_eq!(stub.token_requests(), 3);
    }
    assert_eq!(began.elapsed(), Duration::ZERO);
}

/// The demo client, which tries nothing again.
fn unretried(stub: &Stub) -> Maskinporten<HttpClient> {
    let demo = stub.demo_client();
    let key = maskinporten::ClientKey::from_jwk(demo.private_jwk()).unwrap();
    let http = HttpClient::new().unwrap();
    Maskinporten::new(environment(stub), demo.client_id(), key, http)
}

#[tokio::test]
async fn b12_a_redirect_leads_nobody_to_another_host_and_costs_no_token() {
    let stub = Stub::start().await.unwrap();
    let other = Server::always(Reply::token("stolen")).await;
    let clock = Clock::stop();
    for route in [Route::Token, Route::Exchange] {
        stub.heal();
        let tokens = Tokens::new(altinn(&stub), grant());
        let before = tokens.authorization(&grant()).await.unwrap();
        stub.inject(route, Fault::redirect(format!("{}token", other.url())));
        clock.pass_for(&tokens, SECOND * 1300).await;
        let status = tokens.status();
        let error = status.default_grant().last_error().unwrap();
        assert_eq!(error.status_code(), Some(StatusCode::TEMPORARY_REDIRECT));
        assert_eq!(error.class(), "redirect");
        assert_eq!(tokens.authorization(&grant()).await.unwrap(), before);
        assert_eq!(other.requests(), 0);
    }
}

#[tokio::test]
async fn b14_metadata_that_is_down_is_not_noticed_once_it_was_read() {
    let stub = Stub::start().await.unwrap();
    let demo = stub.demo_client();
    let metadata = format!("{}/.well-known/oauth-authorization-server", stub.base_url());
    let settings = Settings::builder()
        .vars([
            ("MASKINPORTEN_WELL_KNOWN_URL", metadata.as_str()),
            ("MASKINPORTEN_CLIENT_ID", demo.client_id()),
            ("MASKINPORTEN_CLIENT_JWK", demo.private_jwk()),
            ("MASKINPORTEN_SCOPES", grant().scope()),
        ])
        .build()
        .unwrap();
    stub.inject(Route::Metadata, Fault::status(503).times(1));
    assert!(settings.connect().await.is_err());
    let source = settings.connect().await.unwrap();
    stub.inject(Route::Metadata, Fault::status(503));
    stub.clear_requests();
    let clock = Clock::stop();
    let tokens = Tokens::new(source, grant());
    tokens.ready().await.unwrap();
    for _ in 0..900 {
        assert!(served(&tokens).await);
        clock.pass_for(&tokens, SECOND).await;
    }
    assert!(stub.token_requests() >= 3);
    let asked = stub.requests();
    assert!(
        asked.iter().all(|asked| asked.path() == "/token"),
        "{asked:?}"
    );
}
