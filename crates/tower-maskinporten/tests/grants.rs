//! Grants that arrive with requests: each has its own token, its own refusals, and a place among a bounded number.

#![expect(clippy::unwrap_used, reason = "what cannot be had in a test ends it")]

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use http::{Request, Response, header::AUTHORIZATION};
use maskinporten::{AccessToken, BoxError, BoxFuture, Error, Grant, SystemUser, TokenSource};
use tokio::time::{Instant, sleep};
use tower::{Layer, ServiceExt};
use tower_maskinporten::{BearerAuthLayer, GrantChange, Origins, TokenUnavailable, Tokens};

const API: &str = "https://platform.tt02.altinn.no";

/// Gives tokens that name their scope and are numbered for it; refuses `x:refused`.
#[derive(Default)]
struct ByScope {
    fetches: Mutex<HashMap<String, usize>>,
    under_way: AtomicUsize,
    most_under_way: AtomicUsize,
    takes: Duration,
}

impl ByScope {
    fn fetches(&self, scope: &str) -> usize {
        self.fetches
            .lock()
            .unwrap()
            .get(scope)
            .copied()
            .unwrap_or_default()
    }

    fn all_fetches(&self) -> usize {
        self.fetches.lock().unwrap().values().sum()
    }
}

impl TokenSource for ByScope {
    fn fetch<'a>(&'a self, grant: &'a Grant) -> BoxFuture<'a, Result<AccessToken, Error>> {
        let requested_at = Instant::now();
        let now = self.under_way.fetch_add(1, Ordering::SeqCst) + 1;
        self.most_under_way.fetch_max(now, Ordering::SeqCst);
        Box::pin(async move {
            sleep(self.takes).await;
            self.under_way.fetch_sub(1, Ordering::SeqCst);
            let scope = grant.scope().replace([' ', ':'], ".");
            let n = {
                let mut fetches = self.fetches.lock().unwrap();
                let n = fetches.entry(grant.scope().to_owned()).or_default();
                *n += 1;
                *n
            };
            if grant.scope() == "x:refused" {
                return Err(Error::permanent("refused"));
            }
            AccessToken::new(
                &format!("{scope}.{n}"),
                requested_at,
                Duration::from_secs(120),
            )
        })
    }
}

fn grant(scope: &str) -> Grant {
    Grant::new(scope).unwrap()
}

fn tokens(source: &Arc<ByScope>) -> Tokens {
    Tokens::new(Arc::clone(source), grant("a:default"))
}

async fn ask(tokens: &Tokens, scope: &str) -> String {
    let header = tokens.authorization(&grant(scope)).await.unwrap();
    header.to_str().unwrap().replace("Bearer ", "")
}

/// What the API saw of a request with these extensions.
async fn send(
    tokens: &Tokens,
    prepare: impl FnOnce(&mut http::Extensions),
) -> Result<String, BoxError> {
    let layer = BearerAuthLayer::new(tokens.clone(), Origins::new([API]).unwrap());
    let client = layer.layer(tower::service_fn(|request: Request<()>| async move {
        let token = request.headers()[AUTHORIZATION].to_str().unwrap();
        Ok::<_, BoxError>(Response::new(token.replace("Bearer ", "")))
    }));
    let mut request = Request::get(API).body(()).unwrap();
    prepare(request.extensions_mut());
    Ok(client.oneshot(request).await?.into_body())
}

