//! `proxy`, as programs in other languages use it.

use std::{process::Stdio, time::Duration};

use http::{Method, StatusCode};
use maskinporten_stub::{Fault, Route};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, Lines},
    net::{TcpListener, TcpStream},
    process::{Child, ChildStdout, Command},
};

use crate::{desk::Desk, http::send};

const SCOPES: &str = "altinn:correspondence.read altinn:serviceowner";
const API: &str = "/correspondence/api/v1/correspondence?resourceId=ttd-brev&role=Sender";

/// A running proxy. It is killed when this is dropped.
struct Proxy {
    child: Child,
    _lines: Lines<BufReader<ChildStdout>>,
    base: String,
}

/// The demo client's settings, with the exchange.
async fn desk() -> Desk {
    let desk = Desk::new().await;
    let demo = desk.stub.demo_client();
    desk.keep("demo.jwk", demo.private_jwk());
    let settings = json!({ "MaskinportenSettings": {
        "Authority": desk.stub.issuer(),
        "ClientId": demo.client_id(),
        "Scope": SCOPES,
        "KeyPath": desk.path("demo.jwk"),
        "ExhangeToAltinnToken": true,
        "TokenExchangeEnvironment": desk.stub.base_url(),
    }});
    desk.keep("settings.json", settings.to_string());
    desk
}

