//! D. The network between: names, routes, partitions, portals, proxies.

use std::{error::Error as _, io, net::SocketAddr, time::Duration};

use maskinporten::{AltinnExchange, AltinnPlatform, HttpClient, Maskinporten, Retry, TokenSource};
use tests::{
    alone,
    clock::Clock,
    grant, maskinporten,
    proxy::{Proxy, Weather},
    raw::{Reply, Server, source},
};
use tokio::{
    net::{TcpListener, TcpSocket, TcpStream},
    task::JoinHandle,
    time::Instant,
};
use tower_maskinporten::Tokens;

const SECOND: Duration = Duration::from_secs(1);

/// A source at this base URL, which has a slash at its end.
fn at(url: &str) -> Maskinporten<HttpClient> {
    source(url, HttpClient::new().unwrap())
}

/// All causes of an error, one after the other.
pub(crate) fn chain(error: &maskinporten::Error) -> String {
    let mut chain = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        chain += &format!(": {error}");
        cause = error.source();
    }
    chain
}

#[tokio::test]
async fn d2_of_several_addresses_the_one_that_answers_is_found() {
    // Where `localhost` is `::1` first, nobody listens there.
    let server = Server::always(Reply::token("a")).await;
    let url = server.url().replace("127.0.0.1", "localhost");
    at(&url).fetch(&grant()).await.unwrap();
}

#[tokio::test]
async fn d3_a_connection_that_leads_to_a_dead_host_costs_one_attempt() {
    let (proxy, stub) = Proxy::before_stub().await;
    let source = Retry::new(maskinporten(&stub)).with_attempts(2);
    let clock = Clock::stop();
    source.fetch(&grant()).await.unwrap();
    // It is in the pool still, and nobody has said that it is dead.
    proxy.lose_connections();
    let began = Instant::now();
    let fetch = tokio::spawn(async move { source.fetch(&grant()).await });
    clock.pass(SECOND * 10).await;
    assert!(!fetch.is_finished());
    while proxy.connections() < 2 {
        clock.pass(SECOND / 10).await;
    }
    fetch.await.unwrap().unwrap();
    assert!(began.elapsed() < SECOND * 11);
    assert_eq!((stub.token_requests(), proxy.connections()), (2, 2));
}

#[tokio::test]
async fn d3_no_token_is_refreshed_over_a_connection_that_has_rested() {
    let (proxy, stub) = Proxy::before_stub().await;
    let clock = Clock::stop();
    let tokens = Tokens::new(maskinporten(&stub), grant());
    tokens.ready().await.unwrap();
    for rotations in 2..=4 {
        proxy.lose_connections();
        clock.pass_for(&tokens, SECOND * 75).await;
        assert!(tokens.status().is_ready() && !tokens.status().is_degraded());
        assert_eq!(stub.token_requests(), rotations);
    }
}

/// An address that nobody answers at: the system drops what wants to connect, because nobody accepts.
pub(crate) struct BlackHole {
    pub(crate) address: SocketAddr,
    _listener: TcpListener,
    _full: Vec<JoinHandle<io::Result<TcpStream>>>,
}

impl BlackHole {
    pub(crate) async fn open(address: SocketAddr) -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(address).unwrap();
        // Room for one that is not accepted yet.
        let listener = socket.listen(0).unwrap();
        let address = listener.local_addr().unwrap();
        let full = (0..8).map(|_| tokio::spawn(TcpStream::connect(address)));
        let full: Vec<_> = full.collect();
        while !full.iter().any(JoinHandle::is_finished) {
            tokio::task::yield_now().await;
        }
        Self {
            address,
            _listener: listener,
            _full: full,
        }
    }
}

