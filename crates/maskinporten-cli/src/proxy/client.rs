//! The way to the API: bodies are sent on as they come.

use http::Uri;
use hyper::body::Incoming;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::{TokioExecutor, TokioTimer},
};
use rustls::crypto::aws_lc_rs;
use std::time::Duration;

use crate::failure::Failure;

pub(super) type ApiClient = Client<HttpsConnector<HttpConnector>, Incoming>;

/// Plain http is for this machine only.
pub(super) fn client(to: &Uri) -> Result<ApiClient, Failure> {
    let mut tcp = HttpConnector::new();
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    tcp.set_connect_timeout(Some(Duration::from_secs(5)));
    let tls = HttpsConnectorBuilder::new()
        .with_provider_and_platform_verifier(aws_lc_rs::default_provider())?;
    let tls = if to.scheme_str() == Some("https") {
        tls.https_only()
    } else {
        tls.https_or_http()
    };
    Ok(Client::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        .build(tls.enable_http1().wrap_connector(tcp)))
}
