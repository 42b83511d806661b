//! Faults as they are ordered: what, and when.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    Route,
    effect::{Body, Effect, Unauthorized},
};

/// Something that goes wrong: for every request, for the next few, for a certain one, or by chance.
///
/// ```
/// use std::time::Duration;
/// use maskinporten_stub::{Body, Fault, Unauthorized};
///
/// let twice = Fault::status(503).times(2);
/// let third_is_slow = Fault::delay(Duration::from_millis(50)).on_call(3);
/// let a_tenth_is_lost = Fault::reset().randomly(0.1, 42);
/// let empty = Fault::status(500).with_body(Body::Empty);
/// let blames_the_token = Fault::unauthorized(Unauthorized::InvalidToken).times(1);
/// ```
#[derive(Clone, Debug)]
pub struct Fault {
    effect: Effect,
    when: When,
}

/// Which requests of a route a fault strikes.
#[derive(Clone, Copy, Debug, Default)]
struct When {
    after: u64,
    times: Option<u64>,
    chance: Option<Chance>,
}

#[derive(Clone, Copy, Debug)]
struct Chance {
    probability: f64,
    /// The state of the generator; its first value is the seed.
    seed: u64,
}

impl Fault {
    /// Answers with this status and an HTML page, as gateways do, and processes nothing.
    #[must_use]
    pub fn status(status: u16) -> Self {
        let body = Body::default();
        Self::new(Effect::Status { status, body })
    }

    /// Waits before processing.
    #[must_use]
    pub fn delay(delay: Duration) -> Self {
        let milliseconds = u64::try_from(delay.as_millis()).unwrap_or(u64::MAX);
        Self::new(Effect::Delay { milliseconds })
    }

    /// Processes the request, then closes the connection without an answer.
    #[must_use]
    pub fn reset() -> Self {
        Self::new(Effect::Reset {})
    }

    /// Processes the request, then sends half of the answer and closes the connection.
    #[must_use]
    pub fn half_answer() -> Self {
        Self::new(Effect::HalfAnswer {})
    }

    /// Answers with a body of JSON that never ends, and processes nothing.
    #[must_use]
    pub fn endless_body() -> Self {
        Self::new(Effect::EndlessBody {})
    }

    /// Processes the request, and changes members of the JSON in its answer (RFC 7396): null takes
    /// one away. Answers that are no JSON objects stay as they are.
    ///
    /// ```
    /// use maskinporten_stub::Fault;
    /// use serde_json::json;
    ///
    /// let strange = Fault::merge_patch([("expires_in", json!("120")), ("scope", json!(null))]);
    /// ```
    #[must_use]
    pub fn merge_patch<'a>(members: impl IntoIterator<Item = (&'a str, Value)>) -> Self {
        let members = members.into_iter();
        let patch = members.map(|(name, value)| (name.to_owned(), value));
        let patch = patch.collect();
        Self::new(Effect::MergePatch { patch })
    }

    /// Answers 401 in one of the ways of the Correspondence API, and processes nothing.
    #[must_use]
    pub fn unauthorized(challenge: Unauthorized) -> Self {
        Self::new(Effect::Unauthorized { challenge })
    }

    /// Answers 429 with `Retry-After` in seconds, and processes nothing.
    #[must_use]
    pub fn too_many_requests(retry_after_seconds: u64) -> Self {
        Self::new(Effect::TooManyRequests {
            retry_after_seconds,
            as_date: false,
        })
    }

    /// Answers 429 with `Retry-After` as a date, that many seconds from now on the stub's clock,
    /// and processes nothing.
    #[must_use]
    pub fn too_many_requests_until(seconds_from_now: u64) -> Self {
        Self::new(Effect::TooManyRequests {
            retry_after_seconds: seconds_from_now,
            as_date: true,
        })
    }

    /// Answers 307 to another address, and processes nothing. What cannot stand in a header makes
    /// it a 500.
    #[must_use]
    pub fn redirect(location: impl Into<String>) -> Self {
        let location = location.into();
        Self::new(Effect::Redirect { location })
    }

    /// Sends this body with the status; only for faults made by [`status`](Self::status).
    #[must_use]
    pub fn with_body(mut self, kind: Body) -> Self {
        if let Effect::Status { body, .. } = &mut self.effect {
            *body = kind;
        }
        self
    }

    /// Strikes the next `times` requests only.
    #[must_use]
    pub fn times(mut self, times: u32) -> Self {
        self.when.times = Some(times.into());
        self
    }

    /// Lets `requests` requests pass first.
    #[must_use]
    pub fn after(mut self, requests: u64) -> Self {
        self.when.after = requests;
        self
    }

    /// Strikes the n-th request from now, counted from 1, and no other.
    #[must_use]
    pub fn on_call(self, n: u64) -> Self {
        self.after(n.saturating_sub(1)).times(1)
    }

    /// Strikes each request with a probability from 0 to 1. The same seed strikes the same ones.
    #[must_use]
    pub fn randomly(mut self, probability: f64, seed: u64) -> Self {
        self.when.chance = Some(Chance { probability, seed });
        self
    }

    fn new(effect: Effect) -> Self {
        Self {
            effect,
            when: When::default(),
        }
    }
}

