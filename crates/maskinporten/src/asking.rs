//! One request for a token, as spans and metrics show it.

use tracing::{Instrument, Span, debug_span, field::Empty};

use crate::{AccessToken, Error, error::Party, meter};

/// Carries `asking` out in a span of its own, and counts how it went.
pub(crate) async fn observed(
    party: Party,
    asking: impl Future<Output = Result<AccessToken, Error>>,
) -> Result<AccessToken, Error> {
    let party = party.name();
    let span = debug_span!(
        "maskinporten.request",
        party,
        outcome = Empty,
        status = Empty
    );
    let mut request = Asking {
        party,
        span: span.clone(),
        outcome: "abandoned",
    };
    let outcome = asking.instrument(span).await;
    match &outcome {
        Ok(_) => request.is_over("token", Some(200)),
        Err(error) => request.is_over(error.class(), error.status_code().map(|s| s.as_u16())),
    }
    outcome
}

/// The duty to say how it went, also when nobody waits for the answer any longer.
struct Asking {
    party: &'static str,
    span: Span,
    outcome: &'static str,
}

impl Asking {
    fn is_over(&mut self, outcome: &'static str, status: Option<u16>) {
        self.outcome = outcome;
        self.span.record("status", status);
    }
}

impl Drop for Asking {
    fn drop(&mut self) {
        self.span.record("outcome", self.outcome);
        meter::token_request(self.party, self.outcome);
    }
}
