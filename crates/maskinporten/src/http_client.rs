//! A ready-made client for the token endpoint, with limits that suit it.

use std::{
    fmt, io,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http::{Request, Response, Uri};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder, MaybeHttpsStream};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::{TokioExecutor, TokioIo, TokioTimer},
};
use rustls::crypto::aws_lc_rs;
use tokio::net::TcpStream;
use tower_service::Service;

use crate::{BoxError, BoxFuture, url::is_secure};

/// Name look-up, connecting and the TLS handshake together.
const CONNECT_LIMIT: Duration = Duration::from_secs(3);
/// Servers and gateways close idle connections without notice; a short rest keeps that race rare.
const IDLE_LIMIT: Duration = Duration::from_secs(15);
const LARGEST_HEAD: usize = 64 * 1024;

/// The HTTP client that [`Maskinporten`](crate::Maskinporten) and [`AltinnExchange`](crate::AltinnExchange) get when
/// nobody hands them another. Cheap to clone; clones share connections.
///
/// It speaks HTTP/1.1 over TLS 1.2 or newer and verifies certificates as the platform does. Plain http goes to
/// loopback only. It follows no redirects, reads no compressed answers, knows no cookies and no proxies, and gives up
/// connecting after 3 s.
///
/// ```
/// use maskinporten::{AltinnExchange, AltinnPlatform, HttpClient, TokenSource};
///
/// fn exchanged(maskinporten: impl TokenSource) -> std::io::Result<impl TokenSource> {
///     Ok(AltinnExchange::new(maskinporten, &AltinnPlatform::tt02(), HttpClient::new()?))
/// }
/// ```
#[derive(Clone)]
pub struct HttpClient(Client<Connector, Full<Bytes>>);

impl HttpClient {
    /// Sets the client up. Nothing is connected yet.
    ///
    /// # Errors
    ///
    /// When the platform has no root certificates (on Linux, the package `ca-certificates`).
    pub fn new() -> io::Result<Self> {
        // Named, because a process may have another provider as its default, or two and none.
        let provider = aws_lc_rs::default_provider();
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_keepalive(Some(IDLE_LIMIT));
        tcp.set_connect_timeout(Some(CONNECT_LIMIT));
        let tls = HttpsConnectorBuilder::new()
            .with_provider_and_platform_verifier(provider)?
            .https_or_http()
            .enable_http1()
            .wrap_connector(tcp);
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE_LIMIT)
            .pool_max_idle_per_host(2)
            .http1_max_buf_size(LARGEST_HEAD)
            .build(Connector(tls));
        Ok(Self(client))
    }
}

impl Service<Request<Full<Bytes>>> for HttpClient {
    type Response = Response<Incoming>;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Self::Response, BoxError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Full<Bytes>>) -> Self::Future {
        let response = self.0.request(request);
        Box::pin(async move { Ok(response.await?) })
    }
}

impl fmt::Debug for HttpClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpClient").finish_non_exhaustive()
    }
}

/// Connects within [`CONNECT_LIMIT`], and in the clear only to this machine.
#[derive(Clone)]
struct Connector(HttpsConnector<HttpConnector>);

impl Service<Uri> for Connector {
    type Response = MaybeHttpsStream<TokioIo<TcpStream>>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        if !is_secure(&uri) {
            return Box::pin(async { Err("plain http is for loopback only".into()) });
        }
        let connecting = self.0.call(uri);
        Box::pin(async move {
            tokio::time::timeout(CONNECT_LIMIT, connecting)
                .await
                .map_err(|_| "no connection within 3 s")?
        })
    }
}
