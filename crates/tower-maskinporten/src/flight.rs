//! Flights: each fetches once, for one slot, in a task that belongs to no request.
//!
//! Requests give up, and what a hundred others wait for must go on. A few workers have up to [`ABREAST`] flights each
//! under way, so that a thousand customers on a cold start are no storm at the token endpoint; the others wait in
//! line. Workers hold the shared state weakly, so that they end with the last handle; when one is lost with its
//! runtime, the next request that needs a token starts another.

use std::{
    collections::{HashMap, VecDeque},
    future::poll_fn,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    task::Poll,
    thread,
};

use futures_util::stream::{FuturesUnordered, StreamExt};
use maskinporten::{AccessToken, Error};
use tokio::{
    runtime::Handle,
    sync::Notify,
    task::AbortHandle,
    time::{Instant, timeout},
};
use tracing::Instrument;

use crate::{
    clock::{Anchor, Now},
    meter,
    mishap::Mishap,
    pool::Entry,
    schedule,
    slot::Lead,
    tokens::Shared,
};

/// How many tasks fetch, so that several threads can sign.
const WORKERS: usize = 3;

/// How many fetches each of them has under way at once. Where one blocks its thread, those beside it are late: the slots
/// are given to other flights when their time is over, and the worker is replaced.
const ABREAST: usize = 10;

/// The line of flights, and who works it off.
#[derive(Default)]
pub(crate) struct Line {
    work: Mutex<Work>,
    /// There is more to do, for workers who can do more.
    more: Notify,
}

#[derive(Default)]
struct Work {
    waiting: VecDeque<(Arc<Entry>, Lead)>,
    /// Each worker, and when it must be back. One that is not stands still with its runtime, and does not count.
    workers: HashMap<u64, Instant>,
    hired: u64,
    tasks: Vec<AbortHandle>,
}

impl Line {
    fn work(&self) -> MutexGuard<'_, Work> {
        self.work.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether anybody works at it.
    pub(crate) fn is_staffed(&self) -> bool {
        !self.work().workers.is_empty()
    }

    /// Ends all flights, with the last handle.
    pub(crate) fn close(&self) {
        for task in &self.work().tasks {
            task.abort();
        }
    }
}

impl Work {
    /// A number for another worker, if there is work and room for one.
    fn vacancy(&mut self) -> Option<u64> {
        let now = Instant::now();
        let working = self.workers.values().filter(|back| now < **back).count();
        if self.waiting.is_empty() || working >= WORKERS {
            return None;
        }
        self.hired += 1;
        self.workers.insert(self.hired, now + schedule::SPACING);
        Some(self.hired)
    }
}

/// Puts a flight in line, and sees to it that somebody works it off. False when the runtime is shutting down.
pub(crate) fn launch(
    shared: &Arc<Shared>,
    runtime: &Handle,
    entry: &Arc<Entry>,
    lead: Lead,
) -> bool {
    let line = shared.line();
    let mut work = line.work();
    let flight = (Arc::clone(entry), lead);
    // Whoever asks for nothing special should not wait for a thousand customers.
    if entry.is_pinned() {
        work.waiting.push_front(flight);
    } else {
        work.waiting.push_back(flight);
    }
    let vacancy = work.vacancy();
    drop(work);
    line.more.notify_waiters();
    if vacancy.is_none_or(|number| hire(shared, &line, runtime, number)) {
        return true;
    }
    let mut work = line.work();
    let flights = work.waiting.len();
    work.waiting
        .retain(|(other, led)| !(Arc::ptr_eq(other, entry) && led.is_same(lead)));
    let nobody_took_it = work.waiting.len() < flights;
    drop(work);
    if nobody_took_it {
        entry.slot.abandon(lead);
    }
    !nobody_took_it
}

/// Sees to it that flights in line are worked off, should the workers have gone or stand still.
pub(crate) fn staff(shared: &Arc<Shared>, runtime: &Handle) {
    let line = shared.line();
    let vacancy = line.work().vacancy();
    if let Some(number) = vacancy {
        hire(shared, &line, runtime, number);
    }
}

/// Starts a worker. False when the runtime did not take it.
fn hire(shared: &Arc<Shared>, line: &Arc<Line>, runtime: &Handle, number: u64) -> bool {
    let worker = Worker {
        shared: Arc::downgrade(shared),
        line: Arc::clone(line),
        number,
    };
    let task = runtime.spawn(async move { worker.work().await });
    let is_finished = task.is_finished();
    let mut work = line.work();
    work.tasks.retain(|task| !task.is_finished());
    work.tasks.push(task.abort_handle());
    !is_finished
}

/// What `future` gives; `None` when it panics.
pub(crate) async fn unless_it_panics<T>(future: impl Future<Output = T>) -> Option<T> {
    let mut future = pin!(future);
    poll_fn(|cx| {
        let poll = catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(cx)));
        poll.map_or(Poll::Ready(None), |poll| poll.map(Some))
    })
    .await
}

