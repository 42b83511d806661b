//! The stub through HTTP, as a client meets it. One binary, so that keys are made once.
#![expect(clippy::unwrap_used, reason = "a helper of tests fails as a test does")]

mod assertion;
mod attachments;
mod browser;
mod certificates;
mod checks;
mod controls;
mod correspondence;
mod exchange;
mod faults;
mod grants;
mod http;
mod page;
mod policies;
mod refusals;
mod samples;
mod sender;
mod stub_api;
mod trail;
