//! One request as it is remembered.

use std::time::SystemTime;

use jiff::Timestamp;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use crate::{
    fault::Route,
    jws::{self, Jws},
    maskinporten::{Checked, Trail},
};

/// One request, as [`Stub::requests`](crate::Stub::requests) gives it.
///
/// It never holds a token or an assertion: those are kept as their claims and a hash.
#[derive(Clone, Debug, Serialize)]
pub struct Recorded {
    pub(super) id: u64,
    at: Timestamp,
    method: String,
    path: String,
    route: Option<Route>,
    pub(super) status: Option<u16>,
    pub(super) fault: Option<&'static str>,
    header: Option<Value>,
    claims: Option<Value>,
    sha256: Option<String>,
    #[serde(rename = "checks", serialize_with = "as_checks")]
    pub(super) trail: Option<Trail>,
    /// What it costs to keep, roughly in bytes.
    #[serde(skip)]
    pub(super) weight: usize,
}

impl Recorded {
    pub(super) fn new(method: &str, path: &str, at: Timestamp) -> Self {
        Self {
            id: 0,
            at,
            method: method.to_owned(),
            path: path.to_owned(),
            route: Route::of_path(path),
            status: None,
            fault: None,
            header: None,
            claims: None,
            sha256: None,
            trail: None,
            weight: path.len(),
        }
    }

    /// A number that no other request of this stub has. Later requests have higher ones.
    #[must_use]
    pub fn id(&self) -> u64 {
        self.id
    }

    /// When it came, on the stub's clock.
    #[must_use]
    pub fn at(&self) -> SystemTime {
        self.at.into()
    }

    /// The method, in upper case.
    #[must_use]
    pub fn method(&self) -> &str {
        &self.method
    }

    /// The path, without the query.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The service that was asked, if faults can be injected into it.
    #[must_use]
    pub fn route(&self) -> Option<Route> {
        self.route
    }

    /// The status answered; none when the connection was closed first.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.status
    }

    /// The kind of the injected fault that struck, as `status` or `reset`.
    #[must_use]
    pub fn fault(&self) -> Option<&str> {
        self.fault
    }

    /// The header of the assertion or of the bearer token, if it could be read. Not verified.
    #[must_use]
    pub fn header(&self) -> Option<&Value> {
        self.header.as_ref()
    }

    /// The claims of the assertion or of the bearer token, if it could be read. Not verified.
    #[must_use]
    pub fn claims(&self) -> Option<&Value> {
        self.claims.as_ref()
    }

    /// The SHA-256 of the assertion or of the bearer token, in hexadecimal digits.
    #[must_use]
    pub fn sha256(&self) -> Option<&str> {
        self.sha256.as_deref()
    }

    /// Every check of the token endpoint in order, with how it went. None when the request was not
    /// for a token, or a fault kept it from the endpoint.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use maskinporten_stub::Outcome;
    ///
    /// let stub = maskinporten_stub::Stub::start().await?;
    /// // … the program under test asks for a token …
    /// for request in stub.requests() {
    ///     for check in request.checks() {
    ///         if let Outcome::Failed { reason, .. } = check.outcome() {
    ///             println!("{}: {reason}", check.name());
    ///         }
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn checks(&self) -> Vec<Checked> {
        self.trail.as_ref().map(Trail::checks).unwrap_or_default()
    }

    pub(super) fn carried(&mut self, token: &str) {
        let jws = Jws::parse(token);
        let (header, claims) = jws.map(|jws| (jws.header, jws.claims)).unzip();
        // A certificate chain is long, and of no interest here.
        self.header = header.map(without_certificates);
        self.claims = claims.map(Value::Object);
        self.sha256 = Some(jws::sha256_hex(token));
        self.weight = self.path.len().saturating_add(token.len());
    }
}

fn without_certificates(mut header: Map<String, Value>) -> Value {
    if let Some(x5c) = header.get_mut("x5c") {
        let count = x5c.as_array().map(Vec::len);
        *x5c = count.map_or_else(
            || Value::from("not an array"),
            |count| format!("{count} certificates").into(),
        );
    }
    Value::Object(header)
}

fn as_checks<S: Serializer>(trail: &Option<Trail>, to: S) -> Result<S::Ok, S::Error> {
    to.collect_seq(trail.as_ref().map(Trail::checks).unwrap_or_default())
}
