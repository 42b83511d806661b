//! What is logged: each change once, what repeats once a minute, and no secret ever. Time is paused.
#![expect(clippy::unwrap_used, reason = "what cannot be had in a test ends it")]

mod common;
#[path = "common/log.rs"]
mod log;

use std::{
    convert::Infallible,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use common::{Script, grant, secs};
use http::{Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full};
use log::{Log, number};
use maskinporten::{
    Algorithm, AltinnExchange, AltinnPlatform, BoxError, BoxFuture, Environment, Error, Grant,
    Maskinporten, Signer, TokenSource,
};
use tokio::{
    task::yield_now,
    time::{Instant, sleep},
};
use tower::{Layer, ServiceExt};
use tower_maskinporten::{BearerAuthLayer, Origins, Tokens};

const API: &str = "https://platform.tt02.altinn.no";

fn customer(n: usize) -> Grant {
    Grant::new(&format!("a:customer-{n}")).unwrap()
}

/// Has each of these ask, and not wait.
async fn ask_for(tokens: &Tokens, customers: usize) {
    let impatient = tokens.clone().with_cold_wait(Duration::ZERO);
    for n in 0..customers {
        let _ = impatient.authorization(&customer(n)).await;
    }
}

/// Numbers and errors as `down` says.
fn switched(down: Arc<AtomicBool>) -> Arc<Script> {
    Script::new(Duration::ZERO, move |_| {
        if down.load(Ordering::Relaxed) {
            Err(Error::transient("down"))
        } else {
            Ok(secs(120))
        }
    })
}

#[tokio::test(start_paused = true)]
async fn b1_b2_an_outage_is_told_as_it_begins_hurts_and_ends() {
    let (log, _logging) = Log::start();
    let down = Arc::<AtomicBool>::default();
    let tokens = Tokens::new(switched(down.clone()), grant()).with_name("invoices");
    tokens.ready().await.unwrap();
    let acquired = log.lines(&["INFO", "there is a token", "client=\"invoices\""]);
    assert_eq!(acquired.len(), 1, "{acquired:?}");
    sleep(secs(73)).await;
    assert_eq!(log.lines(&["DEBUG", "there is a new token"]).len(), 1);

    down.store(true, Ordering::Relaxed);
    let refreshed = Instant::now();
    while log.lines(&["WARN", "no new token"]).is_empty() {
        sleep(secs(1)).await;
    }
    // Requests are served; nobody is told that they fail.
    tokens.ready().await.unwrap();
    assert!(log.lines(&["ERROR"]).is_empty());
    while log.lines(&["ERROR"]).is_empty() {
        sleep(Duration::from_millis(100)).await;
    }
    // It is told at the moment from which on there is no usable token, though nobody asks.
    assert!(refreshed.elapsed() <= secs(116));
    let status = tokens.status();
    assert_eq!(status.default_grant().usable_for(), None);
    assert!(status.default_grant().age().unwrap() < Duration::from_millis(115_200));
    sleep(secs(3600)).await;
    assert!(tokens.ready().await.is_err());
    assert_eq!(log.lines(&["ERROR"]).len(), 1);
    let warnings = log.lines(&["WARN", "grant=\"default\""]).len();
    assert!((40..=62).contains(&warnings), "{warnings}");

    down.store(false, Ordering::Relaxed);
    sleep(secs(60)).await;
    let recovered = log.lines(&["INFO", "there is a token again", "lasted="]);
    assert_eq!(recovered.len(), 1);
    assert!(number(&recovered[0], "attempts") > 100, "{recovered:?}");
}

#[tokio::test(start_paused = true)]
async fn b2_a_thousand_customers_in_an_outage_are_one_line_a_minute() {
    let (log, _logging) = Log::start();
    let down = Arc::<AtomicBool>::default();
    let script = switched(down.clone());
    let tokens = Tokens::new(script.clone(), grant());
    for n in 0..1_000 {
        tokens.authorization(&customer(n)).await.unwrap();
    }
    let told = log.lines(&["there is a token"]);
    assert_eq!(told.len(), 1, "{told:?}");

    down.store(true, Ordering::Relaxed);
    let (began, fetches) = (Instant::now(), script.fetches());
    while began.elapsed() < secs(300) {
        ask_for(&tokens, 1_000).await;
        sleep(secs(20)).await;
    }
    let failed = log.lines(&["WARN"]);
    assert!((3..=5).contains(&failed.len()), "{failed:?}");
    let errors = log.lines(&["ERROR", "requests fail"]);
    assert_eq!(errors.len(), 1, "{errors:?}");
    // Nothing is lost: each failure was told, or counted in one that was, but for those since the last.
    let told: usize = failed
        .iter()
        .map(|line| 1 + number(line, "suppressed"))
        .sum();
    let fetches = script.fetches() - fetches;
    assert!((4_000..=fetches).contains(&told), "{told} of {fetches}");

    down.store(false, Ordering::Relaxed);
    for _ in 0..3 {
        ask_for(&tokens, 1_000).await;
        sleep(secs(20)).await;
    }
    let recovered = log.lines(&["INFO", "there is a token again"]);
    assert!((1..=2).contains(&recovered.len()), "{recovered:?}");
}

#[tokio::test(start_paused = true)]
async fn what_happens_to_the_default_grant_is_told_among_a_thousand_others() {
    let (log, _logging) = Log::start();
    let down = Arc::new(AtomicBool::new(true));
    let tokens = Tokens::new(switched(down.clone()), grant());
    ask_for(&tokens, 1_000).await;
    yield_now().await;
    assert_eq!(log.lines(&["WARN"]).len(), 1);
    assert!(tokens.ready().await.is_err());
    assert_eq!(log.lines(&["WARN", "grant=\"default\""]).len(), 1);
    assert_eq!(log.lines(&["ERROR", "grant=\"default\""]).len(), 1);
    down.store(false, Ordering::Relaxed);
    sleep(secs(30)).await;
    ask_for(&tokens, 1_000).await;
    assert_eq!(
        log.lines(&["there is a token again", "grant=\"default\""])
            .len(),
        1
    );
}

#[tokio::test(start_paused = true)]
async fn g1_a_panic_is_an_error_and_no_failure_beside() {
    let (log, _logging) = Log::start();
    let script = Script::new(Duration::ZERO, |n| {
        assert!(n > 3, "a bug in a source of the user's own");
        Ok(secs(120))
    });
    let tokens = Tokens::new(script, grant());
    tokens.ready().await.unwrap();
    assert_eq!(log.lines(&["ERROR", "the token source panicked"]).len(), 1);
    assert!(log.lines(&["WARN"]).is_empty());
}

#[tokio::test(start_paused = true)]
async fn f3_an_api_that_always_says_401_is_told_once_a_minute() {
    let (log, _logging) = Log::start();
    let tokens = Tokens::new(Script::healthy(), grant());
    let layer = BearerAuthLayer::new(tokens, Origins::new([API]).unwrap());
    let client = layer.layer(tower::service_fn(|_: Request<()>| async {
        let answer = Response::builder().status(StatusCode::UNAUTHORIZED);
        let answer = answer.header(header::WWW_AUTHENTICATE, "Bearer");
        Ok::<_, BoxError>(answer.body(()).unwrap())
    }));
    let began = Instant::now();
    while began.elapsed() < secs(600) {
        let request = Request::get(API).body(()).unwrap();
        client.clone().oneshot(request).await.unwrap();
        sleep(secs(1)).await;
    }
    assert_eq!(log.lines(&["INFO", "did not accept the token"]).len(), 1);
    let warnings = log.lines(&["WARN", "not the token that is wrong"]).len();
    assert!((8..=10).contains(&warnings), "{warnings}");
}

/// A key that shows itself in each signature.
struct Marked;

impl Signer for Marked {
    fn algorithm(&self) -> Algorithm {
        Algorithm::Rs256
    }

    fn kid(&self) -> Option<&str> {
        Some("a-kid")
    }

    fn sign<'a>(&'a self, _: &'a [u8]) -> BoxFuture<'a, Result<Vec<u8>, BoxError>> {
        Box::pin(async { Ok(b"signature".to_vec()) })
    }
}

/// Maskinporten and Altinn, who answer all with `status` and `body`, and keep what they saw.
fn source(
    status: u16,
    body: &'static str,
) -> (impl TokenSource + 'static, Arc<Mutex<Vec<String>>>) {
    let seen = Arc::<Mutex<Vec<String>>>::default();
    let log = seen.clone();
    let http = tower::service_fn(move |request: Request<Full<Bytes>>| {
        let log = log.clone();
        async move {
            let form = request.into_body().collect().await.unwrap().to_bytes();
            log.lock()
                .unwrap()
                .push(String::from_utf8(form.to_vec()).unwrap());
            let answer = Response::builder().status(status);
            let answer = answer.header(header::CONTENT_TYPE, "application/json");
            Ok::<_, Infallible>(answer.body(Full::<Bytes>::from(body)).unwrap())
        }
    });
    let source = Maskinporten::new(Environment::test(), "me", Marked, http.clone());
    (
        AltinnExchange::new(source, &AltinnPlatform::tt02(), http),
        seen,
    )
}

fn person(n: usize) -> Grant {
    let pid = "25922947409".parse().unwrap();
    Grant::new(&format!("a:{n}")).unwrap().with_pid(pid).raw()
}

const REFUSED: &str = r#"{"error":"invalid_altinn_customer_configuration","error_description":"System user not found. (trace_id: 0af765)","error_uri":"https://test.maskinporten.no/errors/MP-303"}"#;

#[tokio::test(start_paused = true)]
async fn b6_refusals_are_told_in_maskinportens_words_with_advice() {
    let (log, _logging) = Log::start();
    let (source, _) = source(400, REFUSED);
    let tokens = Tokens::new(source, grant());
    for n in 0..1_000 {
        assert!(tokens.authorization(&person(n)).await.is_err());
    }
    let told = log.lines(&["refused", "attempts"]);
    let [line] = told.as_slice() else {
        panic!("{told:?}");
    };
    for part in [
        "WARN",
        "client=\"default\" grant=\"other\"",
        "oauth_error=\"invalid_altinn_customer_configuration\"",
        "code=\"MP-303\"",
        "trace_id=\"0af765\"",
        "advice=\"the system user is not approved",
        "suppressed=0",
    ] {
        assert!(line.contains(part), "{part}: {line}");
    }
    // It never worked, so nothing has broken.
    assert!(log.lines(&["ERROR"]).is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_is_the_same_for_all_grants_is_told_once_a_minute() {
    let (log, _logging) = Log::start();
    let less = r#"{"access_token":"t","expires_in":119,"scope":"a:less"}"#;
    let (narrow, _) = source(200, less);
    let narrow = Tokens::new(narrow, grant());
    let unknown =
        r#"{"error":"invalid_grant","error_description":"Unknown key identifier (kid)."}"#;
    let (strange, _) = source(400, unknown);
    let strange = Tokens::new(strange, grant()).with_cold_wait(Duration::ZERO);
    let began = Instant::now();
    let mut n = 0;
    while began.elapsed() < secs(180) {
        narrow.authorization(&person(n)).await.unwrap();
        assert!(strange.authorization(&person(n)).await.is_err());
        sleep(secs(1)).await;
        n += 1;
    }
    for told in ["fewer scopes", "no token_type", "does not accept the key"] {
        let lines = log.lines(&["WARN", told, "suppressed="]);
        assert_eq!(lines.len(), 3, "{lines:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn each_flight_and_each_request_in_it_is_a_span() {
    let (log, _logging) = Log::start();
    let (source, _) = source(400, REFUSED);
    let tokens = Tokens::new(source, grant()).with_name("invoices");
    assert!(tokens.ready().await.is_err());
    let flight = "maskinporten.fetch{client=\"invoices\" grant=\"default\"}";
    let request = "maskinporten.request{party=\"maskinporten\" status=400 outcome=\"refused\"}";
    assert_eq!(log.lines(&[flight, request, "close"]).len(), 1);
    assert_eq!(log.lines(&[flight, "WARN", "refused"]).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn case_11_k1_no_secret_is_logged_at_any_level() {
    let (log, _logging) = Log::start();
    let token = r#"{"access_token":"the.secret.token","token_type":"Bearer","expires_in":119,"scope":"a:less"}"#;
    for (status, body) in [(200, token), (400, REFUSED), (503, token)] {
        let (source, seen) = source(status, body);
        let tokens = Tokens::new(source, person(0));
        for n in 0..3 {
            let _ = tokens.authorization(&person(n)).await;
        }
        sleep(secs(300)).await;
        let _ = tokens.authorization(&grant()).await;
        let shown = format!("{:?} {tokens:?}", tokens.status());
        for secret in ["secret.token", "25922947409"] {
            assert_eq!(log.lines(&[secret]), Vec::<String>::new());
            assert!(!shown.contains(secret), "{shown}");
        }
        for form in &*seen.lock().unwrap() {
            if let Some((_, assertion)) = form.split_once("assertion=") {
                for part in assertion.split('.') {
                    assert_eq!(log.lines(&[part]), Vec::<String>::new());
                }
            }
        }
    }
    assert!(log.lines(&[]).len() > 10);
}
