//! The one thing that gets tokens.

use std::sync::Arc;

use crate::{AccessToken, BoxFuture, Error, Grant, KeyRing};

/// Gets a new token for a grant. It never caches; whoever keeps tokens calls it.
///
/// [`Maskinporten`](crate::Maskinporten) is one; [`Retry`](crate::Retry) and
/// [`AltinnExchange`](crate::AltinnExchange) are sources around a source. Implement it to get tokens from elsewhere:
///
/// ```
/// use std::time::Duration;
/// use maskinporten::{AccessToken, BoxFuture, Error, Grant, TokenSource};
///
/// /// Hands out one token that was made beforehand, for tests.
/// struct Fixed(String);
///
/// impl TokenSource for Fixed {
///     fn fetch<'a>(&'a self, _: &'a Grant) -> BoxFuture<'a, Result<AccessToken, Error>> {
///         Box::pin(async move {
///             AccessToken::new(&self.0, tokio::time::Instant::now(), Duration::from_secs(1800))
///         })
///     }
/// }
/// ```
pub trait TokenSource: Send + Sync {
    /// Gets a new token for `grant`.
    ///
    /// It must not block its thread for long: other fetches may be in the same task.
    ///
    /// # Errors
    ///
    /// When there is none; [`Error::is_transient`] says whether trying again may help.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future must leave the source as it was. The token that was on its way is lost.
    fn fetch<'a>(&'a self, grant: &'a Grant) -> BoxFuture<'a, Result<AccessToken, Error>>;

    /// The keys that it signs with, if it does: to tell how old they are, and to ask again as soon as there is another.
    /// A source around a source gives those of the source inside.
    fn keys(&self) -> Option<&KeyRing> {
        None
    }
}

impl<S: TokenSource + ?Sized> TokenSource for Arc<S> {
    fn fetch<'a>(&'a self, grant: &'a Grant) -> BoxFuture<'a, Result<AccessToken, Error>> {
        (**self).fetch(grant)
    }

    fn keys(&self) -> Option<&KeyRing> {
        (**self).keys()
    }
}
