//! What the layer itself can fail with.

use std::{error, fmt, time::Duration};

use maskinporten::Error;
use tokio::time::Instant;

use crate::failure::Failure;

/// There is no usable token, so the request was not sent. The [source](error::Error::source) is the last failure to
/// fetch one. Cheap to clone.
///
/// ```
/// use tower_maskinporten::TokenUnavailable;
///
/// # fn handle(error: &(dyn std::error::Error + 'static)) {
/// if let Some(unavailable) = error.downcast_ref::<TokenUnavailable>() {
///     // 503 to our own caller, with this in the log: it names what to do.
///     if let Some(refusal) = unavailable.last_error().and_then(|error| error.refusal()) {
///         eprintln!("Maskinporten said no: {refusal}");
///     }
/// }
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct TokenUnavailable {
    why: Why,
    error: Option<Error>,
}

#[derive(Clone, Debug)]
enum Why {
    Failing { attempts: u32, since: Duration },
    NoAnswerYet,
    NoRuntime,
}

impl TokenUnavailable {
    pub(crate) fn new(failure: Option<&Failure>, now: Instant) -> Self {
        Self {
            why: failure.map_or(Why::NoAnswerYet, |failure| Why::Failing {
                attempts: failure.attempts,
                since: now.duration_since(failure.since),
            }),
            error: failure.map(|failure| failure.error.clone()),
        }
    }

    pub(crate) fn no_runtime() -> Self {
        Self {
            why: Why::NoRuntime,
            error: None,
        }
    }

    /// The last failure to fetch a token, if there was one.
    #[must_use]
    pub fn last_error(&self) -> Option<&Error> {
        self.error.as_ref()
    }
}

impl fmt::Display for TokenUnavailable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.why {
            Why::Failing { attempts: 1, .. } => {
                f.write_str("no usable token: the attempt to get one has failed")
            }
            Why::Failing { attempts, since } => write!(
                f,
                "no usable token: {attempts} attempts have failed in {} s",
                since.as_secs()
            ),
            Why::NoAnswerYet => f.write_str("no usable token: none came in time"),
            Why::NoRuntime => {
                f.write_str("no usable token: fetching one needs a tokio runtime to run on")
            }
        }
    }
}

impl error::Error for TokenUnavailable {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        self.error.as_ref().map(|error| error as _)
    }
}

/// The request's scheme, host and port are not among the [`Origins`](crate::Origins) that may see the token, so it
/// was not sent.
///
/// ```
/// use tower_maskinporten::OriginNotAllowed;
///
/// # fn handle(error: &(dyn std::error::Error + 'static)) {
/// if error.is::<OriginNotAllowed>() {
///     // Usually a redirect, or a URL that came from outside.
///     eprintln!("{error}");
/// }
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct OriginNotAllowed {
    origin: Option<Box<str>>,
}

impl OriginNotAllowed {
    /// Keeps what tells origins apart; paths and user information may be secret.
    pub(crate) fn new(uri: &http::Uri) -> Self {
        let origin = uri.scheme().zip(uri.host()).map(|(scheme, host)| {
            match uri.port() {
                Some(port) => format!("{scheme}://{host}:{port}"),
                None => format!("{scheme}://{host}"),
            }
            .into()
        });
        Self { origin }
    }
}

impl fmt::Display for OriginNotAllowed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.origin {
            Some(origin) => write!(f, "{origin} is not an origin that may see the token"),
            None => f.write_str("a request without scheme and host may not carry the token"),
        }
    }
}

impl error::Error for OriginNotAllowed {}
