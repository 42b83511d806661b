//! G6, K10, N23: no two assertions have the same `jti`, in one process or in several.
//!
//! A process that forks shares no state with its child: each `jti` is 128 bits that are asked of the operating system
//! for it alone, and nothing is kept of them. That cannot be shown by a fork here, because to fork a process that runs
//! Rust is `unsafe`. What can be shown is that processes that begin alike, one after the other or together, have none in
//! common, and that each `jti` has its 128 bits.

use std::{
    io::Write,
    sync::{Arc, Mutex},
    thread,
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use maskinporten::{
    Algorithm, BoxError, BoxFuture, Environment, Grant, Maskinporten, Signer, TokenSource,
};
use serde_json::Value;
use tokio::runtime::Builder;
use tower::service_fn;

use crate::child::{Child, hear, say};

/// Reads the `jti` of what it is to sign, and does not sign it, so that no more is done than has to be.
#[derive(Clone, Default)]
struct Reader(Arc<Mutex<Vec<u128>>>);

impl Signer for Reader {
    fn algorithm(&self) -> Algorithm {
        Algorithm::Rs256
    }

    fn kid(&self) -> Option<&str> {
        Some("k")
    }

    fn sign<'a>(&'a self, message: &'a [u8]) -> BoxFuture<'a, Result<Vec<u8>, BoxError>> {
        self.0.lock().unwrap().push(jti(message));
        Box::pin(async { Err("enough".into()) })
    }
}

/// What stands at the end of the claims. The rest is not decoded, which takes long a million times.
fn jti(message: &[u8]) -> u128 {
    let dot = message.iter().position(|byte| *byte == b'.').unwrap();
    let claims = &message[dot + 1..];
    let end = &claims[(claims.len() - 40) / 4 * 4..];
    let end = URL_SAFE_NO_PAD.decode(end).unwrap();
    let jti = end.strip_suffix(b"\"}").unwrap();
    let jti = &jti[jti.len() - 22..];
    u128::from_be_bytes(URL_SAFE_NO_PAD.decode(jti).unwrap().try_into().unwrap())
}

/// Draws so many.
fn draw(count: usize) -> Vec<u128> {
    let reader = Reader::default();
    let http = service_fn(|_: Request<Full<Bytes>>| async {
        Ok::<_, BoxError>(Response::new(Full::<Bytes>::default()))
    });
    let source = Maskinporten::new(Environment::test(), "c", reader.clone(), http);
    let grant = Grant::new("a:one").unwrap();
    let runtime = Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(async {
        for _ in 0..count {
            source.fetch(&grant).await.unwrap_err();
        }
    });
    let drawn = std::mem::take(&mut *reader.0.lock().unwrap());
    assert_eq!(drawn.len(), count);
    drawn
}

fn assert_distinct(mut drawn: Vec<u128>) {
    // Each bit is set in half of them: not a counter, and not a time.
    for bit in 0..128 {
        let first = drawn.iter().take(10_000);
        let set = first.filter(|jti| **jti >> bit & 1 == 1).count();
        assert!((4_000..6_000).contains(&set), "bit {bit}: {set}");
    }
    let count = drawn.len();
    drawn.sort_unstable();
    drawn.dedup();
    assert_eq!(drawn.len(), count);
}

#[test]
fn k10_n23_a_quarter_of_a_million_identifiers_are_all_different() {
    let threads: Vec<_> = (0..2).map(|_| thread::spawn(|| draw(125_000))).collect();
    let drawn = threads
        .into_iter()
        .flat_map(|thread| thread.join().unwrap());
    assert_distinct(drawn.collect());
}

#[test]
#[ignore = "a child of other tests"]
fn child_that_draws() {
    let Some(count) = hear() else { return };
    let drawn = draw(count.parse().unwrap());
    let mut file = tempfile::NamedTempFile::new().unwrap();
    for jti in drawn {
        file.write_all(&jti.to_be_bytes()).unwrap();
    }
    file.flush().unwrap();
    say(file.path().to_str().unwrap());
    // Until it has been read.
    hear();
}

/// Has eight processes draw so many each, at once.
async fn draw_in_children(count: usize) {
    let start = |_| Child::start("g_identifiers::child_that_draws", &Value::from(count));
    let mut children: Vec<_> = (0..8).map(start).collect();
    let mut drawn = Vec::with_capacity(8 * count);
    for child in &mut children {
        let file = std::fs::read(child.says().await.unwrap()).unwrap();
        let (each, rest) = file.as_chunks();
        assert!(rest.is_empty() && each.len() == count);
        drawn.extend(each.iter().map(|bytes| u128::from_be_bytes(*bytes)));
        child.tell("thank you");
    }
    assert_distinct(drawn);
}

#[tokio::test]
async fn g6_n23_processes_that_begin_alike_have_no_identifier_in_common() {
    draw_in_children(10_000).await;
}

#[tokio::test]
#[ignore = "takes minutes, with --release"]
async fn g6_n23_ten_million_of_eight_processes_are_all_different() {
    draw_in_children(1_250_000).await;
}
