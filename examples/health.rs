//! An axum service with health endpoints: it goes on while Maskinporten is down, and says so.
//!
//! It runs on a stub, which it has fail for a while, and ends by itself. `cargo run --example health`

use std::{process::ExitCode, time::Duration, time::SystemTime};

use axum::{Json, Router, extract::State, http::StatusCode, routing::get};
use examples::{Correspondence, Place, end, http_client, look_at, say};
use maskinporten::BoxError;
use maskinporten_stub::{Fault, Route};
use serde_json::{Map, Value, json};
use tokio::time::{sleep, timeout};
use tower::Layer;
use tower_maskinporten::{BearerAuthLayer, Origins, TokenState, Tokens};

#[tokio::main]
async fn main() -> ExitCode {
    end(run().await)
}

async fn run() -> Result<(), BoxError> {
    let place = Place::choose().await?;
    let stub = place.stub.as_ref();
    let stub = stub.ok_or("this example has Maskinporten fail, which it does on a stub")?;
    stub.set_altinn_token_lifetime(Duration::from_secs(10)); // to be refreshed soon
    let tokens = Tokens::new(place.source.clone(), place.grant.clone()).with_name("letters");
    let layer = BearerAuthLayer::new(tokens.clone(), Origins::new([&place.platform])?);
    let api = Correspondence::new(layer.layer(http_client()?), &place.platform);
    let router = Router::new()
        .route("/health", get(|| async { "alive" }))
        .route("/ready", get(ready))
        .route("/status", get(status))
        .with_state(tokens.clone());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let service = format!("http://{}", listener.local_addr()?);
    tokio::spawn(async move { axum::serve(listener, router).await });
    tokens.ready().await?; // the first token is fetched when somebody asks

    for (phase, degraded) in [("healthy", false), ("outage", true), ("recovered", false)] {
        stub.heal();
        if degraded {
            stub.inject(Route::Token, Fault::status(503));
        }
        let change = async {
            while tokens.status().is_degraded() != degraded {
                sleep(Duration::from_millis(100)).await;
            }
        };
        timeout(Duration::from_secs(15), change).await?;
        say(phase, look_at(&format!("{service}/status")).await?);
        look_at(&format!("{service}/health")).await?;
        look_at(&format!("{service}/ready")).await?;
        api.initialise_attachment(&place.resource, "a.pdf").await?;
        say("", "alive and ready, and a request to the API is served");
    }
    Ok(())
}

async fn ready(State(tokens): State<Tokens>) -> Result<(), StatusCode> {
    let is_ready = tokens.status().is_ready().then_some(());
    is_ready.ok_or(StatusCode::SERVICE_UNAVAILABLE)
}

async fn status(State(tokens): State<Tokens>) -> Json<Value> {
    let (status, now) = (tokens.status(), SystemTime::now());
    let token = status.default_grant();
    let (left, error) = (token.usable_for(), token.last_error());
    let (key, days) = (status.key(), |age: Duration| age.as_secs() / 86_400);
    let count = |state: &TokenState| (state.to_string(), status.count(*state).into());
    Json(json!({
        "ready": status.is_ready(),
        "degraded": status.is_degraded(),
        "token": token.state().to_string(),
        "seconds_left": left.map(|left| left.as_secs()),
        "last_error": error.map(ToString::to_string),
        "key_age_in_days": key.and_then(|key| key.age(now)).map(days),
        "key_days_left": key.and_then(|key| key.days_left(now)),
        "grants": TokenState::ALL.iter().map(count).collect::<Map<_, _>>(),
    }))
}
