//! Private keys that are read, refused, replaced and not accepted.

use std::time::{Duration, SystemTime};

use base64::{Engine, engine::general_purpose::STANDARD};
use maskinporten::{ClientKey, Grant, KeyError, KeyOptions, KeyRing, TokenSource};
use maskinporten_stub::{CertificateAuthority, Client};
use serde_json::{Value, json};
use tests::{
    forms::{Forms, pem},
    grant, pass,
};

use super::{Path, Scene, note_key, path};
use crate::{
    capture::{print, print_error},
    search::secrets,
};

pub(super) fn paths() -> Vec<Path> {
    vec![
        path("keys in every form", || Box::pin(read())),
        path("keys that are refused", || Box::pin(refused())),
        path("wrong passwords", || Box::pin(wrong_passwords())),
        path("keys that are replaced", || Box::pin(replaced())),
        path("certificates", || Box::pin(certificates())),
    ]
}

const PASSWORD: &str = "canary-password-of-a-key-81c2";

/// A key whose every form is secret.
fn secret_key() -> Forms {
    let key = Forms::generate();
    let mut secrets = secrets();
    secrets.key(key.jwk());
    // Whatever is in there, line by line.
    for file in [
        key.pkcs8_pem(),
        key.pkcs1_pem(),
        key.encrypted_pem(PASSWORD),
    ] {
        for line in file.lines().filter(|line| line.len() == 64) {
            secrets.text("a line of PEM", line);
        }
    }
    secrets.text("a password", PASSWORD);
    key
}

async fn read() {
    let key = secret_key();
    let named = KeyOptions::new().kid("k").password(PASSWORD);
    print(&named);
    let encoded = STANDARD.encode(key.jwk().to_string());
    let read = |file: &[u8]| named.read(file).unwrap();
    for file in [
        key.jwk().to_string().as_bytes(),
        encoded.as_bytes(),
        key.pkcs8_pem().as_bytes(),
        key.pkcs1_pem().as_bytes(),
        key.encrypted_pem(PASSWORD).as_bytes(),
        &key.pkcs8(),
        &key.pkcs12(PASSWORD),
    ] {
        let key = read(file);
        print(&key);
        let ring = KeyRing::new(key.clone()).with_fallback(key);
        print(&ring);
        print(&ring.status());
    }
}

/// Tells why a key was refused.
fn tell(outcome: Result<ClientKey, KeyError>) {
    print_error(&outcome.unwrap_err());
}

async fn refused() {
    let key = secret_key();
    let jwk = key.jwk();
    let with = |member: &str, value: Value| {
        let mut jwk = jwk.clone();
        jwk[member] = value;
        jwk.to_string()
    };
    let whole = jwk.to_string();
    let base64 = STANDARD.encode(&whole);
    let changed = |member: &str, change: fn(&str) -> String| {
        with(member, change(jwk[member].as_str().unwrap()).into())
    };
    for text in [
        whole[..whole.len() - 1].to_owned(),
        format!("{whole}}}"),
        format!("{whole}{whole}"),
        whole.replacen('"', "", 1),
        whole.replace("\"d\":", "\"d\":\"\","),
        whole.replace("\"d\":", "\"p\":"),
        with("kty", "EC".into()),
        with("kid", Value::Null),
        with("kid", json!([jwk["d"]])),
        with("alg", jwk["d"].clone()),
        with("use", jwk["d"].clone()),
        with("key_ops", json!([jwk["d"]])),
        with("oth", json!([jwk["d"]])),
        with("n", jwk["d"].clone()),
        with("e", jwk["p"].clone()),
        with("d", json!([jwk["d"]])),
        with("d", json!({"value": jwk["d"]})),
        with("iat", jwk["d"].clone()),
        changed("d", |d| format!("{d}!")),
        changed("d", |d| format!("{d}\n")),
        changed("p", |p| p.chars().rev().collect()),
        json!({"keys": [jwk, jwk]}).to_string(),
        json!({"keys": jwk}).to_string(),
        json!([[jwk]]).to_string(),
        json!(jwk.to_string()).to_string(),
    ] {
        tell(ClientKey::from_jwk(&text));
        tell(ClientKey::from_base64(&STANDARD.encode(&text)));
        tell(
            KeyOptions::new()
                .kid("another")
                .read(STANDARD.encode(json!([text, text]).to_string())),
        );
    }
    for text in [
        base64[..base64.len() / 2].to_owned(),
        format!("{base64}!"),
        format!("EncodedJwk={base64}"),
        key.pkcs8_pem().replace("-----END", "!-----END"),
        key.pkcs8_pem().replace("-----END", "----END"),
        key.pkcs8_pem().replace("PRIVATE", "PUBLIC"),
        key.pkcs1_pem().replace("RSA", "EC"),
        key.pkcs8_pem().replace("PRIVATE", "ENCRYPTED PRIVATE"),
        key.pkcs8_pem() + &pem("CERTIFICATE", &key.pkcs8()),
        key.pkcs8_pem() + &Forms::generate().certificates_pem(),
        pem("PRIVATE KEY", &key.pkcs8()[..600]),
    ] {
        tell(ClientKey::from_base64(&text));
        tell(ClientKey::from_pem(&text, ""));
    }
    tell(KeyOptions::new().kid("k").read(&key.pkcs8()[1..]));
    tell(KeyOptions::new().read(key.pkcs8()));
}

