//! The layer: what is configured once.

use std::fmt;

use tower_layer::Layer;

use crate::{BearerAuth, NoReplay, Origins, ReplayClones, Tokens};

/// Puts the current token on outgoing requests, as `Authorization: Bearer …`, marked sensitive. Cheap to clone.
///
/// - Requests go only to `origins`; others fail with [`OriginNotAllowed`](crate::OriginNotAllowed), unsent.
/// - A request that has an `Authorization` header already keeps it, unless told [`overriding`](Self::overriding).
/// - While there is no usable token, requests wait for it (15 s, [`Tokens::with_cold_wait`]), holding the inner
///   service ready, and then fail with [`TokenUnavailable`](crate::TokenUnavailable).
/// - A 401 that blames the token has it refreshed; told how, the layer [sends the request once more](Self::replaying).
///
/// Put it *below* a retry layer, so that every retry gets a current token, and *below* whatever follows redirects: the
/// origin is then checked for each hop. What follows redirects below this layer must itself take the header off when
/// the origin changes, and leave it off: tower-http's standard policy does from 0.7 on, and reqwest does; before that,
/// tower-http put it back for a second hop at the other origin.
///
/// ```
/// use maskinporten::{Grant, TokenSource};
/// use tower::{ServiceBuilder, ServiceExt};
/// use tower_maskinporten::{BearerAuthLayer, Origins, Tokens};
///
/// # async fn run<S, B>(source: impl TokenSource + 'static, http: S) -> Result<(), Box<dyn std::error::Error>>
/// # where S: tower::Service<http::Request<String>, Response = http::Response<B>> + Clone, S::Error: Into<maskinporten::BoxError> {
/// let tokens = Tokens::new(source, Grant::new("altinn:correspondence.write")?);
/// let origins = Origins::new(["https://platform.tt02.altinn.no"])?;
/// let client = ServiceBuilder::new()
///     .layer(BearerAuthLayer::new(tokens, origins).replaying_clones())
///     .service(http);
/// # let _ = client;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct BearerAuthLayer<R = NoReplay> {
    pub(crate) tokens: Tokens,
    pub(crate) origins: Origins,
    pub(crate) overriding: bool,
    pub(crate) replay: R,
}

impl BearerAuthLayer {
    /// Sends `tokens` to `origins`.
    #[must_use]
    pub fn new(tokens: Tokens, origins: Origins) -> Self {
        Self {
            tokens,
            origins,
            overriding: false,
            replay: NoReplay,
        }
    }
}

impl<R> BearerAuthLayer<R> {
    /// Replaces an `Authorization` header that a request has already.
    #[must_use]
    pub fn overriding(mut self) -> Self {
        self.overriding = true;
        self
    }

    /// Sends a request once more, with the next token, when a 401 blames the token and `copy` could copy its body
    /// beforehand. When the next token does not come, the 401 is the answer.
    ///
    /// ```
    /// # use tower_maskinporten::BearerAuthLayer;
    /// # type Body = Option<String>;
    /// # fn f(layer: BearerAuthLayer) {
    /// // A body that is a stream in one case and bytes in the other.
    /// layer.replaying(|body: &Body| body.is_some().then(|| body.clone()));
    /// # }
    /// ```
    #[must_use]
    pub fn replaying<B, C: Fn(&B) -> Option<B>>(self, copy: C) -> BearerAuthLayer<C> {
        self.with_replay(copy)
    }

    /// Like [`replaying`](Self::replaying), for bodies that are `Clone`.
    #[must_use]
    pub fn replaying_clones(self) -> BearerAuthLayer<ReplayClones> {
        self.with_replay(ReplayClones)
    }

    fn with_replay<C>(self, replay: C) -> BearerAuthLayer<C> {
        BearerAuthLayer {
            tokens: self.tokens,
            origins: self.origins,
            overriding: self.overriding,
            replay,
        }
    }
}

impl<R> fmt::Debug for BearerAuthLayer<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BearerAuthLayer")
            .field("tokens", &self.tokens)
            .field("origins", &self.origins)
            .field("overriding", &self.overriding)
            .finish_non_exhaustive()
    }
}

impl<S, R: Clone> Layer<S> for BearerAuthLayer<R> {
    type Service = BearerAuth<S, R>;

    fn layer(&self, inner: S) -> Self::Service {
        BearerAuth::new(inner, self.clone())
    }
}
