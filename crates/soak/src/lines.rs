//! How many lines a log would have.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use tracing::{Event, Level, Metadata, Subscriber, span, subscriber};

/// Counts events by level.
#[derive(Clone, Debug, Default)]
pub struct Lines(Arc<[AtomicU64; 5]>);

impl Lines {
    /// Counts those of this thread, as long as `run` runs.
    pub fn while_in<T>(&self, run: impl FnOnce() -> T) -> T {
        subscriber::with_default(self.clone(), run)
    }

    /// How many of this level there were.
    #[must_use]
    pub fn count(&self, level: Level) -> u64 {
        self.0[place(level)].load(Ordering::Relaxed)
    }
}

fn place(level: Level) -> usize {
    let levels = [Level::ERROR, Level::WARN, Level::INFO, Level::DEBUG];
    levels.iter().position(|of| *of == level).unwrap_or(4)
}

impl Subscriber for Lines {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_event()
    }

    fn event(&self, event: &Event<'_>) {
        self.0[place(*event.metadata().level())].fetch_add(1, Ordering::Relaxed);
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}
