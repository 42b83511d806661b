//! The requests of one stub, the oldest forgotten when there are too many.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
};

use super::recorded::Recorded;
use crate::fault::Route;

/// How many requests are remembered.
pub(crate) const MOST: usize = 5_000;
/// What they may weigh together, roughly in bytes; a hostile client sends long tokens.
const HEAVIEST: usize = 16 << 20;

/// The requests of one stub, in the order of their arrival.
#[derive(Debug, Default)]
pub(crate) struct Recorder {
    log: Mutex<Log>,
}

#[derive(Debug, Default)]
struct Log {
    requests: VecDeque<Recorded>,
    weight: usize,
    last_id: u64,
    /// Also of those forgotten since, but not of those cleared.
    counts: HashMap<Route, usize>,
}

/// Finds a request that is still being answered.
#[derive(Clone, Copy, Debug)]
pub(super) struct RequestId(u64);

impl Recorder {
    pub(crate) fn requests(&self) -> Vec<Recorded> {
        self.lock().requests.iter().cloned().collect()
    }

    /// The id of the last request that came, remembered or not.
    pub(crate) fn last_id(&self) -> u64 {
        self.lock().last_id
    }

    pub(crate) fn count(&self, route: Route) -> usize {
        self.lock().counts.get(&route).copied().unwrap_or_default()
    }

    pub(crate) fn clear(&self) {
        let mut log = self.lock();
        // Numbers are not given twice, so that a request under way finds no other.
        *log = Log {
            last_id: log.last_id,
            ..Log::default()
        };
    }

    pub(super) fn begin(&self, request: Recorded) -> RequestId {
        self.lock().add(request)
    }

    /// Changes a request and tells of it; nothing when it has been forgotten in the meantime.
    pub(super) fn update(
        &self,
        id: RequestId,
        change: impl FnOnce(&mut Recorded),
        tell: impl FnOnce(&Recorded),
    ) {
        if let Some(request) = self.lock().update(id, change) {
            tell(request);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Log {
    fn add(&mut self, mut request: Recorded) -> RequestId {
        self.last_id = self.last_id.saturating_add(1);
        request.id = self.last_id;
        if let Some(route) = request.route() {
            let count = self.counts.entry(route).or_default();
            *count = count.saturating_add(1);
        }
        self.weight = self.weight.saturating_add(request.weight);
        self.requests.push_back(request);
        self.forget();
        RequestId(self.last_id)
    }

    fn update(
        &mut self,
        RequestId(id): RequestId,
        change: impl FnOnce(&mut Recorded),
    ) -> Option<&Recorded> {
        let first = self.requests.front()?.id;
        let index = usize::try_from(id.checked_sub(first)?).ok()?;
        let request = self.requests.get_mut(index)?;
        let before = request.weight;
        change(request);
        self.weight = self.weight.saturating_sub(before);
        self.weight = self.weight.saturating_add(request.weight);
        self.forget();
        self.requests.iter().rev().find(|request| request.id == id)
    }

    fn forget(&mut self) {
        while self.requests.len() > MOST || self.weight > HEAVIEST {
            let Some(oldest) = self.requests.pop_front() else {
                break;
            };
            self.weight = self.weight.saturating_sub(oldest.weight);
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    fn request(weight: usize) -> Recorded {
        let mut request = Recorded::new("POST", "/token", Timestamp::UNIX_EPOCH);
        request.weight = weight;
        request
    }

    #[test]
    fn the_oldest_go_first_and_still_count() {
        let recorder = Recorder::default();
        let first = recorder.begin(request(1));
        for _request in 0..MOST {
            recorder.begin(request(1));
        }
        let kept = recorder.requests();
        assert_eq!((kept.len(), kept[0].id()), (MOST, 2));
        assert_eq!(recorder.count(Route::Token), MOST + 1);
        recorder.update(first, |_request| panic!("gone"), |_request| {});
        recorder.clear();
        assert_eq!(recorder.count(Route::Token), 0);
        recorder.begin(request(1));
        assert_eq!(recorder.requests()[0].id(), MOST as u64 + 2);
    }

    #[test]
    fn what_is_heavy_pushes_out_the_rest() {
        let recorder = Recorder::default();
        recorder.begin(request(1));
        let last = recorder.begin(request(1));
        let mut told = 0;
        recorder.update(
            last,
            |request| request.weight = HEAVIEST,
            |request| told = request.id(),
        );
        assert_eq!((told, recorder.requests().len()), (2, 1));
        recorder.begin(request(1));
        assert_eq!(recorder.requests()[0].id(), 3);
    }
}