/// How long it takes to be told that nobody answers there.
async fn waited_for(url: &str) -> Duration {
    let source = at(url);
    let clock = Clock::stop();
    let began = Instant::now();
    let fetch = tokio::spawn(async move { source.fetch(&grant()).await });
    while !fetch.is_finished() {
        clock.jump(SECOND / 10).await;
    }
    let error = fetch.await.unwrap().unwrap_err();
    assert_eq!((error.class(), error.is_transient()), ("transport", true));
    began.elapsed()
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn d4_a_host_that_does_not_answer_is_given_up_after_three_seconds() {
    let hole = BlackHole::open(SocketAddr::from(([127, 0, 0, 1], 0))).await;
    let waited = waited_for(&format!("http://{}/", hole.address)).await;
    assert!(waited.abs_diff(SECOND * 3) < SECOND / 2, "{waited:?}");
}

#[tokio::test]
async fn d4_a_host_that_does_not_speak_tls_is_given_up_after_three_seconds() {
    // The system accepts for it, and that is all.
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let waited = waited_for(&format!("https://{}/", silent.local_addr().unwrap())).await;
    assert!(waited.abs_diff(SECOND * 3) < SECOND / 2, "{waited:?}");
}

#[tokio::test]
async fn d9_a_partition_of_a_minute_is_not_noticed() {
    let (proxy, stub) = Proxy::before_stub().await;
    let clock = Clock::stop();
    let tokens = Tokens::new(maskinporten(&stub), grant());
    tokens.ready().await.unwrap();
    let old = tokens.authorization(&grant()).await.unwrap();
    let served = async |time: Duration| {
        let until = Instant::now() + time;
        let now = tokens.clone().with_cold_wait(Duration::ZERO);
        while Instant::now() < until {
            now.ready().await.unwrap();
            clock.pass(SECOND / 5).await;
        }
    };
    served(SECOND * 40).await;
    proxy.set(Weather::Silent);
    served(SECOND * 60).await;
    let attempts = proxy.connections();
    assert!((3..=12).contains(&attempts), "{attempts}");
    assert_eq!(stub.token_requests(), 1);
    proxy.set(Weather::Fair);
    let healed = Instant::now();
    while tokens.authorization(&grant()).await.unwrap() == old {
        assert!(healed.elapsed() < SECOND * 8);
        clock.pass_for(&tokens, SECOND / 10).await;
    }
    assert!(!tokens.status().is_degraded());
}

#[tokio::test]
async fn d9_slow_and_lossy_weather_costs_no_request() {
    for weather in [
        Weather::Late(SECOND),
        Weather::Slow(1_000),
        Weather::Reset,
        Weather::Cut(0),
        Weather::Cut(30),
        Weather::Cut(200),
    ] {
        let (proxy, stub) = Proxy::before_stub().await;
        let clock = Clock::stop();
        let tokens = Tokens::new(maskinporten(&stub), grant());
        tokens.ready().await.unwrap();
        let old = tokens.authorization(&grant()).await.unwrap();
        proxy.set(weather);
        let now = tokens.clone().with_cold_wait(Duration::ZERO);
        for second in 0..110 {
            if second == 100 {
                proxy.set(Weather::Fair);
            }
            now.ready().await.unwrap();
            clock.pass(SECOND).await;
        }
        clock.landed(&tokens).await;
        assert_ne!(
            tokens.authorization(&grant()).await.unwrap(),
            old,
            "{weather:?}"
        );
    }
}

#[tokio::test]
async fn d10_a_captive_portal_takes_no_token_away() {
    const PAGE: &str = "<html>Sign in to the wireless network</html>";
    let html = "Content-Type: text/html\r\n";
    let to_login = "Location: http://192.0.2.1/login\r\n";
    for (status, headers, class) in [
        (200, html, "bad_response"),
        (302, to_login, "redirect"),
        (511, html, "status"),
    ] {
        let portal = Reply::with(status, headers, PAGE);
        let error = crate::c_answers::refreshed_with(portal).await;
        assert_eq!(error.class(), class);
    }
    // At the exchange, too.
    let answers = |n| match n {
        1 => Reply::token("maskinporten"),
        _ => Reply::with(200, "Content-Type: text/html\r\n", PAGE),
    };
    let server = Server::start(answers).await;
    let platform = AltinnPlatform::custom(&server.url()).unwrap();
    let source = AltinnExchange::new(server.source(), &platform, HttpClient::new().unwrap());
    let error = source.fetch(&grant()).await.unwrap_err();
    assert_eq!(
        (error.class(), error.is_transient()),
        ("bad_response", true)
    );
}

#[tokio::test]
async fn d8_no_proxy_is_taken_from_the_environment() {
    let proxy = Server::always(Reply::with(407, "", "")).await;
    let server = Server::always(Reply::token("a")).await;
    let there = proxy.url().replace("http://", "http://user:secret@");
    let names = [
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "ALL_PROXY",
        "http_proxy",
        "https_proxy",
        "all_proxy",
    ];
    let variables = names.map(|name| (name, there.clone()));
    alone::run("d_network::alone_fetches_a_token", &variables, server.url()).await;
    assert_eq!((proxy.requests(), server.requests()), (0, 1));
    let head = server.asked()[0].head.to_ascii_lowercase();
    assert!(!head.contains("proxy-"), "{head}");
}

#[test]
#[ignore = "d8 runs it, in a process of its own"]
fn alone_fetches_a_token() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    for url in alone::told() {
        runtime.block_on(at(&url).fetch(&grant())).unwrap();
    }
}
