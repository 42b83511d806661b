//! E8, G5, G10: processes that stand still, are told to end, are killed, or have no file descriptors left.

use std::time::Duration;

use http::{Request, StatusCode};
use http_body_util::Full;
use maskinporten::HttpClient;
use maskinporten_stub::{Route, Stub};
use rustix::process::{Resource, Rlimit, Signal, getrlimit, setrlimit};
use serde_json::Value;
use tokio::{
    io::AsyncReadExt,
    net::{TcpListener, TcpStream},
    runtime::{Builder, Runtime},
    signal::unix::{SignalKind, signal},
    time::{sleep, timeout},
};
use tower::{Layer, ServiceExt};
use tower_maskinporten::{BearerAuthLayer, Origins};

use crate::child::{self, BOUND, Child, hear, say};

fn runtime() -> Runtime {
    Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap()
}

/// A token endpoint that takes what it is asked and never answers.
struct Hung(TcpListener);

impl Hung {
    async fn new() -> Self {
        Self(TcpListener::bind("127.0.0.1:0").await.unwrap())
    }

    fn orders(&self, stub: &Stub) -> Value {
        let base = format!("http://{}", self.0.local_addr().unwrap());
        let mut orders = child::orders(stub, &format!("{base}/token"));
        // Which must be where the endpoint is.
        orders["issuer"] = format!("{base}/").into();
        orders
    }

    /// A connection on which a token was asked for.
    async fn asked(&self) -> TcpStream {
        let accepted = timeout(BOUND, self.0.accept()).await;
        let (mut connection, _) = accepted.expect("a connection is made").unwrap();
        let mut head = [0; 11];
        connection.read_exact(&mut head).await.unwrap();
        assert_eq!(&head, b"POST /token");
        connection
    }
}

/// Waits until the other side of a connection has gone.
async fn is_gone(mut connection: TcpStream) {
    let end = timeout(BOUND, connection.read_to_end(&mut Vec::new())).await;
    // It has ended, or it is reset.
    let _ = end.expect("the connection is closed");
}

#[test]
#[ignore = "a child of other tests"]
fn child_that_asks_when_told() {
    let Some(orders) = hear() else { return };
    let tokens = child::tokens(&orders);
    let platform: Value = serde_json::from_str(&orders).unwrap();
    let platform = platform["platform"].as_str().unwrap().to_owned();
    let layer = BearerAuthLayer::new(tokens, Origins::new([&platform]).unwrap());
    let client = layer.layer(HttpClient::new().unwrap());
    let url =
        format!("{platform}/correspondence/api/v1/attachment/0f1e2d3c-4b5a-4968-8776-a5b4c3d2e1f0");
    let runtime = runtime();
    while let Some(order) = hear() {
        if order == "end" {
            break;
        }
        let request = Request::get(&url).body(Full::default()).unwrap();
        let answer = runtime.block_on(client.clone().oneshot(request)).unwrap();
        say(answer.status().as_str());
    }
}

#[tokio::test]
async fn e8_n11_a_process_that_stood_still_sends_no_token_that_ran_out_meanwhile() {
    let stub = Stub::start().await.unwrap();
    let life = Duration::from_secs(4);
    stub.set_altinn_token_lifetime(life);
    let endpoint = format!("{}token", stub.issuer());
    let orders = child::orders(&stub, &endpoint);
    let mut child = Child::start("g_processes::child_that_asks_when_told", &orders);
    child.tell("ask");
    assert_eq!(child.says().await.unwrap(), StatusCode::NOT_FOUND.as_str());
    for _ in 0..3 {
        child.stop();
        let before = stub.exchanges();
        // This is the fault itself: it stands still for longer than its token lives.
        sleep(life + Duration::from_millis(500)).await;
        assert_eq!(stub.exchanges(), before);
        child.signal(Signal::CONT);
        child.tell("ask");
        // A 401 would be a token that has run out.
        assert_eq!(child.says().await.unwrap(), StatusCode::NOT_FOUND.as_str());
        assert!(
            stub.exchanges() <= before + 2,
            "one for waking, and one if that was a second ago"
        );
    }
    child.tell("end");
    assert!(child.ended_well().await);
    let requests = stub.requests();
    let mut asked = requests
        .iter()
        .filter(|request| request.route() == Some(Route::Correspondence));
    assert!(asked.all(|request| request.status() == Some(404)));
}

