//! The service: what happens to a request on its way out.

use std::{
    fmt, mem,
    sync::Arc,
    task::{Context, Poll},
};

use http::{Request, Response, header::AUTHORIZATION};
use maskinporten::BoxError;
use tower_service::Service;

use crate::{
    BearerAuthLayer, NoReplay, OriginNotAllowed, Replay, ResponseFuture, cached::Cached,
    future::Attempt, grant_change::chosen, meter, waiting::usable,
};

/// An HTTP client whose requests carry the current token. Made by a [`BearerAuthLayer`].
///
/// A clone is cheap. One that is kept, by a thread or a connection for example, has a copy of the token to itself, and
/// shares nothing with others that is written to.
pub struct BearerAuth<S, R = NoReplay> {
    inner: S,
    layer: Arc<BearerAuthLayer<R>>,
    cached: Cached,
}

impl<S, R> BearerAuth<S, R> {
    pub(crate) fn new(inner: S, layer: BearerAuthLayer<R>) -> Self {
        Self {
            inner,
            layer: Arc::new(layer),
            cached: Cached::default(),
        }
    }
}

impl<S: Clone, R> Clone for BearerAuth<S, R> {
    fn clone(&self) -> Self {
        Self {
            inner: self.inner.clone(),
            layer: Arc::clone(&self.layer),
            cached: Cached::default(),
        }
    }
}

impl<S, R, B, A> Service<Request<B>> for BearerAuth<S, R>
where
    S: Service<Request<B>, Response = Response<A>> + Clone,
    S::Error: Into<BoxError>,
    R: Replay<B>,
{
    type Response = S::Response;
    type Error = BoxError;
    type Future = ResponseFuture<S, R, B>;

    /// Asks the inner service only. Waiting for a token is done by the future: a token that is late is no reason for
    /// a load balancer to drop this client.
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let shared = &self.layer.tokens.shared;
        if !self.layer.origins.allow(request.uri()) {
            meter::origin_rejected(&shared.journal);
            return ResponseFuture::failed(OriginNotAllowed::new(request.uri()));
        }
        if !self.layer.overriding && request.headers().contains_key(AUTHORIZATION) {
            return ResponseFuture::untouched(self.inner.call(request));
        }
        let entry = chosen(request.extensions(), &shared.pool);
        let ticket = match &entry {
            None => self.cached.ticket(shared),
            Some(entry) => usable(shared, entry),
        };
        match ticket {
            Some(ticket) => {
                match Attempt::prepare(&self.inner, &mut request, &self.layer, entry, ticket) {
                    Ok(attempt) => ResponseFuture::sent(self.inner.call(request), attempt),
                    Err(error) => ResponseFuture::failed(error),
                }
            }
            None => {
                // The clone left behind starts anew; the one that was polled ready waits with the request.
                let clone = self.inner.clone();
                let ready = mem::replace(&mut self.inner, clone);
                ResponseFuture::wait(ready, request, Arc::clone(&self.layer), entry)
            }
        }
    }
}

impl<S: fmt::Debug, R> fmt::Debug for BearerAuth<S, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BearerAuth")
            .field("inner", &self.inner)
            .field("layer", &self.layer)
            .finish_non_exhaustive()
    }
}