async fn wrong_passwords() {
    let key = secret_key();
    secrets().text("a password", "canary-wrong-password-55d0");
    let files = [key.pkcs12(PASSWORD), key.encrypted_pem(PASSWORD).into()];
    for file in files {
        for options in [
            KeyOptions::new(),
            KeyOptions::new().password("canary-wrong-password-55d0"),
            KeyOptions::new().password(format!("{PASSWORD} ")),
            KeyOptions::new().password(""),
        ] {
            print(&options);
            tell(options.kid("k").read(&file));
        }
        let half = &file[..file.len() / 2];
        tell(KeyOptions::new().kid("k").password(PASSWORD).read(half));
        let encoded = STANDARD.encode(&file);
        tell(KeyOptions::new().kid("k").read(encoded));
    }
}

async fn replaced() {
    let scene = Scene::begin().await;
    let client = || {
        let client = Client::generate("rotating", "310702641").unwrap();
        note_key(client.private_jwk().unwrap());
        client.scopes("a:one")
    };
    let key = |client: &Client, ends: Duration| {
        let year = Duration::from_secs(365 * 24 * 60 * 60);
        let options = KeyOptions::new().created_at(SystemTime::now() + ends - year);
        options.read(client.private_jwk().unwrap()).unwrap()
    };
    let soon = Duration::from_secs(7 * 24 * 60 * 60);
    let (old, new) = (client(), client());
    scene.stub.register(old.clone());
    let grant = Grant::new("a:one").unwrap();
    // One that is near its end, one that is not known with another, and one that is not known alone.
    let keys = KeyRing::new(key(&old, soon));
    let source = scene.source("rotating", keys.clone());
    source.fetch(&grant).await.unwrap();
    keys.replace(key(&new, soon));
    source.fetch(&grant).await.unwrap();
    print(&keys);
    print(&source);
    print_error(
        &scene
            .source("rotating", key(&new, soon))
            .fetch(&grant)
            .await
            .unwrap_err(),
    );
    let strange = client();
    let ended = scene.source("rotating", key(&strange, Duration::ZERO));
    print_error(&ended.fetch(&grant).await.unwrap_err());
    pass(Duration::from_secs(200)).await;
    print_error(&ended.fetch(&grant).await.unwrap_err());
    scene.end().await;
}

async fn certificates() {
    let scene = Scene::begin().await;
    let authority = CertificateAuthority::generate().unwrap();
    scene.stub.trust(&authority);
    let client = Client::new("certified", "310702641").scopes("a:one");
    scene.stub.register(client);
    print(&authority);
    for organisation in ["310702641", "991825827"] {
        let certificate = authority.issue(organisation).unwrap();
        print(&certificate);
        for line in certificate
            .private_key_pem()
            .lines()
            .filter(|line| line.len() == 64)
        {
            secrets().text("a line of PEM", line);
        }
        let file = certificate.pkcs12(PASSWORD).unwrap();
        let key = KeyOptions::new().password(PASSWORD).read(file).unwrap();
        print(&key);
        let source = scene.source("certified", key);
        match source.fetch(&Grant::new("a:one").unwrap()).await {
            Ok(token) => print(&token),
            Err(error) => print_error(&error),
        }
        print_error(&source.fetch(&grant()).await.unwrap_err());
    }
    scene.end().await;
}