/// A fault on a route, counting down.
#[derive(Clone, Debug)]
pub(crate) struct Ordered {
    pub(super) route: Route,
    pub(super) fault: Fault,
}

impl Ordered {
    pub(crate) fn new(route: Route, fault: Fault) -> Self {
        Self { route, fault }
    }

    pub(super) fn is_spent(&self) -> bool {
        self.fault.when.times == Some(0)
    }

    /// Whether this request would be struck. Requests that were to pass first count down here.
    pub(super) fn is_due(&mut self) -> bool {
        let when = &mut self.fault.when;
        if when.after > 0 {
            when.after = when.after.saturating_sub(1);
            return false;
        }
        when.chance.as_mut().is_none_or(Chance::strikes)
    }

    /// Strikes once.
    pub(super) fn strike(&mut self) -> Effect {
        let times = &mut self.fault.when.times;
        *times = times.map(|times| times.saturating_sub(1));
        self.fault.effect.clone()
    }
}

impl Chance {
    /// The next number of `SplitMix64`, which is small, and the same everywhere.
    fn strikes(&mut self) -> bool {
        self.seed = self.seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.seed;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^= z >> 31;
        // 32 bits are exact as a floating-point number.
        let unit = f64::from(u32::try_from(z >> 32).unwrap_or(u32::MAX)) / 4_294_967_296.0;
        unit < self.probability
    }
}

/// A fault as the HTTP interface and scenarios write it.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FaultOrder {
    route: Route,
    fault: Effect,
    /// This many requests pass first.
    #[serde(default)]
    after: u64,
    /// The n-th request only: short for `after` and `times`.
    #[serde(default, skip_serializing)]
    on_call: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    times: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    probability: Option<f64>,
    #[serde(default, skip_serializing)]
    seed: u64,
}

impl FaultOrder {
    /// Turns it into a fault, or says in a sentence what is wrong with it. `seed` is the stub's.
    pub(crate) fn accept(self, seed: u64) -> Result<Ordered, &'static str> {
        if let Some(problem) = self.fault.problem() {
            return Err(problem);
        }
        let mut fault = Fault::new(self.fault);
        fault.when.after = self.after;
        fault.when.times = self.times;
        if let Some(n) = self.on_call {
            if n == 0 || self.after > 0 || self.times.is_some() {
                return Err("`on_call` counts from 1, and goes without `after` and `times`");
            }
            fault = fault.on_call(n);
        }
        if self.times == Some(0) {
            return Err("`times` must be at least 1");
        }
        if let Some(probability) = self.probability {
            if !(0.0..=1.0).contains(&probability) {
                return Err("`probability` must be from 0 to 1");
            }
            fault = fault.randomly(probability, seed ^ self.seed);
        }
        Ok(Ordered::new(self.route, fault))
    }

    /// What is left of a fault.
    pub(crate) fn of(ordered: &Ordered) -> Self {
        let When {
            after,
            times,
            chance,
        } = ordered.fault.when;
        Self {
            route: ordered.route,
            fault: ordered.fault.effect.clone(),
            after,
            on_call: None,
            times,
            probability: chance.map(|chance| chance.probability),
            seed: 0,
        }
    }
}
