//! Settings out of files as they are mounted, and of more than one client.

#![expect(clippy::unwrap_used, reason = "what cannot be had in a test ends it")]

use std::{
    error::Error,
    fs,
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

use maskinporten::{Settings, SettingsBuilder};
use serde_json::json;
use tests::{
    configuration::{ID, document, encoded, nais, private_jwk},
    log::logged,
    mount::Mount,
};
use tracing::Level;

fn mounted(files: &[(&str, &str)]) -> Mount {
    let mut mount = Mount::new().unwrap();
    mount.replace(files).unwrap();
    mount
}

fn refused(builder: SettingsBuilder) -> String {
    let error = builder.build().unwrap_err();
    let text = format!("{error} {error:?}");
    assert!(!text.contains("canary"), "{text}");
    error.to_string()
}

#[test]
fn a_directory_that_nais_mounts_is_read() {
    let jwk = private_jwk();
    let text = format!("{jwk}\n");
    let mount = mounted(&nais(&text, "b:two a:one\n"));
    // None of these is a setting.
    fs::create_dir(mount.file("MASKINPORTEN_ISSUER")).unwrap();
    fs::write(mount.file("image.png"), [0xff; 70_000]).unwrap();
    let settings = Settings::builder().directory(mount.path()).build().unwrap();
    assert_eq!(settings.client_id(), ID);
    assert_eq!(settings.grant().scope(), "a:one b:two");
    assert_eq!(settings.keys().status().kid(), jwk["kid"].as_str());
    let scopes = mount.file("MASKINPORTEN_SCOPES").display().to_string();
    assert_eq!(settings.origin_of("Scope"), Some(&*scopes));
    assert_eq!(settings.origin_of("MASKINPORTEN_ISSUER"), None);
}

#[test]
fn names_of_dotnet_override_json_files_in_a_directory() {
    let jwk = encoded(&private_jwk());
    let first = document(&json!({"Scope": "first:json", "Resource": "urn:first"}));
    let second = document(&json!({"Scope": "second:json"}));
    let mount = mounted(&[
        ("20-override.json", &second),
        ("10-base.json", &first),
        ("MaskinportenSettings__Scope", "of:file"),
        ("MASKINPORTENSETTINGS__ENCODEDJWK", &jwk),
        ("MASKINPORTEN_SCOPES", "platform:scope"),
    ]);
    let builder = Settings::builder().directory(mount.path());
    let settings = builder.build().unwrap();
    assert_eq!(settings.grant().scope(), "of:file");
    assert_eq!(settings.grant().resource(), Some("urn:first"));
    for (member, name) in [
        ("ClientId", "20-override.json"),
        ("Resource", "10-base.json"),
        ("EncodedJwk", "MASKINPORTENSETTINGS__ENCODEDJWK"),
    ] {
        let path = mount.file(name).display().to_string();
        assert_eq!(settings.origin_of(member), Some(&*path), "{member}");
    }
}

#[test]
fn what_is_wrong_in_a_directory_is_named_by_its_file() {
    let jwk = encoded(&private_jwk());
    let other = private_jwk().to_string();
    for (name, contents, says) in [
        (
            "MaskinportenSettings__ConsumerOrgNo",
            "canary",
            "nine digits",
        ),
        ("MaskinportenSettings__KeyCreated", "canary", "date"),
        ("MASKINPORTEN_CLIENT_ID", "canary", "different clients"),
        ("MASKINPORTEN_CLIENT_JWK", &other, "different clients"),
        ("settings.json", "{\"canary", "too early"),
        (
            "MASKINPORTEN_ISSUER",
            &"canary".repeat(12_000),
            "cannot be read",
        ),
        ("large.json", &"canary ".repeat(160_000), "cannot be read"),
    ] {
        let base = document(&json!({"EncodedJwk": jwk}));
        let mount = mounted(&[("appsettings.json", &base), (name, contents)]);
        let error = refused(Settings::builder().directory(mount.path()));
        assert!(
            error.contains(&mount.file(name).display().to_string()),
            "{error}"
        );
        assert!(error.contains(says), "{error}");
    }
    let mount = mounted(&[]);
    fs::write(mount.file("MASKINPORTEN_CLIENT_ID"), [0xff]).unwrap();
    let error = refused(Settings::builder().directory(mount.path()));
    assert!(
        error.contains("MASKINPORTEN_CLIENT_ID cannot be read"),
        "{error}"
    );
}

#[test]
fn a_name_that_is_no_setting_is_warned_of() {
    let base = document(&json!({"Jwk": private_jwk()}));
    let mount = mounted(&[
        ("appsettings.json", &base),
        ("MaskinportenSettings__Scopes", "canary"),
    ]);
    let path = mount
        .file("MaskinportenSettings__Scopes")
        .display()
        .to_string();
    assert!(logged(Level::WARN, &path).is_empty());
    Settings::builder().directory(mount.path()).build().unwrap();
    let warned = logged(Level::WARN, &path);
    assert_eq!(warned.len(), 1);
    assert!(warned[0].contains("`Scopes`") && !warned[0].contains("canary"));
}

#[test]
fn h1_two_versions_of_a_directory_are_never_mixed() {
    let clients = [private_jwk(), private_jwk()].map(|jwk| {
        let kid = jwk["kid"].as_str().unwrap().to_owned();
        (kid, jwk.to_string())
    });
    let replace = |mount: &mut Mount, turn: usize| {
        let (kid, jwk) = &clients[turn % 2];
        let mut files = nais(jwk, "a:one");
        // Each client goes by the name of its key.
        files[0].1 = kid;
        mount.replace(&files).unwrap();
    };
    let mut mount = mounted(&[]);
    replace(&mut mount, 0);
    let path = mount.path().to_owned();
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            for turn in 1.. {
                if is_over.load(Ordering::Relaxed) {
                    break;
                }
                replace(&mut mount, turn);
            }
        });
        let mixed = (0..100).find_map(|_| {
            let settings = match Settings::builder().directory(&path).build() {
                Ok(settings) => settings,
                Err(error) => return Some(error.to_string()),
            };
            let keys = settings.keys().status();
            (keys.kid() != Some(settings.client_id())).then(|| format!("{settings:?}"))
        });
        is_over.store(true, Ordering::Relaxed);
        assert_eq!(mixed, None);
    });
}

