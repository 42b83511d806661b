//! A recorder that keeps what it is told.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use metrics::{
    Counter, CounterFn, Gauge, GaugeFn, Histogram, HistogramFn, Key, KeyName, Metadata, Recorder,
    SharedString, Unit,
};
use tokio::runtime::Builder;

/// Keeps the last value of a gauge, the sum of a counter, and how often a histogram was recorded.
#[derive(Clone, Default)]
pub(crate) struct Kept(Arc<Mutex<BTreeMap<String, f64>>>);

struct Series(Kept, String);

impl Kept {
    fn series(&self, key: &Key) -> Arc<Series> {
        let labels = key
            .labels()
            .map(|label| format!("{}={}", label.key(), label.value()));
        let labels: Vec<_> = labels.collect();
        let name = format!("{}{{{}}}", key.name(), labels.join(","));
        self.0.lock().unwrap().entry(name.clone()).or_default();
        Arc::new(Series(self.clone(), name))
    }

    pub(crate) fn get(&self, series: &str) -> Option<f64> {
        self.0.lock().unwrap().get(series).copied()
    }

    pub(crate) fn names(&self) -> Vec<String> {
        self.0.lock().unwrap().keys().cloned().collect()
    }
}

impl Series {
    fn update(&self, change: impl FnOnce(&mut f64)) {
        change(self.0.0.lock().unwrap().entry(self.1.clone()).or_default());
    }
}

impl CounterFn for Series {
    fn increment(&self, by: u64) {
        self.update(|value| *value += by as f64);
    }

    fn absolute(&self, to: u64) {
        self.update(|value| *value = to as f64);
    }
}

impl GaugeFn for Series {
    fn increment(&self, by: f64) {
        self.update(|value| *value += by);
    }

    fn decrement(&self, by: f64) {
        self.update(|value| *value -= by);
    }

    fn set(&self, to: f64) {
        self.update(|value| *value = to);
    }
}

impl HistogramFn for Series {
    fn record(&self, _: f64) {
        self.update(|value| *value += 1.0);
    }
}

impl Recorder for Kept {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        Counter::from_arc(self.series(key))
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::from_arc(self.series(key))
    }

    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::from_arc(self.series(key))
    }
}

/// Runs `test` with a recorder of its own, in paused time.
pub(crate) fn recorded(test: impl AsyncFnOnce(&Kept)) -> Kept {
    let kept = Kept::default();
    let mut runtime = Builder::new_current_thread();
    let runtime = runtime.enable_all().start_paused(true).build().unwrap();
    metrics::with_local_recorder(&kept, || runtime.block_on(test(&kept)));
    kept
}
