//! A. The moment from which a token is not sent any more.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use maskinporten::{AccessToken, BoxFuture, Error, Grant, TokenSource};
use proptest::prelude::{ProptestConfig, prop, proptest};
use tests::grant;
use tokio::{
    runtime::Builder,
    task::JoinSet,
    time::{Instant, sleep, sleep_until},
};
use tower_maskinporten::{TokenUnavailable, Tokens};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a7_requests_in_the_moment_that_a_token_ends_get_a_good_one(
        life in 2_u64..200,
        takes in 0_u64..2000,
        fails in prop::option::of(-3000_i64..3000),
    ) {
        let mut runtime = Builder::new_current_thread();
        let runtime = runtime.enable_all().start_paused(true).build().unwrap();
        runtime.block_on(at_the_end(Duration::from_secs(life), takes, fails));
    }
}

/// Asks in every millisecond around the moment from which a token is not sent any more. Fetching a new one takes so
/// many milliseconds, or fails until so many after that moment.
async fn at_the_end(life: Duration, takes: u64, fails: Option<i64>) {
    /// Says in each token when it ends.
    struct Dated {
        began: Instant,
        life: Duration,
        takes: Duration,
        recovers: Option<Instant>,
        fetches: AtomicUsize,
    }
    impl TokenSource for Dated {
        fn fetch<'a>(&'a self, _: &'a Grant) -> BoxFuture<'a, Result<AccessToken, Error>> {
            let first = self.fetches.fetch_add(1, Ordering::SeqCst) == 0;
            Box::pin(async move {
                let asked = Instant::now();
                if !first && self.recovers.is_some_and(|recovers| asked < recovers) {
                    return Err(Error::transient("down"));
                }
                if !first {
                    sleep(self.takes).await;
                }
                let end = asked + self.life - self.began;
                AccessToken::new(&end.as_millis().to_string(), asked, self.life)
            })
        }
    }
    let began = Instant::now();
    let margin = (life / 20).min(Duration::from_secs(5));
    let end = began + life - margin;
    let recovers = fails.map(|fails| {
        let by = Duration::from_millis(fails.unsigned_abs());
        if fails < 0 { end - by } else { end + by }
    });
    let source = Arc::new(Dated {
        began,
        life,
        takes: Duration::from_millis(takes),
        recovers,
        fetches: AtomicUsize::new(0),
    });
    let tokens = Tokens::new(Arc::clone(&source), grant());
    tokens.ready().await.unwrap();
    sleep_until(end - Duration::from_millis(20)).await;
    let before = source.fetches.load(Ordering::SeqCst);
    let mut requests = JoinSet::new();
    for _ in 0..40 {
        for _ in 0..5 {
            let tokens = tokens.clone();
            requests.spawn(async move {
                let header = tokens.authorization(&tokens.grant()).await?;
                let ends: u64 = header.to_str().unwrap()["Bearer ".len()..].parse().unwrap();
                let ends = began + Duration::from_millis(ends);
                let left = ends.checked_duration_since(Instant::now());
                assert!(left.is_some_and(|left| left >= margin), "{left:?}");
                Ok::<_, TokenUnavailable>(())
            });
        }
        sleep(Duration::from_millis(1)).await;
    }
    let during = source.fetches.load(Ordering::SeqCst) - before;
    assert!(during <= 1, "{during} calls in 40 ms");
    for served in requests.join_all().await {
        // Whoever comes late to an outage does not wait for its end.
        assert!(served.is_ok() || recovers.is_some(), "{served:?}");
    }
}
