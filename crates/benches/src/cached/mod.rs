//! S1 to S3: a request for which there is a token, alone, beside another thread, and in allocations.

pub mod figures;
mod lineup;
mod rows;

use crate::{
    cached::{
        figures::{Figures, table},
        lineup::lineup,
    },
    harness::{Plan, allocations, alone, pairs, runtime},
    options::Options,
    plots,
    progress::Progress,
    table::Row,
};

pub const NUMBERS: &[&str] = &["S1", "S2", "S3"];

/// Measures all side by side.
pub fn measure(options: &Options, progress: &Progress) -> Vec<Row> {
    let runtime = runtime();
    let _entered = runtime.enter();
    let plan = Plan::new(options);
    progress.begin("the peers get their tokens", 1);
    let (subjects, entrants): (Vec<_>, Vec<_>) = lineup(&runtime).into_iter().unzip();
    let unknown = || vec![f64::NAN; subjects.len()];
    let is_timed = options.wants("S1") || options.wants("S2");
    let alone = if is_timed {
        alone::measure(&subjects, plan, progress)
    } else {
        unknown()
    };
    let pairs = if options.wants("S2") {
        pairs::measure(&subjects, plan, runtime.handle(), progress)
    } else {
        unknown()
    };
    let figures: Vec<_> = subjects
        .iter()
        .zip(entrants)
        .zip(alone.iter().zip(&pairs))
        .map(|((subject, entrant), (alone, pair))| {
            let (allocations, bytes) = allocations::measure(subject);
            Figures {
                name: subject.name,
                entrant,
                alone: *alone,
                pair: *pair,
                allocations,
                bytes,
            }
        })
        .collect();
    progress.publish(&table(&figures));
    if let Some(directory) = &options.plots {
        plots::bars(directory, &figures);
    }
    rows::rows(&figures)
        .into_iter()
        .filter(|row| options.wants(row.number))
        .collect()
}
