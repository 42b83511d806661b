//! What happens to a fetch that does not end by itself.

use std::{error, fmt, time::Duration};

use maskinporten::Error;

/// How a fetch was ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mishap {
    Panicked,
    Late(Duration),
}

impl Mishap {
    /// The mishap that `error` is of, if it is of one.
    pub(crate) fn of(error: &Error) -> Option<Self> {
        error::Error::source(error)?.downcast_ref().copied()
    }
}

/// What kind of failure `error` is, in a word of a fixed few.
pub(crate) fn class(error: &Error) -> &'static str {
    match Mishap::of(error) {
        Some(Mishap::Panicked) => "panic",
        Some(Mishap::Late(_)) => "timeout",
        None => error.class(),
    }
}

impl fmt::Display for Mishap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Panicked => f.write_str("the token source panicked"),
            Self::Late(limit) => write!(f, "no token within {} ms", limit.as_millis()),
        }
    }
}

impl error::Error for Mishap {}
