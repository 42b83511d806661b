//! The API's own errors: a number, a status, and a sentence.

use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::Serialize;

use crate::problem;

/// A business error with its number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Problem {
    code: u16,
    status: StatusCode,
    detail: String,
}

/// The wire has `traceId` twice and `errorCode` as a number, whatever the API's document says.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    r#type: &'static str,
    title: &'static str,
    status: u16,
    detail: &'a str,
    code: String,
    trace_id: &'a str,
    status_description: &'static str,
    #[serde(rename = "traceId")]
    trace_id_again: &'a str,
    error_code: u16,
}

impl Problem {
    /// A problem with the request: 400.
    pub(super) fn new(code: u16, detail: impl Into<String>) -> Self {
        Self {
            code,
            status: StatusCode::BAD_REQUEST,
            detail: detail.into(),
        }
    }

    fn with_status(self, status: StatusCode) -> Self {
        Self { status, ..self }
    }

    /// The token is good, but its holder may not use the resource. Not a reason for a new token.
    pub(super) fn no_access() -> Self {
        let detail = "The caller has no access to the resource in Altinn Authorization. Use an \
                      Altinn token, DialogToken or ID-porten login of someone who has";
        Self::new(4001, detail).with_status(StatusCode::UNAUTHORIZED)
    }

    /// The token names nobody that Altinn's register knows. No reason for a new token either.
    pub(super) fn caller_undetermined() -> Self {
        let detail = "It cannot be told from the token who the caller is";
        Self::new(4006, detail).with_status(StatusCode::UNAUTHORIZED)
    }

    pub(super) fn caller_unknown() -> Self {
        Self::new(4002, "Altinn's register has no party uuid for the caller")
    }

    pub(super) fn correspondence_not_found() -> Self {
        let detail = "The requested correspondence was not found";
        Self::new(1001, detail).with_status(StatusCode::NOT_FOUND)
    }

    pub(super) fn attachment_not_found() -> Self {
        let detail = "The requested attachment was not found";
        Self::new(2001, detail).with_status(StatusCode::NOT_FOUND)
    }

    pub(super) fn upload_failed() -> Self {
        let detail = "The upload ended before the file did";
        Self::new(2002, detail).with_status(StatusCode::BAD_GATEWAY)
    }

    pub(super) fn dialog_not_found() -> Self {
        let detail = "The Dialogporten dialog with the given id was not found";
        Self::new(1054, detail).with_status(StatusCode::NOT_FOUND)
    }

    pub(super) fn idempotent_key_used() -> Self {
        let detail = "A correspondence with the same idempotent key already exists";
        Self::new(1034, detail).with_status(StatusCode::CONFLICT)
    }

    pub(super) fn unknown_resource() -> Self {
        Self::new(1036, "The resource id is not in the resource registry")
    }

    pub(super) fn unknown_recipients(recipients: &str) -> Self {
        let detail = format!("Altinn's register does not know {recipients}");
        Self::new(1029, detail).with_status(StatusCode::NOT_FOUND)
    }

    pub(super) fn reserved_recipient(recipient: &str) -> Self {
        let detail =
            format!("{recipient} is reserved in KRR; IgnoreReservation sends all the same");
        Self::new(1030, detail).with_status(StatusCode::UNPROCESSABLE_ENTITY)
    }

    pub(super) fn krr_failed() -> Self {
        let detail = "KRR did not say who is reserved";
        Self::new(1032, detail).with_status(StatusCode::INTERNAL_SERVER_ERROR)
    }

    #[cfg(test)]
    pub(super) fn code(&self) -> u16 {
        self.code
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let trace_id = problem::trace_id();
        let reason = self.status.canonical_reason().unwrap_or_default();
        let body = Body {
            r#type: problem::kind(self.status),
            title: reason,
            status: self.status.as_u16(),
            detail: &self.detail,
            code: format!("CORR-{:05}", self.code),
            trace_id: &trace_id,
            status_description: reason,
            trace_id_again: &trace_id,
            error_code: self.code,
        };
        (self.status, Json(body)).into_response()
    }
}
