//! Tokens that come, are refreshed, do not come, and are not accepted.

use std::{
    pin::pin,
    task::{Context, Poll, Waker},
    time::Duration,
};

use http::{StatusCode, header::AUTHORIZATION};
use maskinporten::{ClientKey, Consent, Grant, HttpClient, SystemUser, TokenSource};
use maskinporten_stub::{Fault, Route, Unauthorized};
use tests::{grant, layer, pass};
use tokio::{task::JoinSet, time::timeout};
use tower::{Layer, ServiceExt};
use tower_maskinporten::{GrantChange, TokenUnavailable, Tokens};

use super::{CONSENT, PERSON, Path, Scene, path, until};
use crate::{
    capture::{print, print_error},
    search::secrets,
};

pub(super) fn paths() -> Vec<Path> {
    vec![
        path("a cold start", || Box::pin(cold_start())),
        path("callers that give up", || Box::pin(given_up())),
        path("a refresh", || Box::pin(refresh())),
        path("an outage, and its end", || Box::pin(outage())),
        path("401s, and replays", || Box::pin(unauthorized())),
        path("an API that accepts no token", || Box::pin(useless())),
        path("grants of persons and customers", || Box::pin(grants())),
        path("another source", || Box::pin(replaced())),
        path("no runtime", || Box::pin(no_runtime())),
    ]
}

async fn cold_start() {
    let scene = Scene::begin().await;
    let tokens = scene.tokens().with_name("a-client");
    let client = layer(&scene.stub, &tokens).layer(scene.http.clone());
    let mut requests = JoinSet::new();
    for _ in 0..50 {
        requests.spawn(client.clone().oneshot(scene.request()));
    }
    for response in requests.join_all().await {
        assert_eq!(response.unwrap().status(), StatusCode::NOT_FOUND);
    }
    assert_eq!(scene.stub.exchanges(), 1);
    print(&client);
    print(&tokens);
    print(&tokens.status());
    scene.end().await;
}

async fn given_up() {
    let scene = Scene::begin().await;
    let slow = Fault::delay(Duration::from_millis(200));
    scene.stub.inject(Route::Token, slow.times(2));
    let tokens = scene.tokens();
    let patience = Duration::from_millis(1);
    let given_up = timeout(patience, tokens.ready()).await;
    assert!(given_up.is_err());
    // Whoever asks a source directly takes the fetch along.
    let source = scene.altinn();
    let asked = grant();
    let fetch = timeout(patience, source.fetch(&asked));
    assert!(fetch.await.is_err());
    tokens.ready().await.unwrap();
    scene.end().await;
}

async fn refresh() {
    let scene = Scene::begin().await;
    let tokens = Tokens::new(scene.maskinporten(), grant());
    for refreshes in 1..4 {
        tokens.ready().await.unwrap();
        pass(Duration::from_secs(75)).await;
        tokens.ready().await.unwrap();
        until(|| scene.stub.token_requests() > refreshes).await;
        until(|| !tokens.status().default_grant().is_fetching()).await;
        print(&tokens.status());
    }
    scene.end().await;
}

async fn outage() {
    let scene = Scene::begin().await;
    let tokens = Tokens::new(scene.maskinporten(), grant()).with_cold_wait(Duration::from_secs(1));
    tokens.ready().await.unwrap();
    scene.stub.inject(Route::Token, Fault::status(503));
    let mut failed = None;
    for _ in 0..40 {
        pass(Duration::from_secs(5)).await;
        if let Err(error) = tokens.ready().await {
            print_error(&error);
            failed = Some(error);
        }
        until(|| !tokens.status().default_grant().is_fetching()).await;
        print(&tokens.status());
    }
    failed.unwrap();
    scene.stub.heal();
    while tokens.ready().await.is_err() {
        pass(Duration::from_secs(5)).await;
        until(|| !tokens.status().default_grant().is_fetching()).await;
    }
    scene.end().await;
}

