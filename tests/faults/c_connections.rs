//! C. Answers that break off, and connections that end when they should not.

use std::time::Duration;

use maskinporten::{HttpClient, TokenSource};
use tests::{
    clock::Clock,
    grant, maskinporten,
    proxy::{Proxy, Weather},
    raw::{Reply, Server},
};
use tokio::{net::TcpListener, time::Instant};
use tokio_rustls::LazyConfigAcceptor;
use tower::ServiceExt;
use tower_maskinporten::Tokens;

const SECOND: Duration = Duration::from_secs(1);
const JSON: &str = "Content-Type: application/json\r\n";
const GOOD: &str = r#"{"access_token":"new","token_type":"Bearer","expires_in":120}"#;

/// Answers that are none, or not whole.
fn broken() -> Vec<Reply> {
    let whole = format!(
        "HTTP/1.1 200 OK\r\n{JSON}Content-Length: {}\r\n\r\n{GOOD}",
        GOOD.len()
    );
    let longer = format!(
        "HTTP/1.1 200 OK\r\n{JSON}Content-Length: {}\r\n\r\n{GOOD}",
        GOOD.len() + 1
    );
    let chunked = |chunks: &str| {
        format!("HTTP/1.1 200 OK\r\n{JSON}Transfer-Encoding: chunked\r\n\r\n{chunks}").into_bytes()
    };
    let head = whole.len() - GOOD.len();
    let mut replies = vec![
        Reply::End(longer.clone().into()),
        Reply::Reset(longer.into()),
        Reply::End(chunked("")),
        Reply::End(chunked("5\r\n{\"acc")),
        Reply::Stay(chunked("soon\r\n{}\r\n0\r\n\r\n")),
        Reply::Stay(chunked("fffffffffffffffff\r\n{}")),
        Reply::End(b"HTTP/9.9 200 OK\r\n\r\n".to_vec()),
        Reply::End(b"SSH-2.0-OpenSSH_9.9\r\n".to_vec()),
        Reply::Stay(b"\x16\x03\x01\x00\x02\x02\x28".to_vec()),
        // Two lengths, which is how requests are smuggled.
        Reply::Stay(
            format!("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n{GOOD}")
                .into(),
        ),
        // HTTP/2: settings, and then GOAWAY.
        Reply::Stay(b"\0\0\0\x04\0\0\0\0\0\0\0\x08\x07\0\0\0\0\0\0\0\0\0\0\0\0\0".to_vec()),
    ];
    for at in [0, 8, 20, head - 1, head, head + 1, whole.len() - 1] {
        let part = whole.as_bytes()[..at].to_vec();
        replies.extend([Reply::End(part.clone()), Reply::Reset(part)]);
    }
    replies
}

#[tokio::test]
async fn c14_what_breaks_off_is_asked_for_once_more_at_once_on_another_connection() {
    for reply in broken() {
        let shown = format!("{reply:?}");
        // As the first request of a connection, and on one that has been used.
        for at in [1, 2] {
            let broken = reply.clone();
            let answers = move |n| {
                if n == at {
                    broken.clone()
                } else {
                    Reply::token("new")
                }
            };
            let server = Server::start(answers).await;
            let source = server.source();
            let _clock = Clock::stop();
            for _ in 0..at {
                source.fetch(&grant()).await.unwrap();
            }
            let asked = server.asked();
            assert_eq!(asked.len(), at + 1, "{shown}");
            let (broken, again) = (&asked[at - 1], &asked[at]);
            assert_ne!(broken.jti(), again.jti());
            assert_ne!(broken.connection, again.connection, "{shown}");
        }
    }
}

#[tokio::test]
async fn c14_what_breaks_off_each_time_is_a_transient_error_after_two_attempts() {
    for reply in broken() {
        let server = Server::always(reply).await;
        let _clock = Clock::stop();
        let error = server.source().fetch(&grant()).await.unwrap_err();
        assert_eq!((error.class(), error.is_transient()), ("transport", true));
        assert_eq!(server.requests(), 2);
    }
}

