//! E: clocks. What needs clocks that can be set is beside them (`clock_walk` in `tower-maskinporten`); a process that
//! stands still is in `g_processes`.

use std::{
    sync::{Arc, Mutex},
    time::{Duration, SystemTime},
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use bytes::Bytes;
use http::{Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full};
use maskinporten::{
    AccessToken, Algorithm, BoxError, BoxFuture, Environment, Error, Grant, KeyRing, Maskinporten,
    Retry, Signer, TokenSource,
};
use maskinporten_stub::Stub;
use serde_json::{Value, json};
use tests::{grant, maskinporten, pass};
use tokio::time::{Instant, sleep};
use tower::service_fn;
use tower_maskinporten::Tokens;

#[tokio::test]
async fn e4_e5_n12_a_clock_that_is_wrong_costs_one_call_once() {
    let stub = Stub::start().await.unwrap();
    // How far ahead the stub is: we are behind by that, or ahead where it is negative.
    for ahead in [-300, -120, -60, -13, -11, 0, 60, 107, 115, 130, 200, 300] {
        stub.set_clock_offset(ahead);
        stub.clear_requests();
        let tokens = Tokens::new(maskinporten(&stub), grant());
        tokens.ready().await.unwrap();
        let calls = stub.token_requests();
        // Backdating and the shorter life of an assertion are for small differences.
        let expected = if (-11..=107).contains(&ahead) { 1 } else { 2 };
        assert_eq!(calls, expected, "{ahead}");
        for rotation in 1..=3 {
            pass(Duration::from_secs(73)).await;
            let fresh = async {
                while stub.token_requests() < calls + rotation {
                    tokio::task::yield_now().await;
                }
            };
            let bound = Duration::from_secs(30);
            tokio::time::timeout(bound, fresh)
                .await
                .expect("a token is refreshed");
            tokens.ready().await.unwrap();
        }
        assert_eq!(stub.token_requests(), calls + 3, "{ahead}");
    }
}

/// Signs nothing, and knows of a key that is older than time and ends after it.
struct Timeless;

impl Signer for Timeless {
    fn algorithm(&self) -> Algorithm {
        Algorithm::Rs256
    }

    fn kid(&self) -> Option<&str> {
        Some("k")
    }

    fn created_at(&self) -> Option<SystemTime> {
        SystemTime::UNIX_EPOCH.checked_sub(Duration::from_secs(1 << 40))
    }

    fn expires_at(&self) -> Option<SystemTime> {
        SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(1 << 60))
    }

    fn sign<'a>(&'a self, _: &'a [u8]) -> BoxFuture<'a, Result<Vec<u8>, BoxError>> {
        Box::pin(async { Ok(Vec::new()) })
    }
}

/// Status, `Date` and body of an answer to a grant.
type Answer = (u16, &'static str, Value);

/// Fetches from a Maskinporten that gives these answers, one after the other. Gives what came of it, and how many seconds
/// the clock of each assertion was ahead of ours.
async fn fetches(answers: Vec<Vec<Answer>>) -> (Vec<Result<AccessToken, Error>>, Vec<Vec<i64>>) {
    let script: Arc<Mutex<Vec<Answer>>> = Arc::default();
    let ahead: Arc<Mutex<Vec<i64>>> = Arc::default();
    let (next, log) = (script.clone(), ahead.clone());
    let http = service_fn(move |request: Request<Full<Bytes>>| {
        let (next, log) = (next.clone(), log.clone());
        async move {
            let body = request.into_body().collect().await?.to_bytes();
            let claims = body.split(|byte| *byte == b'.').nth(1).unwrap();
            let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims)?)?;
            let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?;
            let now = i64::try_from(now.as_secs())?;
            // Assertions are made out for two seconds ago.
            log.lock()
                .unwrap()
                .push(claims["iat"].as_i64().unwrap() + 2 - now);
            let (status, date, body) = next.lock().unwrap().remove(0);
            let answer = Response::builder()
                .status(status)
                .header(header::DATE, date);
            let answer = answer.header(header::CONTENT_TYPE, "application/json");
            Ok::<_, BoxError>(answer.body(Full::<Bytes>::from(body.to_string()))?)
        }
    });
    let source = Retry::new(Maskinporten::new(Environment::test(), "c", Timeless, http));
    let (mut outcomes, mut clocks) = (Vec::new(), Vec::new());
    for answers in answers {
        *script.lock().unwrap() = answers;
        outcomes.push(source.fetch(&grant()).await);
        assert!(
            script.lock().unwrap().is_empty(),
            "as many calls as answers"
        );
        clocks.push(std::mem::take(&mut *ahead.lock().unwrap()));
    }
    (outcomes, clocks)
}

const LONG_AGO: &str = "Thu, 01 Jan 1970 00:00:00 GMT";
const FAR_AHEAD: &str = "Thu, 31 Dec 2099 23:59:59 GMT";

fn token() -> Value {
    json!({"access_token": "a.b.c", "token_type": "Bearer", "expires_in": 119})
}

fn too_early() -> Value {
    json!({"error": "invalid_grant", "error_description": "Invalid assertion. Issue time is after now"})
}

fn is_near(seconds: i64, expected: i64) -> bool {
    // However slow this machine is.
    (seconds - expected).abs() < 60
}

