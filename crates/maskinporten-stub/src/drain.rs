//! Reading what nobody wants, as servers do before they refuse.
//!
//! Who closes a connection with unread bytes on it resets it, and the client may lose the answer.

use std::time::Duration;

use axum::body::Body;
use http_body_util::BodyExt;

/// How long to put up with a sender that does not come to an end.
const PATIENCE: Duration = Duration::from_secs(5);

/// Reads a body to its end and throws it away.
pub(crate) async fn drain(mut body: Body) {
    let all = async { while let Some(Ok(_frame)) = body.frame().await {} };
    // Whether it ended or not, the answer is sent now.
    let _ = tokio::time::timeout(PATIENCE, all).await;
}
