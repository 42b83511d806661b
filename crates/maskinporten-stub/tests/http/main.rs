//! The stub through HTTP, as a client meets it. One binary, so that keys are made once.
#![expect(clippy::unwrap_used, reason = "a helper of tests fails as a test does")]

mod as_recipient;
mod as_sender;
mod assertion;
mod attachment_codes;
mod attachments;
mod certificates;
mod checks;
mod codes;
mod controls;
mod correspondence;
mod exchange;
mod grants;
mod http;
mod multipart;
mod notification_codes;
mod openapi;
mod policies;
mod reader;
mod reader_codes;
mod refusals;
mod samples;
mod schema;
mod search;
mod sender;
mod sending_codes;
