//! Who calls one of the services, by the token in the header `Authorization`.

use axum::http::HeaderMap;
use serde_json::{Map, Value};

use crate::{
    identifiers,
    recorder::bearer,
    verify::{self, TokenIssuer},
    world::World,
};

/// How far the clocks of the services may be apart.
const SKEW: i64 = 10;

/// Who calls, with a token that is one of this stub's and still good.
#[derive(Debug)]
pub(crate) struct Caller {
    pub(crate) issuer: TokenIssuer,
    claims: Map<String, Value>,
}

impl Caller {
    pub(crate) fn of(world: &World, headers: &HeaderMap) -> Option<Self> {
        let verified = verify::verify(world, bearer(headers)?, SKEW).ok()?;
        Some(Self {
            issuer: verified.issuer,
            claims: verified.claims,
        })
    }

    pub(crate) fn has_any(&self, scopes: &[&str]) -> bool {
        let granted = self.claim("scope");
        granted.split(' ').any(|scope| scopes.contains(&scope))
    }

    /// The organisation that the token was issued for: its `consumer`.
    pub(crate) fn org_number(&self) -> &str {
        let consumer = self.claims.get("consumer");
        consumer
            .and_then(|party| identifiers::org_number_of_iso6523(party.get("ID")?.as_str()?))
            .unwrap_or_default()
    }

    pub(crate) fn client_id(&self) -> &str {
        self.claim("client_id")
    }

    fn claim(&self, name: &str) -> &str {
        let claim = self.claims.get(name).and_then(Value::as_str);
        claim.unwrap_or_default()
    }
}
