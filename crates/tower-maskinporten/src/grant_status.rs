//! How it is about the token of one grant.

use std::{fmt, time::Duration};

use maskinporten::{Error, Grant};
use tokio::time::Instant;

use crate::{TokenState, clock::Now, failure::Failure, pool::Entry, snapshot::Held};

/// How it is about the token of one grant, at one moment. Found in a [`Status`](crate::Status).
///
/// ```
/// use tower_maskinporten::GrantStatus;
///
/// fn report(grant: &GrantStatus) {
///     let left = grant.usable_for().unwrap_or_default().as_secs();
///     println!("{}, good for {left} s", grant.state());
///     if let (Some(error), Some(since)) = (grant.last_error(), grant.failing_for()) {
///         println!("no new one for {} s: {error}", since.as_secs());
///     }
/// }
/// ```
#[derive(Clone)]
pub struct GrantStatus {
    grant: Grant,
    state: TokenState,
    age: Option<Duration>,
    usable_for: Option<Duration>,
    failure: Option<Failure>,
    is_fetching: bool,
    at: Instant,
}

impl GrantStatus {
    pub(crate) fn new(entry: &Entry, now: &Now) -> Self {
        let snapshot = entry.slot.load();
        let held = snapshot.token.as_ref();
        Self {
            state: TokenState::of(&snapshot, now),
            age: held.map(|held| held.age(now)),
            usable_for: held.and_then(|held: &Held| held.window(now)),
            failure: snapshot.failure.as_deref().cloned(),
            is_fetching: entry.slot.flight_began(now).is_some(),
            at: now.instant,
            grant: entry.grant.clone(),
        }
    }

    /// The grant. It may name a customer or a person.
    #[must_use]
    pub fn grant(&self) -> &Grant {
        &self.grant
    }

    /// What its token is good for.
    #[must_use]
    pub fn state(&self) -> TokenState {
        self.state
    }

    /// How long ago the token was asked for; `None` when there has been none.
    #[must_use]
    pub fn age(&self) -> Option<Duration> {
        self.age
    }

    /// For how long the token will still be put on requests; `None` when it is not any more, or there is none.
    #[must_use]
    pub fn usable_for(&self) -> Option<Duration> {
        self.usable_for
    }

    /// Why there is no newer token, if the last attempt to get one failed.
    #[must_use]
    pub fn last_error(&self) -> Option<&Error> {
        self.failure.as_ref().map(|failure| &failure.error)
    }

    /// How many attempts have failed, one after the other.
    #[must_use]
    pub fn failed_attempts(&self) -> u32 {
        self.failure.as_ref().map_or(0, |failure| failure.attempts)
    }

    /// How long ago the first of them began.
    #[must_use]
    pub fn failing_for(&self) -> Option<Duration> {
        let failure = self.failure.as_ref()?;
        Some(self.at.duration_since(failure.since))
    }

    /// Whether a token is being fetched, or in line to be.
    #[must_use]
    pub fn is_fetching(&self) -> bool {
        self.is_fetching
    }
}

impl fmt::Debug for GrantStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GrantStatus")
            .field("grant", self.grant())
            .field("state", &self.state)
            .field("age", &self.age)
            .field("usable_for", &self.usable_for)
            .field("last_error", &self.last_error())
            .field("failed_attempts", &self.failed_attempts())
            .field("failing_for", &self.failing_for())
            .field("is_fetching", &self.is_fetching)
            .finish_non_exhaustive()
    }
}
