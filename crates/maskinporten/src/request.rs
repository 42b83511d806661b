//! One request to a server that gives tokens, within limits of time and size.

use std::{future::poll_fn, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode, header};
use http_body::Body;
use http_body_util::{BodyExt, Full, Limited};
use tower_service::Service;

use crate::{BoxError, Error, error::Party};

/// The whole attempt: connecting, asking and reading the answer.
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

/// Sends `request` once. Redirects are errors, never followed: they would carry secrets to another host.
pub(crate) async fn send<H, B>(
    http: &H,
    party: Party,
    request: Request<Full<Bytes>>,
) -> Result<Answer, Error>
where
    H: Service<Request<Full<Bytes>>, Response = http::Response<B>> + Clone,
    H::Error: Into<BoxError>,
    B: Body,
    B::Error: Into<BoxError>,
{
    tokio::time::timeout(ATTEMPT_LIMIT, exchange(http, party, request))
        .await
        .unwrap_or_else(|_| Err(Error::timeout(party, ATTEMPT_LIMIT)))
}

async fn exchange<H, B>(
    http: &H,
    party: Party,
    mut request: Request<Full<Bytes>>,
) -> Result<Answer, Error>
where
    H: Service<Request<Full<Bytes>>, Response = http::Response<B>> + Clone,
    H::Error: Into<BoxError>,
    B: Body,
    B::Error: Into<BoxError>,
{
    // Nothing here can decompress, so a compression bomb has nowhere to go off.
    request.headers_mut().insert(
        header::ACCEPT_ENCODING,
        http::HeaderValue::from_static("identity"),
    );
    let transport = |error: H::Error| Error::transport(party, error.into());
    // A clone, because a source is shared and calling a service needs it exclusively.
    let mut http = http.clone();
    poll_fn(|cx| http.poll_ready(cx)).await.map_err(transport)?;
    let response = http.call(request).await.map_err(transport)?;

    let (head, body) = response.into_parts();
    if head.status.is_redirection() {
        return Err(Error::redirect(party, head.status));
    }
    let body = if head.status.is_success() {
        check_encoding(party, &head.headers)?;
        read(body, BODY_LIMIT, party).await?
    } else {
        // The status alone says enough when there is nothing readable with it.
        read(body, ERROR_BODY_LIMIT, party)
            .await
            .unwrap_or_default()
    };
    Ok(Answer {
        status: head.status,
        headers: head.headers,
        body,
    })
}

fn check_encoding(party: Party, headers: &HeaderMap) -> Result<(), Error> {
    match headers.get(header::CONTENT_ENCODING) {
        Some(encoding) if encoding != "identity" => Err(Error::bad_response(
            party,
            "it is compressed, which was not asked for",
        )),
        _ => Ok(()),
    }
}

async fn read<B>(body: B, limit: usize, party: Party) -> Result<Bytes, Error>
where
    B: Body,
    B::Error: Into<BoxError>,
{
    let collected = std::pin::pin!(Limited::new(body, limit)).collect().await;
    match collected {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if error.is::<http_body_util::LengthLimitError>() => {
            Err(Error::bad_response(party, "it is larger than 64 KiB"))
        }
        Err(error) => Err(Error::transport(party, error)),
    }
}
