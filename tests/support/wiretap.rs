//! An HTTP client that is listened to.

use std::{
    fmt, io,
    sync::{Arc, Mutex},
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{HeaderMap, Request, Response, Uri, header::AUTHORIZATION};
use http_body_util::{BodyExt, Full, combinators::BoxBody};
use maskinporten::{BoxError, BoxFuture, HttpClient};
use serde_json::Value;
use tower::Service;

/// An HTTP client that keeps what is sent and answered through it. Clones keep it together.
#[derive(Clone)]
pub struct Wiretap {
    http: HttpClient,
    heard: Arc<Mutex<Vec<Heard>>>,
}

/// A request, and as much of its answer as was read.
#[derive(Clone)]
#[non_exhaustive]
pub struct Heard {
    /// Where it was sent.
    pub uri: Uri,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub sent: Bytes,
    /// The answer's body.
    pub answered: Vec<u8>,
}

impl Wiretap {
    /// A client of its own.
    #[must_use]
    pub fn new() -> Self {
        Self {
            http: HttpClient::new().unwrap(),
            heard: Arc::default(),
        }
    }

    /// Everything so far.
    #[must_use]
    pub fn heard(&self) -> Vec<Heard> {
        self.heard.lock().unwrap().clone()
    }
}

impl Default for Wiretap {
    fn default() -> Self {
        Self::new()
    }
}

impl Heard {
    /// The assertions, tokens and passwords in it, each by what it is.
    #[must_use]
    pub fn secrets(&self) -> Vec<(&'static str, String)> {
        let mut secrets = Vec::new();
        let form = String::from_utf8_lossy(&self.sent);
        let assertion = form
            .split('&')
            .find_map(|pair| pair.strip_prefix("assertion="));
        secrets.extend(assertion.map(|assertion| ("an assertion", assertion.to_owned())));
        for (name, value) in &self.headers {
            let value = String::from_utf8_lossy(value.as_bytes());
            if name == AUTHORIZATION {
                let token = value.strip_prefix("Bearer ").unwrap_or(&value);
                secrets.push(("a token that was sent", token.to_owned()));
            } else if name.as_str().ends_with("authentication") {
                secrets.push(("a password that was sent", value.into_owned()));
            }
        }
        let answer = String::from_utf8_lossy(&self.answered);
        let answer = answer.trim();
        let json: Value = serde_json::from_str(answer).unwrap_or_default();
        let token = json["access_token"].as_str().or(json.as_str());
        // The exchange may answer with the token as it is.
        let token = token.or_else(|| answer.starts_with("eyJ").then_some(answer));
        secrets.extend(token.map(|token| ("a token that was got", token.to_owned())));
        secrets
    }
}

impl Service<Request<Full<Bytes>>> for Wiretap {
    type Response = Response<BoxBody<Bytes, io::Error>>;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Self::Response, BoxError>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.http.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Full<Bytes>>) -> Self::Future {
        let (mut http, heard) = (self.http.clone(), Arc::clone(&self.heard));
        Box::pin(async move {
            let sent = request.body().clone().collect().await?.to_bytes();
            let at = {
                let mut heard = heard.lock().unwrap();
                heard.push(Heard {
                    uri: request.uri().clone(),
                    headers: request.headers().clone(),
                    sent,
                    answered: Vec::new(),
                });
                heard.len() - 1
            };
            let response = http.call(request).await?;
            Ok(response.map(|body| {
                let listened = body.map_frame(move |frame| {
                    if let Some(data) = frame.data_ref() {
                        heard.lock().unwrap()[at].answered.extend_from_slice(data);
                    }
                    frame
                });
                listened.map_err(io::Error::other).boxed()
            }))
        })
    }
}

impl fmt::Debug for Wiretap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wiretap").finish_non_exhaustive()
    }
}

impl fmt::Debug for Heard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Heard")
            .field("uri", &self.uri)
            .finish_non_exhaustive()
    }
}
