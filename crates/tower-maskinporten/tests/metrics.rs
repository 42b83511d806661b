//! What is counted and measured: the names are a promise, and so is their number. Time is paused.
#![expect(clippy::unwrap_used, reason = "what cannot be had in a test ends it")]

mod common;
#[path = "common/recorder.rs"]
mod recorder;

use std::{convert::Infallible, time::Duration};

use bytes::Bytes;
use common::{Script, grant, secs};
use http::{Request, Response, StatusCode, header};
use http_body_util::Full;
use maskinporten::{
    Algorithm, BoxError, BoxFuture, Environment, Error, Grant, Maskinporten, Retry, Signer,
    TokenSource,
};
use recorder::recorded;
use tokio::{
    task::JoinSet,
    time::{sleep, timeout},
};
use tower::{Layer, ServiceExt};
use tower_maskinporten::{BearerAuthLayer, Origins, Tokens};

const API: &str = "https://platform.tt02.altinn.no";

#[test]
fn b1_gauges_show_how_it_is_about_the_default_grant() {
    recorded(async |kept| {
        let script = Script::new(secs(1), |n| match n {
            1 => Ok(secs(120)),
            2 => panic!("a bug in a source of the user's own"),
            _ => Err(Error::transient("down")),
        });
        let tokens = Tokens::new(script, grant()).with_name("invoices");
        let get =
            |name: &str, labels: &str| kept.get(&format!("{name}{{client=invoices{labels}}}"));
        let waiting = tokio::spawn({
            let tokens = tokens.clone();
            async move { tokens.ready().await }
        });
        sleep(Duration::from_millis(500)).await;
        assert_eq!(get("mp_token_waiters", ""), Some(1.0));
        assert_eq!(get("mp_token_state", ",state=empty"), Some(1.0));
        waiting.await.unwrap().unwrap();
        assert_eq!(get("mp_token_waiters", ""), Some(0.0));
        assert_eq!(get("mp_token_fetch_seconds", ""), Some(1.0));
        assert_eq!(get("mp_token_slots", ""), Some(1.0));
        assert_eq!(get("mp_token_state", ",state=empty"), Some(0.0));
        assert_eq!(get("mp_token_state", ",state=fresh"), Some(1.0));
        let left = get("mp_token_seconds_to_expiry", "").unwrap();
        assert!((113.0..=115.0).contains(&left), "{left}");

        // The refresh fails; what is left goes on falling.
        sleep(secs(100)).await;
        let left = get("mp_token_seconds_to_expiry", "").unwrap();
        assert!((13.0..=44.0).contains(&left), "{left}");
        assert_eq!(get("mp_token_state", ",state=stale"), Some(1.0));
        assert_eq!(get("mp_task_panics_total", ""), Some(1.0));
        let panics = get("mp_token_refresh_failures_total", ",class=panic");
        assert_eq!(panics, Some(1.0));
        assert!(get("mp_token_refresh_failures_total", ",class=other") > Some(3.0));
        sleep(secs(15)).await;
        assert_eq!(get("mp_token_state", ",state=expired"), Some(1.0));
        assert_eq!(get("mp_token_state", ",state=stale"), Some(0.0));
        assert_eq!(get("mp_token_seconds_to_expiry", ""), Some(0.0));
    });
}

#[test]
fn a1_a2_those_who_wait_are_counted_until_they_are_served_or_give_up() {
    recorded(async |kept| {
        let tokens = Tokens::new(Script::new(secs(1), |_| Ok(secs(120))), grant());
        let waiting = || kept.get("mp_token_waiters{client=default}");
        let mut requests = JoinSet::new();
        for n in 0..1_000 {
            let tokens = tokens.clone();
            // Every other one gives up.
            let patience = if n % 2 == 0 {
                secs(15)
            } else {
                Duration::from_millis(500)
            };
            requests.spawn(async move { timeout(patience, tokens.ready()).await.is_ok() });
        }
        sleep(Duration::from_millis(100)).await;
        assert_eq!(waiting(), Some(1_000.0));
        sleep(Duration::from_millis(500)).await;
        assert_eq!(waiting(), Some(500.0));
        sleep(secs(1)).await;
        assert_eq!(waiting(), Some(0.0));
        let served = requests.join_all().await;
        assert_eq!(served.into_iter().filter(|served| *served).count(), 500);
    });
}

