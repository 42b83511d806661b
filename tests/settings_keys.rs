//! Private keys in settings: in files, with a fallback, out of sets, and as old as it is said.

#![expect(clippy::unwrap_used, reason = "what cannot be had in a test ends it")]

use std::{
    fs,
    time::{Duration, SystemTime},
};

use aws_lc_rs::{
    encoding::{AsDer, Pkcs8V1Der},
    rsa::{KeyPair, KeySize},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use maskinporten::{HttpClient, KeyStatus, Settings, SettingsError, TokenSource};
use maskinporten_stub::{Client, Stub};
use serde_json::{Value, json};
use tests::configuration::{ID, document, encoded, private_jwk, public_jwk};

fn build(members: &Value) -> Result<Settings, SettingsError> {
    Settings::builder()
        .json("appsettings.json", document(members))
        .build()
}

fn key(members: &Value) -> KeyStatus {
    build(members).unwrap().keys().status()
}

fn kid(jwk: &Value) -> Option<&str> {
    jwk["kid"].as_str()
}

fn refused(members: &Value) -> String {
    let error = build(members).unwrap_err();
    let text = format!("{error} {error:?}");
    assert!(!text.contains("canary"), "{text}");
    error.to_string()
}

#[test]
fn h5_h9_a_path_leads_to_a_key_in_any_form() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("the key");
    let jwk = private_jwk();
    let pair = KeyPair::generate(KeySize::Rsa2048).unwrap();
    let der = AsDer::<Pkcs8V1Der<'_>>::as_der(&pair).unwrap();
    let base64 = STANDARD.encode(der.as_ref());
    let pem = format!("-----BEGIN PRIVATE KEY-----\n{base64}\n-----END PRIVATE KEY-----\n");
    let set = json!({"keys": [private_jwk(), jwk]});
    for contents in [
        jwk.to_string().as_bytes(),
        encoded(&jwk).as_bytes(),
        set.to_string().as_bytes(),
        pem.as_bytes(),
        base64.as_bytes(),
        der.as_ref(),
    ] {
        fs::write(&path, contents).unwrap();
        let members = json!({"KeyPath": path, "Kid": kid(&jwk)});
        assert_eq!(key(&members).kid(), kid(&jwk));
    }
    fs::write(&path, jwk.to_string()).unwrap();
    let settings = build(&json!({"KEYPATH": path})).unwrap();
    assert_eq!(settings.keys().status().kid(), kid(&jwk));
    assert_eq!(settings.origin_of("KeyPath"), Some("appsettings.json"));
}

#[test]
fn h2_a_path_that_leads_to_no_key_is_not_told() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("canary");
    let see = |prepare: &dyn Fn(), says: &str| {
        prepare();
        let error = refused(&json!({"KeyPath": path}));
        assert!(
            error.starts_with("`KeyPath` (appsettings.json): "),
            "{error}"
        );
        assert!(error.contains(says), "{error}");
    };
    see(&|| {}, "the file cannot be read");
    see(
        &|| fs::create_dir(&path).unwrap(),
        "the file cannot be read",
    );
    see(
        &|| fs::remove_dir(&path).unwrap(),
        "the file cannot be read",
    );
    see(&|| fs::write(&path, "").unwrap(), "nothing in it");
    see(&|| fs::write(&path, "canary").unwrap(), "base64");
    see(
        &|| fs::write(&path, [0xff; 70_000]).unwrap(),
        "the file cannot be read",
    );
    // Some put the key where its path belongs.
    let error = refused(&json!({"KeyPath": format!("canary{}", encoded(&private_jwk()))}));
    assert!(error.contains("`KeyPath`"), "{error}");
}

#[test]
fn a_date_says_when_the_key_was_uploaded() {
    let jwk = private_jwk();
    let status = key(&json!({"Jwk": jwk, "KeyCreated": "2026-07-01"}));
    // `date -ud 2026-07-01 +%s`
    let uploaded = SystemTime::UNIX_EPOCH + Duration::from_secs(1_782_864_000);
    assert_eq!(status.age(uploaded), Some(Duration::ZERO));
    assert_eq!(status.days_left(uploaded), Some(365));
    for wrong in [
        "canary",
        "01.07.2026",
        "2026-13-01",
        "2026-7-1",
        "2026-07-01T00:00:00Z",
    ] {
        let error = refused(&json!({"Jwk": jwk, "KeyCreated": wrong}));
        assert!(
            error.starts_with("`KeyCreated` (appsettings.json): "),
            "{error}"
        );
        assert!(!error.contains(wrong), "{error}");
    }
}

