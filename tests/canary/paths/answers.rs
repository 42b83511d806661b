//! Answers that refuse, and those that are broken.

use std::{pin::pin, time::Duration};

use http::Request;
use http_body_util::Full;
use maskinporten::{
    AltinnPlatform, ClientKey, Environment, Grant, HttpClient, KeyOptions, Maskinporten, Retry,
    Signer, SystemUser, TokenSource,
};
use maskinporten_stub::{Body, Client, Fault, Route};
use serde_json::{Value, json};
use tests::{grant, pass};
use tokio::time::timeout;
use tower::ServiceExt;
use tower_maskinporten::Tokens;

use super::{PERSON, Path, Scene, note_key, path};
use crate::{
    capture::{print, print_error},
    search::secrets,
};

pub(super) fn paths() -> Vec<Path> {
    vec![
        path("each of Maskinporten's refusals", || Box::pin(refusals())),
        path("errors of servers and gateways", || Box::pin(errors())),
        path("answers with a member too few or wrong", || {
            Box::pin(malformed())
        }),
        path("connections that break", || Box::pin(broken())),
        path("exchanges that fail", || Box::pin(exchange())),
        path("clocks that differ", || Box::pin(clocks())),
        path("metadata that cannot be had", || Box::pin(metadata())),
    ]
}

async fn refusals() {
    let scene = Scene::begin().await;
    let demo = scene.stub.demo_client().client_id().to_owned();
    let demo_jwk = scene.stub.demo_client().private_jwk().to_owned();
    let key = || ClientKey::from_jwk(&demo_jwk).unwrap();
    let other = scene.client("other", "a:one");
    let limited = Client::generate("limited", "310702641")
        .unwrap()
        .scopes("a:one");
    let limited = limited
        .scopes_not_granted("b:closed")
        .scopes_not_for_maskinporten("c:login");
    note_key(limited.private_jwk().unwrap());
    scene.stub.register(limited.clone());
    let named = |kid: &str, jwk: &str| KeyOptions::new().kid(kid).read(jwk).unwrap();
    let kid = key().kid().unwrap().to_owned();
    let customer = SystemUser::new("314277961".parse().unwrap());
    let organisation = scene.stub.demo_client().org_number().parse().unwrap();
    let limited_key = || ClientKey::from_jwk(limited.private_jwk().unwrap()).unwrap();
    let pid = || PERSON.parse().unwrap();
    secrets().claim("the number of a person", PERSON);
    let base = scene.stub.base_url();
    let slashless = Environment::custom(base, &format!("{base}/token")).unwrap();
    let wrong_audience = Maskinporten::new(slashless, &demo, key(), scene.http.clone());
    let table = [
        (scene.source("nobody", key()), grant()),
        (
            scene.source(&demo, named("no-such-kid", &demo_jwk)),
            grant(),
        ),
        (
            scene.source(&demo, named(&kid, other.private_jwk().unwrap())),
            grant(),
        ),
        (Retry::new(wrong_audience), grant()),
        (scene.source(&demo, key()), Grant::new("x:unknown").unwrap()),
        (
            scene.source(&demo, key()),
            grant().with_consumer_org(organisation),
        ),
        (
            scene.source(&demo, key()),
            grant().with_consumer_org("910753614".parse().unwrap()),
        ),
        (
            scene.source(&demo, key()),
            grant().with_system_user(customer).with_pid(pid()),
        ),
        (
            scene.source("limited", limited_key()),
            Grant::new("b:closed").unwrap(),
        ),
        (
            scene.source("limited", limited_key()),
            Grant::new("c:login").unwrap(),
        ),
    ];
    for (source, grant) in table {
        let error = source.fetch(&grant).await.unwrap_err();
        print_error(&error);
        print(error.refusal().unwrap());
        print(&source);
        let tokens = Tokens::new(source, grant).with_cold_wait(Duration::from_millis(200));
        print_error(&tokens.ready().await.unwrap_err());
        print(&tokens.status());
    }
    scene.end().await;
}

async fn errors() {
    let scene = Scene::begin().await;
    let elsewhere = "https://evil.example/collect?from=maskinporten";
    for route in [Route::Token, Route::Exchange] {
        for fault in [
            Fault::status(500),
            Fault::status(400).with_body(Body::OauthError),
            Fault::status(502).with_body(Body::Empty),
            Fault::status(404),
            Fault::redirect(elsewhere),
            Fault::too_many_requests(7),
            Fault::too_many_requests_until(7),
        ] {
            scene.stub.inject(route, fault);
            scene.refused(scene.altinn(), &grant()).await;
            print_error(
                &scene
                    .tokens()
                    .with_cold_wait(Duration::ZERO)
                    .ready()
                    .await
                    .unwrap_err(),
            );
            scene.stub.heal();
        }
    }
    scene.end().await;
}

