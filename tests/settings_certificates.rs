//! Certificates in settings, as enterprise certificates are handed out.

#![expect(clippy::unwrap_used, reason = "what cannot be had in a test ends it")]

use std::{fs, path::Path, process::Command};

use base64::{Engine, engine::general_purpose::STANDARD};
use maskinporten::{KeyStatus, Settings, SettingsError};
use serde_json::{Value, json};
use tests::configuration::document;

const PASSWORD: &str = "canary-password";

/// Makes `name.p12` for each of the passwords, with the `openssl` of this machine. `false` when there is none.
#[expect(clippy::print_stderr, reason = "nobody must think that it was tested")]
fn made(directory: &Path, passwords: &[(&str, &str)]) -> bool {
    let openssl = |arguments: &str| {
        let mut command = Command::new("openssl");
        let command = command.current_dir(directory).args(arguments.split(' '));
        command.output().is_ok_and(|output| output.status.success())
    };
    let certificate =
        "req -x509 -newkey rsa:2048 -nodes -subj /CN=test -days 100 -keyout k.pem -out c.pem";
    let is_made = openssl(certificate)
        && passwords.iter().all(|(name, password)| {
            openssl(&format!(
                "pkcs12 -export -inkey k.pem -in c.pem -out {name}.p12 -passout pass:{password}"
            ))
        })
        && openssl(&format!(
            "pkcs8 -topk8 -in k.pem -out encrypted.pem -passout pass:{PASSWORD}"
        ));
    if !is_made {
        eprintln!(
            "SKIPPED: certificates in settings were not tested: there is no usable openssl here"
        );
    }
    is_made
}

fn build(members: &Value) -> Result<Settings, SettingsError> {
    Settings::builder()
        .json("appsettings.json", document(members))
        .build()
}

fn key(members: &Value) -> KeyStatus {
    build(members).unwrap().keys().status()
}

fn refused(members: &Value) -> String {
    let error = build(members).unwrap_err();
    let text = format!("{error} {error:?}");
    assert!(!text.contains("canary"), "{text}");
    error.to_string()
}

#[test]
fn certificates_are_read_in_every_form_that_settings_have() {
    let directory = tempfile::tempdir().unwrap();
    if !made(directory.path(), &[("open", ""), ("locked", PASSWORD)]) {
        return;
    }
    let path = |name: &str| directory.path().join(name).display().to_string();
    let encoded = STANDARD.encode(fs::read(path("open.p12")).unwrap());
    for members in [
        json!({"EncodedX509": encoded}),
        // The password of another member is not that of this one.
        json!({"EncodedX509": encoded, "CertificatePkcs12Password": "other", "KeyPassword": "other"}),
        json!({"CertificatePkcs12Path": path("open.p12")}),
        json!({"CertificatePkcs12Path": path("locked.p12"), "CertificatePkcs12Password": PASSWORD}),
        json!({"KeyPath": path("locked.p12"), "KeyPassword": PASSWORD}),
    ] {
        let key = key(&members);
        assert_eq!(key.kid(), None, "{members}");
        assert!(key.expires_at().is_some(), "{members}");
        let mut named = members;
        named["Kid"] = "mine".into();
        assert_eq!(self::key(&named).kid(), Some("mine"), "{named}");
    }
    let encrypted = fs::read_to_string(path("encrypted.pem")).unwrap();
    for member in [
        json!({"KeyPath": path("encrypted.pem")}),
        json!({"EncodedJwk": STANDARD.encode(&encrypted)}),
    ] {
        let mut members = member;
        members["Kid"] = "mine".into();
        assert!(refused(&members).contains("password"), "{members}");
        members["KeyPassword"] = PASSWORD.into();
        assert_eq!(key(&members).kid(), Some("mine"));
    }
}

#[test]
fn a_certificate_takes_the_kid_of_an_earlier_source() {
    let directory = tempfile::tempdir().unwrap();
    if !made(directory.path(), &[("open", "")]) {
        return;
    }
    let path = directory.path().join("open.p12").display().to_string();
    let settings = Settings::builder()
        .json("appsettings.json", document(&json!({"Kid": "mine"})))
        .vars([("MaskinportenSettings__CertificatePkcs12Path", path)])
        .build()
        .unwrap();
    assert_eq!(settings.keys().status().kid(), Some("mine"));
}

#[test]
fn what_cannot_be_read_is_named_and_not_told() {
    let directory = tempfile::tempdir().unwrap();
    let missing = directory.path().join("canary.p12").display().to_string();
    let garbage = directory.path().join("garbage.p12").display().to_string();
    fs::write(&garbage, "canary").unwrap();
    for (member, value, says) in [
        ("CertificatePkcs12Path", &*missing, "cannot be read"),
        ("CertificatePkcs12Path", &garbage, "not usable"),
        ("KeyPath", &missing, "cannot be read"),
        ("EncodedX509", "canary", "not usable"),
    ] {
        let error = refused(&json!({member: value}));
        assert!(
            error.starts_with(&format!("`{member}` (appsettings.json)")),
            "{error}"
        );
        assert!(error.contains(says), "{error}");
    }
    if !made(directory.path(), &[("locked", PASSWORD)]) {
        return;
    }
    let locked = directory.path().join("locked.p12").display().to_string();
    for password in [json!(null), json!("canary-wrong")] {
        let members =
            json!({"CertificatePkcs12Path": locked, "CertificatePkcs12Password": password});
        let error = refused(&members);
        assert!(
            error.starts_with("`CertificatePkcs12Path` (appsettings.json)"),
            "{error}"
        );
        assert!(error.contains("password"), "{error}");
    }
}

#[test]
fn a_certificate_and_a_key_are_one_too_many() {
    let error = refused(&json!({"EncodedX509": "canary", "KeyPath": "canary"}));
    assert!(
        error.contains("`EncodedX509`") && error.contains("`KeyPath`"),
        "{error}"
    );
}
