//! The Altinn token: its life, and what happens when there is none to be had.

use std::time::Duration;

use http::Method;
use maskinporten::{Environment, Grant, HttpClient, Settings, TokenSource};
use maskinporten_stub::{Fault, Route, Stub};
use tests::{altinn, environment, grant, layer, pass, send};
use tower::Layer;
use tower_maskinporten::Tokens;

const ID: &str = "0198c9f0-1111-7000-8000-000000000001";

#[tokio::test]
async fn case_35_an_altinn_token_lives_its_own_life() {
    let stub = Stub::start().await.unwrap();
    // However little the Maskinporten token has left, and whatever this machine's clock says.
    stub.set_token_lifetime(Duration::from_secs(5));
    for offset in [0, -10, 100] {
        stub.set_clock_offset(offset);
        let token = altinn(&stub).fetch(&grant()).await.unwrap();
        assert_eq!(token.lifetime(), Duration::from_secs(1800), "{offset}");
        assert_eq!(token.scope(), Some(grant().scope()));
    }
}

#[tokio::test]
async fn enterprise_users_are_told_what_replaces_them() {
    let stub = Stub::start().await.unwrap();
    let source = altinn(&stub).with_enterprise_user("user", "password");
    let error = source.fetch(&grant()).await.unwrap_err();
    assert_eq!(error.status_code().unwrap().as_u16(), 410);
    assert!(error.to_string().contains("use a system user"), "{error}");
    assert!(!error.is_transient());
}

#[tokio::test]
async fn case_39_the_test_organisation_is_asked_for_by_name() {
    let stub = Stub::start().await.unwrap();
    let url = format!("{}/correspondence/api/v1/attachment/{ID}", stub.base_url());
    for (source, organisation) in [
        (altinn(&stub), "digdir"),
        (altinn(&stub).as_test_org(), "ttd"),
    ] {
        let tokens = Tokens::new(source, grant());
        let client = layer(&stub, &tokens).layer(HttpClient::new().unwrap());
        stub.clear_requests();
        send(client, Method::GET, &url, "").await.unwrap();
        let requests = stub.requests();
        let to_api = requests.iter().find(|request| request.path().ends_with(ID));
        let claims = to_api.unwrap().claims().unwrap();
        assert_eq!(claims["urn:altinn:org"], organisation);
    }
}

#[tokio::test]
async fn an_exchange_that_does_not_know_the_token_may_be_down_and_is_asked_again_later() {
    let stub = Stub::start().await.unwrap();
    stub.inject(Route::Exchange, Fault::status(401));
    let error = altinn(&stub).fetch(&grant()).await.unwrap_err();
    assert!(error.is_transient());
    assert!(error.to_string().contains("tt02 with test"), "{error}");
}

#[tokio::test]
async fn case_38_each_exchange_has_a_maskinporten_token_of_its_own() {
    let stub = Stub::start().await.unwrap();
    // Whatever is left of it, an old one is not exchanged: it may end on the way.
    stub.set_token_lifetime(Duration::from_secs(3600));
    let source = altinn(&stub);
    for fetched in 1..=3 {
        source.fetch(&grant()).await.unwrap();
        assert_eq!(
            (stub.token_requests(), stub.exchanges()),
            (fetched, fetched)
        );
    }
}

#[tokio::test]
async fn case_33_metadata_is_read_once_and_not_for_each_token() {
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
    let source = settings.connect().await.unwrap();
    for _ in 0..3 {
        source.fetch(&grant()).await.unwrap();
    }
    let asked = stub.requests();
    let metadata = asked
        .iter()
        .filter(|asked| asked.path().contains("well-known"));
    assert_eq!((metadata.count(), asked.len()), (1, 4));
}

#[tokio::test]
async fn case_33_the_environment_can_be_discovered() {
    let stub = Stub::start().await.unwrap();
    let http = HttpClient::new().unwrap();
    let known = environment(&stub);
    for url in [stub.issuer(), stub.base_url().to_owned()] {
        let found = Environment::discover(&url, &http).await.unwrap();
        assert_eq!(found.issuer(), known.issuer());
        assert_eq!(found.token_endpoint(), known.token_endpoint());
    }
    stub.stop().await;
    let error = Environment::discover("http://127.0.0.1:1", &http)
        .await
        .unwrap_err();
    assert!(error.is_transient());
}

#[tokio::test]
async fn b13_an_exchange_that_is_down_costs_one_maskinporten_token() {
    let stub = Stub::start().await.unwrap();
    let source = altinn(&stub);
    for outage in [
        Fault::status(503),
        Fault::reset(),
        Fault::too_many_requests(1),
    ] {
        stub.inject(Route::Exchange, outage);
        let before = stub.token_requests();
        for _attempt in 0..5 {
            source.fetch(&grant()).await.unwrap_err();
        }
        stub.heal();
        source.fetch(&grant()).await.unwrap();
        assert_eq!(stub.token_requests() - before, 1);
        // What was exchanged is not used again.
        source.fetch(&grant()).await.unwrap();
        assert_eq!(stub.token_requests() - before, 2);
    }
}

#[tokio::test]
async fn b13_a_maskinporten_token_that_may_be_at_fault_is_not_exchanged_again() {
    let stub = Stub::start().await.unwrap();
    let source = altinn(&stub);
    stub.inject(Route::Exchange, Fault::status(401).times(2));
    for asked in 1..=3 {
        let _ = source.fetch(&grant()).await;
        assert_eq!(stub.token_requests(), asked);
    }
    // One that has too little left for an exchange is no use either.
    stub.inject(Route::Exchange, Fault::status(503).times(1));
    source.fetch(&grant()).await.unwrap_err();
    pass(Duration::from_secs(115)).await;
    source.fetch(&grant()).await.unwrap();
    assert_eq!(stub.token_requests(), 5);
}

#[tokio::test]
async fn b13_each_grant_has_its_own_token_exchanged() {
    let stub = Stub::start().await.unwrap();
    let source = altinn(&stub);
    let other = Grant::new("altinn:correspondence.read").unwrap();
    stub.inject(Route::Exchange, Fault::status(503).times(1));
    source.fetch(&grant()).await.unwrap_err();
    let token = source.fetch(&other).await.unwrap();
    assert_eq!(token.scope(), Some(other.scope()));
    assert_eq!(stub.token_requests(), 2);
}