#[tokio::test]
async fn c14_an_answer_that_nobody_asked_for_is_not_taken_for_the_next() {
    let server = Server::start(|n| {
        let (Reply::Stay(asked_for), Reply::Stay(more)) = (
            Reply::token(&format!("answer-{n}")),
            Reply::token("another"),
        ) else {
            unreachable!()
        };
        Reply::Stay([asked_for, more].concat())
    })
    .await;
    let source = server.source();
    for n in 1..=10 {
        let token = source.fetch(&grant()).await.unwrap();
        let header = token.authorization().to_str().unwrap();
        assert!(header.starts_with("Bearer answer-"), "{n}: {header}");
    }
}

#[tokio::test]
async fn c14_http_1_0_is_understood() {
    let old = format!("HTTP/1.0 200 OK\r\n{JSON}\r\n{GOOD}");
    let server = Server::always(Reply::End(old.into())).await;
    server.source().fetch(&grant()).await.unwrap();
    assert_eq!(server.requests(), 1);
}

#[tokio::test]
async fn c15_a_server_that_ends_idle_connections_is_not_noticed() {
    let (proxy, stub) = Proxy::before_stub().await;
    let source = maskinporten(&stub);
    let _clock = Clock::stop();
    let began = Instant::now();
    for fetched in 1..=20 {
        source.fetch(&grant()).await.unwrap();
        assert_eq!(stub.token_requests(), fetched);
        // The end is on its way while the next request is: sometimes one is first, sometimes the other.
        proxy.close_connections();
        for _ in 0..fetched % 4 {
            tokio::task::yield_now().await;
        }
    }
    assert_eq!(began.elapsed(), Duration::ZERO);
}

#[tokio::test]
async fn c15_a_connection_is_used_again_for_fifteen_seconds() {
    let (proxy, stub) = Proxy::before_stub().await;
    let source = maskinporten(&stub);
    let clock = Clock::stop();
    for (rest, connections) in [(0, 1), (14, 1), (14, 1), (16, 2), (3600, 3)] {
        clock.jump(SECOND * rest).await;
        source.fetch(&grant()).await.unwrap();
        assert_eq!(proxy.connections(), connections, "{rest}");
    }
}

#[tokio::test]
async fn c16_http_2_is_not_offered() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}/token", listener.local_addr().unwrap());
    let request = http::Request::post(url)
        .body(http_body_util::Full::default())
        .unwrap();
    let asking = tokio::spawn(HttpClient::new().unwrap().oneshot(request));
    let (connection, _) = listener.accept().await.unwrap();
    let hello = LazyConfigAcceptor::new(rustls::server::Acceptor::default(), connection);
    let hello = hello.await.unwrap();
    let offered = hello.client_hello().alpn().into_iter().flatten();
    assert!(offered.into_iter().all(|protocol| protocol == b"http/1.1"));
    drop(hello);
    asking.await.unwrap().unwrap_err();
}

#[tokio::test]
async fn c17_an_answer_that_comes_too_late_is_not_waited_for_and_not_used() {
    let (proxy, stub) = Proxy::before_stub().await;
    let clock = Clock::stop();
    let tokens = Tokens::new(maskinporten(&stub), grant());
    proxy.set(Weather::Late(SECOND * 11));
    let waiting = tokio::spawn({
        let tokens = tokens.clone();
        async move { tokens.ready().await }
    });
    // The stub has used the grant up, and its answer is on its way.
    clock.until(|| stub.token_requests() == 1).await;
    clock
        .until(|| stub.requests()[0].status() == Some(200))
        .await;
    while tokens.status().default_grant().failed_attempts() == 0 {
        clock.jump(SECOND / 2).await;
    }
    let status = tokens.status();
    assert!(status.default_grant().last_error().unwrap().is_timeout());
    proxy.set(Weather::Fair);
    clock.jump(SECOND * 2).await;
    clock.landed(&tokens).await;
    waiting.await.unwrap().unwrap();
    // The same grant again would have been a replay (MP-012), and not one request more.
    let asked = stub.requests();
    assert_eq!(asked.len(), 2);
    assert_ne!(
        asked[0].claims().unwrap()["jti"],
        asked[1].claims().unwrap()["jti"]
    );
    let served = tokens.authorization(&grant()).await.unwrap();
    clock.pass(SECOND * 20).await;
    assert_eq!(tokens.authorization(&grant()).await.unwrap(), served);
    assert_eq!(stub.token_requests(), 2);
}
