//! A key as it was posted, and as it is shown.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A public key with the members that the API keeps.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Jwk {
    kty: String,
    e: String,
    r#use: String,
    pub(super) kid: String,
    alg: String,
    n: String,
    /// Kept and shown only: the real API locks the client to this certificate.
    #[serde(default, skip_serializing_if = "<[_]>::is_empty")]
    x5c: Vec<Value>,
}

/// The same with the end of its year, in seconds since 1970.
#[derive(Debug, Serialize)]
pub(super) struct Dated {
    #[serde(flatten)]
    jwk: Jwk,
    exp: i64,
}

impl Jwk {
    pub(super) fn until(self, exp: i64) -> Dated {
        Dated { jwk: self, exp }
    }
}
