//! The configuration that people already have gives the token that they already get.

#![expect(clippy::unwrap_used, reason = "what cannot be had in a test ends it")]

use base64::{Engine, engine::general_purpose::STANDARD};
use maskinporten::Settings;
use maskinporten_stub::Stub;
use serde_json::{Value, json};
use tests::{grant, layer, send};
use tower::Layer;
use tower_maskinporten::Tokens;

/// Connects as configured, and calls the API.
async fn serves(settings: Settings, stub: &Stub, exchanges: usize) {
    assert_eq!(settings.grant(), &grant());
    let before = (stub.token_requests(), stub.exchanges());
    let tokens = Tokens::new(settings.connect().await.unwrap(), settings.grant().clone());
    let client = layer(stub, &tokens).layer(maskinporten::HttpClient::new().unwrap());
    let id = "0198c9f0-1111-7000-8000-000000000001";
    let url = format!("{}/correspondence/api/v1/attachment/{id}", stub.base_url());
    let (status, _) = send(client, http::Method::GET, &url, "").await.unwrap();
    assert_eq!(status, http::StatusCode::NOT_FOUND);
    let after = (stub.token_requests(), stub.exchanges());
    assert_eq!(after, (before.0 + 1, before.1 + exchanges));
}

#[tokio::test]
async fn the_official_clients_variables() {
    let stub = Stub::start().await.unwrap();
    let demo = stub.demo_client();
    let issuer = stub.issuer();
    let key = STANDARD.encode(demo.private_jwk());
    let variables = |prefix: &str, exchange: &str| {
        [
            ("Authority", issuer.as_str()),
            ("ClientId", demo.client_id()),
            ("EncodedJwk", &key),
            ("Scope", grant().scope()),
            (exchange, "true"),
            ("TokenExchangeEnvironment", stub.base_url()),
        ]
        .map(|(name, value)| (format!("{prefix}{name}"), value.to_owned()))
    };
    for variables in [
        variables("MaskinportenSettings__", "ExhangeToAltinnToken"),
        variables("MASKINPORTENSETTINGS__", "EXCHANGETOALTINNTOKEN"),
    ] {
        let settings = Settings::builder().vars(variables).build().unwrap();
        serves(settings, &stub, 1).await;
    }
}

#[tokio::test]
async fn the_json_of_altinn_apps_with_the_scope_from_elsewhere() {
    let stub = Stub::start().await.unwrap();
    let demo = stub.demo_client();
    let jwk: Value = serde_json::from_str(demo.private_jwk()).unwrap();
    let text = json!({"MaskinportenSettings": {
        "Authority": stub.issuer(),
        "ClientId": demo.client_id(),
        "Jwk": jwk,
    }});
    let settings = Settings::builder()
        .json("maskinporten-settings.json", text.to_string())
        .vars([("MaskinportenSettings__Scope", grant().scope())])
        .build()
        .unwrap();
    assert_eq!(
        settings.origin_of("ClientId"),
        Some("maskinporten-settings.json")
    );
    serves(settings, &stub, 0).await;
}

#[tokio::test]
async fn the_variables_of_nais_found_by_their_metadata() {
    let stub = Stub::start().await.unwrap();
    let demo = stub.demo_client();
    let metadata = format!("{}.well-known/oauth-authorization-server", stub.issuer());
    let settings = Settings::builder()
        .vars([
            ("MASKINPORTEN_CLIENT_ID", demo.client_id()),
            ("MASKINPORTEN_CLIENT_JWK", demo.private_jwk()),
            ("MASKINPORTEN_SCOPES", grant().scope()),
            ("MASKINPORTEN_WELL_KNOWN_URL", &metadata),
        ])
        .build()
        .unwrap();
    assert!(settings.environment().is_none());
    serves(settings, &stub, 0).await;
}
