//! What goes over the wire to the token endpoint and the exchange, and what is made of hostile answers. No network:
//! the HTTP client is a function.

#![expect(clippy::unwrap_used, reason = "what cannot be had in a test ends it")]

use std::{
    convert::Infallible,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, Uri, header};
use http_body_util::{BodyExt, Full};
use maskinporten::{
    AccessToken, Algorithm, AltinnExchange, AltinnPlatform, BoxError, BoxFuture, Environment,
    Error, Grant, Maskinporten, Retry, Signer, TokenSource,
};
use tokio::time::Instant;

/// A request as it came in.
#[derive(Debug)]
struct Seen {
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: String,
}

type Log = Arc<Mutex<Vec<Seen>>>;

/// An HTTP client that notes what it is asked, and answers as told.
fn http(
    answer: impl Fn(usize) -> Response<Full<Bytes>> + Clone + Send + Sync + 'static,
) -> (
    impl tower::Service<
        Request<Full<Bytes>>,
        Response = Response<Full<Bytes>>,
        Error = Infallible,
        Future: Send,
    > + Clone
    + Send
    + Sync,
    Log,
) {
    let log = Log::default();
    let seen = log.clone();
    let service = tower::service_fn(move |request: Request<Full<Bytes>>| {
        let (seen, answer) = (seen.clone(), answer.clone());
        async move {
            let (head, body) = request.into_parts();
            let body = body.collect().await.unwrap().to_bytes();
            let mut seen = seen.lock().unwrap();
            seen.push(Seen {
                method: head.method,
                uri: head.uri,
                headers: head.headers,
                body: String::from_utf8(body.to_vec()).unwrap(),
            });
            Ok(answer(seen.len()))
        }
    });
    (service, log)
}

/// Signs nothing: who verifies is not part of these tests.
struct Unsigned;