struct Worker {
    shared: Weak<Shared>,
    line: Arc<Line>,
    number: u64,
}

impl Worker {
    async fn work(&self) {
        let mut flights = FuturesUnordered::new();
        loop {
            let more = self.line.more.notified();
            while flights.len() < ABREAST
                && let Some((shared, entry, lead)) = self.next(flights.is_empty())
            {
                // It may have been in line for so long that another has taken its place.
                let now = Now::read();
                if let Some(lead) = entry.slot.take_off(lead, &now) {
                    let flight = Flight::new(&shared, entry, lead, now.anchor());
                    // Whatever panics, such as a subscriber, takes nothing else with it.
                    flights.push(unless_it_panics(flight.fly(shared)));
                }
            }
            if flights.is_empty() {
                return;
            }
            tokio::select! {
                _ = flights.next() => {}
                () = more, if flights.len() < ABREAST => {}
            }
        }
    }

    /// The next in line. With none, a worker who is idle retires, which is settled before another can be put in line.
    fn next(&self, is_idle: bool) -> Option<(Arc<Shared>, Arc<Entry>, Lead)> {
        let shared = self.shared.upgrade()?;
        let mut work = self.line.work();
        let flight = loop {
            match work.waiting.pop_front() {
                // Let go of, and nobody waits for it any more.
                Some((entry, _)) if Arc::strong_count(&entry) == 1 && !entry.is_pinned() => {}
                other => break other,
            }
        };
        match flight {
            Some(_) => {
                let back = Instant::now() + schedule::fetch_limit(None) + schedule::SPACING;
                work.workers.insert(self.number, back);
            }
            None if is_idle => drop(work.workers.remove(&self.number)),
            None => {}
        }
        drop(work);
        flight.map(|(entry, lead)| (shared, entry, lead))
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let mut work = self.line.work();
        work.workers.remove(&self.number);
        let stranded: Vec<_> = work
            .waiting
            .iter()
            .map(|(entry, _)| entry.clone())
            .collect();
        drop(work);
        // Whoever waits in line hires another, if there is nobody left.
        for entry in stranded {
            entry.slot.stir();
        }
    }
}

/// The duty to tell the slot how a fetch ended, however it does.
struct Flight {
    shared: Weak<Shared>,
    entry: Arc<Entry>,
    lead: Lead,
    anchor: Anchor,
    landed: bool,
}

impl Flight {
    fn new(shared: &Arc<Shared>, entry: Arc<Entry>, lead: Lead, anchor: Anchor) -> Self {
        Self {
            shared: Arc::downgrade(shared),
            entry,
            lead,
            anchor,
            landed: false,
        }
    }

    async fn fly(self, shared: Arc<Shared>) {
        let span = tracing::debug_span!(
            "maskinporten.fetch",
            client = &*shared.journal.client(),
            grant = self.entry.name()
        );
        drop(shared);
        let limit = self.lead.limit;
        // A panic in somebody's source is a failure like any other, even before its future is there.
        let fetch = async { self.entry.source.fetch(&self.entry.grant).await };
        let outcome = match unless_it_panics(timeout(limit, fetch.instrument(span.clone()))).await {
            Some(Ok(outcome)) => outcome,
            Some(Err(_)) => Err(Error::transient(Mishap::Late(limit))),
            None => Err(Error::transient(Mishap::Panicked)),
        };
        span.in_scope(|| self.land(&outcome));
    }

    fn land(mut self, outcome: &Result<AccessToken, Error>) {
        self.landed = true;
        let Some(shared) = self.shared.upgrade() else {
            return;
        };
        self.entry.renew();
        let before = match outcome {
            Ok(token) => self.entry.slot.publish(self.lead, token, self.anchor),
            Err(error) => self.entry.slot.fail(self.lead, error.clone()),
        };
        shared.agenda.note(&self.entry);
        // Told when all is settled: subscribers and recorders are other people's code.
        if let Some(before) = before {
            match outcome {
                Ok(token) => shared.journal.acquired(&self.entry, token, &before),
                Err(error) => shared.journal.failed(&self.entry, error, &before),
            }
        }
        meter::landed(&shared.journal, self.lead.began.elapsed(), outcome);
        if self.entry.is_pinned() {
            meter::default_grant(&shared);
        }
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        if self.landed {
            return;
        }
        if thread::panicking() {
            // A failure like any other, or whoever waits would try again at once and for ever. It is not told: it may be
            // a subscriber that panics.
            let error = Error::transient(Mishap::Panicked);
            self.entry.slot.fail(self.lead, error);
        } else {
            self.entry.slot.abandon(self.lead);
        }
        if let Some(shared) = self.shared.upgrade() {
            shared.agenda.note(&self.entry);
        }
    }
}
