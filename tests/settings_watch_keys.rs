//! Keys are replaced while the service runs, as the settings that name them are.

#![expect(clippy::unwrap_used, reason = "what cannot be had in a test ends it")]

use std::fs;

use maskinporten::{HttpClient, Settings, TokenSource};
use maskinporten_stub::{Client, Stub};
use serde_json::{Value, json};
use tests::{
    configuration::{ID, document, encoded, nais, private_jwk, public_jwk},
    log::logged,
    mount::Mount,
};
use tracing::Level;

use crate::settings_watch::{kid, name, nothing, soon};

#[tokio::test(start_paused = true)]
async fn h1_a_key_is_a_new_one_when_anything_of_it_is_another() {
    const KID: &str = "unlike-any-other";
    let told = || {
        let mut lines = logged(Level::INFO, KID);
        lines.retain(|line| line.contains("there is a new private key"));
        lines.len()
    };
    assert_eq!(told(), 0);
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("appsettings.json");
    let mut jwk = private_jwk();
    jwk["kid"] = KID.into();
    let put = |jwk: &Value, scope: &str| {
        fs::write(&path, document(&json!({"Jwk": jwk, "Scope": scope}))).unwrap();
    };
    put(&jwk, "a:one");
    let mut watch = Settings::builder().json_file(&path).watch().unwrap();
    put(&jwk, "b:two");
    soon(&mut watch).await;
    assert_eq!(told(), 0, "it is the same");
    let mut other_algorithm = jwk.clone();
    other_algorithm["alg"] = "RS384".into();
    let mut other_pair = private_jwk();
    other_pair["kid"] = KID.into();
    let mut other_kid = other_pair.clone();
    other_kid["kid"] = format!("{KID}-2").into();
    for (times, key) in [other_algorithm, jwk, other_pair, other_kid]
        .iter()
        .enumerate()
    {
        put(key, "b:two");
        nothing(&mut watch).await;
        assert_eq!(told(), times + 1, "{}", key["kid"]);
    }
}

#[tokio::test(start_paused = true)]
async fn h1_a_directory_of_nais_may_be_replaced_again_and_again() {
    let mut mount = Mount::new().unwrap();
    let first = private_jwk();
    mount.replace(&nais(&first.to_string(), "a:one")).unwrap();
    let mut watch = Settings::builder().directory(mount.path()).watch().unwrap();
    let keys = watch.settings().keys().clone();
    for scope in ["b:two", "c:three"] {
        let next = private_jwk();
        let told = || logged(Level::INFO, &name(&next).unwrap()).len();
        assert_eq!(told(), 0);
        // The key alone is nobody's business but the ring's.
        mount
            .replace(&nais(&next.to_string(), watch.settings().grant().scope()))
            .unwrap();
        nothing(&mut watch).await;
        assert_eq!(kid(&keys), name(&next));
        assert!(keys.status().has_fallback());
        assert_eq!(told(), 1);
        // Both at once: the scope is told of, and the key goes the same way.
        let both = private_jwk();
        mount.replace(&nais(&both.to_string(), scope)).unwrap();
        assert_eq!(soon(&mut watch).await.grant().scope(), scope);
        assert_eq!(kid(&keys), name(&both));
    }
}

#[tokio::test(start_paused = true)]
async fn h1_the_operators_file_may_be_replaced_again_and_again() {
    let mut mount = Mount::new().unwrap();
    let file =
        |jwk: &Value, other: &Value| document(&json!({"Jwk": jwk, "Jwks": {"keys": [other, jwk]}}));
    let (mut old, mut now) = (private_jwk(), private_jwk());
    let text = file(&now, &old);
    mount
        .replace(&[("maskinporten-settings.json", &text)])
        .unwrap();
    let mut watch = Settings::builder().directory(mount.path()).watch().unwrap();
    let keys = watch.settings().keys().clone();
    assert!(keys.status().has_fallback());
    for _ in 0..2 {
        (old, now) = (now, private_jwk());
        let text = file(&now, &old);
        mount
            .replace(&[("maskinporten-settings.json", &text)])
            .unwrap();
        nothing(&mut watch).await;
        assert_eq!(kid(&keys), name(&now));
        assert_eq!(kid(watch.settings().keys()), name(&now));
    }
}

/// Lets this client in with this key, and no other.
fn registered(stub: &Stub, private: &Value) {
    let client = Client::new(ID, "310702641").scopes("a:one");
    stub.register(client.key(&public_jwk(private).to_string()).unwrap());
}

