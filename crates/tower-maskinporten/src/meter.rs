//! What is counted and measured. Without the feature `metrics`, nothing is. The crate's page explains the names.

#[cfg(not(feature = "metrics"))]
pub(crate) use off::{Waiter, default_grant, landed, origin_rejected, unauthorized};
#[cfg(feature = "metrics")]
pub(crate) use on::{Waiter, default_grant, landed, origin_rejected, unauthorized};

#[cfg(feature = "metrics")]
mod on {
    use std::time::{Duration, SystemTime};

    use maskinporten::{AccessToken, Error};
    use metrics::{Gauge, counter, gauge, histogram};

    use crate::{
        TokenState,
        clock::Now,
        journal::Journal,
        mishap::{Mishap, class},
        slot::Blamed,
        tokens::Shared,
    };

    /// A fetch is over, however it ended.
    pub(crate) fn landed(journal: &Journal, took: Duration, outcome: &Result<AccessToken, Error>) {
        let client = journal.client();
        histogram!("mp_token_fetch_seconds", "client" => client.clone()).record(took);
        let Err(error) = outcome else { return };
        let class = class(error);
        counter!("mp_token_refresh_failures_total", "client" => client.clone(), "class" => class)
            .increment(1);
        if Mishap::of(error) == Some(Mishap::Panicked) {
            counter!("mp_task_panics_total", "client" => client).increment(1);
        }
    }

    /// An API called a token bad.
    pub(crate) fn unauthorized(journal: &Journal, blamed: Blamed) {
        let action = match blamed {
            Blamed::Refresh { .. } => "refreshed",
            Blamed::Newer => "joined",
            Blamed::Nothing => "passed_on",
        };
        counter!("mp_401_total", "client" => journal.client(), "action" => action).increment(1);
    }

    /// A request was for an origin that may not see the token.
    pub(crate) fn origin_rejected(journal: &Journal) {
        counter!("mp_origin_rejected_total", "client" => journal.client()).increment(1);
    }

    /// Somebody who waits for a token, until this is dropped.
    pub(crate) struct Waiter(Gauge);

    impl Waiter {
        pub(crate) fn new(journal: &Journal) -> Self {
            let waiters = gauge!("mp_token_waiters", "client" => journal.client());
            waiters.increment(1);
            Self(waiters)
        }
    }

    impl Drop for Waiter {
        fn drop(&mut self) {
            self.0.decrement(1);
        }
    }

    /// How it is about the default grant and the key, and how many slots there are.
    pub(crate) fn default_grant(shared: &Shared) {
        let client = shared.journal.client();
        let now = Now::read();
        let pool = shared.pool.load();
        let snapshot = pool.default.slot.load();
        let current = TokenState::of(&snapshot, &now);
        let held = snapshot.token.as_ref();
        let left = held.and_then(|held| held.window(&now)).unwrap_or_default();
        for state in TokenState::ALL {
            let is_current = f64::from(u8::from(*state == current));
            gauge!("mp_token_state", "client" => client.clone(), "state" => state.as_str())
                .set(is_current);
        }
        gauge!("mp_token_seconds_to_expiry", "client" => client.clone()).set(left);
        let slots = pool.len() + 1;
        gauge!("mp_token_slots", "client" => client.clone()).set(slots as f64);
        let key = pool.default.source.keys().map(|keys| keys.status());
        if let Some(key) = key {
            let left = key.expires_at().map_or(f64::NAN, seconds_until);
            gauge!("mp_key_seconds_to_expiry", "client" => client).set(left);
        }
    }

    /// Negative when it is past.
    fn seconds_until(time: SystemTime) -> f64 {
        match time.duration_since(SystemTime::now()) {
            Ok(left) => left.as_secs_f64(),
            Err(past) => -past.duration().as_secs_f64(),
        }
    }
}

#[cfg(not(feature = "metrics"))]
mod off {
    use std::time::Duration;

    use maskinporten::{AccessToken, Error};

    use crate::{journal::Journal, slot::Blamed, tokens::Shared};

    pub(crate) fn landed(_: &Journal, _: Duration, _: &Result<AccessToken, Error>) {}
    pub(crate) fn unauthorized(_: &Journal, _: Blamed) {}
    pub(crate) fn origin_rejected(_: &Journal) {}
    pub(crate) fn default_grant(_: &Shared) {}

    pub(crate) struct Waiter;

    impl Waiter {
        pub(crate) fn new(_: &Journal) -> Self {
            Self
        }
    }
}
