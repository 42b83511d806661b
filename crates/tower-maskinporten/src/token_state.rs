//! What a token is good for.

use std::fmt;

use crate::{
    clock::Now,
    snapshot::{Snapshot, Trust},
};

/// What a token is good for at one moment. Its `Display` is one word, `fresh` for example.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TokenState {
    /// There has been none yet.
    Empty,
    /// It is put on requests.
    Fresh,
    /// It is put on requests, and due to be refreshed.
    Stale,
    /// An API said that it is bad, or the clocks disagree. It is refreshed at once; requests wait up to 2 s for that,
    /// and then use it.
    Doubtful,
    /// It is at its end, and not put on requests any more.
    Expired,
}

impl TokenState {
    /// All of them, to count grants by state.
    pub const ALL: &'static [Self] = &[
        Self::Empty,
        Self::Fresh,
        Self::Stale,
        Self::Doubtful,
        Self::Expired,
    ];

    pub(crate) fn of(snapshot: &Snapshot, now: &Now) -> Self {
        match snapshot.token.as_ref().map(|held| held.trust(now)) {
            None => Self::Empty,
            Some(Trust::Fresh) => Self::Fresh,
            Some(Trust::Stale) => Self::Stale,
            Some(Trust::Doubtful) => Self::Doubtful,
            Some(Trust::Expired) => Self::Expired,
        }
    }

    /// Whether a request can be sent with it.
    #[must_use]
    pub fn is_usable(self) -> bool {
        matches!(self, Self::Fresh | Self::Stale | Self::Doubtful)
    }

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::Fresh => "fresh",
            Self::Stale => "stale",
            Self::Doubtful => "doubtful",
            Self::Expired => "expired",
        }
    }
}

impl fmt::Display for TokenState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
