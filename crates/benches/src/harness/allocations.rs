//! What an operation allocates.

use super::Subject;

/// How often, and how much, an operation of `subject` allocates.
pub fn measure(subject: &Subject) -> (f64, f64) {
    const OPERATIONS: u32 = 1000;
    let mut worker = (subject.fork)();
    // What is set up by the first request is no request's own.
    worker.run(u64::from(OPERATIONS));
    let info = allocation_counter::measure(|| {
        worker.run(u64::from(OPERATIONS));
    });
    let each = |total: u64| total as f64 / f64::from(OPERATIONS);
    (each(info.count_total), each(info.bytes_total))
}
