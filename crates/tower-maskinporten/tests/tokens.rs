//! How `Tokens` keeps a token: under load, in outages, and at its end. Time is paused: nothing here waits for real.
#![expect(clippy::unwrap_used, reason = "what cannot be had in a test ends it")]

mod common;

use std::{
    pin::pin,
    sync::{Arc, Mutex, Weak},
    task::{Context, Poll, Waker},
    time::Duration,
};

use bytes::Bytes;
use common::{Script, grant, secs};
use http::{Request, Response};
use http_body_util::Full;
use maskinporten::{
    AccessToken, Algorithm, BoxError, BoxFuture, Environment, Error, Grant, Maskinporten, Signer,
    TokenSource,
};
use tokio::{
    runtime::Builder,
    time::{Instant, advance, sleep, timeout},
};
use tower_maskinporten::Tokens;

/// Asks for the header, and says which token it was and how long it took to get it.
async fn ask(tokens: &Tokens) -> (Option<String>, Duration) {
    let started = Instant::now();
    let header = tokens.authorization(&tokens.grant()).await.ok();
    let token = header.map(|header| header.to_str().unwrap().replace("Bearer ", ""));
    (token, started.elapsed())
}

#[tokio::test(start_paused = true)]
async fn a1_ten_thousand_cold_requests_make_one_fetch() {
    let script = Script::new(secs(1), |_| Ok(secs(120)));
    let tokens = Tokens::new(script.clone(), grant());
    let mut requests = tokio::task::JoinSet::new();
    for _ in 0..10_000 {
        let tokens = tokens.clone();
        requests.spawn(async move { ask(&tokens).await });
    }
    while let Some(answer) = requests.join_next().await {
        assert_eq!(answer.unwrap(), (Some("token-1".into()), secs(1)));
    }
    assert_eq!(script.fetches(), 1);
}

#[tokio::test(start_paused = true)]
async fn a2_callers_that_give_up_do_not_stop_the_fetch() {
    let script = Script::new(Duration::from_millis(150), |_| Ok(secs(120)));
    let tokens = Tokens::new(script.clone(), grant());
    let mut served = 0;
    // One after the other, each with a patience of 50 ms, as in the study of the cloud clients.
    for _ in 0..400 {
        let patience = Duration::from_millis(50);
        if let Ok(header) = timeout(patience, tokens.authorization(&tokens.grant())).await {
            header.unwrap();
            served += 1;
        }
    }
    assert_eq!(script.fetches(), 1);
    assert!(served >= 396, "{served}");
}

#[tokio::test(start_paused = true)]
async fn refreshes_in_the_background_without_anybody_asking() {
    for (lifetime, latest) in [(120, 73), (1800, 1201), (3600, 3001)] {
        let script = Script::new(secs(1), move |_| Ok(secs(lifetime)));
        let tokens = Tokens::new(script.clone(), grant());
        tokens.ready().await.unwrap();
        sleep(secs(latest)).await;
        assert_eq!(script.fetches(), 2, "{lifetime}");
        let (token, waited) = ask(&tokens).await;
        assert_eq!(
            (token.as_deref(), waited),
            (Some("token-2"), Duration::ZERO)
        );
    }
}

#[tokio::test(start_paused = true)]
async fn b1_keeps_the_old_token_when_a_refresh_fails() {
    let script = Script::new(Duration::ZERO, |n| match n {
        1 => Ok(secs(120)),
        _ => Err(Error::transient("down")),
    });
    let tokens = Tokens::new(script.clone(), grant());
    tokens.ready().await.unwrap();
    let born = Instant::now();
    while born.elapsed() < secs(115) {
        let (token, waited) = ask(&tokens).await;
        assert_eq!(
            (token.as_deref(), waited),
            (Some("token-1"), Duration::ZERO)
        );
        sleep(Duration::from_millis(100)).await;
    }
    // 55 s at most, in pauses of half of 5 s at least once they have grown to that: 13 as a rule, never this many.
    assert!(script.fetches() <= 27, "{}", script.fetches());
    // Five seconds before its end it is not sent any more.
    let (token, _) = ask(&tokens).await;
    assert_eq!(token, None);
}

