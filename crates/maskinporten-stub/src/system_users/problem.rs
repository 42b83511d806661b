//! Altinn's problems with a code of the form `AUTH-00004`, and its validation errors.

use axum::{
    Json,
    http::{StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
};
use serde::Serialize;

use crate::{
    problem::{self, PROBLEM_JSON},
    refused::Refused,
};

/// One of the problems that the service names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Problem {
    number: u16,
    status: StatusCode,
    title: &'static str,
}

const fn named(number: u16, status: StatusCode, title: &'static str) -> Problem {
    Problem {
        number,
        status,
        title,
    }
}

const BAD: StatusCode = StatusCode::BAD_REQUEST;
const MISSING: StatusCode = StatusCode::NOT_FOUND;

impl Problem {
    pub(super) const ORGANISATION: Self =
        named(0, BAD, "The organisation number cannot be resolved.");
    pub(super) const RIGHTS: Self =
        named(1, BAD, "One or more rights are not found or not delegable.");
    pub(super) const USER_EXISTS: Self = named(
        4,
        BAD,
        "Failed to create new SystemUser, existing SystemUser tied to the given System-Id.",
    );
    pub(super) const NO_REQUEST: Self = named(10, MISSING, "The id is not that of a request.");
    pub(super) const NO_SYSTEM: Self =
        named(11, MISSING, "The id is not that of a registered system.");
    pub(super) const NOT_NEW: Self =
        named(13, StatusCode::CONFLICT, "The request's status is not New.");
    pub(super) const REDIRECT: Self = named(21, BAD, "The redirect URL is not one of the system.");
    pub(super) const NOT_AGENT: Self = named(25, BAD, "The request is not one for an agent.");
    pub(super) const NO_REDIRECTS: Self = named(26, BAD, "The system has no redirect URLs.");
    pub(super) const OTHER_PARTY: Self = named(
        41,
        StatusCode::FORBIDDEN,
        "The party is not that of the request.",
    );
    pub(super) const OTHER_AGENT_PARTY: Self = named(
        42,
        StatusCode::FORBIDDEN,
        "The party is not that of the agent request.",
    );
    pub(super) const NOTHING_ASKED: Self = named(
        59,
        BAD,
        "The request has neither rights nor access packages.",
    );
    pub(super) const PACKAGES: Self =
        named(63, BAD, "One or more access packages are not the system's.");
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    r#type: String,
    title: &'a str,
    status: u16,
    code: &'a str,
    trace_id: String,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    validation_errors: &'a [Finding],
}

fn answer(status: StatusCode, code: &str, title: &str, findings: &[Finding]) -> Response {
    let body = Body {
        r#type: format!("urn:altinn:error:{code}"),
        title,
        status: status.as_u16(),
        code,
        trace_id: problem::trace_id(),
        validation_errors: findings,
    };
    (status, [(CONTENT_TYPE, PROBLEM_JSON)], Json(body)).into_response()
}

impl From<Problem> for Refused {
    fn from(problem: Problem) -> Self {
        problem.into_response().into()
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let code = format!("AUTH-{:05}", self.number);
        answer(self.status, &code, self.title, &[])
    }
}

/// One thing that is wrong with a body, and where.
#[derive(Debug, Serialize)]
pub(super) struct Finding {
    code: String,
    title: &'static str,
    detail: &'static str,
    paths: [&'static str; 1],
}

impl Finding {
    pub(super) fn new(number: u16, title: &'static str, path: &'static str) -> Self {
        Self {
            code: format!("AUTH.VLD-{number:05}"),
            title,
            detail: title,
            paths: [path],
        }
    }
}

/// Everything that is wrong with a body, in one answer.
#[derive(Debug)]
pub(super) struct Invalid(pub(super) Vec<Finding>);

impl From<Invalid> for Refused {
    fn from(Invalid(findings): Invalid) -> Self {
        let title = "One or more validation errors occurred.";
        answer(BAD, "STD-00000", title, &findings).into()
    }
}