#[test]
fn f3_what_comes_of_401s_is_counted_and_so_are_forbidden_origins() {
    let kept = recorded(async |_| {
        let tokens = Tokens::new(Script::healthy(), grant());
        let layer = BearerAuthLayer::new(tokens, Origins::new([API]).unwrap());
        let client = layer.layer(tower::service_fn(|_: Request<()>| async {
            let answer = Response::builder().status(StatusCode::UNAUTHORIZED);
            let answer = answer.header(header::WWW_AUTHENTICATE, "Bearer");
            Ok::<_, BoxError>(answer.body(()).unwrap())
        }));
        let send = |uri: &str| client.clone().oneshot(Request::get(uri).body(()).unwrap());
        for _ in 0..10 {
            send(API).await.unwrap();
        }
        assert!(send("https://elsewhere.example").await.is_err());
    });
    let get = |labels: &str| kept.get(&format!("mp_401_total{{client=default{labels}}}"));
    assert_eq!(get(",action=refreshed"), Some(1.0));
    assert_eq!(get(",action=passed_on"), Some(9.0));
    assert_eq!(
        kept.get("mp_origin_rejected_total{client=default}"),
        Some(1.0)
    );
}

#[test]
fn j5_a_thousand_customers_make_as_many_series_as_one() {
    let series = |customers: usize| {
        let kept = recorded(async move |kept| {
            let script = Script::new(Duration::ZERO, |n| match n % 2 {
                0 => Err(Error::permanent("no")),
                _ => Ok(secs(120)),
            });
            let tokens = Tokens::new(script.clone(), grant());
            tokens.ready().await.unwrap();
            for n in 0..customers {
                let customer = Grant::new(&format!("a:customer-{n}")).unwrap();
                let _ = tokens.authorization(&customer).await;
            }
            sleep(secs(300)).await;
            let fetched = kept.get("mp_token_fetch_seconds{client=default}");
            assert_eq!(fetched, Some(script.fetches() as f64));
        });
        assert_eq!(
            kept.get("mp_token_slots{client=default}"),
            Some(customers as f64 + 1.0)
        );
        kept.names()
    };
    assert_eq!(series(1), series(1_000));
}

struct Unsigned;

impl Signer for Unsigned {
    fn algorithm(&self) -> Algorithm {
        Algorithm::Rs256
    }

    fn kid(&self) -> Option<&str> {
        Some("a-kid")
    }

    fn sign<'a>(&'a self, _: &'a [u8]) -> BoxFuture<'a, Result<Vec<u8>, BoxError>> {
        Box::pin(async { Ok(Vec::new()) })
    }
}

#[test]
fn e4_requests_to_maskinporten_are_counted_and_the_skew_is_shown() {
    const TOKEN: &str = r#"{"access_token":"a","token_type":"Bearer","expires_in":119}"#;
    const EARLY: &str = r#"{"error":"invalid_grant","error_description":"Invalid assertion. Issue time is after now."}"#;
    let kept = recorded(async |_| {
        let ask = async |status: u16, body: &'static str, takes: u64| {
            let http = tower::service_fn(move |_: Request<Full<Bytes>>| async move {
                sleep(secs(takes)).await;
                let answer = Response::builder()
                    .status(status)
                    .header(header::CONTENT_TYPE, "application/json")
                    .header(header::DATE, "Sat, 21 Nov 2009 10:00:00 GMT");
                Ok::<_, Infallible>(answer.body(Full::<Bytes>::from(body)).unwrap())
            });
            let source = Maskinporten::new(Environment::test(), "me", Unsigned, http);
            let patience = timeout(secs(15), source.fetch(&grant())).await;
            patience.is_ok_and(|outcome| outcome.is_ok())
        };
        assert!(ask(200, TOKEN, 0).await);
        assert!(!ask(400, EARLY, 0).await);
        assert!(!ask(503, "", 0).await);
        assert!(!ask(200, TOKEN, 60).await);
    });
    let get = |outcome: &str| {
        kept.get(&format!(
            "mp_token_requests_total{{party=maskinporten,outcome={outcome}}}"
        ))
    };
    for outcome in ["token", "refused", "status", "timeout"] {
        assert_eq!(get(outcome), Some(1.0), "{outcome}");
    }
    assert_eq!(kept.get("mp_clock_skew_seconds{}"), Some(-300.0));
}

#[test]
fn what_may_be_tried_again_is_shown() {
    let kept = recorded(async |_| {
        let broken = tower::service_fn(|_: Request<Full<Bytes>>| async {
            Err::<Response<Full<Bytes>>, _>(std::io::Error::other("reset"))
        });
        let source = Maskinporten::new(Environment::test(), "me", Unsigned, broken);
        Retry::new(source).fetch(&grant()).await.unwrap_err();
    });
    assert_eq!(kept.get("mp_retry_bucket_tokens{}"), Some(19.0));
}

#[test]
fn a_request_that_nobody_waits_for_any_more_is_counted_too() {
    let kept = recorded(async |_| {
        let silent = tower::service_fn(|_: Request<Full<Bytes>>| {
            std::future::pending::<Result<Response<Full<Bytes>>, Infallible>>()
        });
        let source = Maskinporten::new(Environment::test(), "me", Unsigned, silent);
        let patience = timeout(secs(1), source.fetch(&grant())).await;
        assert!(patience.is_err());
    });
    let series = "mp_token_requests_total{party=maskinporten,outcome=abandoned}";
    assert_eq!(kept.get(series), Some(1.0));
}
