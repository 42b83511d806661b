//! S8: what a fetch costs beside the RSA signature itself.
//!
//! A `Maskinporten` source makes an assertion, signs it with a key of 2048 bits, posts it to a service that answers at
//! once from memory, and makes a token of the answer. What is measured is the CPU time of the thread, in batches that
//! take turns with batches of bare signatures: aws-lc-rs alone, with the same key, parsed once, over as many bytes as an
//! assertion has. The value is the median of the ratios of neighbours. A third batch fetches with a signer that signs
//! nothing: all that is ours, without being a small difference of two large numbers.

use std::{
    convert::Infallible,
    future::{Ready, ready},
    hint::black_box,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http::{Request, Response, header};
use http_body_util::Full;
use maskinporten::{
    Algorithm, BoxError, BoxFuture, Environment, Grant, Maskinporten, Signer, TokenSource,
};
use tokio::runtime::{Builder, Runtime};
use tower_service::Service;

use crate::{
    cpu,
    harness::token,
    key::{KID, Key},
    options::Options,
    progress::Progress,
    samples::median,
    table::Row,
};

/// How many fetches, or signatures, are timed together.
const BATCH: u32 = 20;
/// As many bytes as an assertion of one scope has before it is signed.
const SIGNING_INPUT: usize = 320;
const TARGET: f64 = 1.15;

pub const NUMBERS: &[&str] = &["S8"];

pub fn measure(options: &Options, progress: &Progress) -> Vec<Row> {
    let (rounds, warm_up) = if options.quick { (5, 1) } else { (500, 50) };
    progress.begin("fetches and signatures", rounds + warm_up);
    let key = Key::generate();
    let mut runtime = Builder::new_current_thread();
    let runtime = runtime.enable_time().build().expect("a runtime");
    let whole = Fetch::new(key.client_key());
    let unsigned = Fetch::new(NoSignature);
    let message = [b'x'; SIGNING_INPUT];
    let sign = || {
        for _ in 0..BATCH {
            black_box(key.sign(black_box(&message)));
        }
    };
    let (mut ratios, mut differences) = (Vec::new(), Vec::new());
    let (mut signatures, mut ours) = (Vec::new(), Vec::new());
    for round in 0..rounds + warm_up {
        // Each is first as often as the other.
        let (signature, fetch) = if round % 2 == 0 {
            let signature = each(sign);
            (signature, each(|| whole.batch(&runtime)))
        } else {
            let fetch = each(|| whole.batch(&runtime));
            (each(sign), fetch)
        };
        let rest = each(|| unsigned.batch(&runtime));
        progress.step();
        if round < warm_up {
            continue;
        }
        ratios.push(fetch / signature);
        differences.push(fetch - signature);
        signatures.push(signature);
        ours.push(rest);
    }
    let ratio = median(&ratios);
    vec![Row {
        number: "S8",
        what: "CPU time of a fetch, beside the RSA-2048 signature itself".into(),
        target: "at most 15 % on top".into(),
        measured: format!(
            "{:+.1} %: {:.1} µs on top of {:.0} µs; {:.1} µs with a signer that signs nothing",
            100.0 * (ratio - 1.0),
            median(&differences),
            median(&signatures),
            median(&ours)
        ),
        is_met: (!options.quick).then_some(ratio <= TARGET),
    }]
}

/// The CPU time of one of a batch, in microseconds.
fn each(batch: impl FnOnce()) -> f64 {
    let before = cpu::of_thread();
    batch();
    (cpu::of_thread() - before).as_secs_f64() * 1e6 / f64::from(BATCH)
}

struct Fetch {
    source: Maskinporten<Answers>,
    grant: Grant,
}

impl Fetch {
    fn new(signer: impl Signer + 'static) -> Self {
        let client_id = "0f1e2d3c-4b5a-4968-8776-a5b4c3d2e1f0";
        Self {
            source: Maskinporten::new(Environment::test(), client_id, signer, Answers::new()),
            grant: Grant::new("altinn:serviceowner").expect("a scope"),
        }
    }

    fn batch(&self, runtime: &Runtime) {
        runtime.block_on(async {
            for _ in 0..BATCH {
                let token = self.source.fetch(&self.grant).await.expect("a token");
                assert_eq!(token.lifetime(), Duration::from_secs(119));
                black_box(token);
            }
        });
    }
}

/// A token endpoint without a network.
#[derive(Clone)]
struct Answers(Bytes);

impl Answers {
    fn new() -> Self {
        let token = token(0);
        let answer = format!(
            r#"{{"access_token":"{token}","token_type":"Bearer","expires_in":119,"scope":"altinn:serviceowner"}}"#
        );
        Self(answer.into())
    }
}

impl Service<Request<Full<Bytes>>> for Answers {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Full<Bytes>>) -> Self::Future {
        drop(black_box(request));
        let response = Response::builder()
            .header(header::CONTENT_TYPE, "application/json")
            .body(Full::new(self.0.clone()));
        ready(Ok(response.expect("a good response")))
    }
}

/// Signs nothing, in as many bytes.
struct NoSignature;

impl Signer for NoSignature {
    fn algorithm(&self) -> Algorithm {
        Algorithm::Rs256
    }

    fn kid(&self) -> Option<&str> {
        Some(KID)
    }

    fn sign<'a>(&'a self, _: &'a [u8]) -> BoxFuture<'a, Result<Vec<u8>, BoxError>> {
        Box::pin(async { Ok(vec![0; 256]) })
    }
}
