//! Settings that change while the service runs.

use std::{
    fs,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use maskinporten::{Settings, SettingsError, TokenSource};
use maskinporten_stub::Client;
use serde_json::Value;
use tests::{configuration::document, mount::Mount, pass, wiretap::Wiretap};
use tokio::time::timeout;
use tower_maskinporten::Tokens;

use super::{
    Path, Scene, path,
    settings::{key, members, wrong},
    until,
};
use crate::capture::print;

pub(super) fn paths() -> Vec<Path> {
    vec![
        path("settings that are watched", || Box::pin(watched())),
        path("settings that are followed", || Box::pin(followed())),
    ]
}

async fn watched() {
    let scene = Scene::begin().await;
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("appsettings.json");
    let client = scene.client("watched", "a:one");
    let mut right = members(&scene, &client);
    let put = |members: &Value| fs::write(&file, document(members)).unwrap();
    put(&right);
    let mut watch = Settings::builder().json_file(&file).watch().unwrap();
    tokio::time::pause();
    let mut spoilt = wrong(&key());
    // Another key of the same client, and another client.
    right["Jwk"] = key();
    spoilt.push(right.clone());
    right["ClientId"] = "another".into();
    spoilt.push(right);
    for members in &spoilt {
        put(members);
        let _ = timeout(Duration::from_secs(6), watch.changed()).await;
        print(&watch);
    }
    fs::remove_file(&file).unwrap();
    let _ = timeout(Duration::from_secs(6), watch.changed()).await;
    print(watch.settings());
    tokio::time::resume();
    assert_eq!(watch.settings().client_id(), "another");
    scene.end().await;
}

/// Connects, but for one client.
async fn connect(settings: Settings, http: Wiretap) -> Result<Arc<dyn TokenSource>, SettingsError> {
    if settings.client_id() == "panics" {
        PANICS.fetch_add(1, Ordering::Relaxed);
        panic!("{settings:?} cannot be connected");
    }
    settings.connect_over(http).await
}

static PANICS: AtomicUsize = AtomicUsize::new(0);

/// Lets time pass until it is so. Files are read on another thread.
async fn in_time(mut is_so: impl FnMut() -> bool) {
    while !is_so() {
        pass(Duration::from_millis(250)).await;
        tokio::task::yield_now().await;
    }
}

async fn followed() {
    let scene = Scene::begin().await;
    let mut mount = Mount::new().unwrap();
    let (first, second) = (
        scene.client("first", "a:one"),
        scene.client("second", "a:one"),
    );
    let mut put = |id: &str, client: &Client| {
        let mut members = members(&scene, client);
        members["ClientId"] = id.into();
        let file = document(&members);
        mount.replace(&[("a.json", &file)]).unwrap();
        mount.path().to_owned()
    };
    let watch = Settings::builder()
        .directory(put("first", &first))
        .watch()
        .unwrap();
    let settings = watch.settings().clone();
    let http = scene.http.clone();
    let source = settings.connect_over(http.clone()).await.unwrap();
    let tokens = Tokens::new(source, settings.grant().clone());
    tokens.ready().await.unwrap();
    tokens.follow(watch, move |settings| connect(settings, http.clone()));
    let asked = |id: &str| {
        let requests = scene.stub.requests();
        let mut claims = requests.iter().filter_map(|asked| asked.claims());
        claims.any(|claims| claims["iss"] == id)
    };
    put("panics", &first);
    in_time(|| PANICS.load(Ordering::Relaxed) > 0).await;
    put("nobody", &first);
    in_time(|| asked("nobody")).await;
    put("second", &second);
    in_time(|| asked("second")).await;
    until(|| !tokens.status().default_grant().is_fetching()).await;
    print(&tokens);
    print(&tokens.status());
    drop(tokens);
    scene.end().await;
}
