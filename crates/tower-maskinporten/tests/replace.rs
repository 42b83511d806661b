//! Another source, or another key, while requests go on. Time is paused. Numbers are rows of the fault matrix.
#![expect(clippy::unwrap_used, reason = "what cannot be had in a test ends it")]

mod common;
#[path = "common/log.rs"]
mod log;

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use common::{Script, grant, secs};
use log::{Log, number};
use maskinporten::{
    AccessToken, Algorithm, BoxError, BoxFuture, Error, Grant, KeyRing, Signer, TokenSource,
};
use tokio::time::{Instant, sleep, timeout};
use tower_maskinporten::Tokens;

/// Gives tokens called after itself and what is asked for, after a while.
struct Source(&'static str, Duration);

impl TokenSource for Source {
    fn fetch<'a>(&'a self, grant: &'a Grant) -> BoxFuture<'a, Result<AccessToken, Error>> {
        let requested_at = Instant::now();
        Box::pin(async move {
            sleep(self.1).await;
            let name = format!("{}-{}", self.0, grant.scope().replace(':', "."));
            AccessToken::new(&name, requested_at, secs(120))
        })
    }
}

fn other() -> Grant {
    Grant::new("b:two").unwrap()
}

/// The token that requests get without waiting.
async fn at_once(tokens: &Tokens, grant: &Grant) -> Option<String> {
    let header = timeout(Duration::ZERO, tokens.authorization(grant)).await;
    let header = header.ok()?.unwrap();
    Some(header.to_str().unwrap().replace("Bearer ", ""))
}

#[tokio::test(start_paused = true)]
async fn h11_another_source_takes_over_with_a_token_in_hand() {
    let tokens = Tokens::new(Source("old", Duration::ZERO), grant());
    tokens.ready().await.unwrap();
    tokens.authorization(&other()).await.unwrap();
    let clone = tokens.clone();
    tokens
        .replace(Source("new", secs(1)), Grant::new("c:three").unwrap())
        .await
        .unwrap();
    assert_eq!(clone.grant().scope(), "c:three");
    let token = at_once(&clone, &clone.grant()).await;
    assert_eq!(token.unwrap(), "new-c.three");
    // Of the old source nothing is left, whatever it was for.
    assert_eq!(at_once(&clone, &other()).await, None);
    clone.authorization(&other()).await.unwrap();
    assert_eq!(at_once(&clone, &other()).await.unwrap(), "new-b.two");
    // And the new one is refreshed from.
    sleep(secs(300)).await;
    assert!(at_once(&clone, &clone.grant()).await.is_some());
}

#[tokio::test(start_paused = true)]
async fn h11_a_source_that_gives_no_token_replaces_nothing() {
    let old = Script::healthy();
    let tokens = Tokens::new(old.clone(), grant());
    tokens.ready().await.unwrap();
    let broken = Script::new(Duration::ZERO, |_| Err(Error::permanent("no such client")));
    let error = tokens.replace(broken, other()).await.unwrap_err();
    assert!(!error.is_transient());
    let hung = Source("hung", secs(3600));
    assert!(
        tokens
            .replace(hung, other())
            .await
            .unwrap_err()
            .is_transient()
    );
    let dropped = tokens.replace(Source("new", secs(2)), other());
    assert!(timeout(secs(1), dropped).await.is_err());
    assert_eq!(tokens.grant(), grant());
    assert_eq!(at_once(&tokens, &grant()).await.unwrap(), "token-1");
    assert_eq!(old.fetches(), 1);
}

#[tokio::test(start_paused = true)]
async fn h12_what_the_old_source_brings_late_is_not_used() {
    let tokens = Tokens::new(Source("old", secs(10)), grant());
    let waiting = tokio::spawn({
        let tokens = tokens.clone();
        async move { tokens.authorization(&grant()).await }
    });
    sleep(secs(1)).await;
    tokens
        .replace(Source("new", Duration::ZERO), grant())
        .await
        .unwrap();
    assert!(at_once(&tokens, &grant()).await.unwrap().starts_with("new"));
    // Who asked before the change is served by whom they asked.
    waiting.await.unwrap().unwrap();
    assert!(at_once(&tokens, &grant()).await.unwrap().starts_with("new"));
}

#[tokio::test(start_paused = true)]
async fn the_capacity_stays_when_the_source_is_replaced() {
    let tokens = Tokens::new(Source("old", Duration::ZERO), grant()).with_capacity(1);
    let new = Arc::new(Source("new", Duration::ZERO));
    tokens.replace(new, grant()).await.unwrap();
    tokens.authorization(&other()).await.unwrap();
    tokens
        .authorization(&Grant::new("c:three").unwrap())
        .await
        .unwrap();
    assert_eq!(at_once(&tokens, &other()).await, None);
}

/// A key that is only a name.
struct Named(&'static str);

impl Signer for Named {
    fn algorithm(&self) -> Algorithm {
        Algorithm::Rs256
    }

    fn kid(&self) -> Option<&str> {
        Some(self.0)
    }

    fn sign<'a>(&'a self, _: &'a [u8]) -> BoxFuture<'a, Result<Vec<u8>, BoxError>> {
        Box::pin(async { Ok(Vec::new()) })
    }
}

/// Refuses everything but one key.
struct Keyed {
    keys: KeyRing,
    takes: Duration,
    fetches: AtomicUsize,
}

impl Keyed {
    fn new(keys: &KeyRing, takes: Duration) -> Arc<Self> {
        Arc::new(Self {
            keys: keys.clone(),
            takes,
            fetches: AtomicUsize::default(),
        })
    }
}

impl TokenSource for Keyed {
    fn fetch<'a>(&'a self, _: &'a Grant) -> BoxFuture<'a, Result<AccessToken, Error>> {
        self.fetches.fetch_add(1, Ordering::Relaxed);
        let is_good = self.keys.status().kid() == Some("good");
        Box::pin(async move {
            sleep(self.takes).await;
            if is_good {
                AccessToken::new("token", Instant::now(), secs(120))
            } else {
                Err(Error::permanent("expired key"))
            }
        })
    }

    fn keys(&self) -> Option<&KeyRing> {
        Some(&self.keys)
    }
}

#[tokio::test(start_paused = true)]
async fn b6_with_another_key_a_refusal_is_forgotten_at_once() {
    let keys = KeyRing::new(Named("expired"));
    let source = Keyed::new(&keys, Duration::ZERO);
    let tokens = Tokens::new(source.clone(), grant());
    for asked in [grant(), other()] {
        tokens.authorization(&asked).await.unwrap_err();
    }
    // The second time it is remembered for a minute.
    sleep(secs(34)).await;
    for asked in [grant(), other()] {
        tokens.authorization(&asked).await.unwrap_err();
        tokens.authorization(&asked).await.unwrap_err();
    }
    for (kid, fetches) in [("another", 6), ("good", 8)] {
        keys.replace(Named(kid));
        // The refresher is told of it.
        tokio::task::yield_now().await;
        for asked in [grant(), other()] {
            let outcome = tokens.authorization(&asked).await;
            assert_eq!(outcome.is_ok(), kid == "good");
        }
        assert_eq!(source.fetches.load(Ordering::Relaxed), fetches);
    }
}

#[tokio::test(start_paused = true)]
async fn b6_a_refusal_of_the_old_key_that_comes_late_is_not_held_against_the_new_one() {
    let keys = KeyRing::new(Named("expired"));
    let tokens = Tokens::new(Keyed::new(&keys, secs(1)), grant());
    let waiting = tokio::spawn({
        let tokens = tokens.clone();
        async move { tokens.ready().await }
    });
    sleep(Duration::from_millis(500)).await;
    keys.replace(Named("good"));
    let began = Instant::now();
    let _ = waiting.await.unwrap();
    tokens.ready().await.unwrap();
    assert!(began.elapsed() < secs(3), "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn b6_a_key_that_changes_right_after_the_source_is_noticed() {
    let tokens = Tokens::new(Script::healthy(), grant());
    tokens.ready().await.unwrap();
    sleep(secs(50)).await;
    let keys = KeyRing::new(Named("good"));
    let source = Keyed::new(&keys, Duration::ZERO);
    tokens.replace(source, grant()).await.unwrap();
    keys.replace(Named("expired"));
    sleep(Duration::from_millis(100)).await;
    tokens.authorization(&other()).await.unwrap_err();
    keys.replace(Named("good"));
    sleep(Duration::from_millis(100)).await;
    tokens.authorization(&other()).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn g4_whoever_keeps_a_status_keeps_no_source() {
    let old = Script::healthy();
    let tokens = Tokens::new(old.clone(), grant());
    tokens.ready().await.unwrap();
    let kept = tokens.status();
    tokens.replace(Script::healthy(), grant()).await.unwrap();
    sleep(secs(3600)).await;
    assert_eq!(old.fetches(), 1);
    drop(tokens);
    assert_eq!(Arc::strong_count(&old), 1);
    assert!(kept.is_ready());
}

#[tokio::test(start_paused = true)]
async fn whoever_hangs_at_the_old_source_holds_up_nobody_at_the_new_one() {
    let hung = Source("hung", secs(3600));
    let tokens = Tokens::new(hung, grant());
    for n in 0..40 {
        let tokens = tokens.clone();
        let grant = Grant::new(&format!("a:{n}")).unwrap();
        tokio::spawn(async move { tokens.authorization(&grant).await });
    }
    sleep(secs(1)).await;
    let new = Source("new", Duration::ZERO);
    tokens.replace(new, grant()).await.unwrap();
    let began = Instant::now();
    tokens.authorization(&other()).await.unwrap();
    assert_eq!(began.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn recovery_by_another_key_is_told() {
    let (log, _logging) = Log::start();
    let keys = KeyRing::new(Named("good"));
    let tokens = Tokens::new(Keyed::new(&keys, Duration::ZERO), grant());
    tokens.ready().await.unwrap();
    keys.replace(Named("expired"));
    sleep(secs(200)).await;
    tokens.ready().await.unwrap_err();
    keys.replace(Named("good"));
    sleep(secs(2)).await;
    tokens.ready().await.unwrap();
    let told = log.lines(&["INFO", "there is a token again"]);
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(number(&told[0], "attempts") > 1, "{told:?}");
}
