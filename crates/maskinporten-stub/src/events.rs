//! What happens, told to those who watch.

use std::sync::Arc;

use tokio::sync::{broadcast, watch};

use crate::recorder::Recorded;

/// How far behind a watcher may fall before it is told to look at everything anew.
const BACKLOG: usize = 256;

/// Something that happened.
#[derive(Clone, Debug)]
pub(crate) enum Event {
    /// A request came or was answered; as JSON.
    Asked(Arc<str>),
    /// Something else is not as it was: the clock, faults, clients, tokens.
    Changed,
}

/// Tells what happens. Costs nothing while nobody watches.
#[derive(Debug)]
pub(crate) struct Events {
    told: broadcast::Sender<Event>,
    /// Watching is the one request that would keep a stub from stopping.
    over: watch::Sender<bool>,
}

impl Default for Events {
    fn default() -> Self {
        Self {
            told: broadcast::Sender::new(BACKLOG),
            over: watch::Sender::new(false),
        }
    }
}

impl Events {
    pub(crate) fn asked(&self, request: &Recorded) {
        if self.told.receiver_count() > 0
            && let Ok(json) = serde_json::to_string(request)
        {
            self.tell(Event::Asked(json.into()));
        }
    }

    pub(crate) fn changed(&self) {
        self.tell(Event::Changed);
    }

    pub(crate) fn watch(&self) -> (broadcast::Receiver<Event>, watch::Receiver<bool>) {
        (self.told.subscribe(), self.over.subscribe())
    }

    /// Ends every answer that has no end of its own.
    pub(crate) fn end(&self) {
        self.over.send_replace(true);
    }

    fn tell(&self, event: Event) {
        // An error says that nobody watches.
        let _ = self.told.send(event);
    }
}
