//! The response future: a request on its way, perhaps waiting for a token first, perhaps sent twice.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use http::{Request, Response, header::AUTHORIZATION};
use maskinporten::{BoxError, BoxFuture};
use pin_project_lite::pin_project;
use tower_service::Service;

use crate::{
    BearerAuthLayer, Replay, TokenUnavailable,
    pool::Entry,
    snapshot::Ticket,
    unauthorized::blames_token,
    waiting::{Carried, Waiting},
};

pin_project! {
    /// The answer to a request that [`BearerAuth`](crate::BearerAuth) sent.
    ///
    /// # Cancel safety
    ///
    /// May be dropped at any time: a token that is being fetched is fetched for others.
    pub struct ResponseFuture<S, R, B>
    where
        S: Service<Request<B>>,
    {
        #[pin]
        state: State<S, R, B>,
    }
}

pin_project! {
    #[project = StateProj]
    enum State<S, R, B>
    where
        S: Service<Request<B>>,
    {
        Failed { error: Option<BoxError> },
        /// No token yet. The service was polled ready.
        Waiting {
            token: BoxFuture<'static, Result<Ticket, TokenUnavailable>>,
            parked: Option<Box<Cold<S, R, B>>>,
        },
        /// Sent with a token that a 401 may blame.
        Sent {
            #[pin]
            response: S::Future,
            attempt: Option<Attempt<S, B>>,
        },
        /// A 401 blamed the token. The answer is kept in case there is no better one.
        Refreshing {
            token: BoxFuture<'static, Option<Ticket>>,
            unauthorized: Option<Box<S::Response>>,
            parked: Option<Box<Parked<S, B>>>,
        },
        /// There is a new token; the service is asked whether it is ready for another request.
        Reviving { parked: Option<Box<Parked<S, B>>> },
        /// Nothing more to be done about the answer.
        Final { #[pin] response: S::Future },
    }
}

/// A request that waits for its first token, the service that is ready for it, and what it is sent with.
struct Cold<S, R, B> {
    service: S,
    request: Request<B>,
    layer: Arc<BearerAuthLayer<R>>,
    entry: Arc<Entry>,
}

/// What is done should a 401 blame the token.
pub(crate) enum Attempt<S, B> {
    /// Others get a better one.
    Only(Carried),
    /// The request is sent again.
    First(Box<Parked<S, B>>),
}

/// A request that can be sent again, and what to send it with.
pub(crate) struct Parked<S, B> {
    service: S,
    request: Request<B>,
    waiting: Waiting,
    generation: u64,
}

impl<S, B> Attempt<S, B> {
    /// Puts the token on `request`. It stays where it is: a request is large, and moving it costs more than all else.
    pub(crate) fn prepare<R: Replay<B>>(
        service: &S,
        request: &mut Request<B>,
        layer: &BearerAuthLayer<R>,
        entry: Option<Arc<Entry>>,
        ticket: Ticket,
    ) -> Result<Self, BoxError>
    where
        S: Clone,
    {
        let Ticket {
            authorization,
            generation,
        } = ticket;
        let attempt = match layer.replay.copy(request.body()) {
            None => Self::Only(Carried::new(&layer.tokens.shared, entry, generation)),
            Some(body) => Self::First(Box::new(Parked {
                service: service.clone(),
                request: with_body(request, body),
                waiting: layer.tokens.waiting(entry),
                generation,
            })),
        };
        // There is a most that a map of headers holds, and `insert` panics beyond it.
        let headers = request.headers_mut();
        headers.try_insert(AUTHORIZATION, authorization)?;
        Ok(attempt)
    }
}

/// `request` once more, with another body.
fn with_body<B>(request: &Request<B>, body: B) -> Request<B> {
    let mut copy = Request::new(body);
    *copy.method_mut() = request.method().clone();
    *copy.uri_mut() = request.uri().clone();
    *copy.version_mut() = request.version();
    *copy.headers_mut() = request.headers().clone();
    *copy.extensions_mut() = request.extensions().clone();
    copy
}

impl<S, R, B> ResponseFuture<S, R, B>
where
    S: Service<Request<B>>,
{
    pub(crate) fn failed(error: impl Into<BoxError>) -> Self {
        Self {
            state: State::Failed {
                error: Some(error.into()),
            },
        }
    }

    pub(crate) fn untouched(response: S::Future) -> Self {
        Self {
            state: State::Final { response },
        }
    }

    /// A request was sent with the token at hand.
    pub(crate) fn sent(response: S::Future, attempt: Attempt<S, B>) -> Self {
        Self {
            state: State::Sent {
                response,
                attempt: Some(attempt),
            },
        }
    }

    /// Keeps `request`, and the service that is ready for it, until there is a token.
    pub(crate) fn wait(
        service: S,
        request: Request<B>,
        layer: Arc<BearerAuthLayer<R>>,
        entry: Option<Arc<Entry>>,
    ) -> Self {
        let waiting = layer.tokens.waiting(entry);
        let cold = Cold {
            service,
            request,
            layer,
            entry: Arc::clone(&waiting.entry),
        };
        Self {
            state: State::Waiting {
                token: Box::pin(async move { waiting.token().await }),
                parked: Some(Box::new(cold)),
            },
        }
    }
}

impl<S, R, B, A> Future for ResponseFuture<S, R, B>
where
    S: Service<Request<B>, Response = Response<A>> + Clone,
    S::Error: Into<BoxError>,
    R: Replay<B>,
{
    type Output = Result<S::Response, BoxError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        loop {
            let next = match this.state.as_mut().project() {
                StateProj::Failed { error } => {
                    return Poll::Ready(Err(error.take().expect(POLLED_AGAIN)));
                }
                // Waiting → Sent, or the end.
                StateProj::Waiting { token, parked } => {
                    let ticket = ready!(token.as_mut().poll(cx))?;
                    let mut cold = *parked.take().expect(POLLED_AGAIN);
                    let (request, entry) = (&mut cold.request, Some(cold.entry));
                    let attempt =
                        Attempt::prepare(&cold.service, request, &cold.layer, entry, ticket)?;
                    State::Sent {
                        response: cold.service.call(cold.request),
                        attempt: Some(attempt),
                    }
                }
                // Sent → Refreshing, when the answer blames the token and the request can be sent again.
                StateProj::Sent { response, attempt } => {
                    let response = ready!(response.poll(cx)).map_err(Into::into)?;
                    if !blames_token(response.status(), response.headers()) {
                        return Poll::Ready(Ok(response));
                    }
                    let parked = match attempt.take().expect(POLLED_AGAIN) {
                        Attempt::Only(carried) => {
                            carried.blame();
                            return Poll::Ready(Ok(response));
                        }
                        Attempt::First(parked) => parked,
                    };
                    let (waiting, generation) = (parked.waiting.clone(), parked.generation);
                    if !waiting.blame(generation) {
                        return Poll::Ready(Ok(response));
                    }
                    State::Refreshing {
                        token: Box::pin(async move { waiting.newer(generation).await }),
                        unauthorized: Some(Box::new(response)),
                        parked: Some(parked),
                    }
                }
                // Refreshing → Reviving, or the 401 after all.
                StateProj::Refreshing {
                    token,
                    unauthorized,
                    parked,
                } => {
                    let Some(ticket) = ready!(token.as_mut().poll(cx)) else {
                        return Poll::Ready(Ok(*unauthorized.take().expect(POLLED_AGAIN)));
                    };
                    let mut parked = parked.take().expect(POLLED_AGAIN);
                    parked
                        .request
                        .headers_mut()
                        .insert(AUTHORIZATION, ticket.authorization);
                    State::Reviving {
                        parked: Some(parked),
                    }
                }
                // Reviving → Final.
                StateProj::Reviving { parked } => {
                    let waiting = parked.as_mut().expect(POLLED_AGAIN);
                    ready!(waiting.service.poll_ready(cx)).map_err(Into::into)?;
                    let mut parked = *parked.take().expect(POLLED_AGAIN);
                    State::Final {
                        response: parked.service.call(parked.request),
                    }
                }
                StateProj::Final { response } => return response.poll(cx).map_err(Into::into),
            };
            this.state.set(next);
        }
    }
}

/// A future must not be polled after it is done; this is what it says if it is.
const POLLED_AGAIN: &str = "`ResponseFuture` polled after it was ready";

impl<S, R, B> std::fmt::Debug for ResponseFuture<S, R, B>
where
    S: Service<Request<B>>,
{
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ResponseFuture").finish_non_exhaustive()
    }
}
