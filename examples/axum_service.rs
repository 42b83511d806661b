//! An axum service whose handlers call an Altinn API through a layered client.
//!
//! `cargo run --example axum_service`, then call one of the addresses that it prints; Ctrl-C ends it.

use std::process::ExitCode;

use axum::{
    Json, Router,
    extract::State,
    http::StatusCode,
    routing::{get, post},
};
use examples::{Correspondence, HttpClient, Place, Told, end, http_client, letter, say};
use maskinporten::BoxError;
use serde_json::Value;
use tower::Layer;
use tower_maskinporten::{BearerAuth, BearerAuthLayer, Origins, TokenUnavailable, Tokens};

/// What handlers share. Cloning it is cheap, and all clones share the token.
#[derive(Clone)]
struct Service {
    api: Correspondence<BearerAuth<HttpClient>>,
    tokens: Tokens,
    resource: String,
}

#[tokio::main]
async fn main() -> ExitCode {
    end(run().await)
}

async fn run() -> Result<(), BoxError> {
    let place = Place::choose().await?;
    let tokens = Tokens::new(Told::new(place.source.clone()), place.grant.clone());
    let layer = BearerAuthLayer::new(tokens.clone(), Origins::new([&place.platform])?);
    let service = Service {
        api: Correspondence::new(layer.layer(http_client()?), &place.platform),
        tokens,
        resource: place.resource.clone(),
    };
    let router = Router::new()
        .route("/ready", get(ready))
        .route("/letters", post(upload))
        .with_state(service);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    say("try", format_args!("curl http://{address}/ready"));
    say("", format_args!("curl -X POST http://{address}/letters"));
    let interrupted = async { tokio::signal::ctrl_c().await.unwrap_or_default() };
    let serving = axum::serve(listener, router).with_graceful_shutdown(interrupted);
    Ok(serving.await?)
}

/// For a readiness probe: whether there is a token, and if not, why.
async fn ready(State(service): State<Service>) -> Result<&'static str, (StatusCode, String)> {
    let ready = service.tokens.ready().await;
    ready.map_err(|error| (StatusCode::SERVICE_UNAVAILABLE, error.to_string()))?;
    Ok("ready\n")
}

/// Puts a letter at Altinn, and answers with what Altinn shows of it.
async fn upload(State(service): State<Service>) -> Result<Json<Value>, StatusCode> {
    let api = &service.api;
    let announced = api
        .initialise_attachment(&service.resource, "letter.pdf")
        .await;
    let id = announced.map_err(status)?;
    api.upload(&id, letter("Hello.")).await.map_err(status)?;
    let shown = api.show("attachment", &id).await;
    shown.map(Json).map_err(status)
}

/// No token is our own trouble, which passes; anything else is the API's.
fn status(error: BoxError) -> StatusCode {
    match error.is::<TokenUnavailable>() {
        true => StatusCode::SERVICE_UNAVAILABLE,
        false => StatusCode::BAD_GATEWAY,
    }
}