#[tokio::test(start_paused = true)]
async fn b2_nobody_waits_for_the_attempts_of_an_outage_that_is_known() {
    let script = Script::new(secs(1), |_| Err(Error::transient("down")));
    let tokens = Tokens::new(script.clone(), grant());
    assert_eq!(ask(&tokens).await, (None, secs(15)));
    let before = script.fetches();
    let grant = tokens.grant();
    for _ in 0..600 {
        // Time has passed, and before anybody else notices that an attempt is due, a request does.
        let mut step = pin!(advance(Duration::from_millis(100)));
        let mut look = Context::from_waker(Waker::noop());
        assert!(step.as_mut().poll(&mut look).is_pending());
        let request = pin!(tokens.authorization(&grant));
        assert!(matches!(request.poll(&mut look), Poll::Ready(Err(_))));
        step.await;
        // Now the others.
        for _ in 0..10 {
            tokio::task::yield_now().await;
        }
    }
    let attempts = script.fetches() - before;
    assert!((2..=8).contains(&attempts), "{attempts} in a minute");
}

#[tokio::test(start_paused = true)]
async fn b2_an_outage_is_told_at_once_after_the_first_15_seconds() {
    let script = Script::new(Duration::ZERO, |_| Err(Error::transient("down")));
    let tokens = Tokens::new(script.clone(), grant());
    assert_eq!(ask(&tokens).await, (None, secs(15)));
    let started = Instant::now();
    while started.elapsed() < secs(60) {
        assert_eq!(ask(&tokens).await, (None, Duration::ZERO));
        sleep(Duration::from_millis(10)).await;
    }
    assert!(script.fetches() <= 17, "{} in 75 s", script.fetches());
    let error = tokens.authorization(&tokens.grant()).await.unwrap_err();
    assert!(error.last_error().unwrap().is_transient());
    assert!(std::error::Error::source(&error).is_some());
}

#[tokio::test(start_paused = true)]
async fn b3_recovers_when_the_endpoint_does() {
    let began = Instant::now();
    let script = Script::new(Duration::ZERO, move |_| {
        if began.elapsed() < secs(300) {
            Err(Error::transient("down"))
        } else {
            Ok(secs(120))
        }
    });
    let tokens = Tokens::new(script, grant());
    while ask(&tokens).await.0.is_none() {
        sleep(Duration::from_millis(100)).await;
    }
    let recovered = began.elapsed().saturating_sub(secs(300));
    assert!(recovered <= Duration::from_millis(22_600), "{recovered:?}");
}

#[tokio::test(start_paused = true)]
async fn b10_a_refusal_is_tried_once_more_before_the_token_ends() {
    let script = Script::new(Duration::ZERO, |n| match n {
        2 => Err(Error::permanent("no")),
        _ => Ok(secs(120)),
    });
    let tokens = Tokens::new(script.clone(), grant());
    tokens.ready().await.unwrap();
    for _ in 0..1_200 {
        assert!(ask(&tokens).await.0.is_some());
        advance(Duration::from_millis(100)).await;
    }
    assert!(script.fetches() >= 3);
}

