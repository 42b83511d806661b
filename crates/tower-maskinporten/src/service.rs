//! The service: what happens to a request on its way out.

use std::{
    fmt, mem,
    task::{Context, Poll},
};

use http::{Request, Response, header::AUTHORIZATION};
use maskinporten::BoxError;
use tower_service::Service;

use crate::{
    NoReplay, OriginNotAllowed, Origins, Replay, ResponseFuture, Tokens, future::Outgoing,
    grant_change::chosen, meter,
};

/// An HTTP client whose requests carry the current token. Made by a [`BearerAuthLayer`](crate::BearerAuthLayer).
#[derive(Clone)]
pub struct BearerAuth<S, R = NoReplay> {
    pub(crate) inner: S,
    pub(crate) tokens: Tokens,
    pub(crate) origins: Origins,
    pub(crate) overriding: bool,
    pub(crate) replay: R,
}

impl<S, R, B, A> Service<Request<B>> for BearerAuth<S, R>
where
    S: Service<Request<B>, Response = Response<A>> + Clone,
    S::Error: Into<BoxError>,
    R: Replay<B> + Clone,
{
    type Response = S::Response;
    type Error = BoxError;
    type Future = ResponseFuture<S, R, B>;

    /// Asks the inner service only. Waiting for a token is done by the future: a token that is late is no reason for
    /// a load balancer to drop this client.
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        if !self.origins.allow(request.uri()) {
            meter::origin_rejected(&self.tokens.shared.journal);
            return ResponseFuture::refused(OriginNotAllowed::new(request.uri()));
        }
        if !self.overriding && request.headers().contains_key(AUTHORIZATION) {
            return ResponseFuture::untouched(self.inner.call(request));
        }
        let pool = self.tokens.shared.pool.load();
        let entry = chosen(request.extensions(), &pool).unwrap_or_else(|| pool.default.clone());
        drop(pool);
        let outgoing = Outgoing {
            waiting: self.tokens.waiting(entry),
            replay: self.replay.clone(),
        };
        match outgoing.waiting.usable() {
            Some(ticket) => outgoing.send(&mut self.inner, request, ticket),
            None => {
                // The clone left behind starts anew; the one that was polled ready waits with the request.
                let clone = self.inner.clone();
                outgoing.wait(mem::replace(&mut self.inner, clone), request)
            }
        }
    }
}

impl<S: fmt::Debug, R> fmt::Debug for BearerAuth<S, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BearerAuth")
            .field("inner", &self.inner)
            .field("tokens", &self.tokens)
            .field("origins", &self.origins)
            .field("overriding", &self.overriding)
            .finish_non_exhaustive()
    }
}
