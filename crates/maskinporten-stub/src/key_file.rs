//! The stub's own keys in a file, so that a second start need not make them.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize};

use crate::{
    keys::{Keys, new_key},
    rsa::SigningKey,
    secret_file,
};

/// Private keys, as PKCS#8 in base64.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct KeyFile {
    maskinporten: String,
    altinn: String,
    altinn_next: String,
    demo_client: String,
}

/// Reads the keys, or makes them and the file.
pub(crate) async fn load_or_make(path: PathBuf) -> io::Result<Keys> {
    let failed = |error: io::Error| {
        let what = format!("key file {}: {error}", path.display());
        io::Error::new(error.kind(), what)
    };
    match fs::read(&path) {
        Ok(json) => read(&json).map_err(failed),
        Err(missing) if missing.kind() == io::ErrorKind::NotFound => {
            make(&path).await.map_err(failed)
        }
        Err(error) => Err(failed(error)),
    }
}

fn read(json: &[u8]) -> io::Result<Keys> {
    let file: KeyFile = serde_json::from_slice(json)?;
    let key = |text: &str| {
        let der = STANDARD.decode(text).ok()?;
        SigningKey::from_pkcs8(&der).ok()
    };
    (|| {
        let altinn = [key(&file.altinn)?, key(&file.altinn_next)?];
        Keys::of(key(&file.maskinporten)?, altinn, &key(&file.demo_client)?).ok()
    })()
    .ok_or_else(|| {
        io::Error::new(
            io::ErrorKind::InvalidData,
            "it holds a key that is unusable",
        )
    })
}

async fn make(path: &Path) -> io::Result<Keys> {
    let (maskinporten, altinn, altinn_next, demo) =
        tokio::try_join!(new_key(), new_key(), new_key(), new_key())?;
    let text = |key: &SigningKey| {
        let der = key.pkcs8().map_err(|_unspecified| NOT_WRITTEN)?;
        Ok::<_, &str>(STANDARD.encode(der))
    };
    let file = (|| {
        Ok::<_, &str>(KeyFile {
            maskinporten: text(&maskinporten)?,
            altinn: text(&altinn)?,
            altinn_next: text(&altinn_next)?,
            demo_client: text(&demo)?,
        })
    })();
    let json = serde_json::to_vec_pretty(&file.map_err(io::Error::other)?)?;
    secret_file::write(path, &json)?;
    Keys::of(maskinporten, [altinn, altinn_next], &demo)
        .map_err(|_unspecified| io::Error::other(NOT_WRITTEN))
}

const NOT_WRITTEN: &str = "a key could not be written";