#[tokio::test(start_paused = true)]
async fn b5_the_server_is_left_alone_as_long_as_it_asks() {
    struct Unsigned;
    impl Signer for Unsigned {
        fn algorithm(&self) -> Algorithm {
            Algorithm::Rs256
        }
        fn kid(&self) -> Option<&str> {
            Some("k")
        }
        fn sign<'a>(&'a self, _: &'a [u8]) -> BoxFuture<'a, Result<Vec<u8>, BoxError>> {
            Box::pin(async { Ok(Vec::new()) })
        }
    }
    let asked: Arc<Mutex<Vec<Instant>>> = Arc::default();
    let log = asked.clone();
    let busy = tower::service_fn(move |_: Request<Full<Bytes>>| {
        log.lock().unwrap().push(Instant::now());
        let busy = Response::builder().status(429).header("retry-after", "7");
        std::future::ready(busy.body(Full::<Bytes>::default()))
    });
    let source = Maskinporten::new(Environment::test(), "c", Unsigned, busy);
    let tokens = Tokens::new(source, grant());
    assert_eq!(ask(&tokens).await, (None, secs(15)));
    let asked = asked.lock().unwrap();
    assert!(asked.len() >= 2);
    for pair in asked.windows(2) {
        assert!(pair[1] - pair[0] >= secs(7), "{asked:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn b6_a_refusal_is_told_to_all_at_once_remembered_and_never_final() {
    let began = Instant::now();
    let script = Script::new(Duration::ZERO, move |_| {
        if began.elapsed() < secs(60) {
            Err(Error::permanent("invalid_scope"))
        } else {
            Ok(secs(120))
        }
    });
    let tokens = Tokens::new(script.clone(), grant());
    for _ in 0..100 {
        let (token, waited) = ask(&tokens).await;
        assert_eq!((token, waited), (None, Duration::ZERO));
    }
    assert_eq!(script.fetches(), 1);
    sleep(secs(29)).await;
    ask(&tokens).await;
    assert_eq!(script.fetches(), 1);
    sleep(secs(100)).await;
    assert!(ask(&tokens).await.0.is_some());
    assert_eq!(script.fetches(), 3);
}

#[tokio::test(start_paused = true)]
async fn c11_tokens_that_hardly_live_are_fetched_once_a_second_at_most() {
    for lifetime in [0, 1, 2] {
        let script = Script::new(Duration::ZERO, move |_| Ok(secs(lifetime)));
        let tokens = Tokens::new(script.clone(), grant());
        let started = Instant::now();
        while started.elapsed() < secs(60) {
            assert!(ask(&tokens).await.0.is_some());
            sleep(Duration::from_millis(10)).await;
        }
        assert!(script.fetches() <= 61, "{lifetime}: {}", script.fetches());
    }
}

#[tokio::test(start_paused = true)]
async fn c11_tokens_that_come_old_are_fetched_once_a_second_at_most() {
    /// A cache that gives what it has, however old.
    struct Aged(Arc<Script>, u64);
    impl TokenSource for Aged {
        fn fetch<'a>(&'a self, grant: &'a Grant) -> BoxFuture<'a, Result<AccessToken, Error>> {
            Box::pin(async move {
                self.0.fetch(grant).await?;
                AccessToken::new("old", Instant::now() - secs(self.1), secs(120))
            })
        }
    }
    for age in [90, 119, 1000] {
        let script = Script::healthy();
        let tokens = Tokens::new(Aged(script.clone(), age), grant());
        let started = Instant::now();
        while started.elapsed() < secs(10) {
            ask(&tokens.clone().with_cold_wait(secs(1))).await;
            sleep(Duration::from_millis(10)).await;
        }
        assert!(script.fetches() <= 11, "{age}: {}", script.fetches());
    }
}

#[tokio::test(start_paused = true)]
async fn g1_a_source_that_panics_is_asked_again() {
    let script = Script::new(Duration::ZERO, |n| {
        assert!(n > 3, "a bug in a source of the user's own");
        Ok(secs(120))
    });
    let tokens = Tokens::new(script.clone(), grant());
    let (token, waited) = ask(&tokens).await;
    assert_eq!(token.as_deref(), Some("token-4"));
    assert!(waited <= secs(5), "{waited:?}");
}

#[tokio::test(start_paused = true)]
async fn a_source_that_hangs_is_given_up_and_asked_again() {
    let script = Script::new(secs(3600), |_| Ok(secs(120)));
    let tokens = Tokens::new(script.clone(), grant());
    let error = tokens.authorization(&tokens.grant()).await.unwrap_err();
    assert!(error.last_error().is_none(), "{error}");
    sleep(secs(60)).await;
    assert!((3..=5).contains(&script.fetches()), "{}", script.fetches());
    let error = tokens.authorization(&tokens.grant()).await.unwrap_err();
    assert!(error.last_error().is_some(), "{error}");
}

#[test]
fn g2_a_runtime_that_is_gone_takes_nothing_with_it() {
    let script = Script::new(secs(3600), |_| Ok(secs(120)));
    let tokens = Tokens::new(script.clone(), grant());
    let runtime = || {
        Builder::new_current_thread()
            .enable_all()
            .start_paused(true)
            .build()
            .unwrap()
    };
    // The first runtime goes while the fetch is under way.
    runtime().block_on(async {
        let waiting = timeout(secs(1), tokens.authorization(&tokens.grant())).await;
        assert!(waiting.is_err());
    });
    assert_eq!(script.fetches(), 1);
    // Another takes over at once.
    runtime().block_on(async {
        let _ = timeout(secs(1), tokens.authorization(&tokens.grant())).await;
    });
    assert_eq!(script.fetches(), 2);
}

#[test]
fn g2_a_runtime_that_has_shut_down_is_told_and_not_tried_for_ever() {
    let tokens = Tokens::new(Script::healthy(), grant());
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let handle = runtime.handle().clone();
    drop(runtime);
    let _entered = handle.enter();
    let grant = tokens.grant();
    let mut asking = Box::pin(tokens.authorization(&grant));
    let poll = asking
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()));
    assert!(matches!(poll, Poll::Ready(Err(_))), "{poll:?}");
}

