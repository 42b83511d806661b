//! The stub through HTTP, as a client meets it. One binary, so that keys are made once.
#![expect(clippy::unwrap_used, reason = "a helper of tests fails as a test does")]

mod assertion;
mod attachments;
mod certificates;
mod checks;
mod controls;
mod correspondence;
mod errors;
mod exchange;
mod grants;
mod http;
mod odd_input;
mod openid;
mod policies;
mod refusals;
mod register_samples;
mod samples;
mod self_service_clients;
mod self_service_keys;
mod self_service_scopes;
mod sender;
mod system_register;
mod system_user_requests;
mod system_users;
mod user;
