//! What `Tokens::status` says, in each state. Time is paused.
#![expect(clippy::unwrap_used, reason = "what cannot be had in a test ends it")]

mod common;

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use common::{Script, grant, secs};
use http::{Request, Response, StatusCode, header};
use maskinporten::{
    AccessToken, Algorithm, BoxError, BoxFuture, Error, Grant, KeyRing, Signer, TokenSource,
};
use tokio::time::sleep;
use tower::{Layer, ServiceExt};
use tower_maskinporten::{BearerAuthLayer, GrantStatus, Origins, TokenState, Tokens};

fn state(tokens: &Tokens) -> TokenState {
    tokens.status().default_grant().state()
}

#[tokio::test(start_paused = true)]
async fn each_state_of_a_token_is_told() {
    let script = Script::new(secs(1), |n| match n {
        1 => Ok(secs(120)),
        _ => Err(Error::transient("down")),
    });
    let tokens = Tokens::new(script.clone(), grant());
    let status = tokens.status();
    assert_eq!(script.fetches(), 0, "nothing is fetched for it");
    assert_eq!(status.client(), "default");
    assert_eq!(status.default_grant().state(), TokenState::Empty);
    assert_eq!(status.default_grant().age(), None);
    assert!(!status.is_ready() && !status.is_degraded());
    assert!(status.key().is_none());

    let (ready, fetching) = tokio::join!(tokens.ready(), async {
        sleep(Duration::from_millis(500)).await;
        tokens.status().default_grant().is_fetching()
    });
    ready.unwrap();
    assert!(fetching);
    let status = tokens.status();
    let grant = status.default_grant();
    assert_eq!(grant.state(), TokenState::Fresh);
    assert_eq!(grant.age(), Some(secs(1)));
    assert_eq!(grant.usable_for(), Some(secs(114)));
    assert!(grant.last_error().is_none() && !grant.is_fetching());
    assert!(status.is_ready() && !status.is_degraded());

    sleep(secs(80)).await;
    let status = tokens.status();
    let grant = status.default_grant();
    assert_eq!(grant.state(), TokenState::Stale);
    assert_eq!(grant.usable_for(), Some(secs(34)));
    assert!(grant.last_error().unwrap().is_transient());
    assert!(grant.failed_attempts() >= 2);
    assert!(grant.failing_for().unwrap() > secs(5));
    assert!(status.is_ready() && status.is_degraded());

    sleep(secs(34)).await;
    let status = tokens.status();
    assert_eq!(status.default_grant().state(), TokenState::Expired);
    assert_eq!(status.default_grant().usable_for(), None);
    assert!(!status.is_ready() && !status.is_degraded());
}

#[tokio::test(start_paused = true)]
async fn a_token_that_an_api_refuses_is_doubtful_until_there_is_another() {
    const API: &str = "https://platform.tt02.altinn.no";
    let tokens = Tokens::new(Script::new(secs(1), |_| Ok(secs(120))), grant());
    let layer = BearerAuthLayer::new(tokens.clone(), Origins::new([API]).unwrap());
    let client = layer.layer(tower::service_fn(|_: Request<()>| async {
        let answer = Response::builder().status(StatusCode::UNAUTHORIZED);
        let answer = answer.header(header::WWW_AUTHENTICATE, "Bearer");
        Ok::<_, BoxError>(answer.body(()).unwrap())
    }));
    client
        .oneshot(Request::get(API).body(()).unwrap())
        .await
        .unwrap();
    assert_eq!(state(&tokens), TokenState::Doubtful);
    assert!(tokens.status().is_ready());
    sleep(secs(2)).await;
    assert_eq!(state(&tokens), TokenState::Fresh);
}

#[tokio::test(start_paused = true)]
async fn b10_a_refusal_while_there_is_a_token_degrades_and_does_not_stop() {
    let script = Script::new(Duration::ZERO, |n| match n {
        1 => Ok(secs(120)),
        _ => Err(Error::permanent("the scope was removed")),
    });
    let tokens = Tokens::new(script, grant());
    tokens.ready().await.unwrap();
    sleep(secs(73)).await;
    let status = tokens.status();
    assert!(status.is_ready() && status.is_degraded(), "{status:?}");
}

#[tokio::test(start_paused = true)]
async fn other_grants_are_told_of_and_counted_and_degrade_nothing() {
    struct OneRefused;
    impl TokenSource for OneRefused {
        fn fetch<'a>(&'a self, grant: &'a Grant) -> BoxFuture<'a, Result<AccessToken, Error>> {
            let outcome = if grant.scope() == "a:refused" {
                Err(Error::permanent("no"))
            } else {
                AccessToken::new("t", tokio::time::Instant::now(), secs(120))
            };
            Box::pin(async { outcome })
        }
    }
    let tokens = Tokens::new(OneRefused, grant()).with_name("invoices");
    tokens.ready().await.unwrap();
    for scope in ["a:one", "a:two", "a:refused"] {
        let _ = tokens.authorization(&Grant::new(scope).unwrap()).await;
    }
    let status = tokens.status();
    assert_eq!(status.client(), "invoices");
    assert_eq!(status.count(TokenState::Fresh), 3);
    assert_eq!(status.count(TokenState::Empty), 1);
    let counted: usize = TokenState::ALL
        .iter()
        .map(|state| status.count(*state))
        .sum();
    assert_eq!(counted, 4);
    let refused = |grant: &&GrantStatus| grant.last_error().is_some();
    let refused: Vec<_> = status.other_grants().iter().filter(refused).collect();
    assert_eq!(refused.len(), 1);
    assert_eq!(refused[0].grant().scope(), "a:refused");
    assert!(status.is_ready() && !status.is_degraded());
}

/// A key with an end.
struct Ending(Option<SystemTime>);

impl Signer for Ending {
    fn algorithm(&self) -> Algorithm {
        Algorithm::Rs256
    }

    fn kid(&self) -> Option<&str> {
        Some("a-kid")
    }

    fn expires_at(&self) -> Option<SystemTime> {
        self.0
    }

    fn sign<'a>(&'a self, _: &'a [u8]) -> BoxFuture<'a, Result<Vec<u8>, BoxError>> {
        Box::pin(async { Ok(Vec::new()) })
    }
}

/// Tokens that were signed for with a key.
struct Signed(Arc<Script>, KeyRing);

impl TokenSource for Signed {
    fn fetch<'a>(&'a self, grant: &'a Grant) -> BoxFuture<'a, Result<AccessToken, Error>> {
        self.0.fetch(grant)
    }

    fn keys(&self) -> Option<&KeyRing> {
        Some(&self.1)
    }
}

#[tokio::test(start_paused = true)]
async fn a_key_with_a_month_left_degrades() {
    let in_days = |days: u64| SystemTime::now() + secs(days * 24 * 60 * 60);
    for (end, degraded) in [
        (None, false),
        (Some(in_days(100)), false),
        (Some(in_days(30)), true),
        (Some(SystemTime::UNIX_EPOCH), true),
    ] {
        let keys = KeyRing::new(Ending(end));
        let tokens = Tokens::new(Signed(Script::healthy(), keys), grant());
        assert!(!tokens.status().is_degraded());
        tokens.ready().await.unwrap();
        let status = tokens.status();
        assert_eq!(status.key().unwrap().kid(), Some("a-kid"));
        assert!(status.is_ready());
        assert_eq!(status.is_degraded(), degraded, "{end:?}");
    }
}