#[test]
fn g2_a_refresher_that_is_gone_is_replaced_by_whoever_waits() {
    let script = Script::new(Duration::ZERO, |n| match n {
        1 => Err(Error::transient("down")),
        _ => Ok(secs(120)),
    });
    let tokens = Tokens::new(script.clone(), grant());
    let runtime = || {
        let mut builder = Builder::new_current_thread();
        builder.enable_all().start_paused(true).build().unwrap()
    };
    runtime().block_on(async {
        let waiting = timeout(
            Duration::from_millis(1),
            tokens.authorization(&tokens.grant()),
        )
        .await;
        assert!(waiting.is_err());
    });
    runtime().block_on(async {
        let (token, waited) = ask(&tokens).await;
        assert_eq!(token.as_deref(), Some("token-2"));
        assert!(waited < secs(3), "{waited:?}");
        // From then on it is refreshed here.
        sleep(secs(73)).await;
        assert_eq!(script.fetches(), 3);
    });
}

#[test]
fn g3_without_a_runtime_there_is_an_error_and_no_panic() {
    let tokens = Tokens::new(Script::healthy(), grant());
    let grant = tokens.grant();
    let mut asking = Box::pin(tokens.authorization(&grant));
    let poll = asking
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()));
    let Poll::Ready(Err(error)) = poll else {
        panic!("{poll:?}");
    };
    assert!(error.to_string().contains("tokio runtime"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn g4_nothing_keeps_running_when_the_last_handle_goes() {
    let hung = Script::new(secs(3600), |_| Ok(secs(120)));
    let script = Script::healthy();
    for source in [hung, script] {
        let tokens = Tokens::new(source.clone(), grant());
        let _ = timeout(secs(1), tokens.clone().authorization(&grant())).await;
        drop(tokens);
        sleep(Duration::from_millis(1)).await;
        let fetches = source.fetches();
        let held: Weak<Script> = Arc::downgrade(&source);
        drop(source);
        assert!(held.upgrade().is_none(), "a task holds the source still");
        assert_eq!(fetches, 1);
    }
    assert_eq!(
        tokio::runtime::Handle::current()
            .metrics()
            .num_alive_tasks(),
        0
    );
}

#[tokio::test(start_paused = true)]
async fn an_unused_handle_starts_nothing() {
    let script = Script::healthy();
    let _tokens = Tokens::new(script.clone(), grant());
    sleep(secs(600)).await;
    assert_eq!(script.fetches(), 0);
}

#[tokio::test(start_paused = true)]
async fn each_handle_has_its_own_patience() {
    let script = Script::new(secs(10), |_| Ok(secs(120)));
    let tokens = Tokens::new(script.clone(), grant());
    let impatient = tokens.clone().with_cold_wait(secs(2));
    let (patient, impatient) = tokio::join!(ask(&tokens), ask(&impatient));
    assert_eq!(impatient, (None, secs(2)));
    assert_eq!(patient, (Some("token-1".into()), secs(10)));
    assert_eq!(script.fetches(), 1);
    let endless = tokens.with_cold_wait(Duration::MAX);
    sleep(secs(3600)).await;
    assert!(ask(&endless).await.0.is_some());
}

#[tokio::test]
async fn debug_shows_no_token() {
    let tokens = Tokens::new(Script::healthy(), grant());
    tokens.ready().await.unwrap();
    let shown = format!("{tokens:?}");
    assert!(
        shown.contains("Fresh") && !shown.contains("token-1"),
        "{shown}"
    );
}
