//! What settings must keep, whatever they were read from.

use std::{fs, path::PathBuf, sync::LazyLock};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL};
use maskinporten::{Settings, SettingsError};
use serde_json::Value;
use tempfile::TempDir;

use crate::{Answers, OWN, Told, block_on, expand, pem_body, random};

/// Marks values.
static MARK: LazyLock<String> = LazyLock::new(random);
/// Marks passwords.
static PASSWORD: LazyLock<String> = LazyLock::new(random);
/// Where files are that settings may name.
static FILES: LazyLock<(TempDir, String)> = LazyLock::new(|| {
    let directory = tempfile::tempdir().unwrap();
    fs::write(
        directory.path().join("key.pem"),
        include_str!("../keys/own.pem"),
    )
    .unwrap();
    fs::write(
        directory.path().join("key.p12"),
        include_bytes!("../keys/own.p12"),
    )
    .unwrap();
    let path = directory.path().display().to_string();
    (directory, path)
});

/// Fills the gaps of settings: those of `Key::gaps`, `$E` for a key with the password `fuzz`, `$M` and `$S` for what must
/// not be told, and `$F` for a directory with `key.pem` and `key.p12` (password `fuzz`). `None` when it is no text, or
/// names files that are the machine's.
#[must_use]
pub fn filled(input: &[u8]) -> Option<String> {
    let mut gaps = OWN.gaps();
    let encrypted = pem_body(include_str!("../keys/encrypted.pem"));
    gaps.extend([
        (b'E', encrypted.as_bytes()),
        (b'M', MARK.as_bytes()),
        (b'S', PASSWORD.as_bytes()),
        (b'F', FILES.1.as_bytes()),
    ]);
    let text = String::from_utf8(expand(input, &gaps)).ok()?;
    let is_of_machine = ["/proc", "/dev", "/sys"]
        .iter()
        .any(|path| text.contains(path));
    (!is_of_machine).then_some(text)
}

/// A value, in which the mark of passwords stands only if it is one: elsewhere it would be no secret.
#[must_use]
pub fn password_only(name: &str, value: &str) -> String {
    if name.to_ascii_lowercase().ends_with("password") {
        value.to_owned()
    } else {
        value.replace(&*PASSWORD, "")
    }
}

/// What `input` was read as tells no passwords and asks as it says it does, and an error tells names and no values.
///
/// # Panics
///
/// When one of these is not so.
pub fn check(input: &[u8], outcome: &Result<Settings, SettingsError>) {
    let told = Told::by_events().about(input);
    match outcome {
        Ok(settings) => {
            asks(settings);
            let told = told.and_debug(settings).and_events().without_names();
            told.hides(&PASSWORD);
        }
        Err(error) => {
            let told = told.and_error(error).without_names();
            told.hides(&MARK).hides(&PASSWORD);
            for secret in OWN.secrets() {
                told.hides(&secret);
            }
        }
    }
}

/// The first request of a source over these settings is the one that they describe.
fn asks(settings: &Settings) {
    let answers = Answers::new(
        b"200\ncontent-type: application/json\n\n{\"access_token\":\"t\",\"expires_in\":119}",
        &[],
    );
    let Some(environment) = settings.environment() else {
        return;
    };
    let _ = block_on(async {
        let source = settings.connect_over(answers.clone()).await.unwrap();
        source.fetch(settings.grant()).await
    });
    let requests = answers.requests();
    let request = requests.first().unwrap();
    assert_eq!(request.uri(), environment.token_endpoint());
    let form = std::str::from_utf8(request.body()).unwrap();
    let claims = BASE64URL.decode(form.split('.').nth(1).unwrap()).unwrap();
    let claims: Value = serde_json::from_slice(&claims).unwrap();
    assert_eq!(claims["iss"], settings.client_id());
    assert_eq!(claims["aud"], environment.issuer());
    assert_eq!(claims["scope"], settings.grant().scope());
    if settings.exchanges()
        && let (Some(exchange), Some(altinn)) = (requests.get(1), environment.altinn())
    {
        assert!(exchange.uri().to_string().starts_with(altinn.base_url()));
    }
}

/// A new directory, in memory where that can be had.
///
/// # Panics
///
/// When there can be none.
#[must_use]
pub fn directory() -> TempDir {
    static PLACE: LazyLock<PathBuf> = LazyLock::new(|| {
        let memory = PathBuf::from("/dev/shm");
        if memory.is_dir() {
            memory
        } else {
            std::env::temp_dir()
        }
    });
    tempfile::tempdir_in(&*PLACE).unwrap()
}