impl Proxy {
    async fn start(desk: &Desk, options: &str) -> Self {
        let line = format!("proxy --settings {{dir}}/settings.json {options}");
        let mut command = Command::from(desk.command(&line));
        let mut child = command
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let line = lines.next_line().await.unwrap().unwrap();
        let base = line.strip_prefix("listening on ").unwrap().to_owned();
        Self {
            child,
            _lines: lines,
            base,
        }
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    async fn get(&self, path: &str) -> (StatusCode, String) {
        send(Method::GET, &self.url(path), None, "").await
    }

    async fn tell(&self, signal: &str) {
        let id = self.child.id().unwrap().to_string();
        assert!(
            Command::new("kill")
                .args(["-s", signal, &id])
                .status()
                .await
                .unwrap()
                .success()
        );
    }
}

/// Sends bytes as they are, and gives what comes until the other end closes.
async fn raw(base: &str, request: &str) -> String {
    let address = base.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_get_a_token_and_answers_come_back() {
    let desk = desk().await;
    let mut proxy = Proxy::start(&desk, "--to {stub}").await;
    // Whatever the program itself puts there is not sent.
    let (status, body) = send(Method::GET, &proxy.url(API), Some("Bearer mine"), "").await;
    assert_eq!(status, StatusCode::OK, "{body}");
    desk.stub.revoke_tokens();
    // A body that streams is not sent twice; the next one has the next token.
    assert_eq!(proxy.get(API).await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(proxy.get(API).await.0, StatusCode::OK);
    assert_eq!(proxy.get("/healthz").await.0, StatusCode::OK);
    let (status, metrics) = proxy.get("/metrics").await;
    assert_eq!(status, StatusCode::OK);
    assert!(metrics.contains("mp_"), "{metrics}");
    assert!(!metrics.contains("eyJ"), "{metrics}");
    proxy.tell("TERM").await;
    assert_eq!(proxy.child.wait().await.unwrap().code(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_token_nothing_is_sent_on() {
    let desk = desk().await;
    desk.stub.inject(Route::Token, Fault::status(400));
    let proxy = Proxy::start(&desk, "--to {stub}").await;
    let (status, why) = proxy.get(API).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{why}");
    assert_eq!(
        proxy.get("/healthz").await.0,
        StatusCode::SERVICE_UNAVAILABLE
    );
    assert!(
        desk.stub
            .requests()
            .iter()
            .all(|request| !request.path().starts_with("/correspondence"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn web_pages_and_other_names_are_refused() {
    let desk = desk().await;
    let proxy = Proxy::start(&desk, "--to {stub}").await;
    let host = proxy.base.strip_prefix("http://").unwrap();
    let get = |headers: &str| format!("GET {API} HTTP/1.1\r\nconnection: close\r\n{headers}\r\n");
    for headers in [
        format!("host: {host}\r\norigin: https://evil.example\r\n"),
        format!("host: {host}\r\nsec-fetch-site: cross-site\r\n"),
        "host: evil.example\r\n".to_owned(),
    ] {
        let answer = raw(&proxy.base, &get(&headers)).await;
        assert!(answer.starts_with("HTTP/1.1 403"), "{headers}: {answer}");
    }
    let connect = format!("CONNECT {host} HTTP/1.1\r\nhost: {host}\r\n\r\n");
    let answer = raw(&proxy.base, &connect).await;
    assert!(answer.starts_with("HTTP/1.1 405"), "{answer}");
    let answer = raw(&proxy.base, &get(&format!("host: {host}\r\n"))).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let refused = desk.run("proxy --settings {dir}/settings.json --to {stub} --listen 0.0.0.0:0");
    assert_eq!(refused.status.code(), Some(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_between_neighbours_stays_there() {
    let desk = desk().await;
    // An API that keeps what it is sent.
    let api = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let to = format!("http://{}", api.local_addr().unwrap());
    let proxy = Proxy::start(&desk, &format!("--to {to}/base")).await;
    let host = proxy.base.strip_prefix("http://").unwrap().to_owned();
    let served = tokio::spawn(async move {
        let (mut stream, _) = api.accept().await.unwrap();
        let mut seen = Vec::new();
        while !seen.ends_with(b"\r\n\r\n") {
            seen.push(stream.read_u8().await.unwrap());
        }
        let answer = b"HTTP/1.1 200 OK\r\nkeep-alive: x\r\nx-own: y\r\ncontent-length: 2\r\n\r\nok";
        stream.write_all(answer).await.unwrap();
        String::from_utf8(seen).unwrap().to_lowercase()
    });
    let request = format!(
        "GET /path?q=1 HTTP/1.1\r\nhost: {host}\r\nconnection: close, x-hop\r\nx-hop: 1\r\nproxy-authorization: secret\r\nx-end: 2\r\n\r\n"
    );
    let answer = raw(&proxy.base, &request).await.to_lowercase();
    assert!(
        answer.contains("x-own: y") && !answer.contains("keep-alive: x"),
        "{answer}"
    );
    let seen = served.await.unwrap();
    assert!(seen.starts_with("get /base/path?q=1 http/1.1"), "{seen}");
    assert!(seen.contains("x-end: 2") && seen.contains("authorization: bearer ey"));
    for absent in ["x-hop", "proxy-authorization", &host] {
        assert!(!seen.contains(absent), "{absent}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_under_way_are_served_to_their_end() {
    let desk = desk().await;
    let mut proxy = Proxy::start(&desk, "--to {stub}").await;
    assert_eq!(proxy.get(API).await.0, StatusCode::OK);
    desk.stub.clear_requests();
    desk.stub.inject(
        Route::Correspondence,
        Fault::delay(Duration::from_millis(500)),
    );
    let url = proxy.url(API);
    let under_way = tokio::spawn(async move { send(Method::GET, &url, None, "").await.0 });
    // It is recorded when it comes.
    while desk.stub.requests().is_empty() {
        tokio::task::yield_now().await;
    }
    proxy.tell("TERM").await;
    assert_eq!(under_way.await.unwrap(), StatusCode::OK);
    assert_eq!(proxy.child.wait().await.unwrap().code(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_are_given_as_texas_gives_them() {
    let desk = desk().await;
    let proxy = Proxy::start(&desk, "--to {stub} --token-endpoint").await;
    let url = proxy.url("/api/v1/token");
    let ask = async |body: Value| {
        let (status, text) = send(Method::POST, &url, None, &body.to_string()).await;
        (status, serde_json::from_str::<Value>(&text).unwrap())
    };
    let maskinporten =
        |target: &str| json!({ "identity_provider": "maskinporten", "target": target });
    let (status, answer) = ask(maskinporten("altinn:serviceowner")).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    assert_eq!(answer["token_type"], "Bearer");
    assert!(answer["expires_in"].as_u64().unwrap() <= 1800);
    let again = ask(maskinporten("altinn:serviceowner")).await.1;
    assert_eq!(answer["access_token"], again["access_token"]);
    let (status, refused) = ask(maskinporten("altinn:unknown")).await;
    assert_eq!(
        (status, &refused["error"]),
        (StatusCode::BAD_REQUEST, &json!("invalid_scope"))
    );
    let (status, refused) = ask(json!({ "identity_provider": "azuread", "target": "x" })).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert_eq!(refused["error"], "invalid_request");
    assert_eq!(
        refused["error_description"],
        "identity provider 'azuread' is not enabled"
    );
    let without = Proxy::start(&desk, "--to {stub}").await;
    let (status, _) = send(Method::POST, &without.url("/api/v1/token"), None, "{}").await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}

/// Two gibibytes.
const LARGE: u64 = 2 << 30;

/// An API that counts what it is sent, and answers with as much as it is asked for.
async fn counts(api: TcpListener) -> u64 {
    let (mut stream, _) = api.accept().await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    let mut block = vec![0; 256 << 10];
    let mut left = LARGE;
    while left > 0 {
        let most = block.len().min(usize::try_from(left).unwrap());
        let read = stream.read(&mut block[..most]).await.unwrap();
        assert!(read > 0);
        left -= read as u64;
    }
    stream
        .write_all(b"HTTP/1.1 201 Created\r\ncontent-length: 0\r\n\r\n")
        .await
        .unwrap();
    LARGE - left
}

/// The most memory that a process has had, in KiB.
#[cfg(target_os = "linux")]
fn peak(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .unwrap();
    line.trim().strip_suffix(" kB").unwrap().parse().unwrap()
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn two_gibibytes_go_through_a_few_megabytes() {
    let desk = desk().await;
    let api = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let to = format!("--to http://{}", api.local_addr().unwrap());
    let proxy = Proxy::start(&desk, &to).await;
    // With a token, and all that it takes to get one.
    while proxy.get("/healthz").await.0 != StatusCode::OK {}
    let process = proxy.child.id().unwrap();
    let before = peak(process);
    let served = tokio::spawn(counts(api));
    let address = proxy.base.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).await.unwrap();
    let head = format!(
        "POST /upload HTTP/1.1\r\nhost: {address}\r\ncontent-length: {LARGE}\r\nconnection: close\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let block = vec![7; 256 << 10];
    for _ in 0..LARGE / block.len() as u64 {
        stream.write_all(&block).await.unwrap();
    }
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    assert_eq!(served.await.unwrap(), LARGE);
    let grown = peak(process) - before;
    assert!(grown < 8 << 10, "{grown} KiB");
}
