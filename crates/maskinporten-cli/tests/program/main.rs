//! The program, as people and scripts run it.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "what cannot be had in a test ends it")]
#![expect(clippy::print_stderr, reason = "what is skipped is said")]

mod desk;
mod doctor;
mod http;
mod keys;
mod proxy;
mod rotation;
mod session;
