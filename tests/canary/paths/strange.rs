//! Other people's code that panics, addresses that are not allowed, and stacks that trace.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Request, StatusCode, header::AUTHORIZATION};
use http_body_util::Full;
use maskinporten::{
    AccessToken, Algorithm, BoxError, BoxFuture, ClientKey, Error, Grant, Signer, TokenSource,
};
use maskinporten_stub::{Fault, Route, Unauthorized};
use tests::{grant, layer, pass};
use tower::{Layer, ServiceBuilder, ServiceExt};
use tower_http::{
    follow_redirect::FollowRedirectLayer,
    trace::{DefaultMakeSpan, DefaultOnResponse, TraceLayer},
};
use tower_maskinporten::{BearerAuthLayer, GrantChange, Origins, Tokens};
use tracing::Level;

use super::{Path, Scene, path};
use crate::{
    capture::{print, print_error},
    search::secrets,
};

pub(super) fn paths() -> Vec<Path> {
    vec![
        path("sources and signers that panic", || Box::pin(panicking())),
        path("callbacks that panic", || Box::pin(panicking_callbacks())),
        path("origins that are not allowed", || Box::pin(origins())),
        path("redirects", || Box::pin(redirects())),
        path("stacks that trace headers", || Box::pin(traced())),
    ]
}

/// Panics with a token, or a key, in hand.
struct Panics<S>(S);

impl<S: TokenSource> TokenSource for Panics<S> {
    fn fetch<'a>(&'a self, grant: &'a Grant) -> BoxFuture<'a, Result<AccessToken, Error>> {
        Box::pin(async move {
            let token = self.0.fetch(grant).await?;
            print(&token);
            panic!("out of order, with {token:?} for {grant:?}");
        })
    }
}

impl Signer for Panics<ClientKey> {
    fn algorithm(&self) -> Algorithm {
        self.0.algorithm()
    }

    fn kid(&self) -> Option<&str> {
        self.0.kid()
    }

    fn sign<'a>(&'a self, _: &'a [u8]) -> BoxFuture<'a, Result<Vec<u8>, BoxError>> {
        panic!("out of order: {:?}", self.0);
    }
}

async fn panicking() {
    let scene = Scene::begin().await;
    let demo = scene.stub.demo_client();
    let key = ClientKey::from_jwk(demo.private_jwk()).unwrap();
    let signer = scene.source(demo.client_id(), Panics(key));
    for tokens in [
        Tokens::new(Panics(scene.altinn()), grant()),
        Tokens::new(signer, grant()),
    ] {
        let tokens = tokens.with_cold_wait(Duration::from_millis(200));
        for _ in 0..2 {
            print_error(&tokens.ready().await.unwrap_err());
            pass(Duration::from_secs(30)).await;
        }
        print(&tokens.status());
    }
    scene.end().await;
}

async fn panicking_callbacks() {
    let scene = Scene::begin().await;
    let tokens = scene.tokens();
    tokens.ready().await.unwrap();
    let base = scene.stub.base_url();
    let origins = Origins::new([base]).unwrap();
    let copying = BearerAuthLayer::new(tokens.clone(), origins);
    let copying = copying.replaying(|body: &Full<Bytes>| panic!("cannot copy {body:?}"));
    let client = copying.layer(scene.http.clone());
    let mut request = scene.request();
    *request.body_mut() = Full::from("a body");
    let lost = tokio::spawn(client.oneshot(request)).await.unwrap_err();
    print(&lost);

    let changing = layer(&scene.stub, &tokens).layer(scene.http.clone());
    let mut request = scene.request();
    let change = GrantChange::new(|grant| panic!("cannot change {grant:?}"));
    request.extensions_mut().insert(change);
    let lost = tokio::spawn(async move { changing.oneshot(request).await }).await;
    print(&lost.unwrap_err());
    // And it goes on.
    let client = layer(&scene.stub, &tokens).layer(scene.http.clone());
    client.oneshot(scene.request()).await.unwrap();
    scene.end().await;
}

async fn origins() {
    let scene = Scene::begin().await;
    let client = layer(&scene.stub, &scene.tokens()).layer(scene.http.clone());
    secrets().text("what is in an address", "canary-in-a-request");
    for url in [
        "https://evil.example/canary-in-a-request?canary-in-a-request",
        "https://user:canary-in-a-request@evil.example/",
        "http://evil.example:8080/?token=canary-in-a-request",
        "/canary-in-a-request",
        "ftp://evil.example/canary-in-a-request",
    ] {
        let request = Request::get(url).body(Full::default()).unwrap();
        let error = client.clone().oneshot(request).await.unwrap_err();
        print(&error);
        print_error(&*error);
    }
    for origin in [
        "https://user:canary-in-a-request@evil.example",
        "https://canary-in-a-request@",
        "http://user:canary-in-a-request@evil.example",
    ] {
        print_error(&Origins::new([origin]).unwrap_err());
    }
    client.oneshot(scene.request()).await.unwrap();
    scene.end().await;
}

async fn redirects() {
    let scene = Scene::begin().await;
    let tokens = scene.tokens();
    let below = ServiceBuilder::new()
        .layer(FollowRedirectLayer::new())
        .layer(layer(&scene.stub, &tokens))
        .service(scene.http.clone());
    let elsewhere = "https://evil.example/collect";
    scene
        .stub
        .inject(Route::Correspondence, Fault::redirect(elsewhere).times(1));
    match below.oneshot(scene.request()).await {
        Ok(response) => print(&response.status()),
        Err(error) => print_error(&*error),
    }
    let plain = layer(&scene.stub, &tokens).layer(scene.http.clone());
    scene
        .stub
        .inject(Route::Correspondence, Fault::redirect(elsewhere).times(1));
    let response = plain.oneshot(scene.request()).await.unwrap();
    assert_eq!(response.status(), StatusCode::TEMPORARY_REDIRECT);
    print(response.headers());
    scene.end().await;
}

async fn traced() {
    let scene = Scene::begin().await;
    let tokens = scene.tokens();
    // As people trace their requests.
    let span = DefaultMakeSpan::new()
        .level(Level::TRACE)
        .include_headers(true);
    let answered = DefaultOnResponse::new()
        .level(Level::TRACE)
        .include_headers(true);
    let trace = TraceLayer::new_for_http()
        .make_span_with(span)
        .on_response(answered);
    let client = ServiceBuilder::new()
        .layer(trace.clone())
        .layer(layer(&scene.stub, &tokens))
        .layer(trace)
        .service(scene.http.clone());
    let invalid = Fault::unauthorized(Unauthorized::InvalidToken);
    scene.stub.inject(Route::Correspondence, invalid.times(1));
    client.clone().oneshot(scene.request()).await.unwrap();
    // A caller's own header is as secret as its caller marks it.
    secrets().text(
        "a token of the caller's",
        "their-own-token-fedcba9876543210",
    );
    let mut own = HeaderValue::from_static("Bearer their-own-token-fedcba9876543210");
    own.set_sensitive(true);
    let mut request = scene.request();
    request.headers_mut().insert(AUTHORIZATION, own);
    client.oneshot(request).await.unwrap();
    scene.end().await;
}