#[tokio::test]
async fn h1_b9_tokens_go_on_through_the_old_key_and_then_the_new_one() {
    let stub = Stub::start().await.unwrap();
    let mut mount = Mount::new().unwrap();
    let (old, new) = (private_jwk(), private_jwk());
    let members =
        json!({"Environment": null, "Authority": stub.issuer(), "KeyPath": mount.file("key")});
    registered(&stub, &old);
    mount.replace(&[("key", &old.to_string())]).unwrap();
    let mut watch = Settings::builder()
        .json("a.json", document(&members))
        .watch()
        .unwrap();
    let settings = watch.settings().clone();
    let source = settings
        .connect_over(HttpClient::new().unwrap())
        .await
        .unwrap();
    source.fetch(settings.grant()).await.unwrap();

    mount.replace(&[("key", &new.to_string())]).unwrap();
    tokio::time::pause();
    nothing(&mut watch).await;
    tokio::time::resume();
    // Maskinporten does not know the new one yet.
    source.fetch(settings.grant()).await.unwrap();
    assert_eq!(stub.token_requests(), 3);
    registered(&stub, &new);
    source.fetch(settings.grant()).await.unwrap();
}

#[tokio::test]
async fn h3_a_key_that_works_is_not_displaced_by_a_fallback_that_is_configured() {
    let stub = Stub::start().await.unwrap();
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("appsettings.json");
    let (stale, works, new) = (private_jwk(), private_jwk(), private_jwk());
    let mut members = json!({"Environment": null, "Authority": stub.issuer(), "Jwk": works});
    fs::write(&path, document(&members)).unwrap();
    registered(&stub, &works);
    let mut watch = Settings::builder().json_file(&path).watch().unwrap();
    let settings = watch.settings().clone();
    let http = HttpClient::new().unwrap();
    let source = settings.connect_over(http).await.unwrap();
    source.fetch(settings.grant()).await.unwrap();

    members["Jwk"] = new;
    members["FallbackEncodedJwk"] = encoded(&stale).into();
    fs::write(&path, document(&members)).unwrap();
    tokio::time::pause();
    nothing(&mut watch).await;
    tokio::time::resume();
    source.fetch(settings.grant()).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_fallback_that_is_added_is_used() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("appsettings.json");
    let jwk = private_jwk();
    fs::write(&path, document(&json!({"Jwk": jwk}))).unwrap();
    let mut watch = Settings::builder().json_file(&path).watch().unwrap();
    let keys = watch.settings().keys().clone();
    assert!(!keys.status().has_fallback());
    let fallback = encoded(&private_jwk());
    let text = document(&json!({"Jwk": jwk, "FallbackEncodedJwk": fallback}));
    fs::write(&path, text).unwrap();
    nothing(&mut watch).await;
    assert!(keys.status().has_fallback());
    assert_eq!(kid(&keys), name(&jwk));
}

#[tokio::test(start_paused = true)]
async fn another_client_has_keys_of_its_own() {
    let mut mount = Mount::new().unwrap();
    let (ours, theirs) = (private_jwk(), private_jwk());
    let file = |id: &str, jwk: &Value| document(&json!({"ClientId": id, "Jwk": jwk}));
    mount.replace(&[("a.json", &file("ours", &ours))]).unwrap();
    let mut watch = Settings::builder().directory(mount.path()).watch().unwrap();
    let keys = watch.settings().keys().clone();
    mount
        .replace(&[("a.json", &file("theirs", &theirs))])
        .unwrap();
    let settings = soon(&mut watch).await;
    assert_eq!(kid(settings.keys()), name(&theirs));
    assert!(!settings.keys().status().has_fallback());
    assert_eq!(kid(&keys), name(&ours));
}

#[cfg(unix)]
#[test]
fn h14_a_key_that_others_may_read_is_warned_of() {
    use std::os::unix::fs::PermissionsExt;

    let directory = tempfile::tempdir().unwrap();
    let key = directory.path().join("key.jwk");
    fs::write(&key, private_jwk().to_string()).unwrap();
    let base = document(&json!({"KeyPath": key}));
    let warned = || logged(Level::WARN, &key.display().to_string()).len();
    for (mode, warnings) in [(0o600, 0), (0o640, 1)] {
        fs::set_permissions(&key, fs::Permissions::from_mode(mode)).unwrap();
        assert_eq!(warned(), 0);
        Settings::builder()
            .json("a.json", base.clone())
            .watch()
            .unwrap();
        assert_eq!(warned(), warnings);
    }
}
