//! Peers that are no tower layers: they are asked for a token, and it is put on the request.

use std::hint::black_box;

use http::{Request, Uri};

use crate::harness::{Body, URI, Worker, drive, fresh};

/// Asks a peer for each request.
pub struct Asking<F> {
    ask: F,
    uri: Uri,
}

impl<F> Asking<F>
where
    F: AsyncFnMut(&mut Request<Body>),
{
    pub fn new(ask: F) -> Self {
        let uri = Uri::from_static(URI);
        Self { ask, uri }
    }
}

impl<F> Worker for Asking<F>
where
    F: AsyncFnMut(&mut Request<Body>) + Send,
{
    fn run(&mut self, operations: u64) -> usize {
        let mut headers = 0;
        for _ in 0..operations {
            let mut request = fresh(&self.uri);
            drive((self.ask)(&mut request));
            headers += black_box(&request).headers().len();
        }
        headers
    }
}
