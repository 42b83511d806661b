//! What `BearerAuth` does to requests and their answers.
#![expect(clippy::unwrap_used, reason = "what cannot be had in a test ends it")]

#[path = "../common/mod.rs"]
mod common;
mod headers;
mod stack;
mod support;
mod unauthorized;
