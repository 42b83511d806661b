//! The matrix of faults: what breaks, and what must happen then. One file a group; each test is named by its row.
//!
//! `tests/README.md` says which rows are tested elsewhere or not at all, and `matrix` holds it to that.

#![expect(clippy::unwrap_used, reason = "what cannot be had in a test ends it")]

mod a_cold_start;
mod a_last_moment;
mod b_endpoint;
mod b_exchange;
mod b_fleet;
mod b_refusals;
mod c_answers;
mod c_connections;
mod c_lifetimes;
mod c_memory;
mod c_tokens;
#[cfg(target_os = "linux")]
mod child;
mod d_certificates;
mod d_names;
mod d_network;
mod e_time;
mod f_api;
mod f_inner;
mod f_unauthorized;
#[cfg(target_os = "linux")]
mod g_descriptors;
#[cfg(target_os = "linux")]
mod g_identifiers;
mod g_lifecycle;
mod g_panics;
#[cfg(target_os = "linux")]
mod g_processes;
mod h_key_forms;
mod h_key_numbers;
mod h_keys;
mod h_settings;
mod k_abuse;
mod k_leaks;
mod trap;
