//! What threads share a slot by. The models (`tests/models`) have the slot use instrumented ones instead.

pub(crate) use std::sync::{
    Mutex, MutexGuard,
    atomic::{AtomicBool, AtomicU64},
};

pub(crate) use arc_swap::{ArcSwap, Guard};
pub(crate) use tokio::sync::{Notify, futures::Notified};
