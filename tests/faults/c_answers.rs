//! C. Malformed or hostile answers: none is taken for a token, and the token at hand stays.

use maskinporten::{AltinnExchange, AltinnPlatform, Error, HttpClient, TokenSource};
use tests::{
    clock::Clock,
    grant,
    raw::{Reply, Server},
};
use tokio::time::{Duration, Instant};
use tower_maskinporten::Tokens;

const SECOND: Duration = Duration::from_secs(1);
const JSON: &str = "Content-Type: application/json\r\n";
const GOOD: &str = r#"{"access_token":"new","token_type":"Bearer","expires_in":120}"#;

/// The error of a refresh that is answered like this. It comes without any time passing, and leaves the token as it
/// is.
pub(crate) async fn refreshed_with(reply: Reply) -> Error {
    let answers = move |n| match n {
        1 => Reply::token("old"),
        _ => reply.clone(),
    };
    let server = Server::start(answers).await;
    let clock = Clock::stop();
    let tokens = Tokens::new(server.source(), grant());
    tokens.ready().await.unwrap();
    while server.requests() < 2 {
        clock.jump(SECOND).await;
        // What needs a timer to end it would wait here in vain.
        clock.landed(&tokens).await;
    }
    let now = tokens.clone().with_cold_wait(Duration::ZERO);
    assert_eq!(now.authorization(&grant()).await.unwrap(), "Bearer old");
    let status = tokens.status();
    assert!(status.is_ready() && status.is_degraded());
    status.default_grant().last_error().unwrap().clone()
}

/// The same, of an answer that is whole and of 200 but no token.
pub(crate) async fn bad_response(reply: Reply) -> String {
    let shown = format!("{reply:?}");
    let shown: String = shown.chars().take(200).collect();
    let error = refreshed_with(reply).await;
    assert_eq!(error.class(), "bad_response", "{error}: {shown}");
    assert!(error.is_transient());
    error.to_string()
}

#[tokio::test]
async fn c1_no_more_than_64_kib_is_read_of_an_answer() {
    const MORE: &[u8] = &[b' '; 16 << 10];
    let padded = |size: usize| format!("{GOOD}{}", " ".repeat(size - GOOD.len()));
    let server = Server::always(Reply::json(padded(64 << 10))).await;
    server.source().fetch(&grant()).await.unwrap();
    let begun = |headers: &str| format!("HTTP/1.1 200 OK\r\n{JSON}{headers}\r\n{{").into_bytes();
    let chunk = b"4000\r\n".iter().chain(MORE).chain(b"\r\n").copied();
    let chunk: &'static [u8] = chunk.collect::<Vec<_>>().leak();
    for large in [
        Reply::json(padded((64 << 10) + 1)),
        Reply::Endless(begun(""), MORE),
        Reply::Endless(begun("Content-Length: 10737418240\r\n"), MORE),
        Reply::Endless(begun("Content-Length: 9223372036854775807\r\n"), MORE),
        Reply::Endless(
            format!("HTTP/1.1 200 OK\r\n{JSON}Transfer-Encoding: chunked\r\n\r\n").into(),
            chunk,
        ),
    ] {
        let error = bad_response(large).await;
        assert!(error.contains("64 KiB"), "{error}");
    }
    // Of those that say no, less.
    let no = format!("HTTP/1.1 503 No\r\n{JSON}\r\n{{").into_bytes();
    let error = refreshed_with(Reply::Endless(no, MORE)).await;
    assert_eq!(error.class(), "status");
}

#[tokio::test]
async fn c2_what_is_compressed_is_not_read() {
    for coding in ["gzip", "br", "zstd", "deflate", "gzip, gzip", "x-unknown"] {
        let headers = format!("{JSON}Content-Encoding: {coding}\r\n");
        let error = bad_response(Reply::with(200, &headers, GOOD)).await;
        assert!(error.contains("compressed"), "{coding}: {error}");
    }
    let server = Server::always(Reply::token("maskinporten")).await;
    let platform = AltinnPlatform::custom(&server.url()).unwrap();
    let http = HttpClient::new().unwrap();
    let source = AltinnExchange::new(server.source(), &platform, http);
    assert_eq!(
        source.fetch(&grant()).await.unwrap_err().class(),
        "bad_response"
    );
    let asked = server.asked();
    assert_eq!(asked.len(), 2);
    for asked in asked {
        let head = asked.head.to_ascii_lowercase();
        assert!(head.contains("\r\naccept-encoding: identity\r\n"), "{head}");
    }
}