#[tokio::test(start_paused = true)]
async fn case_51_a_grant_in_the_extensions_selects_the_token() {
    let source = Arc::<ByScope>::default();
    let tokens = tokens(&source);
    assert_eq!(send(&tokens, |_| ()).await.unwrap(), "a.default.1");
    let whole = |e: &mut http::Extensions| drop(e.insert(grant("b:other")));
    assert_eq!(send(&tokens, whole).await.unwrap(), "b.other.1");
    let rescope = GrantChange::new(|before| {
        assert_eq!(before.scope(), "a:default");
        Grant::new("c:changed").unwrap()
    });
    let changed = rescope.clone();
    let change = |e: &mut http::Extensions| drop(e.insert(changed));
    assert_eq!(send(&tokens, change).await.unwrap(), "c.changed.1");
    // The default grant said aloud is the default one.
    let same = |e: &mut http::Extensions| drop(e.insert(grant("a:default")));
    assert_eq!(send(&tokens, same).await.unwrap(), "a.default.1");
    assert_eq!(source.all_fetches(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_refused_grant_fails_alone_and_at_once() {
    let source = Arc::<ByScope>::default();
    let tokens = tokens(&source);
    for _ in 0..100 {
        let refused = |e: &mut http::Extensions| drop(e.insert(grant("x:refused")));
        let error = send(&tokens, refused).await.unwrap_err();
        let error = error.downcast::<TokenUnavailable>().unwrap();
        assert!(!error.last_error().unwrap().is_transient());
        assert_eq!(send(&tokens, |_| ()).await.unwrap(), "a.default.1");
    }
    assert_eq!(source.fetches("x:refused"), 1);
    // It is tried once more for those who asked since, and then for nobody.
    sleep(Duration::from_secs(3600)).await;
    assert_eq!(source.fetches("x:refused"), 2);
    tokens.authorization(&grant("x:refused")).await.unwrap_err();
    assert_eq!(source.fetches("x:refused"), 3);
}

#[tokio::test(start_paused = true)]
async fn only_what_is_used_is_refreshed() {
    let source = Arc::<ByScope>::default();
    let tokens = tokens(&source);
    tokens.ready().await.unwrap();
    for scope in ["b:used", "c:once"] {
        ask(&tokens, scope).await;
    }
    for _ in 0..3_600 {
        // Never waits: it is refreshed in the background.
        let started = Instant::now();
        ask(&tokens, "b:used").await;
        assert_eq!(started.elapsed(), Duration::ZERO);
        sleep(Duration::from_secs(1)).await;
    }
    let rotations = source.fetches("b:used");
    assert!((50..=61).contains(&rotations), "{rotations}");
    assert_eq!(source.fetches("c:once"), 1);
    // The default one is refreshed though nobody asks.
    assert!(source.fetches("a:default") >= 50);
    assert_eq!(ask(&tokens, "c:once").await, "c.once.2");
}

#[tokio::test(start_paused = true)]
async fn j2_evicted_grants_come_back_and_whoever_waited_is_served() {
    let source = Arc::new(ByScope {
        takes: Duration::from_secs(1),
        ..ByScope::default()
    });
    let tokens = tokens(&source).with_capacity(10);
    let mut waiting = tokio::task::JoinSet::new();
    for n in 0..100 {
        let tokens = tokens.clone();
        waiting.spawn(async move { ask(&tokens, &format!("s:{n}")).await });
    }
    // All but ten are evicted while their tokens are on their way.
    for token in waiting.join_all().await {
        assert!(token.ends_with(".1"), "{token}");
    }
    assert_eq!(source.all_fetches(), 100);
    assert_eq!(ask(&tokens, "s:0").await, "s.0.2");
}

#[tokio::test(start_paused = true)]
async fn j3_thirty_fetches_at_once_and_no_task_for_each_grant() {
    let source = Arc::new(ByScope {
        takes: Duration::from_millis(100),
        ..ByScope::default()
    });
    let tokens = tokens(&source);
    let mut waiting = tokio::task::JoinSet::new();
    for n in 0..1_000 {
        let tokens = tokens.clone();
        waiting.spawn(async move { ask(&tokens, &format!("s:{n}")).await });
    }
    waiting.join_all().await;
    assert_eq!(source.most_under_way.load(Ordering::SeqCst), 30);
    sleep(Duration::from_secs(1)).await;
    // The refresher, and nothing else.
    let alive = tokio::runtime::Handle::current()
        .metrics()
        .num_alive_tasks();
    assert_eq!(alive, 1);
    // While they are used, all are refreshed before they end, spread over the time.
    let before = source.all_fetches();
    for _ in 0..73 {
        for n in 0..1_000 {
            ask(&tokens, &format!("s:{n}")).await;
        }
        sleep(Duration::from_secs(1)).await;
    }
    let refreshed = source.all_fetches() - before;
    assert!((1_000..=1_100).contains(&refreshed), "{refreshed}");
}

#[test]
fn g2_what_waits_in_line_is_taken_over_when_a_runtime_goes_or_stands_still() {
    /// Hangs for all grants but one.
    struct Hanging;
    impl TokenSource for Hanging {
        fn fetch<'a>(&'a self, grant: &'a Grant) -> BoxFuture<'a, Result<AccessToken, Error>> {
            Box::pin(async move {
                if grant.scope() != "b:good" {
                    sleep(Duration::from_secs(3600)).await;
                }
                AccessToken::new("good", Instant::now(), Duration::from_secs(120))
            })
        }
    }
    let runtime = || {
        let mut builder = tokio::runtime::Builder::new_current_thread();
        builder.enable_all().start_paused(true).build().unwrap()
    };
    for keep in [true, false] {
        let tokens = Tokens::new(Hanging, grant("a:default"));
        let first = runtime();
        first.block_on(async {
            let mut hanging = tokio::task::JoinSet::new();
            for n in 0..32 {
                let tokens = tokens.clone();
                hanging.spawn(async move {
                    let _ = tokens.authorization(&grant(&format!("h:{n}"))).await;
                });
            }
            sleep(Duration::from_millis(10)).await;
        });
        // All workers are on a runtime that is gone, or that nobody drives.
        let first = keep.then_some(first);
        runtime().block_on(async {
            let patient = tokens.clone().with_cold_wait(Duration::from_secs(60));
            patient.authorization(&grant("b:good")).await.unwrap();
        });
        drop(first);
    }
}

#[tokio::test(start_paused = true)]
async fn g1_a_source_that_panics_before_it_begins_is_a_failure_like_any_other() {
    struct Panics(AtomicUsize);
    impl TokenSource for Panics {
        fn fetch<'a>(&'a self, _: &'a Grant) -> BoxFuture<'a, Result<AccessToken, Error>> {
            self.0.fetch_add(1, Ordering::SeqCst);
            panic!("a bug in a source of the user's own");
        }
    }
    let source = Arc::new(Panics(AtomicUsize::new(0)));
    let tokens = Tokens::new(source.clone(), grant("a:default"));
    tokens.ready().await.unwrap_err();
    let fetches = source.0.load(Ordering::SeqCst);
    assert!((2..=15).contains(&fetches), "{fetches}");
}

#[tokio::test(start_paused = true)]
async fn case_23_whatever_differs_in_a_grant_gives_another_token() {
    let source = Arc::<ByScope>::default();
    let tokens = tokens(&source);
    let base = grant("a:one");
    let user = SystemUser::new("310702641".parse().unwrap());
    let different = [
        base.clone(),
        grant("a:one a:two"),
        base.clone().for_resource("r").unwrap(),
        base.clone().with_consumer_org("310702641".parse().unwrap()),
        base.clone().with_system_user(user.clone()),
        base.clone()
            .with_system_user(user.for_external_ref("x").unwrap()),
    ];
    for _ in 0..2 {
        for grant in &different {
            tokens.authorization(grant).await.unwrap();
        }
        // The same scopes in another order are the same grant.
        tokens.authorization(&grant("a:two a:one")).await.unwrap();
    }
    assert_eq!(source.all_fetches(), different.len());
}
