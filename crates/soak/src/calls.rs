//! What a call of the layer takes while refreshes fail, against what it takes otherwise. In real time.
//!
//! Two clients are called in turns by the same threads, so that whatever else the machine does happens to both: one has
//! a fresh token, the other's is due for its refresh and the endpoint is down. For that to come at once, its token was
//! asked for fifty minutes ago, of the hour that it lives.

use std::{
    convert::Infallible,
    future::{Ready, ready},
    pin::pin,
    sync::Arc,
    task::{Context, Poll, Waker},
    thread,
    time::Duration,
};

use http::{Request, Response};
use indicatif::ProgressBar;
use maskinporten::{AccessToken, BoxFuture, Error, Grant, TokenSource};
use tokio::{
    runtime::Runtime,
    time::{Instant, sleep},
};
use tower::{Layer, Service, service_fn, util::ServiceFn};
use tower_maskinporten::{BearerAuth, BearerAuthLayer, Origins, TokenState, Tokens};

use super::{
    Number,
    endpoint::{Answer, Endpoint},
    grouped,
    latencies::Latencies,
};

const API: &str = "https://api.test/";

/// How often the same is measured. The best counts: what else the machine does only adds to it.
const ROUNDS: u64 = 20;

/// N4, in real time: the p99.99 of so many calls of either kind, by two threads.
#[must_use]
pub fn while_refreshes_fail(calls: u64, progress: &ProgressBar) -> Number {
    let runtime = Runtime::new().unwrap();
    let healthy = Tokens::new(
        Endpoint::new(|_| Answer::token(Duration::from_secs(3600))),
        crate::grant(),
    );
    let down = Arc::new(Endpoint::new(|call| match call {
        1 => Answer::token(Duration::from_secs(3600)),
        _ => Answer::unavailable(),
    }));
    let failing = Tokens::new(Old(Arc::clone(&down)), crate::grant());
    runtime.block_on(async {
        healthy.ready().await.unwrap();
        failing.ready().await.unwrap();
        while failing.status().default_grant().last_error().is_none() {
            sleep(Duration::from_millis(10)).await;
        }
    });
    let clients = [&healthy, &failing].map(|tokens| {
        let origins = Origins::new([API]).unwrap();
        BearerAuthLayer::new(tokens.clone(), origins).layer(api())
    });
    let (mut median, mut tail) = ([u64::MAX; 2], [u64::MAX; 2]);
    for _ in 0..ROUNDS {
        let measured = round(&clients, &runtime, calls / ROUNDS);
        for kind in 0..2 {
            median[kind] = measured[kind].quantile(500_000).min(median[kind]);
            tail[kind] = measured[kind].quantile(999_900).min(tail[kind]);
        }
        progress.inc(calls / ROUNDS);
    }
    let status = failing.status();
    let still = status.default_grant().state() == TokenState::Stale;
    Number {
        row: "N4",
        goal: "p99.99 of a call while refreshes fail: + 0 µs",
        measured: format!(
            "{} calls each, {} refreshes failed: p50 {} ns, p99.99 {:.1} µs; with a fresh token {} ns, {:.1} µs \
             (the best of {ROUNDS} rounds)",
            grouped(calls),
            down.calls() - 1,
            median[1],
            tail[1] as f64 / 1e3,
            median[0],
            tail[0] as f64 / 1e3,
        ),
        is_met: still && tail[1] < tail[0] + 1_000,
    }
}

type Client = BearerAuth<Api>;

fn round(clients: &[Client; 2], runtime: &Runtime, calls: u64) -> [Latencies; 2] {
    let mut measured = [Latencies::default(), Latencies::default()];
    thread::scope(|scope| {
        let threads = [(); 2].map(|()| {
            let clients = clients.clone();
            scope.spawn(move || {
                let _inside = runtime.enter();
                work(clients, calls / 2)
            })
        });
        for thread in threads {
            for (all, one) in measured.iter_mut().zip(thread.join().unwrap()) {
                all.join(&one);
            }
        }
    });
    measured
}

fn work(mut clients: [Client; 2], calls: u64) -> [Latencies; 2] {
    let mut measured = [Latencies::default(), Latencies::default()];
    for _ in 0..calls {
        for (client, latencies) in clients.iter_mut().zip(&mut measured) {
            let request = Request::get(API).body(()).unwrap();
            let begun = Instant::now();
            let answer = pin!(client.call(request));
            let answer = answer.poll(&mut Context::from_waker(Waker::noop()));
            latencies.note(begun.elapsed());
            assert!(matches!(answer, Poll::Ready(Ok(_))), "nobody waits");
        }
    }
    measured
}

type Api = ServiceFn<fn(Request<()>) -> Ready<Result<Response<()>, Infallible>>>;

/// Answers at once.
fn api() -> Api {
    service_fn(|_| ready(Ok(Response::new(()))))
}

/// Says that tokens were asked for fifty minutes ago.
struct Old(Arc<Endpoint>);

impl TokenSource for Old {
    fn fetch<'a>(&'a self, grant: &'a Grant) -> BoxFuture<'a, Result<AccessToken, Error>> {
        Box::pin(async move {
            let token = self.0.fetch(grant).await?;
            let requested_at = token.requested_at() - Duration::from_secs(3000);
            AccessToken::new("old", requested_at, token.lifetime())
        })
    }
}