#[tokio::test]
async fn c3_an_answer_that_comes_byte_by_byte_ends_the_attempt_after_ten_seconds() {
    let body = format!(
        "HTTP/1.1 200 OK\r\n{JSON}Content-Length: {}\r\n\r\n{GOOD}",
        GOOD.len()
    );
    let spaced = body.replace(": ", ":                                        ");
    let interim = b"HTTP/1.1 100 Continue\r\n\r\n";
    for reply in [
        Reply::Drip(body.into()),
        Reply::Drip(spaced.into()),
        Reply::Endless(Vec::new(), interim),
    ] {
        let server = Server::always(reply).await;
        let source = server.source();
        let clock = Clock::stop();
        let began = Instant::now();
        let fetch = tokio::spawn(async move { source.fetch(&grant()).await });
        clock.until(|| server.requests() > 0).await;
        while !fetch.is_finished() {
            assert!(began.elapsed() <= SECOND * 11);
            clock.jump(SECOND).await;
        }
        assert!(began.elapsed() >= SECOND * 10);
        let error = fetch.await.unwrap().unwrap_err();
        assert!(error.is_timeout() && error.is_transient(), "{error}");
        assert_eq!(server.requests(), 1);
    }
}

#[tokio::test]
async fn c3_while_a_token_runs_out_a_slow_answer_ends_the_attempt_sooner() {
    let answer = format!(
        "HTTP/1.1 200 OK\r\n{JSON}Content-Length: {}\r\n\r\n{GOOD}",
        GOOD.len()
    );
    let answers = move |n| match n {
        1 => Reply::token("old"),
        _ => Reply::Drip(answer.clone().into()),
    };
    let server = Server::start(answers).await;
    let clock = Clock::stop();
    let tokens = Tokens::new(server.source(), grant());
    tokens.ready().await.unwrap();
    let born = Instant::now();
    while born.elapsed() < SECOND * 113 {
        let header = tokens.authorization(&grant()).await.unwrap();
        assert_eq!(header, "Bearer old");
        clock.pass(SECOND / 2).await;
    }
    // Several attempts, because none takes more than an eighth of what was left.
    assert!(server.requests() >= 5, "{}", server.requests());
    let status = tokens.status();
    let error = status.default_grant().last_error().unwrap();
    assert_eq!((error.is_transient(), error.class()), (true, "other"));
    let cause = std::error::Error::source(error).unwrap().to_string();
    assert!(cause.starts_with("no token within"), "{cause}");
}

#[tokio::test]
async fn c4_the_head_of_an_answer_is_bounded() {
    let many = "X-More: 1\r\n".repeat(10_000);
    let long = format!("X-Long: {}\r\n", "x".repeat(1 << 20));
    let some = "X-More: 1\r\n".repeat(101);
    for headers in [many, long, some] {
        let reply = Reply::with(200, &format!("{JSON}{headers}"), GOOD);
        let error = refreshed_with(reply).await;
        assert_eq!(error.class(), "transport");
        assert!(error.is_transient());
    }
    for endless in ["HTTP/1.1 200 OK\r\nX-Long: ", "HTTP/1.1 200 ", "H", "\r\n"] {
        let reply = Reply::Endless(endless.into(), &[b'x'; 16 << 10]);
        assert_eq!(refreshed_with(reply).await.class(), "transport");
    }
}

#[tokio::test]
async fn c5_what_is_not_quite_json_is_an_error() {
    let utf16: Vec<u8> = GOOD.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let deep = |open: &str, n: usize| open.repeat(n);
    let inside = format!(
        r#"{{"access_token":"new","expires_in":120,"x":{}}}"#,
        deep("[", 60_000)
    );
    for body in [
        deep("[", 60_000).into_bytes(),
        deep(r#"{"a":"#, 12_000).into_bytes(),
        inside.into_bytes(),
        // A million levels are more than is read.
        deep("[", 1_000_000).into_bytes(),
        br#"{"access_token":"new","expires_in":NaN}"#.to_vec(),
        br#"{"access_token":"new","expires_in":Infinity}"#.to_vec(),
        br#"{"access_token":"new","expires_in":0120}"#.to_vec(),
        br#"{"access_token":"old","access_token":"new"}"#.to_vec(),
        br#"{"access_token":"new","expires_in":120"#.to_vec(),
        br#"{"access_token":"\ud800"}"#.to_vec(),
        b"{\"access_token\":\"\xff\"}".to_vec(),
        b"{'access_token':'new'}".to_vec(),
        b"\xef\xbb\xbf"
            .iter()
            .chain(GOOD.as_bytes())
            .copied()
            .collect(),
        utf16,
        format!("{GOOD}{GOOD}").into_bytes(),
        format!("{GOOD}\0").into_bytes(),
        b"callback({})".to_vec(),
    ] {
        bad_response(Reply::json(body)).await;
    }
}

#[tokio::test]
async fn c6_the_status_is_judged_before_the_body() {
    for (status, body, transient) in [
        (503, "{}", true),
        (503, GOOD, true),
        (500, GOOD, true),
        (429, GOOD, true),
        (401, GOOD, false),
        (404, GOOD, false),
        (201, GOOD, false),
        (206, GOOD, false),
    ] {
        let error = refreshed_with(Reply::with(status, JSON, body)).await;
        assert_eq!(error.class(), "status");
        assert_eq!(error.status_code().unwrap().as_u16(), status);
        assert_eq!(error.is_transient(), transient, "{status}");
    }
}
