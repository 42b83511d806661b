//! The response future: a request on its way, perhaps waiting for a token first, perhaps sent twice.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use http::{Request, Response, header::AUTHORIZATION};
use maskinporten::{BoxError, BoxFuture};
use pin_project_lite::pin_project;
use tower_service::Service;

use crate::{
    OriginNotAllowed, Replay, TokenUnavailable, snapshot::Ticket, unauthorized::blames_token,
    waiting::Waiting,
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
            parked: Option<Box<(S, Request<B>, Outgoing<R>)>>,
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
            unauthorized: Option<S::Response>,
            parked: Option<Box<Parked<S, B>>>,
        },
        /// There is a new token; the service is asked whether it is ready for another request.
        Reviving { parked: Option<Box<Parked<S, B>>> },
        /// Nothing more to be done about the answer.
        Final { #[pin] response: S::Future },
    }
}

/// What a request needs on its way, beside itself.
pub(crate) struct Outgoing<R> {
    pub(crate) waiting: Waiting,
    pub(crate) replay: R,
}

struct Attempt<S, B> {
    waiting: Waiting,
    generation: u64,
    parked: Option<Box<Parked<S, B>>>,
}

/// A request that can be sent, and what to send it with.
struct Parked<S, B> {
    service: S,
    request: Request<B>,
}

impl<R> Outgoing<R> {
    /// Sends `request` with the token at hand, through a service that is ready.
    pub(crate) fn send<S, B>(
        self,
        service: &mut S,
        request: Request<B>,
        ticket: Ticket,
    ) -> ResponseFuture<S, R, B>
    where
        S: Service<Request<B>> + Clone,
        R: Replay<B>,
    {
        ResponseFuture {
            state: self.sent(service, request, ticket),
        }
    }

    /// Keeps `request`, and the service that is ready for it, until there is a token.
    pub(crate) fn wait<S, B>(self, service: S, request: Request<B>) -> ResponseFuture<S, R, B>
    where
        S: Service<Request<B>>,
    {
        let waiting = self.waiting.clone();
        ResponseFuture {
            state: State::Waiting {
                token: Box::pin(async move { waiting.token().await }),
                parked: Some(Box::new((service, request, self))),
            },
        }
    }

    fn sent<S, B>(self, service: &mut S, mut request: Request<B>, ticket: Ticket) -> State<S, R, B>
    where
        S: Service<Request<B>> + Clone,
        R: Replay<B>,
    {
        let copy = self.replay.copy(request.body());
        let parked = copy.map(|body| {
            Box::new(Parked {
                service: service.clone(),
                request: with_body(&request, body),
            })
        });
        // There is a most that a map of headers holds, and `insert` panics beyond it.
        let inserted = request
            .headers_mut()
            .try_insert(AUTHORIZATION, ticket.authorization);
        if let Err(full) = inserted {
            return State::Failed {
                error: Some(full.into()),
            };
        }
        State::Sent {
            response: service.call(request),
            attempt: Some(Attempt {
                waiting: self.waiting,
                generation: ticket.generation,
                parked,
            }),
        }
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
    pub(crate) fn refused(error: OriginNotAllowed) -> Self {
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
                    let (mut service, request, outgoing) = *parked.take().expect(POLLED_AGAIN);
                    outgoing.sent(&mut service, request, ticket)
                }
                // Sent → Refreshing, when the answer blames the token and the request can be sent again.
                StateProj::Sent { response, attempt } => {
                    let response = ready!(response.poll(cx)).map_err(Into::into)?;
                    if !blames_token(response.status(), response.headers()) {
                        return Poll::Ready(Ok(response));
                    }
                    let attempt = attempt.take().expect(POLLED_AGAIN);
                    let refreshes = attempt.waiting.blame(attempt.generation);
                    let Some(parked) = attempt.parked.filter(|_| refreshes) else {
                        return Poll::Ready(Ok(response));
                    };
                    State::Refreshing {
                        token: Box::pin(
                            async move { attempt.waiting.newer(attempt.generation).await },
                        ),
                        unauthorized: Some(response),
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
                        return Poll::Ready(Ok(unauthorized.take().expect(POLLED_AGAIN)));
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
                    let Parked {
                        mut service,
                        request,
                    } = *parked.take().expect(POLLED_AGAIN);
                    State::Final {
                        response: service.call(request),
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
