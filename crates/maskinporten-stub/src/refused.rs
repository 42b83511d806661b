//! An answer that ends a request early, so that `?` gives it.

use axum::response::{IntoResponse, Response};

/// An error answer, whatever its form. In a box, as it is large and handed on.
#[derive(Debug)]
pub(crate) struct Refused {
    response: Box<Response>,
}

/// What a handler gives when an error is an answer, too.
pub(crate) type Answer = Result<Response, Refused>;

impl From<Response> for Refused {
    fn from(response: Response) -> Self {
        Self {
            response: Box::new(response),
        }
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        *self.response
    }
}
