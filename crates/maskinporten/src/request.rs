//! One request to a server that gives tokens, within limits of time and size.

use std::{future::poll_fn, time::Duration};

use bytes::{Buf, BufMut, Bytes};
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode, header};
use http_body::Body;
use http_body_util::{BodyExt, Full};
use tokio::time::{Instant, timeout_at};
use tower_service::Service;

use crate::{BoxError, Error, error::Party};

/// The whole attempt: signing, connecting, asking and reading the answer.
pub(crate) const ATTEMPT_LIMIT: Duration = Duration::from_secs(10);
/// The largest answer that is read, in bytes. A token is one to two thousand.
const BODY_LIMIT: usize = 64 * 1024;
/// The same for answers that say no.
const ERROR_BODY_LIMIT: usize = 8 * 1024;

/// An answer, read whole.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// Sends `request` once, in an attempt that began at `began`. Redirects are errors, never followed: they would carry
/// secrets to another host.
pub(crate) async fn send<H, B>(
    http: &H,
    party: Party,
    mut request: Request<Full<Bytes>>,
    began: Instant,
) -> Result<Answer, Error>
where
    H: Service<Request<Full<Bytes>>, Response = Response<B>> + Clone,
    H::Error: Into<BoxError>,
    B: Body,
    B::Error: Into<BoxError>,
{
    // Nothing here can decompress, so a compression bomb has nowhere to go off.
    let identity = HeaderValue::from_static("identity");
    request
        .headers_mut()
        .insert(header::ACCEPT_ENCODING, identity);
    let transport = |error: H::Error| Error::transport(party, error.into());
    // A clone, because a source is shared and calling a service needs it exclusively.
    let mut http = http.clone();
    let exchange = async {
        poll_fn(|cx| http.poll_ready(cx)).await.map_err(transport)?;
        let response = http.call(request).await.map_err(transport)?;
        read(party, response).await
    };
    timeout_at(began + ATTEMPT_LIMIT, exchange)
        .await
        .unwrap_or_else(|_| Err(Error::timeout(party, ATTEMPT_LIMIT)))
}

async fn read<B>(party: Party, response: Response<B>) -> Result<Answer, Error>
where
    B: Body,
    B::Error: Into<BoxError>,
{
    let (head, body) = response.into_parts();
    if head.status.is_redirection() {
        return Err(Error::redirect(party, head.status));
    }
    let good = head.status.is_success();
    let encoding = head.headers.get(header::CONTENT_ENCODING);
    if good && encoding.is_some_and(|encoding| encoding != "identity") {
        let what = "it is compressed, which was not asked for";
        return Err(Error::bad_response(party, what));
    }
    let limit = if good { BODY_LIMIT } else { ERROR_BODY_LIMIT };
    let body = match collect(body, limit).await {
        Ok(Some(body)) => body,
        Ok(None) if good => return Err(Error::bad_response(party, "it is larger than 64 KiB")),
        // The status says enough of an answer that says no at such length.
        Ok(None) => Bytes::new(),
        Err(error) => return Err(Error::transport(party, error.into())),
    };
    Ok(Answer {
        status: head.status,
        headers: head.headers,
        body,
    })
}

/// Reads a body into one piece; `None` when it is longer than `limit`. Its own pieces are not kept: each costs memory,
/// and there may be as many as it has bytes.
async fn collect<B: Body>(body: B, limit: usize) -> Result<Option<Bytes>, B::Error> {
    let mut body = std::pin::pin!(body);
    let mut whole = Vec::new();
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame?.into_data() else {
            continue;
        };
        if data.remaining() > limit - whole.len() {
            return Ok(None);
        }
        whole.put(data);
    }
    Ok(Some(whole.into()))
}
