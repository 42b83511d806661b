//! The checks of the token endpoint in their order, and how far one request came.

use serde::Serialize;

use super::refusal::Refusal;

/// A check of the token endpoint. The order is that in which they are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Check {
    Form,
    Assertion,
    Header,
    Claims,
    Client,
    Key,
    Signature,
    Audience,
    Times,
    Replay,
    Scopes,
    Granted,
    Consumer,
    Details,
    Restrictions,
}

/// What each check is called, and what it asks.
const CHECKS: [(Check, &str, &str); 15] = [
    (
        Check::Form,
        "form",
        "a form with the grant type of JWT grants",
    ),
    (
        Check::Assertion,
        "assertion",
        "an assertion of three parts: header, claims, signature",
    ),
    (
        Check::Header,
        "header",
        "an algorithm that Maskinporten knows, and a kid or certificates",
    ),
    (
        Check::Claims,
        "claims",
        "every claim that is needed, none that is unknown",
    ),
    (
        Check::Client,
        "client",
        "iss is a client that is registered and active",
    ),
    (
        Check::Key,
        "key",
        "the key is the client's, known by now and not too old",
    ),
    (
        Check::Signature,
        "signature",
        "the signature was made with that key",
    ),
    (
        Check::Audience,
        "audience",
        "aud is this issuer, to the letter",
    ),
    (
        Check::Times,
        "times",
        "not issued later than now, not expired, at most 120 s long",
    ),
    (
        Check::Replay,
        "replay",
        "the grant has not been used before",
    ),
    (
        Check::Scopes,
        "scopes",
        "the client is registered with every scope",
    ),
    (
        Check::Granted,
        "granted",
        "the organisation has been granted every scope",
    ),
    (
        Check::Consumer,
        "consumer",
        "consumer_org has delegated every scope to the client's organisation",
    ),
    (
        Check::Details,
        "details",
        "authorization_details name something that has been approved",
    ),
    (
        Check::Restrictions,
        "restrictions",
        "pid and resource are well formed",
    ),
];

/// How far a request came. Checks are made in order, so a number and a refusal say it all.
#[derive(Clone, Debug, Default)]
pub(crate) struct Trail {
    passed: usize,
    failed: Option<Failed>,
}

#[derive(Clone, Debug)]
struct Failed {
    reason: String,
    code: Option<&'static str>,
}

impl Trail {
    /// Notes how a check went, and passes its result on.
    pub(super) fn step<T>(
        &mut self,
        check: Check,
        result: Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        debug_assert_eq!(
            check as usize, self.passed,
            "checks are made in their order"
        );
        match &result {
            Ok(_passed) => self.passed = self.passed.saturating_add(1),
            Err(refusal) => {
                self.failed = Some(Failed {
                    reason: refusal.reason().to_owned(),
                    code: refusal.number(),
                });
            }
        }
        result
    }

    /// Every check with its outcome.
    pub(crate) fn checks(&self) -> Vec<Checked> {
        let outcome = |index: usize| match (&self.failed, index) {
            (_failed, index) if index < self.passed => Outcome::Passed,
            (Some(failed), index) if index == self.passed => Outcome::Failed {
                reason: failed.reason.clone(),
                code: failed.code,
            },
            _ => Outcome::NotReached,
        };
        CHECKS
            .iter()
            .zip(1..)
            .enumerate()
            .map(|(index, ((_check, name, asks), number))| Checked {
                number,
                name,
                asks,
                outcome: outcome(index),
            })
            .collect()
    }
}

/// One check of the token endpoint, as one request met it; from
/// [`Recorded::checks`](crate::Recorded::checks).
#[derive(Clone, Debug, Serialize)]
pub struct Checked {
    number: u8,
    name: &'static str,
    asks: &'static str,
    #[serde(flatten)]
    outcome: Outcome,
}

/// How a check went.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Outcome {
    /// Nothing was wrong.
    Passed,
    /// This is why the request was refused.
    #[non_exhaustive]
    Failed {
        /// Why, in plain words. More than the answer says.
        reason: String,
        /// Maskinporten's number for it, as `MP-110`; several errors have none.
        code: Option<&'static str>,
    },
    /// An earlier check failed.
    NotReached,
}

impl Checked {
    /// The check's place in the order, from 1.
    #[must_use]
    pub fn number(&self) -> u8 {
        self.number
    }

    /// The check in one word, as `audience`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// What must hold, in a few words.
    #[must_use]
    pub fn asks(&self) -> &'static str {
        self.asks
    }

    /// How it went.
    #[must_use]
    pub fn outcome(&self) -> &Outcome {
        &self.outcome
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_the_order_of_the_checks() {
        for (index, (check, _name, _asks)) in CHECKS.iter().enumerate() {
            assert_eq!(*check as usize, index);
        }
    }

    #[test]
    fn what_comes_after_a_failure_is_not_reached() {
        let mut trail = Trail::default();
        trail.step(Check::Form, Ok(())).unwrap();
        let refused = trail.step::<()>(Check::Assertion, Err(Refusal::used_before()));
        assert!(refused.is_err());
        let checks = trail.checks();
        assert_eq!(checks.len(), CHECKS.len());
        assert_eq!(checks[0].outcome(), &Outcome::Passed);
        let Outcome::Failed { code, .. } = checks[1].outcome() else {
            panic!("{checks:?}");
        };
        assert_eq!(*code, Some("MP-012"));
        let mut rest = checks[2..].iter();
        assert!(rest.all(|check| check.outcome() == &Outcome::NotReached));
    }
}
