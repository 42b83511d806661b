//! A clock that goes on as requests are made, and while they wait.
//!
//! Threads are taken off their cores for many milliseconds, in which others could make requests for minutes of this
//! clock. On a real one a request is never that slow to look at the token that it has been given, so the clock stands
//! still a second after a thread began to look at something, until it looks again or waits.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::SeqCst},
    },
    task::{Context, Poll, Wake, Waker},
    thread,
    time::Duration,
};

use indicatif::ProgressBar;
use tokio::time::{Instant, sleep};

/// How many threads make requests.
pub(super) const THREADS: usize = 2;
/// How far the clock goes at once.
const STEP: Duration = Duration::from_millis(100);
/// How far it goes while somebody looks, in milliseconds.
const LEASH: u64 = 1_000;
/// How far it may be behind the requests, in milliseconds, before they wait for it.
const LAG: u64 = 2_000;

/// In place of when a thread began to look: a request of its waits, so the clock is to go on.
const WAITING: u64 = u64::MAX;
/// It makes no request.
const IDLE: u64 = u64::MAX - 1;

/// Time as tokens see it, in milliseconds.
#[derive(Debug)]
pub(super) struct DrivenClock {
    start: Instant,
    /// How far it is to go for each request, in milliseconds.
    each: f64,
    now: AtomicU64,
    requests: AtomicU64,
    working: AtomicUsize,
    looks: [Look; THREADS],
}

/// When a thread began to look, alone on its cache lines.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Look(AtomicU64);

impl DrivenClock {
    pub(super) fn new(each: Duration) -> Self {
        Self {
            start: Instant::now(),
            each: each.as_secs_f64() * 1e3,
            now: AtomicU64::new(0),
            requests: AtomicU64::new(0),
            working: AtomicUsize::new(THREADS),
            looks: Default::default(),
        }
    }

    pub(super) fn now(&self) -> u64 {
        self.now.load(SeqCst)
    }

    /// Where it is to be, after so many requests.
    fn due(&self) -> u64 {
        (self.requests.load(SeqCst) as f64 * self.each) as u64
    }

    /// Drives it until nobody works any more.
    pub(super) async fn drive(&self, progress: &ProgressBar) {
        while self.working.load(SeqCst) > 0 {
            progress.set_position(self.requests.load(SeqCst));
            let looks = self.looks.each_ref().map(|look| look.0.load(SeqCst));
            let now = self.now();
            let is_held = looks.iter().any(|look| *look < IDLE && look + LEASH <= now);
            if !is_held && (now < self.due() || looks.contains(&WAITING)) {
                // Nothing else being ready to run, the paused clock goes there at once, past each timer in turn.
                sleep(STEP).await;
                let now = self.start.elapsed().as_millis();
                self.now.store(now as u64, SeqCst);
            } else {
                thread::sleep(Duration::from_micros(50));
            }
        }
    }
}

/// A thread that makes requests.
pub(super) struct Thread {
    woken: Arc<Woken>,
    waker: Waker,
}

struct Woken {
    clock: Arc<DrivenClock>,
    number: usize,
    thread: thread::Thread,
    is_woken: AtomicBool,
}

impl Thread {
    /// The present one.
    pub(super) fn new(clock: &Arc<DrivenClock>, number: usize) -> Self {
        let woken = Arc::new(Woken {
            clock: Arc::clone(clock),
            number,
            thread: thread::current(),
            is_woken: AtomicBool::new(false),
        });
        let waker = Waker::from(Arc::clone(&woken));
        Self { woken, waker }
    }

    /// Holds the clock.
    pub(super) fn look(&self) {
        self.woken.set(self.woken.clock.now());
    }

    /// Says that it has made so many requests, and waits for the clock if that is far behind.
    pub(super) fn made(&self, requests: u64) {
        let clock = &self.woken.clock;
        clock.requests.fetch_add(requests, SeqCst);
        while clock.now() + LAG < clock.due() {
            self.woken.set(IDLE);
            thread::sleep(Duration::from_micros(50));
        }
        self.look();
    }

    /// Says that it makes no more.
    pub(super) fn leave(&self) {
        self.woken.set(IDLE);
        self.woken.clock.working.fetch_sub(1, SeqCst);
    }

    /// Runs `future` to its end, holding the clock whenever it looks at something. Gives how long it waited, too, if
    /// it did.
    pub(super) fn block_on<F: Future>(
        &self,
        mut future: Pin<&mut F>,
    ) -> (F::Output, Option<Duration>) {
        let mut context = Context::from_waker(&self.waker);
        let mut began = None;
        loop {
            self.woken.is_woken.store(false, SeqCst);
            if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
                return (output, began.map(|began: Instant| began.elapsed()));
            }
            began.get_or_insert_with(Instant::now);
            // Whoever wakes it notes that first and looks then, so that this cannot let go of the clock for good.
            self.woken.set(WAITING);
            while !self.woken.is_woken.load(SeqCst) {
                thread::park();
            }
            self.look();
        }
    }
}

impl Woken {
    fn set(&self, look: u64) {
        self.clock.looks[self.number].0.store(look, SeqCst);
    }
}

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.is_woken.store(true, SeqCst);
        self.set(self.clock.now());
        self.thread.unpark();
    }
}
