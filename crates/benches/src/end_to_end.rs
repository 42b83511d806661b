//! S7: what is left of the requests a second when they go through the layer, over loopback TCP.
//!
//! The client is hyper-util's, with its pool; the server is hyper's, in a thread of its own. Sixteen tasks in one thread
//! make requests one after the other, over HTTP/1.1 with a connection each, over HTTP/2 with one for all. Three clients
//! take turns: one without a token, one that is given a header of the same length by hand with each request, and one
//! with the layer, whose token is there and fresh. The layer is judged by the second, because a token has to be carried
//! whoever puts it there; the first says what carrying it takes. The values are medians of ratios of neighbours, in time
//! and in CPU time of the client's thread.

use std::{fmt::Debug, future::poll_fn, time::Duration};

use bytes::Bytes;
use http::{HeaderValue, Request, Response, Uri, header::AUTHORIZATION};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use maskinporten::{AccessToken, BoxFuture, Error, Grant, TokenSource};
use tokio::{
    runtime::{Builder, Runtime},
    task::JoinSet,
    time::Instant,
};
use tower_layer::Layer;
use tower_maskinporten::{BearerAuth, BearerAuthLayer, Origins, Tokens};
use tower_service::Service;

use crate::{
    cpu,
    harness::token,
    loopback::{Loopback, Protocol},
    options::Options,
    progress::Progress,
    samples::{grouped, median},
    table::Row,
};

/// How many requests are under way at once.
const TASKS: usize = 16;
/// How many of them each task makes in a round.
const EACH: usize = 100;
const TARGET: f64 = 0.98;

pub const NUMBERS: &[&str] = &["S7"];

pub fn measure(options: &Options, progress: &Progress) -> Vec<Row> {
    let protocols = [("HTTP/1.1", Protocol::Http1), ("HTTP/2", Protocol::Http2)];
    let row = |(name, protocol)| row(name, protocol, options, progress);
    protocols.map(row).into()
}

fn row(name: &str, protocol: Protocol, options: &Options, progress: &Progress) -> Row {
    let (rounds, warm_up) = if options.quick { (3, 0) } else { (150, 15) };
    progress.begin(name, rounds + warm_up);
    let bench = Bench::new(protocol);
    let mut samples = [const { Vec::new() }; 3];
    for round in 0..rounds + warm_up {
        // Each is first as often as it is last.
        let mut taken = [None; 3];
        for place in 0..3 {
            let subject = (round as usize + place) % 3;
            taken[subject] = Some(bench.take(subject));
        }
        progress.step();
        if round >= warm_up {
            for (samples, sample) in samples.iter_mut().zip(taken.into_iter().flatten()) {
                samples.push(sample);
            }
        }
    }
    let [bare, by_hand, layered] = samples;
    let kept = ratio(&layered, &by_hand, |sample| sample.rate);
    let middle = |samples: &[Sample], value: fn(&Sample) -> f64| {
        median(&samples.iter().map(value).collect::<Vec<_>>())
    };
    Row {
        number: "S7",
        what: format!("requests a second over loopback {name}, layered against not layered"),
        target: "at least 0.98".into(),
        measured: format!(
            "{kept:.3} of {} with the token put there by hand ({:.3} of {} without a token); CPU of the client {:.1} µs a \
             request against {:.1} ({:.1}), ratio {:.3}",
            grouped(middle(&by_hand, |sample| sample.rate)),
            ratio(&layered, &bare, |sample| sample.rate),
            grouped(middle(&bare, |sample| sample.rate)),
            middle(&layered, |sample| sample.cpu),
            middle(&by_hand, |sample| sample.cpu),
            middle(&bare, |sample| sample.cpu),
            ratio(&layered, &by_hand, |sample| sample.cpu),
        ),
        is_met: (!options.quick).then_some(kept >= TARGET),
    }
}

/// The median of the ratios of neighbours.
fn ratio(ours: &[Sample], theirs: &[Sample], value: fn(&Sample) -> f64) -> f64 {
    let pairs = ours.iter().zip(theirs);
    let ratios = pairs.map(|(ours, theirs)| value(ours) / value(theirs));
    median(&ratios.collect::<Vec<_>>())
}