#[test]
fn a_directory_may_be_optional() {
    let mount = mounted(&[]);
    let missing = mount.file("missing");
    let base = document(&json!({"Jwk": private_jwk()}));
    let builder = || Settings::builder().json("appsettings.json", base.clone());
    assert!(builder().optional_directory(&missing).build().is_ok());
    let error = builder().directory(&missing).build().unwrap_err();
    assert!(
        error.to_string().contains("missing cannot be read"),
        "{error}"
    );
    assert!(error.source().unwrap().is::<std::io::Error>());
    // One that is there and cannot be read is not taken for a missing one.
    fs::write(&missing, "").unwrap();
    assert!(builder().optional_directory(&missing).build().is_err());
}

#[test]
fn altinn_apps_have_two_clients_in_one_file() {
    let (ours, internal) = (private_jwk(), private_jwk());
    let client = |id: &str, jwk| {
        json!({
            "Authority": "https://test.maskinporten.no/", "ClientId": id, "Scope": "a:one", "Jwk": jwk,
            "Jwks": {"keys": [jwk]},
        })
    };
    let text = json!({
        "MaskinportenSettings": client("ours", &ours),
        "MaskinportenSettingsInternal": client("internal", &internal),
    });
    let mount = mounted(&[("maskinporten-settings.json", &text.to_string())]);
    for (section, id, jwk) in [
        ("MaskinportenSettings", "ours", &ours),
        ("MaskinportenSettingsInternal", "internal", &internal),
    ] {
        for builder in [
            Settings::builder().directory(mount.path()),
            Settings::builder().json_file(mount.file("maskinporten-settings.json")),
        ] {
            let settings = builder.section(section).build().unwrap();
            assert_eq!(settings.client_id(), id);
            assert_eq!(settings.keys().status().kid(), jwk["kid"].as_str());
        }
    }
}

#[test]
fn named_clients_have_a_section_each_in_one_file() {
    let client = |scope: &str| {
        json!({
            "ClientId": format!("client-of-{scope}"), "Environment": "test", "Scope": scope,
            "EncodedJwk": encoded(&private_jwk()),
        })
    };
    let text = json!({"Clients": {"Archive": client("a:read"), "Billing": client("b:write")}});
    let mount = mounted(&[("appsettings.json", &text.to_string())]);
    for (section, id) in [
        ("Clients:Archive", "client-of-a:read"),
        ("clients:BILLING", "client-of-b:write"),
    ] {
        let builder = Settings::builder().section(section);
        let settings = builder
            .json_file(mount.file("appsettings.json"))
            .build()
            .unwrap();
        assert_eq!(settings.client_id(), id);
    }
}
