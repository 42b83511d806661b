//! A small client.

use http::{Method, Request, StatusCode, header};
use http_body_util::{BodyExt, Full};
use maskinporten::HttpClient;
use tower::ServiceExt;

/// One request, and the text of its answer.
pub(crate) async fn send(
    method: Method,
    url: &str,
    authorization: Option<&str>,
    body: &str,
) -> (StatusCode, String) {
    let mut request = Request::builder().method(method).uri(url);
    request = request.header(header::CONTENT_TYPE, "application/json");
    if let Some(authorization) = authorization {
        request = request.header(header::AUTHORIZATION, authorization);
    }
    let request = request.body(Full::from(body.to_owned())).unwrap();
    let answer = HttpClient::new().unwrap().oneshot(request).await.unwrap();
    let (head, body) = answer.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    (head.status, String::from_utf8(body.to_vec()).unwrap())
}