#[test]
#[ignore = "a child of other tests"]
fn child_that_ends_when_told() {
    let Some(orders) = hear() else { return };
    let tokens = child::tokens(&orders);
    let runtime = runtime();
    runtime.block_on(async {
        let mut told = signal(SignalKind::terminate()).unwrap();
        let waiting = tokio::spawn({
            let tokens = tokens.clone();
            async move { tokens.ready().await }
        });
        told.recv().await.unwrap();
        waiting.abort();
        drop(tokens);
    });
    // Nothing may hold this up, such as a fetch that hangs.
    drop(runtime);
    say("ended");
}

#[tokio::test]
async fn g5_whoever_is_told_to_end_in_mid_flight_does_and_leaves_no_connection() {
    let (stub, hung) = (Stub::start().await.unwrap(), Hung::new().await);
    let mut child = Child::start(
        "g_processes::child_that_ends_when_told",
        &hung.orders(&stub),
    );
    let connection = hung.asked().await;
    child.signal(Signal::TERM);
    assert_eq!(child.says().await.as_deref(), Some("ended"));
    assert!(child.ended_well().await);
    is_gone(connection).await;
}

#[tokio::test]
async fn g5_g11_whoever_is_killed_in_mid_flight_leaves_nothing_that_stops_the_next() {
    let (stub, hung) = (Stub::start().await.unwrap(), Hung::new().await);
    for _ in 0..3 {
        let child = Child::start(
            "g_processes::child_that_ends_when_told",
            &hung.orders(&stub),
        );
        let connection = hung.asked().await;
        child.signal(Signal::KILL);
        assert!(!child.ended_well().await);
        is_gone(connection).await;
        stub.clear_requests();
        let orders = child::orders(&stub, &format!("{}token", stub.issuer()));
        let mut next = Child::start("g_processes::child_that_asks_when_told", &orders);
        next.tell("ask");
        assert_eq!(next.says().await.unwrap(), StatusCode::NOT_FOUND.as_str());
        assert_eq!((stub.token_requests(), stub.exchanges()), (1, 1));
    }
}

#[test]
#[ignore = "a child of other tests"]
fn child_without_file_descriptors() {
    let Some(orders) = hear() else { return };
    let tokens = child::tokens(&orders).with_cold_wait(Duration::from_secs(3));
    runtime().block_on(async {
        let limit = getrlimit(Resource::Nofile);
        // What is open stays; there is just no number left below this for another.
        let none = Rlimit {
            current: Some(3),
            maximum: limit.maximum,
        };
        setrlimit(Resource::Nofile, none).unwrap();
        let error = tokens.authorization(&child::grant()).await.unwrap_err();
        let error = error.last_error().unwrap();
        say(&format!("{} {}", error.is_transient(), error.class()));
        setrlimit(Resource::Nofile, limit).unwrap();
        while tokens.authorization(&child::grant()).await.is_err() {
            sleep(Duration::from_millis(100)).await;
        }
        say("recovered");
    });
}

#[tokio::test]
async fn g10_without_file_descriptors_there_is_an_error_until_there_are_some() {
    let stub = Stub::start().await.unwrap();
    let orders = child::orders(&stub, &format!("{}token", stub.issuer()));
    let mut child = Child::start("g_processes::child_without_file_descriptors", &orders);
    assert_eq!(child.says().await.as_deref(), Some("true transport"));
    assert_eq!(stub.token_requests(), 0);
    assert_eq!(child.says().await.as_deref(), Some("recovered"));
    assert!(child.ended_well().await);
    assert_eq!((stub.token_requests(), stub.exchanges()), (1, 1));
}
