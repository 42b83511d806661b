//! One thread.

use std::time::Instant;

use super::{Plan, Subject, Worker};
use crate::progress::Progress;
use crate::samples::median;

/// What an operation of each subject takes, in nanoseconds.
pub fn measure(subjects: &[Subject], plan: Plan, progress: &Progress) -> Vec<f64> {
    let mut workers: Vec<_> = subjects.iter().map(|subject| (subject.fork)()).collect();
    let mut times = vec![Vec::with_capacity(plan.rounds * plan.batches); subjects.len()];
    progress.begin("one thread", plan.rounds as u64);
    allocation_counter::opt_out(|| {
        let sizes: Vec<_> = workers
            .iter_mut()
            .map(|worker| size(&mut **worker, plan))
            .collect();
        for _ in 0..plan.rounds {
            for ((worker, size), times) in workers.iter_mut().zip(&sizes).zip(&mut times) {
                // The subject before has had the caches for itself.
                worker.run(*size);
                for _ in 0..plan.batches {
                    times.push(time(&mut **worker, *size));
                }
            }
            progress.step();
        }
    });
    times.iter().map(|times| median(times)).collect()
}

/// How many operations make a batch. It warms up on the way.
pub fn size(worker: &mut dyn Worker, plan: Plan) -> u64 {
    let mut size = 16;
    for _ in 0..64 {
        size = ((plan.batch.as_nanos() as f64 / time(worker, size)) as u64).clamp(16, 10_000);
    }
    size
}

/// What one of `operations` takes, in nanoseconds.
fn time(worker: &mut dyn Worker, operations: u64) -> f64 {
    let start = Instant::now();
    worker.run(operations);
    start.elapsed().as_nanos() as f64 / operations as f64
}
