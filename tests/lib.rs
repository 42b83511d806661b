//! What the tests share: the standard stack, pointed at a stub.

#![expect(
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    reason = "what cannot be had in a test ends it"
)]

#[path = "support/alone.rs"]
pub mod alone;
#[path = "support/clock.rs"]
pub mod clock;
#[path = "support/configuration.rs"]
pub mod configuration;
#[path = "support/forms.rs"]
pub mod forms;
#[path = "support/keys.rs"]
pub mod keys;
#[path = "support/log.rs"]
pub mod log;
#[path = "support/mount.rs"]
pub mod mount;
#[path = "support/proxy.rs"]
pub mod proxy;
#[path = "support/raw.rs"]
pub mod raw;
#[path = "support/script.rs"]
pub mod script;
#[path = "support/wiretap.rs"]
pub mod wiretap;

use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use maskinporten::{
    AltinnExchange, AltinnPlatform, BoxError, ClientKey, Environment, Grant, HttpClient,
    Maskinporten, Retry,
};
use maskinporten_stub::{Client, Stub};
use serde_json::Value;
use tower::{Service, ServiceExt};
use tower_maskinporten::{BearerAuthLayer, Origins, Tokens};

/// What the demo client may do, as a grant.
#[must_use]
pub fn grant() -> Grant {
    Grant::new("altinn:correspondence.write altinn:correspondence.read altinn:serviceowner")
        .unwrap()
}

/// The stub, as Maskinporten and as Altinn's platform.
#[must_use]
pub fn environment(stub: &Stub) -> Environment {
    let altinn = AltinnPlatform::custom(stub.base_url()).unwrap();
    Environment::custom(&stub.issuer(), &format!("{}token", stub.issuer()))
        .unwrap()
        .with_altinn(altinn)
}

/// The demo client's own source of Maskinporten tokens.
#[must_use]
pub fn maskinporten(stub: &Stub) -> Retry<Maskinporten<HttpClient>> {
    let demo = stub.demo_client();
    let key = ClientKey::from_jwk(demo.private_jwk()).unwrap();
    let http = HttpClient::new().unwrap();
    Retry::new(Maskinporten::new(
        environment(stub),
        demo.client_id(),
        key,
        http,
    ))
}

/// The same for a client that the test has registered, with a key that the stub generated.
#[must_use]
pub fn maskinporten_for(stub: &Stub, client: &Client) -> Retry<Maskinporten<HttpClient>> {
    let key = ClientKey::from_jwk(client.private_jwk().unwrap()).unwrap();
    let http = HttpClient::new().unwrap();
    Retry::new(Maskinporten::new(
        environment(stub),
        client.client_id(),
        key,
        http,
    ))
}

/// The demo client's source of Altinn tokens.
#[must_use]
pub fn altinn(stub: &Stub) -> AltinnExchange<Retry<Maskinporten<HttpClient>>, HttpClient> {
    let platform = AltinnPlatform::custom(stub.base_url()).unwrap();
    AltinnExchange::new(maskinporten(stub), &platform, HttpClient::new().unwrap())
}

/// The layer that most users will have: Altinn tokens to the platform, replaying what can be.
#[must_use]
pub fn layer(stub: &Stub, tokens: &Tokens) -> BearerAuthLayer<tower_maskinporten::ReplayClones> {
    let origins = Origins::new([stub.base_url()]).unwrap();
    BearerAuthLayer::new(tokens.clone(), origins).replaying_clones()
}

/// Sends a request through `client` and reads the answer as JSON (null when it is empty).
///
/// # Errors
///
/// Those of the client.
///
/// # Panics
///
/// When the answer is not JSON.
pub async fn send<S, B>(
    client: S,
    method: Method,
    url: &str,
    body: impl Into<Bytes>,
) -> Result<(StatusCode, Value), BoxError>
where
    S: Service<Request<Full<Bytes>>, Response = Response<B>, Error = BoxError>,
    B: BodyExt,
    B::Error: std::fmt::Debug,
{
    let body = body.into();
    let mut request = Request::builder().method(method).uri(url);
    if !body.is_empty() {
        let is_json = body.starts_with(b"{");
        let kind = if is_json {
            "application/json"
        } else {
            "application/octet-stream"
        };
        request = request.header(http::header::CONTENT_TYPE, kind);
    }
    let response = client
        .oneshot(request.body(Full::new(body)).unwrap())
        .await?;
    let status = response.status();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    let json = if body.is_empty() {
        Value::Null
    } else {
        serde_json::from_slice(&body).unwrap()
    };
    Ok((status, json))
}

/// Lets time pass for tokens and keys, at once. Not for the stub, which has a clock of its own.
pub async fn pass(time: Duration) {
    tokio::time::pause();
    tokio::time::advance(time).await;
    tokio::time::resume();
}