impl Signer for Unsigned {
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

fn grant() -> Grant {
    Grant::new("a:one").unwrap()
}

fn token_answer() -> Response<Full<Bytes>> {
    Response::builder()
        .header(header::CONTENT_TYPE, "application/json")
        .body(r#"{"access_token":"a.b.c","token_type":"Bearer","expires_in":119}"#.into())
        .unwrap()
}

async fn ask(
    answer: impl Fn(usize) -> Response<Full<Bytes>> + Clone + Send + Sync + 'static,
) -> Result<AccessToken, Error> {
    let (http, _) = http(answer);
    Maskinporten::new(Environment::test(), "me", Unsigned, http)
        .fetch(&grant())
        .await
}

#[tokio::test]
async fn case_10_the_form_has_exactly_grant_type_and_assertion() {
    let (http, log) = http(|_| token_answer());
    let source = Maskinporten::new(Environment::test(), "me", Unsigned, http);
    source.fetch(&grant()).await.unwrap();
    let log = log.lock().unwrap();
    let [seen] = log.as_slice() else {
        panic!("{log:?}")
    };
    assert_eq!(seen.method, Method::POST);
    assert_eq!(seen.uri, "https://test.maskinporten.no/token");
    assert_eq!(
        seen.headers[header::CONTENT_TYPE],
        "application/x-www-form-urlencoded"
    );
    assert_eq!(seen.headers[header::ACCEPT], "application/json");
    assert_eq!(seen.headers[header::ACCEPT_ENCODING], "identity");
    let (grant_type, assertion) = seen.body.split_once('&').unwrap();
    assert_eq!(
        grant_type,
        "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer"
    );
    assert_eq!(
        assertion
            .strip_prefix("assertion=")
            .unwrap()
            .split('.')
            .count(),
        3
    );
}

#[tokio::test]
async fn case_4_no_two_assertions_are_the_same() {
    let (http, log) = http(|_| token_answer());
    let source = Maskinporten::new(Environment::test(), "me", Unsigned, http);
    for _ in 0..100 {
        source.fetch(&grant()).await.unwrap();
    }
    let mut bodies: Vec<_> = log
        .lock()
        .unwrap()
        .iter()
        .map(|seen| seen.body.clone())
        .collect();
    bodies.sort();
    bodies.dedup();
    assert_eq!(bodies.len(), 100);
}

#[tokio::test]
async fn b12_a_redirect_is_not_followed() {
    for status in [301, 302, 303, 307, 308] {
        let (http, log) = http(move |_| {
            Response::builder()
                .status(status)
                .header(header::LOCATION, "https://evil.example/token")
                .body(Full::default())
                .unwrap()
        });
        let source = Retry::new(Maskinporten::new(Environment::test(), "me", Unsigned, http))
            .with_attempts(3);
        let error = source.fetch(&grant()).await.unwrap_err();
        assert_eq!(error.status_code().unwrap().as_u16(), status);
        assert_eq!(log.lock().unwrap().len(), 1);
    }
}

#[tokio::test]
async fn c1_c2_large_and_compressed_answers_are_not_read() {
    let large = ask(|_| {
        let mut answer = token_answer();
        *answer.body_mut() = vec![b' '; 64 * 1024 + 1].into();
        answer
    });
    assert!(large.await.unwrap_err().to_string().contains("64 KiB"));
    let compressed = ask(|_| {
        let mut answer = token_answer();
        answer
            .headers_mut()
            .insert(header::CONTENT_ENCODING, "gzip".parse().unwrap());
        answer
    });
    assert!(
        compressed
            .await
            .unwrap_err()
            .to_string()
            .contains("compressed")
    );
}

#[tokio::test]
async fn b11_an_error_page_says_no_more_than_its_status() {
    for size in [0, 100, 1_000_000] {
        let error = ask(move |_| {
            Response::builder()
                .status(503)
                .header(header::RETRY_AFTER, "7")
                .body(vec![b'<'; size].into())
                .unwrap()
        });
        let error = error.await.unwrap_err();
        assert!(error.is_transient());
        assert_eq!(error.retry_after(), Some(Duration::from_secs(7)));
        assert_eq!(
            error.to_string(),
            "Maskinporten answered 503 Service Unavailable"
        );
    }
}

/// An HTTP client that answers with `template`, in which `{}` is the assertion that it was sent.
async fn ask_echo(status: u16, template: &'static str) -> (Result<AccessToken, Error>, String) {
    let sent = Arc::new(Mutex::new(String::new()));
    let seen = sent.clone();
    let http = tower::service_fn(move |request: Request<Full<Bytes>>| {
        let seen = seen.clone();
        async move {
            let form = request.into_body().collect().await.unwrap().to_bytes();
            let form = String::from_utf8(form.to_vec()).unwrap();
            let (_, assertion) = form.split_once("assertion=").unwrap();
            assertion.clone_into(&mut seen.lock().unwrap());
            let answer = Response::builder()
                .status(status)
                .header(header::CONTENT_TYPE, "application/json");
            let body = template.replace("{}", assertion);
            Ok::<_, Infallible>(answer.body(Full::<Bytes>::from(body)).unwrap())
        }
    });
    let source = Maskinporten::new(Environment::test(), "me", Unsigned, http);
    let outcome = source.fetch(&grant()).await;
    let claims = sent.lock().unwrap().split('.').nth(1).unwrap().to_owned();
    (outcome, claims)
}

#[tokio::test]
async fn b11_an_assertion_that_comes_back_is_not_told() {
    for echo in [
        r#"{"error":"invalid_grant","error_description":"Invalid assertion {} (trace_id: 0af7651916cd43dd)"}"#,
        r#"{"error":"{}"}"#,
        r#"{"error":"a","error_uri":"https://test.maskinporten.no/errors/MP-{}"}"#,
        r#"{"error":"a","error_description":"b (trace_id: {})"}"#,
    ] {
        let (outcome, claims) = ask_echo(400, echo).await;
        let error = outcome.unwrap_err();
        let told = format!("{error} {error:?}");
        for part in [&claims[..30], &claims[30..60]] {
            assert!(!told.contains(part), "{told}");
        }
        assert!(error.refusal().is_some(), "{told}");
    }
    // What one asks support with is left as it is.
    let (outcome, _) = ask_echo(
        400,
        r#"{"error":"a","error_description":"No. (trace_id: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01)"}"#,
    )
    .await;
    let error = outcome.unwrap_err();
    let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    assert_eq!(error.refusal().unwrap().trace_id(), Some(trace));
}

#[tokio::test]
async fn c12_the_scope_of_an_answer_is_fit_for_a_log() {
    let (outcome, claims) = ask_echo(
        200,
        r#"{"access_token":"t","token_type":"Bearer","scope":"a:one\nERROR \u202eb:two {}"}"#,
    )
    .await;
    let token = outcome.unwrap();
    let scope = token.scope().unwrap();
    assert!(scope.starts_with("a:oneERROR b:two "), "{scope}");
    assert!(!format!("{token:?}").contains(&claims[..30]), "{scope}");

    let long = ask(|_| {
        let scopes = "a:one ".repeat(10_000);
        let body = format!(r#"{{"access_token":"t","token_type":"Bearer","scope":"{scopes}"}}"#);
        let answer = Response::builder().header(header::CONTENT_TYPE, "application/json");
        answer.body(body.into()).unwrap()
    });
    assert!(long.await.unwrap().scope().unwrap().len() <= 4096);
}

#[tokio::test(start_paused = true)]
async fn case_53_a_stalled_call_fails_after_ten_seconds() {
    let http = tower::service_fn(|_: Request<Full<Bytes>>| {
        std::future::pending::<Result<Response<Full<Bytes>>, Infallible>>()
    });
    let source = Maskinporten::new(Environment::test(), "me", Unsigned, http);
    let started = Instant::now();
    let error = source.fetch(&grant()).await.unwrap_err();
    assert_eq!(started.elapsed(), Duration::from_secs(10));
    assert!(error.is_timeout() && error.is_transient());
    assert!(error.to_string().contains("10000 ms"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn case_53_signing_and_sending_share_the_ten_seconds() {
    struct Slow;
    impl Signer for Slow {
        fn algorithm(&self) -> Algorithm {
            Algorithm::Rs256
        }
        fn kid(&self) -> Option<&str> {
            Some("slow")
        }
        fn sign<'a>(&'a self, _: &'a [u8]) -> BoxFuture<'a, Result<Vec<u8>, BoxError>> {
            Box::pin(async {
                tokio::time::sleep(Duration::from_secs(6)).await;
                Ok(Vec::new())
            })
        }
    }
    let http = tower::service_fn(|_: Request<Full<Bytes>>| async {
        tokio::time::sleep(Duration::from_secs(6)).await;
        Ok::<_, Infallible>(token_answer())
    });
    let source = Maskinporten::new(Environment::test(), "me", Slow, http);
    let started = Instant::now();
    let error = source.fetch(&grant()).await.unwrap_err();
    assert_eq!(started.elapsed(), Duration::from_secs(10));
    assert!(error.is_timeout());
}

#[tokio::test(start_paused = true)]
async fn b9_an_unknown_key_is_given_three_minutes() {
    let (http, _) = http(|n| {
        let unknown = r#"{"error":"invalid_grant","error_description":"Unknown key identifier (kid) for client."}"#;
        // An answer that says nothing of the key does not begin the three minutes anew.
        let (status, body) = if n == 2 { (503, "") } else { (400, unknown) };
        Response::builder()
            .status(status)
            .header(header::CONTENT_TYPE, "application/json")
            .body(body.into())
            .unwrap()
    });
    let source = Maskinporten::new(Environment::test(), "me", Unsigned, http);
    for (after, transient) in [(0, true), (179, true), (2, false), (60, false)] {
        tokio::time::advance(Duration::from_secs(after)).await;
        let error = source.fetch(&grant()).await.unwrap_err();
        assert_eq!(error.is_transient(), transient, "{after}: {error}");
    }
}

#[tokio::test(start_paused = true)]
async fn h15_a_signer_that_hangs_or_fails_is_a_transient_error() {
    struct Hung;
    impl Signer for Hung {
        fn algorithm(&self) -> Algorithm {
            Algorithm::Rs512
        }
        fn kid(&self) -> Option<&str> {
            Some("hung")
        }
        fn sign<'a>(&'a self, _: &'a [u8]) -> BoxFuture<'a, Result<Vec<u8>, BoxError>> {
            Box::pin(std::future::pending())
        }
    }
    let (http, log) = http(|_| token_answer());
    let source = Maskinporten::new(Environment::test(), "me", Hung, http);
    let error = source.fetch(&grant()).await.unwrap_err();
    assert!(error.is_transient());
    assert!(std::error::Error::source(&error).is_some());
    assert!(log.lock().unwrap().is_empty());
}

/// A token of nobody's, to be exchanged.
#[derive(Debug)]
struct Fixed(AtomicUsize);

impl TokenSource for Fixed {
    fn fetch<'a>(&'a self, _: &'a Grant) -> BoxFuture<'a, Result<AccessToken, Error>> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Box::pin(async {
            AccessToken::new("maskinporten", Instant::now(), Duration::from_secs(119))
        })
    }
}

fn altinn_answer() -> Response<Full<Bytes>> {
    // {"iat":1768473285,"exp":1768475085}
    Response::new("e30.eyJpYXQiOjE3Njg0NzMyODUsImV4cCI6MTc2ODQ3NTA4NX0.c2ln".into())
}

#[tokio::test]
async fn case_34_case_39_the_exchange_is_a_get_with_the_maskinporten_token() {
    let platform = AltinnPlatform::tt02();
    let base = "https://platform.tt02.altinn.no/authentication/api/v1/exchange/maskinporten";
    for (test_org, enterprise_user, url) in [
        (false, false, base.to_owned()),
        (true, false, format!("{base}?test=true")),
        // As the official client has it.
        (true, true, base.to_owned()),
    ] {
        let (http, log) = http(|_| altinn_answer());
        let mut source = AltinnExchange::new(Fixed(AtomicUsize::new(0)), &platform, http);
        if test_org {
            source = source.as_test_org();
        }
        if enterprise_user {
            source = source.with_enterprise_user("user", "s3cret");
        }
        let shown = format!("{source:?}");
        assert!(
            !shown.contains("s3cret") && !shown.contains("dXNlcjpzM2NyZXQ"),
            "{shown}"
        );
        let token = source.fetch(&grant()).await.unwrap();
        assert_eq!(token.lifetime(), Duration::from_secs(1800));
        let log = log.lock().unwrap();
        let seen = &log[0];
        assert_eq!((&seen.method, seen.uri.to_string()), (&Method::GET, url));
        assert_eq!(seen.headers[header::AUTHORIZATION], "Bearer maskinporten");
        assert!(seen.headers[header::AUTHORIZATION].is_sensitive());
        assert_eq!(seen.headers[header::ACCEPT], "text/plain");
        let enterprise = seen.headers.get("x-altinn-enterpriseuser-authentication");
        assert_eq!(enterprise.is_some(), enterprise_user);
        if let Some(value) = enterprise {
            assert_eq!(value, "dXNlcjpzM2NyZXQ=");
            assert!(value.is_sensitive());
        }
    }
}

#[cfg(feature = "http-client")]
#[tokio::test]
async fn the_ready_made_client_sends_nothing_in_the_clear_to_another_machine() {
    use tower::ServiceExt;

    // An address that documentation has to itself (RFC 5737): nothing answers there, and nothing is sent.
    let request = Request::get("http://192.0.2.1/")
        .body(Full::default())
        .unwrap();
    let client = maskinporten::HttpClient::new().unwrap();
    let error = client.oneshot(request).await.unwrap_err();
    let mut causes = std::iter::successors(Some(&*error as &dyn std::error::Error), |e| e.source());
    assert!(causes.any(|cause| cause.to_string() == "plain http is for loopback only"));
}
