//! A key is replaced: which one signs, and for how long. Numbers are rows of the fault matrix.

#![expect(clippy::unwrap_used, reason = "what cannot be had in a test ends it")]

use std::{
    convert::Infallible,
    sync::{Arc, Mutex},
    time::{Duration, SystemTime},
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL};
use bytes::Bytes;
use http::{Request, Response, header};
use http_body_util::{BodyExt, Full};
use maskinporten::{
    Algorithm, BoxError, BoxFuture, Environment, Grant, KeyRing, Maskinporten, Signer, TokenSource,
};
use tokio::time::advance;

/// A key that is only a name.
struct Named(&'static str, Option<SystemTime>);

impl Signer for Named {
    fn algorithm(&self) -> Algorithm {
        Algorithm::Rs256
    }

    fn kid(&self) -> Option<&str> {
        Some(self.0)
    }

    fn expires_at(&self) -> Option<SystemTime> {
        self.1
    }

    fn sign<'a>(&'a self, _: &'a [u8]) -> BoxFuture<'a, Result<Vec<u8>, BoxError>> {
        Box::pin(async { Ok(b"signature".to_vec()) })
    }
}

fn key(kid: &'static str) -> Named {
    Named(kid, None)
}

/// What Maskinporten says to each `kid`; what is not in the list, it does not know.
type Answers = Arc<Mutex<Vec<(&'static str, Answer)>>>;

#[derive(Clone, Copy)]
enum Answer {
    Token,
    Expired,
}

/// A source with these keys, what it is answered, and the `kid`s that it has asked with.
fn source(keys: &KeyRing) -> (impl TokenSource, Answers, Arc<Mutex<Vec<String>>>) {
    let (answers, asked) = (Answers::default(), Arc::<Mutex<Vec<String>>>::default());
    let (said, log) = (answers.clone(), asked.clone());
    let http = tower::service_fn(move |request: Request<Full<Bytes>>| {
        let (said, log) = (said.clone(), log.clone());
        async move {
            // An answer takes a while.
            tokio::task::yield_now().await;
            let form = request.into_body().collect().await.unwrap().to_bytes();
            let kid = kid(std::str::from_utf8(&form).unwrap());
            let said = said.lock().unwrap();
            let answer = said.iter().find(|(known, _)| *known == kid);
            let (status, body) = match answer {
                Some((_, Answer::Token)) => (200, TOKEN),
                Some((_, Answer::Expired)) => (400, EXPIRED),
                None => (400, UNKNOWN),
            };
            log.lock().unwrap().push(kid);
            let json = (header::CONTENT_TYPE, "application/json");
            let answer = Response::builder().status(status).header(json.0, json.1);
            Ok::<_, Infallible>(answer.body(Full::<Bytes>::from(body)).unwrap())
        }
    });
    let source = Maskinporten::new(Environment::test(), "me", keys.clone(), http);
    (source, answers, asked)
}

const TOKEN: &str = r#"{"access_token":"a.b.c","token_type":"Bearer","expires_in":119}"#;
const UNKNOWN: &str = r#"{"error":"invalid_grant","error_description":"Invalid assertion. Client authentication failed. Unknown key identifier (kid) for client."}"#;
const EXPIRED: &str = r#"{"error":"invalid_grant","error_description":"Expired key.","error_uri":"https://test.maskinporten.no/errors/MP-121"}"#;

fn kid(form: &str) -> String {
    let assertion = form.split_once("assertion=").unwrap().1;
    let header = BASE64URL.decode(assertion.split_once('.').unwrap().0);
    let header: serde_json::Value = serde_json::from_slice(&header.unwrap()).unwrap();
    header["kid"].as_str().unwrap().to_owned()
}

fn grant() -> Grant {
    Grant::new("a:one").unwrap()
}

fn taken(asked: &Mutex<Vec<String>>) -> Vec<String> {
    std::mem::take(&mut asked.lock().unwrap())
}

#[tokio::test(start_paused = true)]
async fn b9_h3_the_old_key_signs_until_the_new_one_is_known() {
    let keys = KeyRing::new(key("old"));
    let (source, answers, asked) = source(&keys);
    answers.lock().unwrap().push(("old", Answer::Token));
    source.fetch(&grant()).await.unwrap();
    keys.replace(key("new"));
    taken(&asked);

    source.fetch(&grant()).await.unwrap();
    assert_eq!(taken(&asked), ["new", "old"]);
    // For a while, each token costs one request and not two.
    source.fetch(&grant()).await.unwrap();
    assert_eq!(taken(&asked), ["old"]);
    assert!(!keys.status().works() && keys.status().has_fallback());

    answers.lock().unwrap().push(("new", Answer::Token));
    advance(Duration::from_secs(15)).await;
    source.fetch(&grant()).await.unwrap();
    assert_eq!(taken(&asked), ["new"]);
    assert!(keys.status().works());
}

#[tokio::test(start_paused = true)]
async fn b9_a_machine_that_does_not_know_the_new_key_yet_is_asked_with_the_old_one() {
    let keys = KeyRing::new(key("new")).with_fallback(key("old"));
    let (source, answers, asked) = source(&keys);
    *answers.lock().unwrap() = vec![("old", Answer::Token), ("new", Answer::Token)];
    source.fetch(&grant()).await.unwrap();
    advance(Duration::from_secs(60)).await;
    answers.lock().unwrap().pop();
    source.fetch(&grant()).await.unwrap();
    assert_eq!(taken(&asked), ["new", "new", "old"]);

    // Three minutes after the new one has worked first, the old one goes.
    answers.lock().unwrap().push(("new", Answer::Token));
    advance(Duration::from_secs(120)).await;
    source.fetch(&grant()).await.unwrap();
    assert!(!keys.status().has_fallback());
    answers.lock().unwrap().pop();
    let error = source.fetch(&grant()).await.unwrap_err();
    assert!(error.is_transient());
    assert_eq!(taken(&asked), ["new", "new"]);
}

#[tokio::test(start_paused = true)]
async fn h1_of_several_replacements_the_one_that_worked_stays() {
    let keys = KeyRing::new(key("first"));
    let (source, answers, asked) = source(&keys);
    answers.lock().unwrap().push(("first", Answer::Token));
    source.fetch(&grant()).await.unwrap();
    keys.replace(key("mistake"));
    keys.replace(key("third"));
    source.fetch(&grant()).await.unwrap();
    assert_eq!(taken(&asked), ["first", "third", "first"]);
}

#[tokio::test(start_paused = true)]
async fn a_key_that_has_ended_leaves_it_to_the_other_one() {
    let keys = KeyRing::new(key("new")).with_fallback(key("old"));
    let (source, answers, asked) = source(&keys);
    *answers.lock().unwrap() = vec![("new", Answer::Expired), ("old", Answer::Token)];
    source.fetch(&grant()).await.unwrap();
    assert_eq!(taken(&asked), ["new", "old"]);
}

#[tokio::test(start_paused = true)]
async fn b9_when_neither_key_is_accepted_the_error_is_that_of_the_current_one() {
    let keys = KeyRing::new(key("new")).with_fallback(key("old"));
    let (source, answers, asked) = source(&keys);
    answers.lock().unwrap().push(("old", Answer::Expired));
    for order in [["new", "old"], ["old", "new"]] {
        let error = source.fetch(&grant()).await.unwrap_err();
        assert_eq!(taken(&asked), order);
        assert_eq!(error.refusal().unwrap().code(), None);
        assert_eq!(error.retry_after(), Some(Duration::from_secs(15)));
    }
    advance(Duration::from_secs(180)).await;
    assert!(!source.fetch(&grant()).await.unwrap_err().is_transient());
}

#[tokio::test(start_paused = true)]
async fn whoever_waits_for_another_key_is_told() {
    let keys = KeyRing::new(key("old"));
    let mut changed = tokio_test::task::spawn(keys.changed());
    tokio_test::assert_pending!(changed.poll());
    keys.replace(key("new"));
    assert!(changed.is_woken());
    tokio_test::assert_ready!(changed.poll());
    assert_eq!(keys.status().kid(), Some("new"));
}

#[test]
fn the_days_to_the_end_of_a_key_are_known() {
    const DAY: Duration = Duration::from_secs(24 * 60 * 60);
    let now = SystemTime::now();
    let days_left = |ends| {
        let status = KeyRing::new(Named("k", Some(ends))).status();
        status.days_left(now)
    };
    assert_eq!(days_left(now + DAY * 30), Some(30));
    assert_eq!(days_left(now + DAY / 2), Some(0));
    assert_eq!(days_left(now - DAY / 2), Some(-1));
    assert_eq!(KeyRing::new(key("k")).status().days_left(now), None);
}

/// A log that looks at the keys, as one that adds how the service is to each line would.
struct Curious(KeyRing);

impl tracing::Subscriber for Curious {
    fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
        metadata.is_event()
    }

    fn new_span(&self, _: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        tracing::span::Id::from_u64(1)
    }

    fn record(&self, _: &tracing::span::Id, _: &tracing::span::Record<'_>) {}

    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}

    fn event(&self, _: &tracing::Event<'_>) {
        assert!(self.0.status().kid().is_some());
    }

    fn enter(&self, _: &tracing::span::Id) {}

    fn exit(&self, _: &tracing::span::Id) {}
}

#[test]
fn a_log_may_look_at_the_keys_while_their_end_is_told() {
    let ends_soon = SystemTime::now() + Duration::from_secs(3600);
    let keys = KeyRing::new(Named("k", Some(ends_soon)));
    let (done, is_done) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let _logging = tracing::subscriber::set_default(Curious(keys.clone()));
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .unwrap();
        let (source, _, asked) = source(&keys);
        runtime.block_on(source.fetch(&grant())).unwrap_err();
        done.send(taken(&asked)).unwrap();
    });
    // A thread that is stuck cannot be joined.
    let asked = is_done.recv_timeout(Duration::from_secs(60));
    assert_eq!(asked.unwrap(), ["k"]);
}

#[tokio::test(start_paused = true)]
async fn b6_a_key_that_was_replaced_meanwhile_says_nothing_of_the_new_one() {
    let keys = KeyRing::new(key("old"));
    let (source, answers, asked) = source(&keys);
    answers.lock().unwrap().push(("old", Answer::Expired));
    let refused = source.fetch(&grant()).await.unwrap_err();
    assert!(!refused.is_transient());
    let grant = grant();
    let mut fetching = tokio_test::task::spawn(source.fetch(&grant));
    tokio_test::assert_pending!(fetching.poll());
    keys.replace(key("new"));
    let refused = tokio_test::assert_ready!(fetching.poll()).unwrap_err();
    assert!(refused.is_transient());
    assert_eq!(taken(&asked), ["old", "old"]);
}
