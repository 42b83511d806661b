//! The header `x5c` (RFC 7515 section 4.1.6): a client's certificate, and who vouches for it.

use std::iter;

use base64::{Engine, engine::general_purpose::STANDARD};
use jiff::Timestamp;
use serde_json::Value;

use crate::certificate::Certificate;

/// A certificate and those above it, not yet believed.
#[derive(Debug)]
pub(super) struct Chain {
    pub(super) leaf: Certificate,
    above: Vec<Certificate>,
}

impl Chain {
    /// Reads an array of DER in padded standard base64, the client's own certificate first.
    pub(super) fn read(x5c: &Value) -> Option<Self> {
        let mut certificates = x5c.as_array()?.iter().map(|text| {
            let der = STANDARD.decode(text.as_str()?).ok()?;
            Certificate::read(&der)
        });
        Some(Self {
            leaf: certificates.next()??,
            above: certificates.collect::<Option<_>>()?,
        })
    }

    /// Whether each certificate is signed by the next, the last by a trusted one (as a root is by
    /// itself), and all of them are valid now.
    pub(super) fn leads_to(&self, trusted: &[Certificate], now: Timestamp) -> bool {
        let mut top = &self.leaf;
        for issuer in &self.above {
            if !top.is_signed_by(issuer) {
                return false;
            }
            top = issuer;
        }
        let mut chain = iter::once(&self.leaf).chain(&self.above);
        chain.all(|certificate| certificate.is_valid_at(now))
            && trusted
                .iter()
                .any(|trusted| trusted.is_valid_at(now) && top.is_signed_by(trusted))
    }
}
