//! How an operation is measured: alone, by two threads at once, and in allocations.

pub mod allocations;
pub mod alone;
mod calls;
mod drive;
mod histogram;
pub mod pairs;
mod plan;
mod request;
mod token;
mod worker;

pub use calls::{Answers, Calls, CallsOfClones, one};
pub use drive::{drive, poll_once};
pub use histogram::Histogram;
pub use plan::Plan;
pub use request::{Body, ORIGIN, URI, fresh};
pub use token::token;
pub use worker::{Subject, Worker};

use tokio::runtime::{Builder, Runtime};

/// Where tokens are fetched and refreshed, beside the threads that are measured.
pub fn runtime() -> Runtime {
    Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("threads can be started")
}