async fn malformed() {
    let scene = Scene::begin().await;
    for (member, values) in [
        (
            "access_token",
            json!([null, 5, "", "two words", "line\r\nbreak", "æ"]),
        ),
        ("token_type", json!(["mac", "DPoP", 5])),
        ("expires_in", json!(["soon", {}, [119]])),
    ] {
        for value in values.as_array().unwrap() {
            let fault = Fault::merge_patch([(member, value.clone())]);
            scene.stub.inject(Route::Token, fault);
            scene.refused(scene.maskinporten(), &grant()).await;
            scene.stub.heal();
        }
    }
    // These are taken all the same, and told.
    for (member, value) in [
        ("token_type", Value::Null),
        ("expires_in", Value::Null),
        ("scope", json!("altinn:serviceowner")),
    ] {
        let fault = Fault::merge_patch([(member, value)]);
        scene.stub.inject(Route::Token, fault.times(1));
        print(&scene.maskinporten().fetch(&grant()).await.unwrap());
    }
    scene.end().await;
}

async fn broken() {
    let scene = Scene::begin().await;
    for route in [Route::Token, Route::Exchange] {
        for fault in [Fault::reset(), Fault::half_answer(), Fault::endless_body()] {
            scene.stub.inject(route, fault);
            scene.refused(scene.altinn(), &grant()).await;
            scene.stub.heal();
        }
    }
    // One that takes too long.
    scene
        .stub
        .inject(Route::Token, Fault::delay(Duration::from_secs(3600)));
    let source = scene.maskinporten();
    let asked = grant();
    let mut fetch = pin!(source.fetch(&asked));
    assert!(
        timeout(Duration::from_millis(50), &mut fetch)
            .await
            .is_err()
    );
    pass(Duration::from_secs(11)).await;
    print_error(&fetch.await.unwrap_err());
    scene.stub.heal();
    // In the clear to another machine, and to nobody.
    for url in ["http://192.0.2.1/", "http://127.0.0.1:1/"] {
        let request = Request::get(url).body(Full::default()).unwrap();
        let http = HttpClient::new().unwrap();
        let error = http.oneshot(request).await.unwrap_err();
        print_error(&*error);
    }
    scene.end().await;
}

async fn exchange() {
    let scene = Scene::begin().await;
    secrets().text("a password", "canary-enterprise-password-3f9a");
    let source = scene
        .altinn()
        .with_enterprise_user("user", "canary-enterprise-password-3f9a");
    print(&source);
    scene.refused(source, &grant()).await;
    for status in [400, 401, 403, 410, 500] {
        scene.stub.inject(Route::Exchange, Fault::status(status));
        scene.refused(scene.altinn(), &grant()).await;
        scene.stub.heal();
    }
    print(&scene.altinn().as_test_org().fetch(&grant()).await.unwrap());
    scene.end().await;
}

async fn clocks() {
    let scene = Scene::begin().await;
    for seconds in [-250, 250, -600, 600] {
        scene.stub.set_clock_offset(seconds);
        match scene.maskinporten().fetch(&grant()).await {
            Ok(token) => print(&token),
            Err(error) => print_error(&error),
        }
    }
    scene.end().await;
}

async fn metadata() {
    let scene = Scene::begin().await;
    let base = scene.stub.base_url().to_owned();
    let discover = async || Environment::discover(&base, &scene.http).await;
    print(&discover().await.unwrap());
    for fault in [
        Fault::status(500),
        Fault::endless_body(),
        Fault::reset(),
        Fault::merge_patch([(
            "issuer",
            json!("https://user:canary-in-an-address@evil.example/"),
        )]),
        Fault::merge_patch([(
            "token_endpoint",
            json!("https://evil.example/?canary-in-an-address"),
        )]),
    ] {
        scene.stub.inject(Route::Metadata, fault);
        print_error(&discover().await.unwrap_err());
        scene.stub.heal();
    }
    secrets().text("what is in an address", "canary-in-an-address");
    for url in [
        "https://user:canary-in-an-address@127.0.0.1/",
        "canary-in-an-address",
        "http://canary-in-an-address/",
    ] {
        print_error(&Environment::discover(url, &scene.http).await.unwrap_err());
        print_error(&Environment::custom(url, url).unwrap_err());
        print_error(&AltinnPlatform::custom(url).unwrap_err());
    }
    scene.end().await;
}
