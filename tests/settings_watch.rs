//! Settings are replaced while the service runs.

#![expect(clippy::unwrap_used, reason = "what cannot be had in a test ends it")]

use std::{fs, time::Duration};

use maskinporten::{KeyRing, Settings, SettingsWatch};
use serde_json::{Value, json};
use tests::{
    configuration::{document, private_jwk},
    log::logged,
};
use tokio::time::{Instant, timeout};
use tracing::Level;

/// Two looks, and a bit.
const SOON: Duration = Duration::from_secs(11);

/// Waits for what must come within 10 s.
pub(crate) async fn soon(watch: &mut SettingsWatch) -> &Settings {
    timeout(SOON, watch.changed()).await.unwrap()
}

/// Looks at the files, and is told of nothing.
pub(crate) async fn nothing(watch: &mut SettingsWatch) {
    assert!(timeout(SOON, watch.changed()).await.is_err());
}

pub(crate) fn kid(keys: &KeyRing) -> Option<String> {
    keys.status().kid().map(str::to_owned)
}

pub(crate) fn name(jwk: &Value) -> Option<String> {
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
pub(crate) async fn nothing_is_read_anew_while_nothing_changes() {
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
