//! The faults that wait to strike.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{Fault, FaultOrder, Route, effect::Effect, order::Ordered};

/// The faults of one stub. Of those that are due, the first one injected strikes until it is spent,
/// then the next; those that let requests pass first count every request of their route.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    queue: Mutex<Vec<Ordered>>,
}

impl Faults {
    pub(crate) fn inject(&self, route: Route, fault: Fault) {
        self.add(Ordered::new(route, fault));
    }

    pub(crate) fn add(&self, ordered: Ordered) {
        self.lock().push(ordered);
    }

    pub(crate) fn heal(&self) {
        self.lock().clear();
    }

    /// What still waits to strike.
    pub(crate) fn list(&self) -> Vec<FaultOrder> {
        self.lock().iter().map(FaultOrder::of).collect()
    }

    pub(super) fn strike(&self, route: Route) -> Option<Effect> {
        let mut queue = self.lock();
        let mut struck = None;
        for ordered in queue.iter_mut().filter(|ordered| ordered.route == route) {
            // Asked even when another strikes, so that it counts.
            let due = ordered.is_due();
            if due && struck.is_none() {
                struck = Some(ordered.strike());
            }
        }
        queue.retain(|ordered| !ordered.is_spent());
        struck
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Ordered>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn struck(faults: &Faults, requests: usize) -> Vec<&'static str> {
        let one = |_request| {
            let effect = faults.strike(Route::Token);
            effect.map_or("-", |effect| effect.kind())
        };
        (0..requests).map(one).collect()
    }

    #[test]
    fn strike_in_turn_and_end() {
        let faults = Faults::default();
        faults.inject(Route::Token, Fault::status(503).times(2));
        faults.inject(Route::Exchange, Fault::status(500));
        faults.inject(Route::Token, Fault::reset().times(1));
        assert_eq!(struck(&faults, 4), ["status", "status", "reset", "-"]);
        assert_eq!(faults.list().len(), 1);
        assert!(faults.strike(Route::Exchange).is_some());
        assert!(faults.strike(Route::Correspondence).is_none());
        faults.heal();
        assert!(faults.strike(Route::Exchange).is_none());
    }

    #[test]
    fn what_waits_counts_every_request() {
        let faults = Faults::default();
        faults.inject(Route::Token, Fault::delay(Duration::ZERO).on_call(3));
        faults.inject(Route::Token, Fault::status(503).times(2));
        faults.inject(Route::Token, Fault::reset().after(4));
        let expected = ["status", "status", "delay", "-", "reset", "reset"];
        assert_eq!(struck(&faults, 6), expected);
    }

    #[test]
    fn chance_is_the_same_for_the_same_seed() {
        let run = |seed| {
            let faults = Faults::default();
            faults.inject(Route::Token, Fault::reset().randomly(0.25, seed));
            struck(&faults, 1000)
        };
        assert_eq!(run(1), run(1));
        assert_ne!(run(1), run(2));
        let strikes = run(3).iter().filter(|kind| **kind == "reset").count();
        assert!((200..300).contains(&strikes), "{strikes}");
        for (probability, strikes) in [(0.0, 0), (1.0, 100)] {
            let faults = Faults::default();
            faults.inject(Route::Token, Fault::reset().randomly(probability, 7));
            let kinds = struck(&faults, 100);
            assert_eq!(
                kinds.iter().filter(|kind| **kind == "reset").count(),
                strikes
            );
        }
    }
}
