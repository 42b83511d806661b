//! Settings are replaced while the service runs.

#![expect(clippy::unwrap_used, reason = "what cannot be had in a test ends it")]

use std::{fs, time::Duration};

use maskinporten::{HttpClient, KeyRing, Settings, SettingsWatch, TokenSource};
use maskinporten_stub::{Client, Stub};
use serde_json::{Value, json};
use tests::{
    configuration::{ID, document, encoded, nais, private_jwk, public_jwk},
    log::logged,
    mount::Mount,
};
use tokio::time::{Instant, timeout};
use tracing::Level;

/// Two looks, and a bit.
const SOON: Duration = Duration::from_secs(11);

/// Waits for what must come within 10 s.
async fn soon(watch: &mut SettingsWatch) -> &Settings {
    timeout(SOON, watch.changed()).await.unwrap()
}

/// Looks at the files, and is told of nothing.
async fn nothing(watch: &mut SettingsWatch) {
    assert!(timeout(SOON, watch.changed()).await.is_err());
}

fn kid(keys: &KeyRing) -> Option<String> {
    keys.status().kid().map(str::to_owned)
}

fn name(jwk: &Value) -> Option<String> {
    jwk["kid"].as_str().map(str::to_owned)
}

#[tokio::test(start_paused = true)]
async fn a_changed_file_makes_new_settings() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("appsettings.json");
    let jwk = private_jwk();
    let put = |scope: &str| {
        fs::write(&path, document(&json!({"Jwk": jwk, "Scope": scope}))).unwrap();
    };
    put("a:one");
    let mut watch = Settings::builder()
        .json_file(&path)
        .vars([("MaskinportenSettings__Resource", "urn:variable")])
        .watch()
        .unwrap();
    let before = watch.settings().keys().clone();
    for scope in ["b:two", "c:three"] {
        put(scope);
        let settings = soon(&mut watch).await;
        assert_eq!(settings.grant().scope(), scope);
        assert_eq!(settings.grant().resource(), Some("urn:variable"));
        assert_eq!(
            settings.origin_of("Scope"),
            Some(&*path.display().to_string())
        );
        let variable = "variable MaskinportenSettings__Resource";
        assert_eq!(settings.origin_of("Resource"), Some(variable));
        assert_eq!(watch.settings().grant().scope(), scope);
    }
    nothing(&mut watch).await;
    // Of the same client, so the keys are the same, too.
    watch.settings().keys().replace(named(&private_jwk()));
    assert_eq!(kid(&before), kid(watch.settings().keys()));
}

fn named(jwk: &Value) -> maskinporten::ClientKey {
    maskinporten::ClientKey::from_jwk(&jwk.to_string()).unwrap()
}

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
async fn every_member_that_is_not_the_key_counts() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("appsettings.json");
    let mut members = json!({"Jwk": private_jwk()});
    fs::write(&path, document(&members)).unwrap();
    let mut watch = Settings::builder().json_file(&path).watch().unwrap();
    for (member, value) in [
        ("ClientId", json!("another-client")),
        ("Environment", json!("prod")),
        ("ConsumerOrgNo", json!("910753614")),
        ("ExhangeToAltinnToken", json!(true)),
        ("TokenExchangeEnvironment", json!("at23")),
        ("UseAltinnTestOrg", json!(true)),
        ("OverwriteAuthorizationHeader", json!(true)),
    ] {
        members[member] = value;
        fs::write(&path, document(&members)).unwrap();
        assert!(
            soon(&mut watch).await.origin_of(member).is_some(),
            "{member}"
        );
    }
    // White space and comments do not.
    fs::write(&path, format!("// ours\n{}", document(&members))).unwrap();
    nothing(&mut watch).await;
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

#[tokio::test(start_paused = true)]
async fn what_is_optional_may_appear_later_and_go_again() {
    let directory = tempfile::tempdir().unwrap();
    let later = directory.path().join("later");
    let file = directory.path().join("later.json");
    let base = document(&json!({"Jwk": private_jwk()}));
    let mut watch = Settings::builder()
        .json("appsettings.json", base)
        .optional_directory(&later)
        .optional_json_file(&file)
        .watch()
        .unwrap();
    nothing(&mut watch).await;
    fs::create_dir(&later).unwrap();
    nothing(&mut watch).await;
    let resource = later.join("MaskinportenSettings__Resource");
    fs::write(&resource, "urn:later").unwrap();
    let settings = soon(&mut watch).await;
    assert_eq!(settings.grant().resource(), Some("urn:later"));
    assert_eq!(
        settings.origin_of("Resource"),
        Some(&*resource.display().to_string())
    );
    fs::write(&file, document(&json!({"Resource": "urn:file"}))).unwrap();
    assert_eq!(soon(&mut watch).await.grant().resource(), Some("urn:file"));
    fs::remove_file(&file).unwrap();
    assert_eq!(soon(&mut watch).await.grant().resource(), Some("urn:later"));
    fs::remove_dir_all(&later).unwrap();
    assert_eq!(soon(&mut watch).await.grant().resource(), None);
}

