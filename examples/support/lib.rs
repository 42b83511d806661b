//! What the examples need beside their subject. Nothing here is about tokens but [`Told`], which shows how a source
//! is put around a source.

mod api;
mod look;
mod pdf;
mod place;
mod story;
mod traffic;
mod upload;

pub use api::Correspondence;
pub use look::look_at;
pub use pdf::letter;
pub use place::{Place, Revocation};
pub use story::{Told, end, say};
pub use traffic::send_until;
pub use upload::{HttpClient, Upload, http_client};

/// The README's example compiles.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
