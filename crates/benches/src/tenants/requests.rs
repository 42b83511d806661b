//! Requests of many tenants, each with its grant.

use std::sync::Arc;

use http::{HeaderValue, Request, Response, Uri, header::AUTHORIZATION};
use maskinporten::Grant;
use tower_service::Service;

use crate::harness::{Body, Subject, URI, Worker, fresh, one, token};

/// Sends requests for tenants in no order, through one service.
pub struct ByTenant<S> {
    service: S,
    grants: Arc<[Grant]>,
    /// In place of a layer: the header of each tenant, by its place.
    headers: Option<Arc<[HeaderValue]>>,
    uri: Uri,
    state: u64,
}

impl<S> ByTenant<S>
where
    S: Service<Request<Body>, Response = Response<usize>> + Clone + Send + 'static,
{
    /// Requests through clones of `service`.
    pub fn subject(name: &'static str, service: S, grants: Arc<[Grant]>) -> Subject {
        Self::with(name, service, grants, None)
    }

    /// The same, with the header of each tenant put on them.
    pub fn with_headers(
        name: &'static str,
        service: S,
        grants: Arc<[Grant]>,
        headers: Arc<[HeaderValue]>,
    ) -> Subject {
        Self::with(name, service, grants, Some(headers))
    }

    fn with(
        name: &'static str,
        service: S,
        grants: Arc<[Grant]>,
        headers: Option<Arc<[HeaderValue]>>,
    ) -> Subject {
        Subject::new(name, move || Self {
            service: service.clone(),
            grants: Arc::clone(&grants),
            headers: headers.clone(),
            uri: Uri::from_static(URI),
            state: 1,
        })
    }
}

impl<S> Worker for ByTenant<S>
where
    S: Service<Request<Body>, Response = Response<usize>> + Send,
{
    fn run(&mut self, operations: u64) -> usize {
        let mut sent = 0;
        for _ in 0..operations {
            self.state = self
                .state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let tenant = (self.state >> 33) as usize % self.grants.len();
            let mut request = fresh(&self.uri);
            request.extensions_mut().insert(self.grants[tenant].clone());
            if let Some(headers) = &self.headers {
                let header = headers[tenant].clone();
                request.headers_mut().insert(AUTHORIZATION, header);
            }
            sent += one(&mut self.service, request);
        }
        sent
    }
}

/// A header for each of so many tenants, with bytes of its own, as tokens have.
pub fn headers(tenants: usize) -> Arc<[HeaderValue]> {
    let header = |tenant| {
        let mut value = HeaderValue::try_from(format!("Bearer {}", token(tenant)))
            .expect("a token can be in a header");
        value.set_sensitive(true);
        value
    };
    (0..tenants).map(header).collect()
}
