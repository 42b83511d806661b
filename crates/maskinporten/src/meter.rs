//! What is counted. Without the feature `metrics`, nothing is. The names are explained in `tower-maskinporten`.

#[cfg(not(feature = "metrics"))]
pub(crate) use off::{clock_skew, key_reload, retry_budget, token_request};
#[cfg(feature = "metrics")]
pub(crate) use on::{clock_skew, key_reload, retry_budget, token_request};

#[cfg(feature = "metrics")]
mod on {
    use metrics::{counter, gauge};

    /// Somebody was asked for a token.
    pub(crate) fn token_request(party: &'static str, outcome: &'static str) {
        counter!("mp_token_requests_total", "party" => party, "outcome" => outcome).increment(1);
    }

    /// The difference of the clocks was learnt.
    pub(crate) fn clock_skew(seconds: i64) {
        gauge!("mp_clock_skew_seconds").set(seconds as f64);
    }

    /// How many attempts may be tried again at once.
    pub(crate) fn retry_budget(retries: f64) {
        gauge!("mp_retry_bucket_tokens").set(retries);
    }

    /// The key's file was another than before, or could not be read.
    pub(crate) fn key_reload(outcome: &'static str) {
        counter!("mp_key_reload_total", "outcome" => outcome).increment(1);
    }
}

#[cfg(not(feature = "metrics"))]
mod off {
    pub(crate) fn token_request(_: &'static str, _: &'static str) {}
    pub(crate) fn clock_skew(_: i64) {}
    pub(crate) fn key_reload(_: &'static str) {}
    pub(crate) fn retry_budget(_: f64) {}
}
