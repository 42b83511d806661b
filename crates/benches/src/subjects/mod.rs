//! What is measured beside the peers: nothing, a constant header, and this project's layer.

mod constant;
mod ours;

pub use constant::{constant, constant_cloned};
pub use ours::{Fixed, fetched, layer, ours, ours_cloned};

use crate::harness::{Answers, Calls, CallsOfClones, Subject};

pub const PASS_THROUGH: &str = "pass-through, no header";
pub const CONSTANT: &str = "tower-http `AddAuthorizationLayer::bearer` (constant)";
pub const OURS: &str = "**tower-maskinporten `BearerAuthLayer`**";
pub const PASS_THROUGH_CLONED: &str = "pass-through, a clone per request";
pub const CONSTANT_CLONED: &str = "`AddAuthorizationLayer`, a clone per request";
pub const OURS_CLONED: &str = "**`BearerAuthLayer`, a clone per request**";

/// Requests without a token: what everything costs beside it.
pub fn pass_through() -> Subject {
    Subject::new(PASS_THROUGH, || Calls::new(Answers::<()>::new())).proven(0)
}

/// The same, with the inner service cloned for each.
pub fn pass_through_cloned() -> Subject {
    Subject::new(PASS_THROUGH_CLONED, || {
        CallsOfClones::new(Answers::<()>::new())
    })
    .proven(0)
}
