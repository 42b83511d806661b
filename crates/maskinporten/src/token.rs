//! A token, ready for the wire.

use std::{fmt, time::Duration};

use bytes::Bytes;
use http::HeaderValue;
use tokio::time::Instant;

use crate::{Error, text};

/// Bounds of the lifetime that is believed, whatever the server says.
const SHORTEST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// The longest token that is put into a header, in bytes.
const LONGEST_TOKEN: usize = 16 * 1024;

/// An access token: an `Authorization` header that is ready to send, and when it ends. Cheap to clone.
///
/// There is no way to print or serialise it: only [`authorization`](Self::authorization) has the token, marked
/// sensitive. The bytes inside a `HeaderValue` cannot be wiped when it is dropped.
///
/// ```
/// use std::time::Duration;
/// use maskinporten::AccessToken;
///
/// let requested_at = tokio::time::Instant::now();
/// let token = AccessToken::new("eyJhbGciOi.J9.sig", requested_at, Duration::from_secs(119))?;
/// assert_eq!(token.expires_at(), requested_at + Duration::from_secs(119));
/// assert!(token.authorization().is_sensitive());
/// assert!(!format!("{token:?}").contains("eyJ"));
/// # Ok::<(), maskinporten::Error>(())
/// ```
#[derive(Clone)]
pub struct AccessToken {
    authorization: HeaderValue,
    requested_at: Instant,
    lifetime: Duration,
    scope: Option<Box<str>>,
}

impl AccessToken {
    /// A bearer token that lives for `lifetime` from `requested_at`, the moment *before* it was asked for: what the
    /// answer took on its way is then on the safe side. A lifetime is kept between one second and 24 hours.
    ///
    /// # Errors
    ///
    /// When `token` is empty, longer than 16 KiB, or not of RFC 6750's alphabet (section 2.1), which also keeps
    /// line breaks out of the header.
    pub fn new(token: &str, requested_at: Instant, lifetime: Duration) -> Result<Self, Error> {
        if token.is_empty() || token.len() > LONGEST_TOKEN || !is_b64token(token) {
            return Err(Error::permanent(
                "the token is not of the alphabet and size of RFC 6750",
            ));
        }
        let mut authorization =
            HeaderValue::from_maybe_shared(Bytes::from(["Bearer ", token].concat()))
                .map_err(Error::permanent)?;
        authorization.set_sensitive(true);
        Ok(Self {
            authorization,
            requested_at,
            lifetime: lifetime.clamp(SHORTEST, LONGEST),
            scope: None,
        })
    }

    /// Notes the scopes that were granted.
    #[must_use]
    pub fn with_scope(mut self, scope: &str) -> Self {
        self.scope = Some(scope.into());
        self
    }

    /// The value of the `Authorization` header, marked sensitive.
    #[must_use]
    pub fn authorization(&self) -> &HeaderValue {
        &self.authorization
    }

    /// When it was asked for.
    #[must_use]
    pub fn requested_at(&self) -> Instant {
        self.requested_at
    }

    /// How long it lives, counted from [`requested_at`](Self::requested_at).
    #[must_use]
    pub fn lifetime(&self) -> Duration {
        self.lifetime
    }

    /// When it ends.
    #[must_use]
    pub fn expires_at(&self) -> Instant {
        self.requested_at + self.lifetime
    }

    /// The scopes that the server says it granted, if it said.
    #[must_use]
    pub fn scope(&self) -> Option<&str> {
        self.scope.as_deref()
    }
}

/// A scope, fit for a log.
pub(crate) fn shown(scope: &str) -> Box<str> {
    text::clean(scope, usize::MAX)
}

/// `b64token` of RFC 6750 section 2.1.
fn is_b64token(token: &str) -> bool {
    let unpadded = token.trim_end_matches('=');
    !unpadded.is_empty()
        && unpadded
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-._~+/".contains(&b))
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessToken")
            .field("requested_at", &self.requested_at)
            .field("lifetime", &self.lifetime)
            .field("scope", &self.scope().map(shown))
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(text: &str) -> Result<AccessToken, Error> {
        AccessToken::new(text, Instant::now(), Duration::from_secs(120))
    }

    #[test]
    fn only_what_can_be_in_a_bearer_header_is_a_token() {
        for good in ["a", "a.b-c_d~e+f/g==", &"x".repeat(LONGEST_TOKEN)] {
            assert!(token(good).is_ok());
        }
        let bad = ["", "=", "a b", "a\r\nX-Evil: 1", "a\0", "æ", "a=b"];
        for bad in bad {
            assert!(token(bad).is_err(), "{bad:?}");
        }
        assert!(token(&"x".repeat(LONGEST_TOKEN + 1)).is_err());
    }

    #[test]
    fn absurd_lifetimes_are_bounded() {
        for (said, believed) in [
            (Duration::ZERO, SHORTEST),
            (Duration::MAX, LONGEST),
            (Duration::from_secs(119), Duration::from_secs(119)),
        ] {
            let token = AccessToken::new("t", Instant::now(), said).unwrap();
            assert_eq!(token.lifetime(), believed);
            let _ = token.expires_at();
        }
    }
}
