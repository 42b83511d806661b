//! Requests, one after the other, while something else happens.

use std::time::Duration;

use http::{Request, header::CONTENT_TYPE};
use maskinporten::{BoxError, HttpClient};
use tokio::time::sleep;
use tower::ServiceExt;
use tower_maskinporten::BearerAuth;

/// Sends requests to the Correspondence API at `platform` until `done`, and counts them.
///
/// # Errors
///
/// When one fails.
pub async fn send_until(
    client: &BearerAuth<HttpClient>,
    platform: &str,
    done: impl Fn() -> bool,
) -> Result<u32, BoxError> {
    let url = format!("{platform}/correspondence/api/v1/attachment");
    let body = r#"{"resourceId":"ttd-brev","fileName":"a.pdf","sendersReference":"1"}"#;
    let mut served = 0;
    while !done() {
        let request = Request::post(&url).header(CONTENT_TYPE, "application/json");
        let answer = client.clone().oneshot(request.body(body.into())?).await?;
        if !answer.status().is_success() {
            return Err(format!("the API answers {}", answer.status()).into());
        }
        served += 1;
        sleep(Duration::from_millis(50)).await;
    }
    Ok(served)
}
