//! A request body that shows how far it has come, and a client that sends it.

use std::{
    convert::Infallible,
    io,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use indicatif::{ProgressBar, ProgressStyle};

const PIECE: usize = 16 * 1024;

/// The client of an Altinn API: hyper with TLS, as any service has one.
pub type HttpClient = Client<HttpsConnector<HttpConnector>, Upload>;

/// Makes the client.
///
/// # Errors
///
/// When the platform has no root certificates.
pub fn http_client() -> io::Result<HttpClient> {
    let tls = HttpsConnectorBuilder::new()
        .with_provider_and_platform_verifier(rustls::crypto::aws_lc_rs::default_provider())?
        .https_or_http()
        .enable_http1()
        .build();
    Ok(Client::builder(TokioExecutor::new()).build(tls))
}

/// Bytes on their way, in pieces. A clone starts from the beginning, so that a request can be sent again.
#[derive(Debug, Default)]
pub struct Upload {
    bytes: Bytes,
    sent: usize,
    bar: Option<ProgressBar>,
}

impl Upload {
    /// Shows a progress bar while the bytes are sent, where there is a terminal to show it on.
    #[must_use]
    pub fn with_progress(bytes: Bytes) -> Self {
        let bar = ProgressBar::new(bytes.len() as u64);
        if let Ok(style) =
            ProgressStyle::with_template("{prefix:<16} {bar:40} {bytes}/{total_bytes}")
        {
            bar.set_style(style);
        }
        bar.set_prefix("uploading");
        Self {
            bytes,
            sent: 0,
            bar: Some(bar),
        }
    }
}

impl<T: Into<Bytes>> From<T> for Upload {
    fn from(bytes: T) -> Self {
        Self {
            bytes: bytes.into(),
            ..Self::default()
        }
    }
}

impl Clone for Upload {
    fn clone(&self) -> Self {
        Self {
            bytes: self.bytes.clone(),
            sent: 0,
            bar: self.bar.clone(),
        }
    }
}

impl Body for Upload {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let start = self.sent;
        let end = self.bytes.len().min(start + PIECE);
        if start == end {
            if let Some(bar) = &self.bar {
                bar.finish_and_clear();
            }
            return Poll::Ready(None);
        }
        self.sent = end;
        if let Some(bar) = &self.bar {
            bar.set_position(end as u64);
        }
        Poll::Ready(Some(Ok(Frame::data(self.bytes.slice(start..end)))))
    }

    fn is_end_stream(&self) -> bool {
        self.bytes.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact((self.bytes.len() - self.sent) as u64)
    }
}
