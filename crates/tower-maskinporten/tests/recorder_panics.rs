//! G1, N25: a metrics recorder of somebody else's panics. Nothing of ours depends on what it is told. Time is paused.
#![expect(clippy::unwrap_used, reason = "what cannot be had in a test ends it")]

mod common;

use std::{cell::Cell, panic::resume_unwind, sync::Arc, time::Duration};

use common::{Script, grant, secs};
use metrics::{
    Counter, CounterFn, Gauge, GaugeFn, Histogram, HistogramFn, Key, KeyName, Metadata, Recorder,
    SharedString, Unit,
};
use tokio::{
    runtime::Builder,
    time::{Instant, sleep},
};
use tower_maskinporten::Tokens;

thread_local! {
    /// How many calls pass before one panics.
    static LEFT: Cell<Option<usize>> = const { Cell::new(None) };
}

fn called() {
    match LEFT.get() {
        // A second panic while one unwinds would end the process.
        Some(0) if !std::thread::panicking() => {
            LEFT.set(None);
            resume_unwind(Box::new("a bug of somebody else's"));
        }
        Some(left @ 1..) => LEFT.set(Some(left - 1)),
        _ => {}
    }
}

struct Brittle;

impl CounterFn for Brittle {
    fn increment(&self, _: u64) {
        called();
    }

    fn absolute(&self, _: u64) {}
}

impl GaugeFn for Brittle {
    fn increment(&self, _: f64) {
        called();
    }

    fn decrement(&self, _: f64) {
        called();
    }

    fn set(&self, _: f64) {
        called();
    }
}

impl HistogramFn for Brittle {
    fn record(&self, _: f64) {
        called();
    }
}

impl Recorder for Brittle {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, _: &Key, _: &Metadata<'_>) -> Counter {
        called();
        Counter::from_arc(Arc::new(Self))
    }

    fn register_gauge(&self, _: &Key, _: &Metadata<'_>) -> Gauge {
        called();
        Gauge::from_arc(Arc::new(Self))
    }

    fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
        called();
        Histogram::from_arc(Arc::new(Self))
    }
}

/// Panics wherever the recorder is called, a thousand times, when tokens are fetched, refreshed and waited for.
async fn panic_a_thousand_times() {
    // One that is waited for, and one that is not.
    let slow = Script::new(Duration::from_millis(10), |_| Ok(secs(120)));
    let sources = [slow.clone(), Script::healthy()];
    let mut tokens = Tokens::new(slow.clone(), grant());
    let mut panics = 0;
    while panics < 1_000 {
        LEFT.set(Some(fastrand::usize(0..40)));
        if fastrand::bool() {
            tokens = Tokens::new(sources[panics % 2].clone(), grant());
        } else {
            sleep(secs(fastrand::u64(0..200))).await;
        }
        // In its own call it may happen to the request itself.
        let asking = tokens.clone();
        if let Ok(outcome) = tokio::spawn(async move { asking.ready().await }).await {
            outcome.unwrap();
        }
        if LEFT.take().is_none() {
            panics += 1;
        }
        let asked = Instant::now();
        tokens.ready().await.unwrap();
        assert!(asked.elapsed() <= secs(5), "{:?}", asked.elapsed());
    }
    assert!(slow.fetches() > 200, "{}", slow.fetches());
}

#[test]
fn g1_n25_a_recorder_that_panics_costs_no_next_request() {
    fastrand::seed(25);
    let mut runtime = Builder::new_current_thread();
    let runtime = runtime.enable_all().start_paused(true).build().unwrap();
    metrics::with_local_recorder(&Brittle, || runtime.block_on(panic_a_thousand_times()));
}