#[tokio::test]
async fn e6_nothing_but_a_refusal_for_the_clock_moves_ours() {
    let scope = json!({"error": "invalid_scope", "error_description": "no such scope"});
    for date in [LONG_AGO, FAR_AHEAD] {
        let answers = vec![
            vec![(200, date, token())],
            vec![(503, date, json!({}))],
            vec![(400, date, scope.clone())],
            vec![(200, date, token())],
            vec![(200, date, token())],
        ];
        let last = answers.len() - 1;
        let (outcomes, clocks) = fetches(answers).await;
        let served: Vec<_> = outcomes.iter().map(Result::is_ok).collect();
        assert!(
            served[0] && !served[1] && !served[2] && served[last],
            "{served:?}"
        );
        assert!(
            clocks.iter().flatten().all(|ahead| is_near(*ahead, 0)),
            "{clocks:?}"
        );
    }
}

#[tokio::test]
async fn e6_an_absurd_date_moves_it_five_minutes_and_a_right_one_moves_it_back() {
    for (date, moved) in [(LONG_AGO, -300), (FAR_AHEAD, 300)] {
        let now: &'static str = httpdate::fmt_http_date(SystemTime::now()).leak();
        let (outcomes, clocks) = fetches(vec![
            // Tried once more by the clock that was told, and refused again: an error, and no third time.
            vec![(400, date, too_early()), (400, date, too_early())],
            vec![(400, now, too_early()), (200, now, token())],
            vec![(200, now, token())],
        ])
        .await;
        let error = outcomes[0].as_ref().unwrap_err();
        assert_eq!(error.status_code(), Some(StatusCode::BAD_REQUEST));
        assert!(outcomes[1].is_ok() && outcomes[2].is_ok());
        let expected = [vec![0, moved], vec![moved, 0], vec![0]];
        for (clocks, expected) in clocks.iter().zip(expected) {
            assert_eq!(clocks.len(), expected.len());
            let mut pairs = clocks.iter().zip(expected);
            assert!(
                pairs.all(|(ahead, expected)| is_near(*ahead, expected)),
                "{clocks:?}"
            );
        }
    }
}

#[tokio::test]
async fn e6_what_is_no_date_moves_nothing() {
    for date in [
        "",
        "yesterday",
        "Thu, 99 Jan 2099 00:00:00 GMT",
        "Sat, 01 Jan 99999999 00:00:00 GMT",
        "0",
    ] {
        let (outcomes, clocks) = fetches(vec![
            vec![(400, date, too_early())],
            vec![(200, date, token())],
        ])
        .await;
        assert!(outcomes[0].is_err() && outcomes[1].is_ok(), "{date:?}");
        assert!(
            clocks.iter().flatten().all(|ahead| is_near(*ahead, 0)),
            "{date:?}: {clocks:?}"
        );
    }
}

#[tokio::test]
async fn e7_a_key_from_before_time_until_after_it_is_used_and_told_of() {
    let http = service_fn(|_: Request<Full<Bytes>>| async {
        let answer = Response::builder().header(header::CONTENT_TYPE, "application/json");
        Ok::<_, BoxError>(answer.body(Full::<Bytes>::from(token().to_string()))?)
    });
    let keys = KeyRing::new(Timeless);
    let source = Maskinporten::new(Environment::test(), "c", keys.clone(), http);
    let tokens = Tokens::new(source, grant());
    tokens.ready().await.unwrap();
    let now = SystemTime::now();
    let ends = [
        Some(now),
        SystemTime::UNIX_EPOCH.checked_sub(Duration::from_secs(1 << 40)),
    ];
    for now in ends.into_iter().flatten() {
        assert!(keys.status().days_left(now).unwrap() > 0);
    }
    let shown = format!("{:?} {:?}", tokens.status(), keys.status());
    assert!(shown.contains("Fresh"), "{shown}");
}

/// Gives tokens of two minutes, and notes when.
struct Counted(Instant, Arc<Mutex<Vec<Duration>>>);

impl TokenSource for Counted {
    fn fetch<'a>(&'a self, _: &'a Grant) -> BoxFuture<'a, Result<AccessToken, Error>> {
        Box::pin(async {
            self.1.lock().unwrap().push(self.0.elapsed());
            AccessToken::new("t", Instant::now(), Duration::from_secs(120))
        })
    }
}

#[tokio::test(start_paused = true)]
async fn e9_ten_thousand_that_start_together_do_not_refresh_together() {
    let (began, log) = (Instant::now(), Arc::default());
    let mut all = Vec::new();
    for _ in 0..10_000 {
        let tokens = Tokens::new(Counted(began, Arc::clone(&log)), grant());
        tokens.ready().await.unwrap();
        all.push(tokens);
    }
    sleep(Duration::from_secs(149)).await;
    let log = log.lock().unwrap();
    let mut seconds = [0; 150];
    for at in log.iter() {
        seconds[usize::try_from(at.as_secs()).unwrap()] += 1;
    }
    assert_eq!((seconds[0], log.len()), (10_000, 30_000));
    // A twelfth of them each second, and the next time they are further apart.
    let most = |seconds: &[u32]| *seconds.iter().max().unwrap();
    let (first, second) = (most(&seconds[1..80]), most(&seconds[80..]));
    assert!((700..1_000).contains(&first), "{seconds:?}");
    assert!(second < first, "{seconds:?}");
}
