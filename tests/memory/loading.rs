//! What programs read a key with, and what they do with it then.

use std::{convert::Infallible, fs, path::Path, time::Duration};

use bytes::Bytes;
use http::{Request, Response, header};
use http_body_util::Full;
use maskinporten::{
    ClientKey, Environment, Grant, KeyError, KeyOptions, KeyRing, Maskinporten, Settings,
    SettingsBuilder, Signer, TokenSource,
};
use tokio::{
    runtime::{Builder, Runtime},
    time::timeout,
};
use zeroize::Zeroizing;

use crate::material::PASSWORD;

/// What holds the key: it uses the key and drops it. Nothing holds one that was refused.
pub(crate) type Held = Option<Box<dyn FnOnce()>>;

pub(crate) fn jwk(path: &Path) -> Held {
    held(ClientKey::from_jwk(&text(path)))
}

pub(crate) fn base64(path: &Path) -> Held {
    held(ClientKey::from_base64(&text(path)))
}

pub(crate) fn pem(path: &Path) -> Held {
    held(ClientKey::from_pem(&text(path), "k"))
}

pub(crate) fn named(path: &Path) -> Held {
    held(KeyOptions::new().kid("forms").read(bytes(path)))
}

pub(crate) fn unnamed(path: &Path) -> Held {
    held(KeyOptions::new().read(bytes(path)))
}

pub(crate) fn with_password(path: &Path) -> Held {
    held(
        KeyOptions::new()
            .kid("k")
            .password(PASSWORD)
            .read(bytes(path)),
    )
}

/// A program that has its key in a file, which is replaced by another form of the same.
pub(crate) fn followed(path: &Path) -> Held {
    let keys = KeyRing::from_file(path, KeyOptions::new()).unwrap();
    replaced(path);
    runtime().block_on(async {
        let look = timeout(Duration::from_secs(6), keys.changed()).await;
        assert!(look.is_err() && keys.status().reload_error().is_none());
    });
    Some(Box::new(move || {
        let http = tower::service_fn(token);
        let source = Maskinporten::new(Environment::test(), "me", keys, http);
        let grant = Grant::new("a:one").unwrap();
        runtime().block_on(source.fetch(&grant)).unwrap();
    }))
}

pub(crate) fn settings(path: &Path) -> Held {
    connected(Settings::builder().json_file(path))
}

pub(crate) fn settings_text(path: &Path) -> Held {
    connected(Settings::builder().json("text", text(path).as_str()))
}

pub(crate) fn settings_directory(path: &Path) -> Held {
    connected(rest().directory(path.parent().unwrap()))
}

pub(crate) fn settings_variable(path: &Path) -> Held {
    let key = text(path);
    connected(rest().vars([("MaskinportenSettings__EncodedJwk", key.as_str())]))
}

pub(crate) fn settings_key_path(path: &Path) -> Held {
    connected(rest().vars([("MaskinportenSettings__KeyPath", path.to_str().unwrap())]))
}

/// A program whose settings are replaced by the same.
pub(crate) fn settings_watched(path: &Path) -> Held {
    let mut watch = Settings::builder().json_file(path).watch().unwrap();
    replaced(path);
    runtime().block_on(async {
        let look = timeout(Duration::from_secs(6), watch.changed()).await;
        assert!(look.is_err());
    });
    Some(Box::new(move || drop(watch)))
}

pub(crate) fn no_jwk(path: &Path) -> Held {
    refused(ClientKey::from_jwk(&text(path)))
}

pub(crate) fn no_base64(path: &Path) -> Held {
    refused(ClientKey::from_base64(&text(path)))
}

pub(crate) fn no_pem(path: &Path) -> Held {
    refused(ClientKey::from_pem(&text(path), "k"))
}

pub(crate) fn no_key(path: &Path) -> Held {
    refused(KeyOptions::new().read(bytes(path)))
}

pub(crate) fn wrong_password(path: &Path) -> Held {
    refused(
        KeyOptions::new()
            .kid("k")
            .password("another")
            .read(bytes(path)),
    )
}

pub(crate) fn no_settings(path: &Path) -> Held {
    refused(Settings::builder().json_file(path).build())
}

/// A program that keeps a key, and signs with it.
fn held(key: Result<ClientKey, KeyError>) -> Held {
    let key = key.unwrap();
    Some(Box::new(move || {
        runtime().block_on(key.sign(b"a message")).unwrap();
    }))
}

/// A program that keeps settings, and gets a token with them.
fn connected(builder: SettingsBuilder) -> Held {
    let settings = builder.build().unwrap();
    Some(Box::new(move || {
        runtime().block_on(async {
            let http = tower::service_fn(token);
            let source = settings.connect_over(http).await.unwrap();
            source.fetch(settings.grant()).await.unwrap();
        });
    }))
}

fn refused<T>(outcome: Result<T, impl std::error::Error>) -> Held {
    assert!(outcome.is_err());
    None
}

/// What settings need beside the key.
fn rest() -> SettingsBuilder {
    Settings::builder().vars([
        ("MaskinportenSettings__ClientId", "me"),
        ("MaskinportenSettings__Environment", "test"),
        ("MaskinportenSettings__Scope", "a:one"),
        ("MaskinportenSettings__Kid", "forms"),
    ])
}

/// Puts a space in front of what is in the file.
fn replaced(path: &Path) {
    let before = bytes(path);
    let mut after = Zeroizing::new(Vec::with_capacity(1 + before.len()));
    after.push(b' ');
    after.extend_from_slice(&before);
    fs::write(path, &*after).unwrap();
}

async fn token(_: Request<Full<Bytes>>) -> Result<Response<Full<Bytes>>, Infallible> {
    let token = r#"{"access_token":"a.b.c","token_type":"Bearer","expires_in":119}"#;
    let mut answer = Response::new(token.into());
    let json = header::HeaderValue::from_static("application/json");
    answer.headers_mut().insert(header::CONTENT_TYPE, json);
    Ok(answer)
}

fn runtime() -> Runtime {
    let mut runtime = Builder::new_current_thread();
    runtime.enable_all().start_paused(true).build().unwrap()
}

/// What is in the file, in a buffer that is wiped: what programs do with theirs is not looked into here.
fn bytes(path: &Path) -> Zeroizing<Vec<u8>> {
    fs::read(path).unwrap().into()
}

fn text(path: &Path) -> Zeroizing<String> {
    fs::read_to_string(path).unwrap().into()
}
