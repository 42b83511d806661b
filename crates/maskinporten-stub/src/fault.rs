//! Faults that tests inject: a service that is slow, down, or cut off.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use axum::{
    extract::{Request, State},
    http::StatusCode,
    middleware::Next,
    response::{Html, IntoResponse, Response},
};

use crate::{drain::drain, world::World};

/// The service a fault is injected into.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Route {
    /// `POST /token` at Maskinporten.
    Token,
    /// Altinn's token exchange.
    Exchange,
    /// Everything under `/correspondence/api/v1`.
    Correspondence,
}

impl Route {
    pub(crate) fn of_path(path: &str) -> Option<Self> {
        if path == "/token" {
            Some(Self::Token)
        } else if path.starts_with("/authentication/api/v1/exchange/") {
            Some(Self::Exchange)
        } else if path.starts_with("/correspondence/api/v1/") {
            Some(Self::Correspondence)
        } else {
            None
        }
    }
}

/// Something that goes wrong, for every request or for the next few.
///
/// ```
/// use maskinporten_stub::Fault;
/// let twice = Fault::status(503).times(2);
/// ```
#[derive(Clone, Debug)]
pub struct Fault {
    effect: Effect,
    times: Option<u32>,
}

#[derive(Clone, Debug)]
enum Effect {
    Status(u16),
    Delay(Duration),
    Reset,
}

impl Fault {
    /// Answers with this status and an HTML page, as gateways do, and processes nothing.
    #[must_use]
    pub fn status(status: u16) -> Self {
        Self::new(Effect::Status(status))
    }

    /// Waits before processing.
    #[must_use]
    pub fn delay(delay: Duration) -> Self {
        Self::new(Effect::Delay(delay))
    }

    /// Processes the request, then closes the connection without an answer.
    #[must_use]
    pub fn reset() -> Self {
        Self::new(Effect::Reset)
    }

    /// Strikes the next `times` requests only.
    #[must_use]
    pub fn times(mut self, times: u32) -> Self {
        self.times = Some(times);
        self
    }

    fn new(effect: Effect) -> Self {
        Self {
            effect,
            times: None,
        }
    }
}

/// The faults of one stub. The first one injected strikes until it is spent, then the next.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    queue: Mutex<VecDeque<(Route, Fault)>>,
}

impl Faults {
    pub(crate) fn inject(&self, route: Route, fault: Fault) {
        self.lock().push_back((route, fault));
    }

    pub(crate) fn heal(&self) {
        self.lock().clear();
    }

    fn strike(&self, route: Route) -> Option<Effect> {
        let mut queue = self.lock();
        queue.retain(|(_route, fault)| fault.times != Some(0));
        let (_route, fault) = queue.iter_mut().find(|(of, _fault)| *of == route)?;
        fault.times = fault.times.map(|times| times.saturating_sub(1));
        Some(fault.effect.clone())
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<(Route, Fault)>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Marks an answer that must not be sent; the server closes the connection instead.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reset;

/// Lets the fault of the request's route strike.
pub(crate) async fn strike(
    State(world): State<Arc<World>>,
    request: Request,
    next: Next,
) -> Response {
    let effect = Route::of_path(request.uri().path()).and_then(|route| world.faults.strike(route));
    match effect {
        None => next.run(request).await,
        Some(Effect::Status(status)) => {
            drain(request.into_body()).await;
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
            (
                status,
                Html("<html><body>Injected by the test</body></html>"),
            )
                .into_response()
        }
        Some(Effect::Delay(delay)) => {
            tokio::time::sleep(delay).await;
            next.run(request).await
        }
        Some(Effect::Reset) => {
            let mut response = next.run(request).await;
            response.extensions_mut().insert(Reset);
            response
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strike_in_turn_and_end() {
        let faults = Faults::default();
        faults.inject(Route::Token, Fault::status(503).times(2));
        faults.inject(Route::Exchange, Fault::status(500));
        faults.inject(Route::Token, Fault::reset().times(1));
        let struck: Vec<String> = (0..4)
            .map(|_turn| format!("{:?}", faults.strike(Route::Token)))
            .collect();
        assert_eq!(
            struck,
            [
                "Some(Status(503))",
                "Some(Status(503))",
                "Some(Reset)",
                "None"
            ]
        );
        assert!(faults.strike(Route::Exchange).is_some());
        assert!(faults.strike(Route::Correspondence).is_none());
        faults.heal();
        assert!(faults.strike(Route::Exchange).is_none());
    }
}
