//! S5: what it does to requests that the token is another one every millisecond.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

use http::Uri;
use tokio::runtime::{Handle, Runtime};
use tower_layer::Layer;
use tower_maskinporten::{BearerAuth, Tokens};
use tower_service::Service;

use crate::{
    harness::{Answers, Histogram, URI, drive, fresh, runtime, token},
    options::Options,
    progress::Progress,
    samples::median,
    subjects::{Fixed, fetched, layer},
    table::Row,
};

pub const NUMBERS: &[&str] = &["S5"];

const EVERY: Duration = Duration::from_millis(1);

/// Measures rounds in which the token of two threads is swapped, and rounds in between in which somebody else's is:
/// that somebody works beside them is so in both.
pub fn measure(options: &Options, progress: &Progress) -> Vec<Row> {
    let (rounds, length) = if options.quick { (2, 50) } else { (20, 500) };
    let length = Duration::from_millis(length);
    let runtime = runtime();
    let (own, others) = (fetched(&runtime), fetched(&runtime));
    let service = layer(&own).layer(Answers::new());
    let mut undisturbed = Vec::new();
    let mut disturbed = Vec::new();
    let mut swaps = 0;
    progress.begin("tokens are swapped", rounds);
    for _ in 0..rounds {
        undisturbed.push(round(&service, &others, &runtime, length).0);
        let (p9999, swapped) = round(&service, &own, &runtime, length);
        disturbed.push(p9999);
        swaps += swapped;
        progress.step();
    }
    let (undisturbed, disturbed) = (median(&undisturbed), median(&disturbed));
    let ratio = disturbed / undisturbed;
    let per_second = swaps as f64 / (rounds as f64 * length.as_secs_f64());
    vec![Row {
        number: "S5",
        what:
            "p99.99 of `call` on two threads while the token is swapped every millisecond, beside \
               the same while the token of another layer is"
                .to_owned(),
        target: "at most 2 x".to_owned(),
        measured: format!(
            "{ratio:.2} x ({disturbed:.0} ns, {undisturbed:.0} ns; {per_second:.0} swaps a second)"
        ),
        is_met: Some(ratio <= 2.0),
    }]
}

/// p99.99 of what two threads' calls take, in nanoseconds, while somebody swaps the token of `swapped`; and how often
/// it was.
fn round(
    service: &BearerAuth<Answers>,
    swapped: &Tokens,
    runtime: &Runtime,
    length: Duration,
) -> (f64, u64) {
    let done = AtomicBool::new(false);
    let texts = [token(1), token(2)];
    let mut swaps = 0;
    let histogram = thread::scope(|scope| {
        let callers: Vec<_> = (0..2)
            .map(|_| {
                let (service, done) = (service.clone(), &done);
                scope.spawn(move || call(service, runtime.handle(), done))
            })
            .collect();
        let start = Instant::now();
        let mut next = start;
        while start.elapsed() < length {
            let source = Fixed(texts[swaps as usize % texts.len()].clone());
            runtime
                .block_on(swapped.replace(source, swapped.grant()))
                .expect("the source never fails");
            swaps += 1;
            next += EVERY;
            thread::sleep(next.saturating_duration_since(Instant::now()));
        }
        done.store(true, Ordering::Relaxed);
        let mut all = Histogram::new();
        for caller in callers {
            all.add(&caller.join().expect("callers do not panic"));
        }
        all
    });
    (histogram.quantile(0.9999), swaps)
}

/// Calls until it is told that it is done.
fn call(mut service: BearerAuth<Answers>, runtime: &Handle, done: &AtomicBool) -> Histogram {
    let _entered = runtime.enter();
    let uri = Uri::from_static(URI);
    let mut histogram = Histogram::new();
    while !done.load(Ordering::Relaxed) {
        let request = fresh(&uri);
        let start = Instant::now();
        let response = service.call(request);
        histogram.note(start.elapsed());
        let headers = drive(response).map_or(0, http::Response::into_body);
        assert_eq!(headers, 1, "a request went out without its token");
    }
    histogram
}
