//! Bodies that no client should trust: one that stops half way, one that never ends.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
};

use axum::{
    body::{Body, to_bytes},
    http::{
        HeaderValue,
        header::{CONTENT_LENGTH, CONTENT_TYPE},
    },
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use hyper::body::{Body as HttpBody, Frame};
use tokio::sync::watch;

/// No answer of the stub is longer, but for attachments, which are cut all the same.
pub(super) const LONGEST: usize = 16 << 20;

/// Promises the whole length of an answer, sends half of it, and closes the connection.
pub(super) async fn half(response: Response) -> Response {
    let (mut parts, body) = response.into_parts();
    let whole = to_bytes(body, LONGEST).await.unwrap_or_default();
    parts
        .headers
        .insert(CONTENT_LENGTH, HeaderValue::from(whole.len()));
    let half = Half::Unsent(whole.slice(..whole.len() / 2));
    Response::from_parts(parts, Body::new(half))
}

enum Half {
    Unsent(Bytes),
    /// Waits once, since an error would take with it what is not yet on its way.
    OnItsWay,
    Over,
}

impl HttpBody for Half {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        match std::mem::replace(&mut *self, Self::Over) {
            Self::Unsent(half) => {
                *self = Self::OnItsWay;
                Poll::Ready(Some(Ok(Frame::data(half))))
            }
            Self::OnItsWay => {
                context.waker().wake_by_ref();
                Poll::Pending
            }
            Self::Over => Poll::Ready(Some(Err(io::ErrorKind::ConnectionReset.into()))),
        }
    }
}

/// The beginning of a token answer, and then the token without an end; until the stub stops.
pub(super) fn endless(over: watch::Receiver<bool>) -> Response {
    let body = Endless { begun: false, over };
    let json = [(CONTENT_TYPE, "application/json")];
    (json, Body::new(body)).into_response()
}

struct Endless {
    begun: bool,
    over: watch::Receiver<bool>,
}

impl HttpBody for Endless {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        const MORE: &[u8] = &[b'a'; 16 << 10];
        if *self.over.borrow() {
            return Poll::Ready(Some(Err(io::ErrorKind::ConnectionReset.into())));
        }
        let chunk = if self.begun {
            MORE
        } else {
            br#"{"access_token":""#
        };
        self.begun = true;
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(chunk)))))
    }
}
