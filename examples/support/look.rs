//! Looking at a page, as a probe does.

use http::Request;
use http_body_util::BodyExt;
use maskinporten::BoxError;

use crate::{Upload, http_client};

/// What is at `url`.
///
/// # Errors
///
/// When nothing is, or something else than 200 is answered.
pub async fn look_at(url: &str) -> Result<String, BoxError> {
    let answer = http_client()?.request(Request::get(url).body(Upload::default())?);
    let answer = answer.await?;
    let status = answer.status();
    let body = answer.into_body().collect().await?.to_bytes();
    match status.as_u16() {
        200 => Ok(String::from_utf8(body.to_vec())?),
        _ => Err(format!("{url} answers {status}").into()),
    }
}
