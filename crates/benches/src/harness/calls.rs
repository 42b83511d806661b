//! Requests through a tower service, to an inner service that does nothing.

use std::{
    convert::Infallible,
    future::{Ready, poll_fn, ready},
    hint::black_box,
    marker::PhantomData,
    task::{Context, Poll},
};

use http::{Request, Response, Uri};
use tower_service::Service;

use super::{Body, URI, Worker, drive, fresh};

/// The inner service: always ready, answers 200 at once, with the number of headers that the request had.
pub struct Answers<E = Infallible>(PhantomData<fn() -> E>);

impl<E> Answers<E> {
    pub fn new() -> Self {
        Self(PhantomData)
    }
}

impl<E> Clone for Answers<E> {
    fn clone(&self) -> Self {
        Self::new()
    }
}

impl<E> Service<Request<Body>> for Answers<E> {
    type Response = Response<usize>;
    type Error = E;
    type Future = Ready<Result<Response<usize>, E>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), E>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let headers = black_box(&request).headers().len();
        ready(Ok(Response::new(headers)))
    }
}

/// Calls one service again and again, as a connection of its own or a task does.
pub struct Calls<S> {
    service: S,
    uri: Uri,
}

impl<S> Calls<S> {
    pub fn new(service: S) -> Self {
        let uri = Uri::from_static(URI);
        Self { service, uri }
    }
}

impl<S> Worker for Calls<S>
where
    S: Service<Request<Body>, Response = Response<usize>> + Send,
{
    fn run(&mut self, operations: u64) -> usize {
        let one = |_| one(&mut self.service, fresh(&self.uri));
        (0..operations).map(one).sum()
    }
}

/// Calls a clone of a service for each request, as frameworks do that hand out clones.
pub struct CallsOfClones<S>(Calls<S>);

impl<S> CallsOfClones<S> {
    pub fn new(service: S) -> Self {
        Self(Calls::new(service))
    }
}

impl<S> Worker for CallsOfClones<S>
where
    S: Service<Request<Body>, Response = Response<usize>> + Clone + Send,
{
    fn run(&mut self, operations: u64) -> usize {
        let one = |_| one(&mut self.0.service.clone(), fresh(&self.0.uri));
        (0..operations).map(one).sum()
    }
}

/// Sends one request, and tells how many headers it had.
pub fn one<S>(service: &mut S, request: Request<Body>) -> usize
where
    S: Service<Request<Body>, Response = Response<usize>>,
{
    let is_ready = drive(poll_fn(|cx| service.poll_ready(cx))).is_ok();
    let response = drive(service.call(request));
    // What fails has sent no header, which is noticed.
    let headers = response.map_or(0, Response::into_body);
    if is_ready { headers } else { 0 }
}
