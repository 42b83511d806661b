//! The request that all begin with.

use bytes::Bytes;
use http::{Request, Uri};
use http_body_util::Empty;

/// Requests here have no body: nobody looks at it.
pub type Body = Empty<Bytes>;

/// The one that may see the token.
pub const ORIGIN: &str = "https://platform.altinn.no";

/// Where requests go.
pub const URI: &str = "https://platform.altinn.no/correspondence/api/v1/correspondence";

/// A request with no headers. `uri` is made of constants, so that its clones share nothing that is counted.
pub fn fresh(uri: &Uri) -> Request<Body> {
    let mut request = Request::new(Empty::new());
    *request.uri_mut() = uri.clone();
    request
}
