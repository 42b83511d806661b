//! How it is about the tokens and the key, at one moment.

use std::{sync::Arc, time::SystemTime};

use maskinporten::KeyStatus;

use crate::{GrantStatus, TokenState, Tokens, clock::Now};

/// How it is about the tokens and the key, at one moment: for a health endpoint. From
/// [`Tokens::status`].
///
/// ```
/// use http::StatusCode;
/// use tower_maskinporten::{TokenState, Tokens};
///
/// fn readiness(tokens: &Tokens) -> (StatusCode, String) {
///     let status = tokens.status();
///     let code = match status.is_ready() {
///         true => StatusCode::OK,
///         false => StatusCode::SERVICE_UNAVAILABLE,
///     };
///     let state = status.default_grant().state();
///     let expired = status.count(TokenState::Expired);
///     (code, format!("token: {state}, grants without one: {expired}"))
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Status {
    client: Arc<str>,
    default: GrantStatus,
    others: Vec<GrantStatus>,
    key: Option<KeyStatus>,
    at: SystemTime,
}

impl Tokens {
    /// How it is about the tokens and the key, at this moment. Nothing is fetched for it, and nobody waits; but each
    /// grant is looked at, which takes a while when there are thousands.
    #[must_use]
    pub fn status(&self) -> Status {
        let now = Now::read();
        let pool = self.shared.pool.load();
        let others = pool.others().into_iter();
        Status {
            client: self.shared.journal.client(),
            default: GrantStatus::new(&pool.default, &now),
            others: others.map(|entry| GrantStatus::new(&entry, &now)).collect(),
            key: pool.default.source.keys().map(|keys| keys.status()),
            at: SystemTime::now(),
        }
    }
}

impl Status {
    /// The name from [`Tokens::with_name`].
    #[must_use]
    pub fn client(&self) -> &str {
        &self.client
    }

    /// Whether the default grant has a usable token: whether to be sent requests.
    ///
    /// Nothing is fetched before somebody asks, so wait for [`Tokens::ready`] at start-up: a service that is sent no
    /// requests until it is ready would never be.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.default.state().is_usable()
    }

    /// Whether it works but somebody should have a look: the default grant has a usable token, but refreshing it fails,
    /// or the key has 30 days or fewer left, or could not be read again. A customer's grant that is refused is no
    /// reason.
    #[must_use]
    pub fn is_degraded(&self) -> bool {
        let key_needs_care =
            |key: &KeyStatus| key.ends_soon(self.at) || key.reload_error().is_some();
        self.is_ready()
            && (self.default.last_error().is_some()
                || self.key.as_ref().is_some_and(key_needs_care))
    }

    /// How it is about the grant of requests that bring none.
    #[must_use]
    pub fn default_grant(&self) -> &GrantStatus {
        &self.default
    }

    /// How it is about the grants that requests brought, in no order. They name customers: think before showing them.
    #[must_use]
    pub fn other_grants(&self) -> &[GrantStatus] {
        &self.others
    }

    /// How many grants are in this state, the default one among them.
    #[must_use]
    pub fn count(&self, state: TokenState) -> usize {
        let all = self.others.iter().chain([&self.default]);
        all.filter(|grant| grant.state() == state).count()
    }

    /// What is known of the key that signs, if the source has one.
    #[must_use]
    pub fn key(&self) -> Option<&KeyStatus> {
        self.key.as_ref()
    }
}