async fn unauthorized() {
    let scene = Scene::begin().await;
    let tokens = scene.tokens();
    let replaying = layer(&scene.stub, &tokens).layer(scene.http.clone());
    for challenge in [
        Unauthorized::Bearer,
        Unauthorized::InvalidToken,
        Unauthorized::NoAccess,
    ] {
        let fault = Fault::unauthorized(challenge).times(1);
        scene.stub.inject(Route::Correspondence, fault);
        let response = replaying.clone().oneshot(scene.request()).await.unwrap();
        print(&response.headers());
        pass(Duration::from_secs(61)).await;
    }
    scene.stub.revoke_tokens();
    let response = replaying.clone().oneshot(scene.request()).await.unwrap();
    assert_eq!(response.status(), StatusCode::NOT_FOUND);
    // One that brings a token of its own, which is secret as well.
    let own = "their-own-token-0123456789abcdef";
    secrets().text("a token of the caller's", own);
    let mut request = scene.request();
    let header = format!("Bearer {own}").parse().unwrap();
    request.headers_mut().insert(AUTHORIZATION, header);
    replaying.oneshot(request).await.unwrap();
    scene.end().await;
}

async fn useless() {
    let scene = Scene::begin().await;
    let tokens = scene.tokens();
    let client = layer(&scene.stub, &tokens).layer(scene.http.clone());
    let never = Fault::unauthorized(Unauthorized::InvalidToken);
    scene.stub.inject(Route::Correspondence, never);
    for _ in 0..8 {
        let response = client.clone().oneshot(scene.request()).await.unwrap();
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
        pass(Duration::from_secs(61)).await;
    }
    print(&tokens.status());
    scene.end().await;
}

async fn grants() {
    let scene = Scene::begin().await;
    secrets().claim("the number of a person", PERSON);
    secrets().claim("the id of a consent", CONSENT);
    let tokens = Tokens::new(scene.maskinporten(), grant());
    let client = layer(&scene.stub, &tokens).layer(HttpClient::new().unwrap());
    let person = || PERSON.parse().unwrap();
    let organisation = || "310702641".parse().unwrap();
    let change = GrantChange::new(move |grant| grant.with_pid(PERSON.parse().unwrap()));
    print(&change);
    for grant in [
        grant().with_pid(person()),
        grant().with_consent(Consent::of_person(CONSENT, person()).unwrap()),
        grant().with_consent(Consent::of_organisation(CONSENT, organisation()).unwrap()),
        grant().with_system_user(SystemUser::new(organisation())),
        grant().with_consumer_org(organisation()).with_pid(person()),
        // Refused, with the person in it.
        Grant::new("x:unknown").unwrap().with_pid(person()),
    ] {
        print(&grant);
        let mut request = scene.request();
        request.extensions_mut().insert(grant);
        request.extensions_mut().insert(change.clone());
        print(&request);
        if let Err(error) = client.clone().oneshot(request).await {
            print(&error);
            print_error(&*error);
        }
        print(&tokens.status());
    }
    let status = tokens.status();
    assert!(status.other_grants().len() > 3);
    scene.end().await;
}

async fn replaced() {
    let scene = Scene::begin().await;
    let tokens = scene.tokens();
    tokens.ready().await.unwrap();
    let other = scene.client("another", "a:one");
    let key = ClientKey::from_jwk(other.private_jwk().unwrap()).unwrap();
    let refused = scene.source("nobody", key.clone());
    let grant = Grant::new("a:one").unwrap();
    let error = tokens.replace(refused, grant.clone()).await.unwrap_err();
    print_error(&error);
    tokens
        .replace(scene.source("another", key), grant)
        .await
        .unwrap();
    tokens.ready().await.unwrap();
    print(&tokens);
    scene.end().await;
}

async fn no_runtime() {
    let scene = Scene::begin().await;
    let tokens = scene.tokens();
    let there = tokens.clone();
    let error = std::thread::spawn(move || ask_without_runtime(there))
        .join()
        .unwrap();
    print_error(&error);
    tokens.ready().await.unwrap();
    scene.end().await;
}

/// Asks for a token where there is no runtime.
fn ask_without_runtime(tokens: Tokens) -> TokenUnavailable {
    let mut asking = pin!(tokens.ready());
    let mut context = Context::from_waker(Waker::noop());
    match asking.as_mut().poll(&mut context) {
        Poll::Ready(outcome) => outcome.unwrap_err(),
        Poll::Pending => panic!("it waits for a runtime"),
    }
}
