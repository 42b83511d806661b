//! What is asked of servers beside tokens.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Body;
use maskinporten::{BoxError, HttpClient};
use serde_json::Value;
use tower::{Service, ServiceExt};

use crate::failure::{self, Failure};

/// No metadata, no set of keys and no list of clients is as large.
const LARGEST: usize = 1 << 20;

/// A whole answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// A JSON document.
pub(crate) async fn json(url: &str) -> Result<Value, Failure> {
    let answer = get(url, None).await?;
    if !answer.status.is_success() {
        return Err(Failure::new(format!("{url}: {}", answer.status)));
    }
    serde_json::from_slice(&answer.body).map_err(|_| Failure::new(format!("{url}: it is no JSON")))
}

pub(crate) async fn get(url: &str, authorization: Option<&HeaderValue>) -> Result<Answer, Failure> {
    let mut request = request(Method::GET, url, None)?;
    if let Some(authorization) = authorization {
        let headers = request.headers_mut();
        headers.insert(header::AUTHORIZATION, authorization.clone());
    }
    send(HttpClient::new()?, request).await
}

pub(crate) fn request(
    method: Method,
    url: &str,
    body: Option<&Value>,
) -> Result<Request<Full<Bytes>>, Failure> {
    let mut request = Request::builder().method(method).uri(url);
    if body.is_some() {
        request = request.header(header::CONTENT_TYPE, "application/json");
    }
    let body = body.map_or_else(Bytes::new, |body| body.to_string().into());
    let request = request.body(Full::new(body));
    request.map_err(|error| Failure::new(format!("{url}: {error}")))
}

/// One request, over https or to this machine.
pub(crate) async fn send<S, B>(client: S, request: Request<Full<Bytes>>) -> Result<Answer, Failure>
where
    S: Service<Request<Full<Bytes>>, Response = Response<B>>,
    S::Error: Into<BoxError>,
    B: Body<Error: Into<BoxError>>,
{
    let url = request.uri().clone();
    let failed = |error: BoxError| Failure::new(format!("{url}: {}", failure::chain(&*error)));
    let answer = client.oneshot(request).await;
    let (head, body) = answer.map_err(|error| failed(error.into()))?.into_parts();
    let body = Limited::new(body, LARGEST).collect().await;
    Ok(Answer {
        status: head.status,
        headers: head.headers,
        body: body.map_err(failed)?.to_bytes(),
    })
}
