//! Any answer that ends a request early, so that `?` gives it.

use axum::response::{IntoResponse, Response};

use super::{problem::Problem, validation::Findings};

/// An error answer, whatever its form.
#[derive(Debug)]
pub(super) struct Refused {
    response: Box<Response>,
}

impl From<Response> for Refused {
    fn from(response: Response) -> Self {
        Self {
            response: Box::new(response),
        }
    }
}

impl From<Problem> for Refused {
    fn from(problem: Problem) -> Self {
        problem.into_response().into()
    }
}

impl From<Findings> for Refused {
    fn from(findings: Findings) -> Self {
        findings.into_response().into()
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        *self.response
    }
}
