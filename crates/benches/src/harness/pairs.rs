//! Two threads that share a subject, each with a fork of it.

use std::{
    hint,
    sync::atomic::{AtomicU64, Ordering},
    thread,
    time::Instant,
};

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
use tokio::runtime::Handle;

use super::{Plan, Subject, Worker, alone};
use crate::progress::Progress;
use crate::samples::median;

/// A batch is done in so many parts, and after each the other thread can see it.
const PARTS: u64 = 8;

/// A batch counts when the other thread did this many parts meanwhile: then it ran, and not only began.
const PARTS_OF_THE_OTHER: u64 = 4;

/// On a cache line of its own, so that telling how far one is does not slow the other.
#[repr(align(128))]
#[derive(Default)]
struct Counter(AtomicU64);

/// How far both are, and where they wait for each other.
#[derive(Default)]
struct Meeting {
    parts: [Counter; 2],
    arrivals: Counter,
}

impl Meeting {
    /// Waits until both have come here `times` times.
    fn meet(&self, times: u64) {
        self.arrivals.0.fetch_add(1, Ordering::AcqRel);
        while self.arrivals.0.load(Ordering::Acquire) < 2 * times {
            hint::spin_loop();
            thread::yield_now();
        }
    }
}

/// What an operation takes each of two threads, in nanoseconds; not a number when they never ran side by side.
pub fn measure(
    subjects: &[Subject],
    plan: Plan,
    runtime: &Handle,
    progress: &Progress,
) -> Vec<f64> {
    let forks = || subjects.iter().map(|subject| (subject.fork)()).collect();
    let mut workers: [Vec<Box<dyn Worker>>; 2] = [forks(), forks()];
    let mut sizes = Vec::new();
    allocation_counter::opt_out(|| {
        for worker in &mut workers[0] {
            sizes.push(alone::size(&mut **worker, plan));
        }
    });
    progress.begin("two threads", plan.rounds as u64);
    let meeting = Meeting::default();
    let times = thread::scope(|scope| {
        let threads: Vec<_> = (0..)
            .zip(&mut workers)
            .map(|(number, workers)| {
                let (meeting, sizes) = (&meeting, &sizes);
                scope.spawn(move || {
                    let _runtime = runtime.enter();
                    stay_on_cpu(number);
                    let mut times = Vec::new();
                    allocation_counter::opt_out(|| {
                        times = run(number, workers, sizes, plan, meeting, progress);
                    });
                    times
                })
            })
            .collect();
        let mut times = vec![Vec::new(); subjects.len()];
        for thread in threads {
            let of_thread = thread.join().expect("workers do not panic");
            for (times, more) in times.iter_mut().zip(of_thread) {
                times.extend(more);
            }
        }
        times
    });
    times.iter().map(|times| median(times)).collect()
}

fn run(
    number: usize,
    workers: &mut [Box<dyn Worker>],
    sizes: &[u64],
    plan: Plan,
    meeting: &Meeting,
    progress: &Progress,
) -> Vec<Vec<f64>> {
    let mut times = vec![Vec::with_capacity(plan.rounds * plan.batches); workers.len()];
    let [own, other] = [number, 1 - number].map(|number| &meeting.parts[number].0);
    let mut meetings = 0;
    for _ in 0..plan.rounds {
        for ((worker, size), times) in workers.iter_mut().zip(sizes).zip(&mut times) {
            let part = (size / PARTS).max(1);
            meetings += 1;
            meeting.meet(meetings);
            for _ in 0..plan.batches {
                let before = other.load(Ordering::Relaxed);
                let start = Instant::now();
                for _ in 0..PARTS {
                    worker.run(part);
                    own.fetch_add(1, Ordering::Relaxed);
                }
                let elapsed = start.elapsed();
                if other.load(Ordering::Relaxed) - before >= PARTS_OF_THE_OTHER {
                    times.push(elapsed.as_nanos() as f64 / (part * PARTS) as f64);
                }
            }
        }
        if number == 0 {
            progress.step();
        }
    }
    times
}

/// Keeps the thread on one of the processors that it may use, so that the two never share one. Where there is but
/// one, or the system has no say in it, they go where they are put.
fn stay_on_cpu(number: usize) {
    let Ok(allowed) = sched_getaffinity(None) else {
        return;
    };
    let Some(cpu) = (0..CpuSet::MAX_CPU)
        .filter(|cpu| allowed.is_set(*cpu))
        .nth(number)
    else {
        return;
    };
    let mut only = CpuSet::new();
    only.set(cpu);
    // It is no worse than before if that fails.
    let _ = sched_setaffinity(None, &only);
}
