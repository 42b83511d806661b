//! Settings that change while requests go on, and what may go wrong then. Time is paused. Numbers are rows of the
//! fault matrix.
#![expect(clippy::unwrap_used, reason = "what cannot be had in a test ends it")]

mod common;

use std::{
    fs,
    path::PathBuf,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use aws_lc_rs::{
    encoding::{AsDer, Pkcs8V1Der},
    rsa::{KeyPair, KeySize},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use common::{Script, grant, secs};
use maskinporten::{
    AccessToken, BoxError, BoxFuture, Error, Grant, KeyRing, Settings, SettingsWatch, TokenSource,
};
use tempfile::TempDir;
use tokio::time::{Instant, sleep};
use tower_maskinporten::Tokens;
use tracing::{Dispatch, Event, Level, Metadata, Subscriber, span, subscriber::NoSubscriber};

/// A settings file, beside a private key that goes by the name that the settings give it.
struct Config {
    directory: TempDir,
    pem: String,
}

impl Config {
    fn new() -> Self {
        let pair = KeyPair::generate(KeySize::Rsa2048).unwrap();
        let der: Pkcs8V1Der<'_> = pair.as_der().unwrap();
        let der = STANDARD.encode(der.as_ref());
        Self {
            directory: tempfile::tempdir().unwrap(),
            pem: format!("-----BEGIN PRIVATE KEY-----\\n{der}\\n-----END PRIVATE KEY-----"),
        }
    }

    fn path(&self) -> PathBuf {
        self.directory.path().join("settings.json")
    }

    fn say(&self, scope: &str, kid: &str) {
        let text = format!(
            r#"{{"MaskinportenSettings":{{"ClientId":"c","Environment":"test","Scope":"{scope}",
                "Kid":"{kid}","EncodedJwk":"{}"}}}}"#,
            self.pem
        );
        fs::write(self.path(), text).unwrap();
    }

    fn watch(&self) -> SettingsWatch {
        Settings::builder().json_file(self.path()).watch().unwrap()
    }
}

async fn running() -> Tokens {
    let source = Script::healthy();
    let tokens = Tokens::new(source.clone(), grant());
    tokens.ready().await.unwrap();
    assert_eq!(source.fetches(), 1);
    tokens
}

/// Refuses everything but one key.
struct Keyed(KeyRing);

impl TokenSource for Keyed {
    fn fetch<'a>(&'a self, _: &'a Grant) -> BoxFuture<'a, Result<AccessToken, Error>> {
        let is_good = self.0.status().kid() == Some("good");
        Box::pin(async move {
            if is_good {
                AccessToken::new("token", Instant::now(), secs(120))
            } else {
                Err(Error::permanent("expired key"))
            }
        })
    }
}

#[tokio::test(start_paused = true)]
async fn g1_a_panic_does_not_end_following() {
    let config = Config::new();
    config.say("a:one", "k1");
    let watch = config.watch();
    let keys = watch.settings().keys().clone();
    let tokens = running().await;
    let mut panics = Some("a mistake of the user's");
    tokens.follow(watch, move |_| {
        if let Some(mistake) = panics.take() {
            panic!("{mistake}");
        }
        async { Ok::<Arc<Script>, BoxError>(Script::healthy()) }
    });
    config.say("b:two", "k1");
    while tokens.grant().scope() != "b:two" {
        sleep(secs(1)).await;
    }
    config.say("b:two", "k2");
    while keys.status().kid() != Some("k2") {
        sleep(secs(1)).await;
    }
}

/// A subscriber that panics at every event that is an error, and counts them.
struct Brittle(Arc<AtomicUsize>);

impl Subscriber for Brittle {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() == Level::ERROR
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}
    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, _: &Event<'_>) {
        self.0.fetch_add(1, Ordering::Relaxed);
        std::panic::resume_unwind(Box::new("a bug of somebody else's"));
    }

    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}
}

#[tokio::test(start_paused = true)]
async fn g1_a_subscriber_that_panics_does_not_end_following() {
    let told = Arc::new(AtomicUsize::new(0));
    let _brittle = tracing::subscriber::set_default(Brittle(told.clone()));
    // While there is only one, `tracing` asks the subscriber of whichever thread comes first whether it is interested.
    let _second = Dispatch::new(NoSubscriber::new());
    let config = Config::new();
    config.say("a:one", "k1");
    let watch = config.watch();
    let tokens = running().await;
    let tried: Arc<Mutex<Vec<Instant>>> = Arc::default();
    let tries = tried.clone();
    tokens.follow(watch, move |_| {
        let mut tries = tries.lock().unwrap();
        tries.push(Instant::now());
        // At first the new settings do not work, which is told.
        let works = tries.len() > 3;
        async move {
            let source = works.then(Script::healthy);
            source.ok_or_else(|| BoxError::from("not yet"))
        }
    });
    // These cannot be read, which is told too.
    fs::write(config.path(), "{").unwrap();
    while told.load(Ordering::Relaxed) == 0 {
        sleep(secs(1)).await;
    }
    config.say("b:two", "k1");
    while tokens.grant().scope() != "b:two" {
        sleep(secs(1)).await;
    }
    assert!(told.load(Ordering::Relaxed) >= 4);
    // A subscriber that always panics does not have them tried in haste.
    let tried = tried.lock().unwrap();
    let in_haste = |pair: &[Instant]| pair[1] - pair[0] < secs(30);
    assert!(
        tried.len() == 4 && !tried.windows(2).any(in_haste),
        "{tried:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn b6_new_settings_are_tried_again_at_once_when_their_key_is_put_right() {
    let config = Config::new();
    config.say("a:one", "good");
    let watch = config.watch();
    let keys = watch.settings().keys().clone();
    let tokens = running().await;
    tokens.follow(watch, async |settings: Settings| {
        Ok::<_, BoxError>(Keyed(settings.keys().clone()))
    });
    config.say("b:two", "expired");
    while keys.status().kid() != Some("expired") {
        sleep(secs(1)).await;
    }
    // Long enough for the pauses to have grown.
    sleep(secs(400)).await;
    assert_eq!(tokens.grant(), grant());
    config.say("b:two", "good");
    while keys.status().kid() != Some("good") {
        sleep(secs(1)).await;
    }
    let began = Instant::now();
    while tokens.grant().scope() != "b:two" {
        sleep(secs(1)).await;
    }
    assert!(began.elapsed() <= secs(2), "{:?}", began.elapsed());
}
