//! Keys in files that are replaced, spoilt and open to others.

use std::{fs, path, time::Duration};

use maskinporten::{Grant, KeyOptions, KeyRing, TokenSource};
use tests::mount::Mount;
use tokio::time::timeout;

use super::{Path, Scene, path as named};
use crate::capture::{print, print_error};

pub(super) fn paths() -> Vec<Path> {
    vec![
        named("a key file that is replaced and spoilt", || {
            Box::pin(replaced())
        }),
        named("a key file that others may read", || {
            Box::pin(open_to_others())
        }),
    ]
}

/// Has the file looked at.
async fn look(keys: &KeyRing) {
    let changed = keys.changed();
    tokio::time::pause();
    let _ = timeout(Duration::from_secs(6), changed).await;
    tokio::time::resume();
    print(keys);
    print(&keys.status());
}

async fn replaced() {
    let scene = Scene::begin().await;
    let mut mount = Mount::new().unwrap();
    let (first, second) = (scene.client("file", "a:one"), scene.client("file", "a:one"));
    let [old, new] = [&first, &second].map(|client| client.private_jwk().unwrap());
    mount.replace(&[("key.jwk", old)]).unwrap();
    let keys = KeyRing::from_file(mount.file("key.jwk"), KeyOptions::new()).unwrap();
    let source = scene.source("file", keys.clone());
    let grant = Grant::new("a:one").unwrap();
    for spoilt in [
        "",
        &new[..new.len() - 1],
        &new[..40],
        &format!("{new}!"),
        "canary",
    ] {
        mount.replace(&[("key.jwk", spoilt)]).unwrap();
        look(&keys).await;
        print_error(keys.status().reload_error().unwrap());
        let alone = KeyRing::from_file(mount.file("key.jwk"), KeyOptions::new());
        print_error(&alone.unwrap_err());
    }
    mount.replace(&[("another", new)]).unwrap();
    look(&keys).await;
    mount.replace(&[("key.jwk", new)]).unwrap();
    look(&keys).await;
    source.fetch(&grant).await.unwrap();
    assert_eq!(
        keys.status().kid(),
        second
            .public_jwks()
            .next()
            .and_then(|jwk| kid(&jwk))
            .as_deref()
    );
    scene.end().await;
}

fn kid(jwk: &str) -> Option<String> {
    let jwk: serde_json::Value = serde_json::from_str(jwk).unwrap();
    jwk["kid"].as_str().map(str::to_owned)
}

async fn open_to_others() {
    let scene = Scene::begin().await;
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("key.jwk");
    let client = scene.client("file", "a:one");
    fs::write(&path, client.private_jwk().unwrap()).unwrap();
    open(&path);
    let keys = KeyRing::from_file(&path, KeyOptions::new()).unwrap();
    print(&keys);
    let strict = KeyOptions::new().only_owner_may_read();
    print(&strict);
    let refused = KeyRing::from_file(&path, strict);
    print_error(&refused.unwrap_err());
    let grant = Grant::new("a:one").unwrap();
    scene.source("file", keys).fetch(&grant).await.unwrap();
    scene.end().await;
}

/// Lets others read a file, where there are such permissions.
fn open(path: &path::Path) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;

        fs::set_permissions(path, fs::Permissions::from_mode(0o644)).unwrap();
    }
    let _ = path;
}
