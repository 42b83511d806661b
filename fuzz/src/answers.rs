//! The other side: a service that answers as the input says.

use std::{
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Response, StatusCode};
use http_body::{Body, Frame};
use http_body_util::{BodyExt, Full};
use maskinporten::{BoxError, BoxFuture};

use crate::expand;

/// A request, as the crates send it.
pub type Request = http::Request<Full<Bytes>>;

/// Gives one answer after the other, the last one again and again, and keeps the requests.
///
/// Answers are separated by a line of `===`. An answer is a status, header lines, an empty line and the body:
///
/// ```text
/// 200 torn
/// content-type: application/json
///
/// {"access_token":"$T"}
/// ```
///
/// What is no status is a 500. After the status may be how it comes: `torn` in the middle of the body, in `drops` of a byte each, or `late`, by 11
/// seconds; `reset` is no answer at all.
#[derive(Clone)]
pub struct Answers(Arc<Mutex<Script>>);

struct Script {
    answers: Vec<Vec<u8>>,
    values: Vec<(u8, Vec<u8>)>,
    next: usize,
    requests: Vec<http::Request<Bytes>>,
}

impl Answers {
    /// Reads the answers. `values` fill the gaps in them, and so does what was asked: `$A` is the assertion, or else the
    /// bearer token.
    #[must_use]
    pub fn new(input: &[u8], values: &[(u8, &[u8])]) -> Self {
        let mut answers = vec![Vec::new()];
        for line in input.split_inclusive(|byte| *byte == b'\n') {
            match answers.last_mut() {
                Some(last) if line != b"===\n" => last.extend_from_slice(line),
                _ => answers.push(Vec::new()),
            }
        }
        let values = values.iter().map(|(name, value)| (*name, value.to_vec()));
        Self(Arc::new(Mutex::new(Script {
            answers,
            values: values.collect(),
            next: 0,
            requests: Vec::new(),
        })))
    }

    /// What was asked so far.
    ///
    /// # Panics
    ///
    /// When an earlier use has panicked.
    #[must_use]
    pub fn requests(&self) -> Vec<http::Request<Bytes>> {
        self.0.lock().unwrap().requests.clone()
    }

    /// What was answered to request `nth`: status and headers, and the body.
    ///
    /// # Panics
    ///
    /// When there is no such request.
    #[must_use]
    pub fn answer_in_parts(&self, nth: usize) -> (String, Vec<u8>) {
        let script = self.0.lock().unwrap();
        let answer = script.filled(nth, &script.requests[nth]);
        let end = find(&answer, b"\n\n").unwrap_or(answer.len());
        let (head, body) = answer.split_at(end);
        let body = body.get(2..).unwrap_or_default();
        let head = String::from_utf8_lossy(head).trim_start().to_owned();
        (head, body.to_vec())
    }

    /// The signature of the assertion of request `nth`.
    ///
    /// # Panics
    ///
    /// When there is no such request.
    #[must_use]
    pub fn signature(&self, nth: usize) -> String {
        let assertion = secret_of(&self.0.lock().unwrap().requests[nth]);
        let assertion = String::from_utf8(assertion).unwrap();
        assertion.rsplit('.').next().unwrap_or_default().to_owned()
    }
}

impl Script {
    fn filled(&self, nth: usize, request: &http::Request<Bytes>) -> Vec<u8> {
        let asked = secret_of(request);
        let mut values: Vec<(u8, &[u8])> = vec![(b'A', &asked)];
        values.extend(self.values.iter().map(|(name, value)| (*name, &**value)));
        expand(&self.answers[nth.min(self.answers.len() - 1)], &values)
    }
}

/// The assertion, or the token.
fn secret_of(request: &http::Request<Bytes>) -> Vec<u8> {
    if let Some(at) = find(request.body(), b"assertion=") {
        return request.body()[at + b"assertion=".len()..].to_vec();
    }
    let authorization = request.headers().get(http::header::AUTHORIZATION);
    let token = authorization.and_then(|value| value.as_bytes().strip_prefix(b"Bearer "));
    token.unwrap_or_default().to_vec()
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes
        .windows(wanted.len())
        .position(|window| window == wanted)
}

impl tower::Service<Request> for Answers {
    type Response = Response<Frames>;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Self::Response, BoxError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let script = Arc::clone(&self.0);
        Box::pin(async move {
            let (head, body) = request.into_parts();
            let body = body.collect().await?.to_bytes();
            let request = http::Request::from_parts(head, body);
            let text = {
                let mut script = script.lock().unwrap();
                let text = script.filled(script.next, &request);
                script.next += 1;
                script.requests.push(request);
                text
            };
            answer(&text).await
        })
    }
}

/// The first line, and what follows.
fn line(text: &[u8]) -> (&[u8], &[u8]) {
    let end = text.iter().position(|byte| *byte == b'\n');
    let (line, rest) = text.split_at(end.unwrap_or(text.len()));
    (line, rest.get(1..).unwrap_or_default())
}

async fn answer(text: &[u8]) -> Result<Response<Frames>, BoxError> {
    let (status, rest) = line(text);
    let status = String::from_utf8_lossy(status);
    let mut words = status.split_whitespace();
    let code = words.next().unwrap_or_default();
    let manner = words.next().unwrap_or_default();
    if manner == "reset" {
        return Err("reset".into());
    }
    if manner == "late" {
        tokio::time::sleep(Duration::from_secs(11)).await;
    }
    let mut response = Response::new(());
    *response.status_mut() =
        StatusCode::from_bytes(code.as_bytes()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut rest = rest;
    loop {
        let (header, after) = line(rest);
        rest = after;
        if header.is_empty() {
            break;
        }
        let colon = header.iter().position(|byte| *byte == b':');
        let (name, value) = header.split_at(colon.unwrap_or(header.len()));
        let value = value.get(1..).unwrap_or_default().trim_ascii();
        if let (Ok(name), Ok(value)) =
            (HeaderName::from_bytes(name), HeaderValue::from_bytes(value))
        {
            // No more than the ready-made client would take.
            let _ = response.headers_mut().try_append(name, value);
        }
    }
    Ok(response.map(|()| body(manner, rest)))
}

fn body(manner: &str, bytes: &[u8]) -> Frames {
    let bytes = Bytes::copy_from_slice(bytes);
    let frames = match manner {
        "torn" => vec![Ok(bytes.slice(..bytes.len() / 2)), Err("torn".into())],
        "drops" => (0..bytes.len())
            .map(|at| Ok(bytes.slice(at..=at)))
            .collect(),
        _ => vec![Ok(bytes)],
    };
    Frames(frames.into_iter())
}

/// A body that comes in pieces, the last of which may be an error.
pub struct Frames(std::vec::IntoIter<Result<Bytes, BoxError>>);

impl Body for Frames {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        Poll::Ready(self.0.next().map(|piece| piece.map(Frame::data)))
    }
}