#[test]
fn h5_of_a_set_the_other_private_key_is_the_fallback() {
    let (first, second) = (private_jwk(), private_jwk());
    for (keys, has_fallback) in [
        (json!([second, first]), true),
        (json!([public_jwk(&second), first]), false),
        (json!([first]), false),
        (json!([]), false),
    ] {
        let set = json!({"keys": keys});
        for set in [set.to_string().into(), set] {
            let status = key(&json!({"Jwks": set, "Jwk": first}));
            assert_eq!(status.kid(), kid(&first));
            assert_eq!(status.has_fallback(), has_fallback, "{keys}");
        }
    }
}

#[test]
fn h5_a_set_alone_needs_one_private_key_or_a_choice() {
    let (first, second) = (private_jwk(), private_jwk());
    let one = json!({"keys": [public_jwk(&second), first]});
    assert_eq!(key(&json!({"Jwks": one})).kid(), kid(&first));
    let several = json!({"keys": [second, first]});
    let chosen = key(&json!({"Jwks": several, "Kid": kid(&first)}));
    assert_eq!((chosen.kid(), chosen.has_fallback()), (kid(&first), false));
    let error = refused(&json!({"Jwks": several}));
    assert!(error.starts_with("`Jwks` (appsettings.json): "), "{error}");
    assert!(error.contains("say which by its `kid`"), "{error}");
    let error = refused(&json!({"Jwks": several, "Kid": "canary"}));
    assert!(error.starts_with("`Jwks` (appsettings.json): "), "{error}");
    for none in [
        json!({"keys": [public_jwk(&first)]}),
        json!({"keys": []}),
        json!({"keys": "canary"}),
        json!({"canary": []}),
        json!(["canary"]),
        json!("canary"),
    ] {
        let error = refused(&json!({"Jwks": none}));
        assert!(error.starts_with("`Jwks` (appsettings.json): "), "{error}");
    }
    // It belongs to `Jwk` and to no other.
    let error = refused(&json!({"Jwks": several, "EncodedJwk": encoded(&first)}));
    assert!(
        error.contains("`Jwks`") && error.contains("`EncodedJwk`"),
        "{error}"
    );
}

#[test]
fn sets_that_contradict_each_other_are_refused() {
    let (first, second) = (private_jwk(), private_jwk());
    let set = |jwk: &Value| document(&json!({"Jwks": {"keys": [jwk]}}));
    let builder = Settings::builder().json("first.json", set(&first));
    let error = builder
        .json("second.json", set(&second))
        .build()
        .unwrap_err();
    let error = error.to_string();
    assert!(error.contains("`Jwks` (first.json)"), "{error}");
    assert!(error.contains("`Jwks` (second.json)"), "{error}");
}

/// A client at the stub with this key.
fn registered(stub: &Stub, private: &Value) {
    let client = Client::new(ID, "310702641").scopes("a:one");
    stub.register(client.key(&public_jwk(private).to_string()).unwrap());
}

async fn source(stub: &Stub, members: &Value) -> impl TokenSource + use<> {
    let mut members = members.clone();
    members["Environment"] = Value::Null;
    members["Authority"] = stub.issuer().into();
    let settings = build(&members).unwrap();
    settings
        .connect_over(HttpClient::new().unwrap())
        .await
        .unwrap()
}

#[tokio::test]
async fn b9_the_fallback_signs_while_the_key_is_not_known() {
    let stub = Stub::start().await.unwrap();
    let (old, new) = (private_jwk(), private_jwk());
    registered(&stub, &old);
    let grant = build(&json!({"Jwk": old})).unwrap().grant().clone();
    for members in [
        json!({"EncodedJwk": encoded(&new), "FallbackEncodedJwk": encoded(&old)}),
        json!({"Jwk": new, "Jwks": {"keys": [new, old]}}),
    ] {
        let source = source(&stub, &members).await;
        stub.clear_requests();
        source.fetch(&grant).await.unwrap();
        assert_eq!(stub.token_requests(), 2);
    }
}

#[tokio::test]
async fn h1_the_file_of_the_key_is_followed() {
    let stub = Stub::start().await.unwrap();
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("key.jwk");
    let (old, new) = (private_jwk(), private_jwk());
    fs::write(&path, old.to_string()).unwrap();
    registered(&stub, &old);
    let members = json!({"KeyPath": path});
    let grant = build(&members).unwrap().grant().clone();
    let source = source(&stub, &members).await;
    source.fetch(&grant).await.unwrap();
    fs::write(&path, new.to_string()).unwrap();
    registered(&stub, &new);
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(5)).await;
    tokio::time::resume();
    source.fetch(&grant).await.unwrap();
}
