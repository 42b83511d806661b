//! The matrix of faults: what breaks, and what must happen then. One file a group; each test is named by its row.
//!
//! `tests/README.md` says which rows are tested elsewhere or not at all, and `matrix` holds it to that.

#![expect(clippy::unwrap_used, reason = "what cannot be had in a test ends it")]

mod a_cold_start;
mod b_endpoint;
mod c_answers;
mod d_network;
mod e_time;
mod f_api;
mod g_lifecycle;
mod h_keys;
mod k_leaks;
