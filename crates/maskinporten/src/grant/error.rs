//! Why a grant, or a part of one, could not be made.

use std::{error, fmt};

/// Why a [`Grant`](super::Grant), or a part of one, could not be made. It never holds the value that was refused.
#[derive(Clone, Debug)]
pub struct GrantError {
    reason: &'static str,
}

impl GrantError {
    pub(crate) fn new(reason: &'static str) -> Self {
        Self { reason }
    }
}

impl fmt::Display for GrantError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.reason)
    }
}

impl error::Error for GrantError {}
