//! Keeps everything that this process tells: events, spans, metrics, panics, and what the paths print or read.

use std::{
    error::Error,
    fmt::{Debug, Write},
    panic,
    sync::{
        Mutex, MutexGuard, Once,
        atomic::{AtomicU64, Ordering},
    },
};

use metrics::{
    Counter, Gauge, Histogram, Key, KeyName, Metadata as Origin, Recorder, SharedString, Unit,
};
use tracing::{
    Event, Metadata, Subscriber,
    field::{Field, Visit},
    level_filters::LevelFilter,
    span,
};

/// How something was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Channel {
    Event,
    Span,
    Metric,
    Panic,
    /// Printed with `Display` or `Debug`.
    Printed,
    /// By the stub, to whoever asks it what it was asked.
    Stub,
}

impl Channel {
    pub(crate) const ALL: [Self; 6] = [
        Self::Event,
        Self::Span,
        Self::Metric,
        Self::Panic,
        Self::Printed,
        Self::Stub,
    ];
}

/// What was told, and by what.
#[derive(Clone)]
pub(crate) struct Told {
    /// The path that was being run.
    pub(crate) path: &'static str,
    pub(crate) channel: Channel,
    pub(crate) label: String,
    pub(crate) text: String,
}

struct Everything {
    path: &'static str,
    told: Vec<Told>,
}

fn everything() -> MutexGuard<'static, Everything> {
    static EVERYTHING: Mutex<Everything> = Mutex::new(Everything {
        path: "",
        told: Vec::new(),
    });
    EVERYTHING.lock().unwrap()
}

/// Listens from now on, for the whole process.
pub(crate) fn start() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        tracing::subscriber::set_global_default(Log).unwrap();
        metrics::set_global_recorder(Names).unwrap();
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            let place = panic.location().map(ToString::to_string);
            tell(
                Channel::Panic,
                place.unwrap_or_default(),
                format!("{panic}\n{panic:?}"),
            );
            before(panic);
        }));
    });
}

/// What is told from now on is told on this path.
pub(crate) fn on(path: &'static str) {
    everything().path = path;
}

pub(crate) fn tell(channel: Channel, label: impl Into<String>, text: String) {
    let mut everything = everything();
    let path = everything.path;
    everything.told.push(Told {
        path,
        channel,
        label: label.into(),
        text,
    });
}

/// Everything so far.
pub(crate) fn told() -> Vec<Told> {
    everything().told.clone()
}

/// Prints a value as people do.
pub(crate) fn print<T: Debug>(value: &T) {
    let name = std::any::type_name::<T>();
    tell(Channel::Printed, name, format!("{value:?}\n{value:#?}"));
}

/// Prints an error and all its causes as people do.
pub(crate) fn print_error(error: &(dyn Error + 'static)) {
    tell(Channel::Printed, "an error", chain(error));
}

fn chain(error: &(dyn Error + 'static)) -> String {
    let mut chain = format!("{error}\n{error:?}\n{error:#?}\n{error:#}\n");
    if let Some(cause) = error.source() {
        chain += &self::chain(cause);
    }
    chain
}

/// Everything at every level, whatever comes of it.
struct Log;

impl Subscriber for Log {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(LevelFilter::TRACE)
    }

    fn event(&self, event: &Event<'_>) {
        let mut fields = Fields(String::new());
        event.record(&mut fields);
        tell(Channel::Event, label(event.metadata()), fields.0);
    }

    fn new_span(&self, span: &span::Attributes<'_>) -> span::Id {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let mut fields = Fields(String::new());
        span.record(&mut fields);
        tell(Channel::Span, label(span.metadata()), fields.0);
        span::Id::from_u64(NEXT.fetch_add(1, Ordering::Relaxed))
    }

    fn record(&self, _: &span::Id, values: &span::Record<'_>) {
        let mut fields = Fields(String::new());
        values.record(&mut fields);
        tell(Channel::Span, "recorded later", fields.0);
    }

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

fn label(metadata: &Metadata<'_>) -> String {
    format!("{} {}", metadata.target(), metadata.name())
}

struct Fields(String);

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        writeln!(self.0, "{field}={value}").unwrap();
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        writeln!(self.0, "{field}={}", chain(value)).unwrap();
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        writeln!(self.0, "{field}={value:?}\n{value:#?}").unwrap();
    }
}

/// The names, labels and descriptions of metrics. Their values are numbers.
struct Names;

impl Names {
    fn describe(name: &KeyName, description: &str) {
        let text = format!("{}\n{description}", name.as_str());
        tell(Channel::Metric, "a description", text);
    }

    fn register(key: &Key) {
        let labels = key.labels();
        let labels = labels.map(|label| format!("{}={}\n", label.key(), label.value()));
        let labels: String = labels.collect();
        let text = format!("{}\n{labels}", key.name());
        tell(Channel::Metric, "a series", text);
    }
}

impl Recorder for Names {
    fn describe_counter(&self, name: KeyName, _: Option<Unit>, description: SharedString) {
        Self::describe(&name, &description);
    }

    fn describe_gauge(&self, name: KeyName, _: Option<Unit>, description: SharedString) {
        Self::describe(&name, &description);
    }

    fn describe_histogram(&self, name: KeyName, _: Option<Unit>, description: SharedString) {
        Self::describe(&name, &description);
    }

    fn register_counter(&self, key: &Key, _: &Origin<'_>) -> Counter {
        Self::register(key);
        Counter::noop()
    }

    fn register_gauge(&self, key: &Key, _: &Origin<'_>) -> Gauge {
        Self::register(key);
        Gauge::noop()
    }

    fn register_histogram(&self, key: &Key, _: &Origin<'_>) -> Histogram {
        Self::register(key);
        Histogram::noop()
    }
}