#[derive(Clone, Copy)]
struct Sample {
    /// Requests a second.
    rate: f64,
    /// CPU time of a request, in microseconds.
    cpu: f64,
}

type Http = Client<HttpConnector, Full<Bytes>>;

/// The three clients, and the server that they call.
struct Bench {
    runtime: Runtime,
    bare: Http,
    by_hand: (Http, HeaderValue),
    layered: BearerAuth<Http>,
    uri: Uri,
    /// Dropped last, so that no client meets a server that is gone.
    server: Loopback,
}

impl Bench {
    fn new(protocol: Protocol) -> Self {
        let mut runtime = Builder::new_current_thread();
        let runtime = runtime.enable_all().build().expect("a runtime");
        let server = Loopback::start(protocol);
        let tokens = Tokens::new(Fixed, Grant::new("altinn:serviceowner").expect("a scope"));
        let header = runtime.block_on(async {
            let grant = tokens.grant();
            tokens.authorization(&grant).await.expect("a token")
        });
        let origins = Origins::new([server.origin()]).expect("an origin");
        let uri = format!("{}/correspondence/api/v1/attachment", server.origin());
        let bench = Self {
            bare: client(protocol),
            by_hand: (client(protocol), header),
            layered: BearerAuthLayer::new(tokens, origins).layer(client(protocol)),
            uri: uri.parse().expect("a URI"),
            runtime,
            server,
        };
        let counts = [0, 1, 2].map(|subject| {
            let before = bench.server.authorized();
            bench.take(subject);
            bench.server.authorized() - before
        });
        let all = (TASKS * EACH) as u64;
        assert_eq!(counts, [0, all, all], "who sends a token");
        bench
    }

    fn take(&self, subject: usize) -> Sample {
        self.runtime.block_on(async {
            match subject {
                0 => crowd(&self.bare, &self.uri, None).await,
                1 => crowd(&self.by_hand.0, &self.uri, Some(&self.by_hand.1)).await,
                _ => crowd(&self.layered, &self.uri, None).await,
            }
        })
    }
}

fn client(protocol: Protocol) -> Http {
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    Client::builder(TokioExecutor::new())
        .http2_only(protocol == Protocol::Http2)
        .build(connector)
}

/// Tasks that make requests, each with a clone of `service` that it keeps.
async fn crowd<S>(service: &S, uri: &Uri, authorization: Option<&HeaderValue>) -> Sample
where
    S: Service<Request<Full<Bytes>>, Response = Response<Incoming>> + Clone + Send + 'static,
    S::Error: Debug,
    S::Future: Send,
{
    let (begun, before) = (Instant::now(), cpu::of_thread());
    let mut tasks = JoinSet::new();
    for _ in 0..TASKS {
        let requests = requests(service.clone(), uri.clone(), authorization.cloned());
        tasks.spawn(requests);
    }
    tasks.join_all().await;
    let (took, used) = (begun.elapsed(), cpu::of_thread() - before);
    let all = (TASKS * EACH) as f64;
    Sample {
        rate: all / took.as_secs_f64(),
        cpu: used.as_secs_f64() * 1e6 / all,
    }
}

async fn requests<S>(mut service: S, uri: Uri, authorization: Option<HeaderValue>)
where
    S: Service<Request<Full<Bytes>>, Response = Response<Incoming>>,
    S::Error: Debug,
{
    for _ in 0..EACH {
        let mut request = Request::new(Full::default());
        *request.uri_mut() = uri.clone();
        if let Some(authorization) = &authorization {
            let headers = request.headers_mut();
            headers.insert(AUTHORIZATION, authorization.clone());
        }
        poll_fn(|cx| service.poll_ready(cx)).await.expect("ready");
        let response = service.call(request).await.expect("an answer");
        response.into_body().collect().await.expect("all of it");
    }
}

/// Gives tokens as long as real ones.
struct Fixed;

impl TokenSource for Fixed {
    fn fetch<'a>(&'a self, _: &'a Grant) -> BoxFuture<'a, Result<AccessToken, Error>> {
        let lifetime = Duration::from_secs(24 * 60 * 60);
        Box::pin(async move { AccessToken::new(&token(0), Instant::now(), lifetime) })
    }
}
