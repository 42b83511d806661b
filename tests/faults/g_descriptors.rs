//! N24: what is left of handles that are dropped while their endpoint hangs: no task and no file descriptor. In a process
//! of its own, where nobody else opens any.

use std::{fs, sync::Arc};

use maskinporten::{
    Algorithm, BoxError, BoxFuture, Environment, HttpClient, Maskinporten, Retry, Signer,
};
use serde_json::Value;
use tests::grant;
use tokio::{
    io::AsyncReadExt,
    net::TcpListener,
    runtime::{Builder, Handle},
    sync::Semaphore,
    task::{JoinSet, yield_now},
    time::timeout,
};
use tower_maskinporten::Tokens;

use crate::child::{BOUND, Child, hear, say};

/// Signs nothing: nobody looks.
struct Unsigned;

impl Signer for Unsigned {
    fn algorithm(&self) -> Algorithm {
        Algorithm::Rs256
    }

    fn kid(&self) -> Option<&str> {
        Some("k")
    }

    fn sign<'a>(&'a self, _: &'a [u8]) -> BoxFuture<'a, Result<Vec<u8>, BoxError>> {
        Box::pin(async { Ok(Vec::new()) })
    }
}

/// Descriptors, without the one that counts them.
fn descriptors() -> usize {
    fs::read_dir("/proc/self/fd").unwrap().count() - 1
}

fn tasks() -> usize {
    Handle::current().metrics().num_alive_tasks()
}

/// Reads what each connection is sent, and never answers. Says when one was asked something, and when one was closed.
async fn hang(listener: TcpListener, asked: Arc<Semaphore>, closed: Arc<Semaphore>) {
    let mut connections = JoinSet::new();
    loop {
        let (mut connection, _) = listener.accept().await.unwrap();
        let (asked, closed) = (asked.clone(), closed.clone());
        connections.spawn(async move {
            connection.read_u8().await.unwrap();
            asked.add_permits(1);
            let _ = connection.read_to_end(&mut Vec::new()).await;
            drop(connection);
            closed.add_permits(1);
        });
        while connections.try_join_next().is_some() {}
    }
}

/// Waits until something has happened so often.
async fn times(count: usize, what: &Semaphore) {
    let permits = what.acquire_many(count.try_into().unwrap());
    timeout(BOUND, permits).await.unwrap().unwrap().forget();
}

/// Makes so many handles whose fetches hang, and drops them.
async fn make_and_drop(
    count: usize,
    base: &str,
    http: &HttpClient,
    asked: &Semaphore,
    closed: &Semaphore,
) {
    let environment = Environment::custom(&format!("{base}/"), &format!("{base}/token")).unwrap();
    let mut waiting = JoinSet::new();
    let mut handles = Vec::new();
    for _ in 0..count {
        let source = Maskinporten::new(environment.clone(), "c", Unsigned, http.clone());
        let tokens = Tokens::new(Retry::new(source), grant());
        handles.push(tokens.clone());
        waiting.spawn(async move { tokens.ready().await });
    }
    times(count, asked).await;
    waiting.shutdown().await;
    drop(handles);
    times(count, closed).await;
}

#[test]
#[ignore = "a child of other tests"]
fn child_that_makes_and_drops_handles() {
    if hear().is_none() {
        return;
    }
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Semaphore::new(0));
        let closed = Arc::new(Semaphore::new(0));
        tokio::spawn(hang(listener, asked.clone(), closed.clone()));
        let http = HttpClient::new().unwrap();
        // What is made once and kept, by whomever.
        make_and_drop(100, &base, &http, &asked, &closed).await;
        while tasks() > 1 {
            yield_now().await;
        }
        let before = descriptors();
        for _ in 0..100 {
            make_and_drop(100, &base, &http, &asked, &closed).await;
        }
        let settled = timeout(BOUND, async {
            while tasks() > 1 {
                yield_now().await;
            }
        });
        say(&format!("tasks {}", settled.await.is_ok()));
        say(&format!("descriptors {} {}", before, descriptors()));
    });
}

#[tokio::test]
async fn g4_n24_ten_thousand_handles_to_an_endpoint_that_hangs_leave_no_task_and_no_descriptor() {
    let mut child = Child::start(
        "g_descriptors::child_that_makes_and_drops_handles",
        &Value::Null,
    );
    assert_eq!(child.says().await.as_deref(), Some("tasks true"));
    let said = child.says().await.unwrap();
    let (before, after) = said
        .strip_prefix("descriptors ")
        .unwrap()
        .split_once(' ')
        .unwrap();
    assert_eq!(before, after);
    assert!(child.ended_well().await);
}