#[tokio::test(start_paused = true)]
async fn h11_what_is_not_valid_is_told_once_and_changes_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("appsettings.json");
    let key = directory.path().join("key.jwk");
    let jwk = private_jwk();
    let good = document(&json!({"KeyPath": key, "Scope": "a:one"}));
    fs::write(&key, jwk.to_string()).unwrap();
    fs::write(&path, &good).unwrap();
    let mut watch = Settings::builder().json_file(&path).watch().unwrap();
    let errors = || logged(Level::ERROR, &path.display().to_string());
    assert!(errors().is_empty());
    let canary = document(&json!({"KeyPath": key, "ConsumerOrgNo": "canary"}));
    let spoil: [(&str, &dyn Fn()); 6] = [
        ("half", &|| {
            fs::write(&path, &good[..good.len() / 2]).unwrap();
        }),
        ("empty", &|| fs::write(&path, "").unwrap()),
        ("a wrong value", &|| fs::write(&path, &canary).unwrap()),
        ("missing", &|| fs::remove_file(&path).unwrap()),
        ("no key", &|| {
            fs::write(&path, &good).unwrap();
            fs::write(&key, "canary").unwrap();
        }),
        ("a missing key", &|| fs::remove_file(&key).unwrap()),
    ];
    for (told, (what, spoil)) in (1..).zip(spoil) {
        spoil();
        for _ in 0..2 {
            nothing(&mut watch).await;
            assert_eq!(errors().len(), told, "{what}: {:?}", errors());
        }
        assert_eq!(watch.settings().grant().scope(), "a:one");
        assert_eq!(kid(watch.settings().keys()), name(&jwk));
    }
    assert!(
        !errors().iter().any(|error| error.contains("canary")),
        "{:?}",
        errors()
    );
    fs::write(&key, jwk.to_string()).unwrap();
    fs::write(&path, document(&json!({"KeyPath": key, "Scope": "b:two"}))).unwrap();
    assert_eq!(soon(&mut watch).await.grant().scope(), "b:two");
    assert_eq!(errors().len(), 6);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_read_anew_while_nothing_changes() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("appsettings.json");
    let members = json!({"Jwk": private_jwk(), "Scopes": "canary"});
    fs::write(&path, document(&members)).unwrap();
    let warned = || logged(Level::WARN, &path.display().to_string()).len();
    assert_eq!(warned(), 0);
    let mut watch = Settings::builder().json_file(&path).watch().unwrap();
    for _ in 0..3 {
        nothing(&mut watch).await;
        assert_eq!(warned(), 1);
    }
    fs::write(&path, format!("{}\n", document(&members))).unwrap();
    nothing(&mut watch).await;
    assert_eq!(warned(), 2);
}

#[tokio::test(start_paused = true)]
async fn waiting_may_be_given_up_at_any_time() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("appsettings.json");
    let jwk = private_jwk();
    let put = |scope: &str| {
        fs::write(&path, document(&json!({"Jwk": jwk, "Scope": scope}))).unwrap();
    };
    put("a:one");
    let mut watch = Settings::builder().json_file(&path).watch().unwrap();
    put("b:two");
    let began = Instant::now();
    // Each of these is given up long before it would look.
    while timeout(Duration::from_secs(1), watch.changed())
        .await
        .is_err()
    {
        assert!(began.elapsed() <= Duration::from_secs(10));
    }
    assert_eq!(watch.settings().grant().scope(), "b:two");
    // And nobody waited for this one.
    put("c:three");
    tokio::time::advance(Duration::from_secs(60)).await;
    put("d:four");
    assert_eq!(soon(&mut watch).await.grant().scope(), "d:four");
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

#[test]
fn what_is_wrong_at_the_beginning_is_an_error() {
    let error = Settings::builder()
        .json_file("canary.json")
        .watch()
        .unwrap_err();
    assert!(
        error.to_string().contains("canary.json cannot be read"),
        "{error}"
    );
    // No runtime is needed to begin, and no secret is shown.
    let jwk = private_jwk();
    let base = document(&json!({"Jwk": jwk}));
    let watch = Settings::builder().json("a.json", base).watch().unwrap();
    assert!(!format!("{watch:?}").contains(jwk["d"].as_str().unwrap()));
}
