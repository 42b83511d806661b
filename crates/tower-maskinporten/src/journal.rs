//! What is told of tokens as it happens: changes at once, repetitions once a minute with their number, because there
//! may be a hundred thousand grants. What happens to the default grant is always told.

use std::{
    error,
    sync::{Arc, Mutex, PoisonError},
};

use maskinporten::{AccessToken, Error, Refusal};

use crate::{
    mishap::{Mishap, class},
    pace::Pace,
    pool::Entry,
    slot::Blamed,
    snapshot::Snapshot,
};

/// Who is told of, and when each kind of thing was told last.
pub(crate) struct Journal {
    client: Mutex<Arc<str>>,
    acquired: Pace,
    refreshed: Pace,
    failing: Pace,
    refused: Pace,
    panicked: Pace,
    unavailable: Pace,
    recovered: Pace,
    blamed: Pace,
    blamed_in_vain: Pace,
}

impl Journal {
    pub(crate) fn new() -> Self {
        Self {
            client: Mutex::new("default".into()),
            acquired: Pace::default(),
            refreshed: Pace::default(),
            failing: Pace::default(),
            refused: Pace::default(),
            panicked: Pace::default(),
            unavailable: Pace::default(),
            recovered: Pace::default(),
            blamed: Pace::default(),
            blamed_in_vain: Pace::default(),
        }
    }

    /// The name that the program has chosen.
    pub(crate) fn client(&self) -> Arc<str> {
        let client = self.client.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&client)
    }

    pub(crate) fn rename(&self, client: &str) {
        *self.client.lock().unwrap_or_else(PoisonError::into_inner) = client.into();
    }

    /// A fetch for `entry` brought a token; `before` is what there was.
    pub(crate) fn acquired(&self, entry: &Entry, token: &AccessToken, before: &Snapshot) {
        let client = &*self.client();
        let grant = entry.name();
        let lifetime = token.lifetime();
        if let Some(failure) = &before.failure {
            if let Some(suppressed) = self.recovered.ask(entry.is_pinned()) {
                let (attempts, lasted) = (failure.attempts, failure.since.elapsed());
                tracing::info!(
                    client,
                    grant,
                    ?lifetime,
                    attempts,
                    ?lasted,
                    suppressed,
                    "there is a token again"
                );
            }
        } else if before.token.is_none() {
            if let Some(suppressed) = self.acquired.ask(entry.is_pinned()) {
                tracing::info!(client, grant, ?lifetime, suppressed, "there is a token");
            }
        } else if let Some(suppressed) = self.refreshed.ask(entry.is_pinned()) {
            tracing::debug!(client, grant, ?lifetime, suppressed, "there is a new token");
        }
    }

    /// A fetch for `entry` failed; `before` is what there was.
    pub(crate) fn failed(&self, entry: &Entry, error: &Error, before: &Snapshot) {
        let trouble = Trouble::of(error);
        let failure = before.failure.as_ref();
        let is_news = failure.is_none_or(|failure| Trouble::of(&failure.error) != trouble);
        let pace = match trouble {
            Trouble::Panic => &self.panicked,
            Trouble::Refusal => &self.refused,
            Trouble::Other => &self.failing,
        };
        let Some(suppressed) = pace.ask(is_news && entry.is_pinned()) else {
            return;
        };
        let client = &*self.client();
        let grant = entry.name();
        let attempts = failure.map_or(0, |failure| failure.attempts);
        let attempts = attempts.saturating_add(1);
        let refusal = error.refusal();
        let class = class(error);
        let error: &dyn error::Error = error;
        match trouble {
            Trouble::Panic => tracing::error!(
                client,
                grant,
                attempts,
                suppressed,
                "the token source panicked; will ask it again"
            ),
            Trouble::Refusal => tracing::warn!(
                client,
                grant,
                error,
                oauth_error = refusal.map(Refusal::error),
                code = refusal.and_then(Refusal::code),
                trace_id = refusal.and_then(Refusal::trace_id),
                advice = refusal.and_then(Refusal::advice),
                attempts,
                suppressed,
                "no new token: refused"
            ),
            Trouble::Other => tracing::warn!(
                client,
                grant,
                class,
                error,
                attempts,
                suppressed,
                "no new token; will try again"
            ),
        }
    }

    /// Requests for `entry` fail, or would, because there is no usable token and fetching fails. Told once in an
    /// outage.
    pub(crate) fn unavailable(&self, entry: &Entry, snapshot: &Snapshot) {
        let Some(failure) = &snapshot.failure else {
            return;
        };
        // What is refused from the start is told as that: it is no outage.
        let is_outage = snapshot.token.is_some() || failure.error.is_transient();
        if !is_outage || !failure.is_first_to_tell() {
            return;
        }
        let Some(suppressed) = self.unavailable.ask(entry.is_pinned()) else {
            return;
        };
        let error: &dyn error::Error = &failure.error;
        tracing::error!(
            client = &*self.client(),
            grant = entry.name(),
            class = class(&failure.error),
            error,
            attempts = failure.attempts,
            failing_for = ?failure.since.elapsed(),
            suppressed,
            "requests fail: there is no usable token"
        );
    }

    /// An API called the token of `entry` bad.
    pub(crate) fn blamed(&self, entry: &Entry, blamed: Blamed) {
        let Blamed::Refresh { useless_refreshes } = blamed else {
            return;
        };
        let client = &*self.client();
        let grant = entry.name();
        if useless_refreshes == 0 {
            if let Some(suppressed) = self.blamed.ask(entry.is_pinned()) {
                tracing::info!(
                    client,
                    grant,
                    suppressed,
                    "an API did not accept the token: refreshing it"
                );
            }
        } else if let Some(suppressed) = self.blamed_in_vain.ask(false) {
            tracing::warn!(
                client,
                grant,
                useless_refreshes,
                suppressed,
                "an API does not accept new tokens either: it is not the token that is wrong"
            );
        }
    }
}

/// What is told in a way of its own when a fetch fails.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Trouble {
    Panic,
    Refusal,
    Other,
}

impl Trouble {
    fn of(error: &Error) -> Self {
        if Mishap::of(error) == Some(Mishap::Panicked) {
            Self::Panic
        } else if error.refusal().is_some() {
            Self::Refusal
        } else {
            Self::Other
        }
    }
}
