//! The settings of a running service change. Numbers are rows of the fault matrix.

#![expect(clippy::unwrap_used, reason = "what cannot be had in a test ends it")]

use std::time::Duration;

use maskinporten::Settings;
use maskinporten_stub::{Client, Stub};
use serde_json::{Value, json};
use tests::{mount::Mount, pass};
use tower_maskinporten::Tokens;

/// A client, and the document that says so.
fn document(stub: &Stub, client: &Client, scope: &str) -> String {
    let jwk: Value = serde_json::from_str(client.private_jwk().unwrap()).unwrap();
    json!({"MaskinportenSettings": {
        "Authority": stub.issuer(),
        "ClientId": client.client_id(),
        "Scope": scope,
        "Jwk": jwk,
    }})
    .to_string()
}

/// Lets time pass until it is so. What is waited for happens on another thread, and on the network.
async fn until(mut is_so: impl FnMut() -> bool) {
    while !is_so() {
        pass(Duration::from_millis(250)).await;
        tokio::task::yield_now().await;
    }
}

fn asked_as(stub: &Stub, client: &str) -> usize {
    let requests = stub.requests();
    let claims = requests.iter().filter_map(|asked| asked.claims());
    claims.filter(|claims| claims["iss"] == client).count()
}

#[tokio::test]
async fn h11_h12_new_settings_take_over_once_they_give_a_token() {
    let stub = Stub::start().await.unwrap();
    stub.set_token_lifetime(Duration::from_secs(24 * 3600));
    let generate = |id| {
        Client::generate(id, "310702641")
            .unwrap()
            .scopes("a:one b:two")
    };
    let (first, second) = (generate("first"), generate("second"));
    stub.register(first.clone());
    let mut mount = Mount::new().unwrap();
    let mut put = |text: &str| {
        mount
            .replace(&[("maskinporten-settings.json", text)])
            .unwrap();
        mount.path().to_owned()
    };
    let directory = put(&document(&stub, &first, "a:one"));

    let watch = Settings::builder().directory(directory).watch().unwrap();
    let settings = watch.settings();
    let tokens = Tokens::new(settings.connect().await.unwrap(), settings.grant().clone());
    tokens.ready().await.unwrap();
    tokens.follow(watch, async |settings: Settings| settings.connect().await);

    // What is no document, or none that could be used, changes nothing.
    for broken in [&document(&stub, &second, "a:one")[..200], "{}", ""] {
        put(broken);
        for _ in 0..12 {
            pass(Duration::from_secs(1)).await;
            tokio::task::yield_now().await;
        }
        tokens.ready().await.unwrap();
        assert_eq!(tokens.grant().scope(), "a:one");
    }
    // Nor does a client that Maskinporten does not know. It is asked for all the same.
    put(&document(&stub, &second, "b:two"));
    until(|| asked_as(&stub, "second") > 0).await;
    tokens.ready().await.unwrap();
    assert_eq!(tokens.grant().scope(), "a:one");
    // Until it does.
    stub.register(second.clone());
    until(|| tokens.grant().scope() == "b:two").await;
    tokens.ready().await.unwrap();

    // And so it goes on.
    put(&document(&stub, &first, "b:two a:one"));
    until(|| tokens.grant().scope() == "a:one b:two").await;
    let asked = asked_as(&stub, "second");
    tokens.ready().await.unwrap();
    pass(Duration::from_secs(24 * 3600)).await;
    tokens.ready().await.unwrap();
    assert_eq!(asked_as(&stub, "second"), asked);
}

#[tokio::test]
async fn h1_a_new_key_in_the_settings_costs_no_token() {
    let stub = Stub::start().await.unwrap();
    stub.set_token_lifetime(Duration::from_secs(24 * 3600));
    let generate = || {
        Client::generate("one", "310702641")
            .unwrap()
            .scopes("a:one")
    };
    let (old, new) = (generate(), generate());
    stub.register(old.clone());
    let mut mount = Mount::new().unwrap();
    let file = "maskinporten-settings.json";
    mount
        .replace(&[(file, &document(&stub, &old, "a:one"))])
        .unwrap();
    let watch = Settings::builder().directory(mount.path()).watch().unwrap();
    let settings = watch.settings();
    let keys = settings.keys().clone();
    let tokens = Tokens::new(settings.connect().await.unwrap(), settings.grant().clone());
    tokens.ready().await.unwrap();
    tokens.follow(watch, async |settings: Settings| settings.connect().await);
    let kid = keys.status().kid().unwrap().to_owned();
    stub.clear_requests();

    stub.register(new.clone());
    mount
        .replace(&[(file, &document(&stub, &new, "a:one"))])
        .unwrap();
    until(|| keys.status().kid() != Some(&kid)).await;
    // The token at hand is good still; the next is asked for with the new key.
    tokens.ready().await.unwrap();
    assert_eq!(stub.token_requests(), 0);
    pass(Duration::from_secs(24 * 3600)).await;
    tokens.ready().await.unwrap();
    assert!(stub.token_requests() > 0 && keys.status().works());
}

#[tokio::test]
async fn g4_following_ends_with_the_last_handle() {
    let stub = Stub::start().await.unwrap();
    let client = Client::generate("one", "310702641")
        .unwrap()
        .scopes("a:one");
    let mut mount = Mount::new().unwrap();
    let text = document(&stub, &client, "a:one");
    mount.replace(&[("settings.json", &text)]).unwrap();
    let before = tokio::runtime::Handle::current()
        .metrics()
        .num_alive_tasks();
    let watch = Settings::builder().directory(mount.path()).watch().unwrap();
    let source = watch.settings().connect().await.unwrap();
    let tokens = Tokens::new(source, watch.settings().grant().clone());
    tokens.follow(watch, async |settings: Settings| settings.connect().await);
    let alive = || {
        tokio::runtime::Handle::current()
            .metrics()
            .num_alive_tasks()
    };
    assert_eq!(alive(), before + 1);
    drop(tokens);
    tokio::task::yield_now().await;
    assert_eq!(alive(), before);
}
