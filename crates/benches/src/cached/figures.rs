//! What was measured of each subject, and the table of it.

use std::fmt::Write;

use super::lineup::Entrant;
use crate::subjects::PASS_THROUGH;

/// One subject's.
pub struct Figures {
    pub name: &'static str,
    pub entrant: Entrant,
    /// Nanoseconds per request, of one thread.
    pub alone: f64,
    /// The same for each of two threads.
    pub pair: f64,
    /// Per request.
    pub allocations: f64,
    /// Per request.
    pub bytes: f64,
}

/// The figures of the subject of that name.
pub fn find<'a>(figures: &'a [Figures], name: &str) -> &'a Figures {
    figures
        .iter()
        .find(|figures| figures.name == name)
        .expect("it is in the lineup")
}

/// What the subject adds to a request, in nanoseconds.
pub fn added(figures: &[Figures], of: &Figures) -> f64 {
    of.alone - find(figures, of.entrant.pass_through).alone
}

/// What it would take if requests of its own kind took what others do.
pub fn comparable(figures: &[Figures], of: &Figures) -> f64 {
    added(figures, of) + find(figures, PASS_THROUGH).alone
}

/// All of them, in Markdown.
pub fn table(figures: &[Figures]) -> String {
    let mut table = String::from(
        "| subject | ns a request | over pass-through | allocations | bytes | two threads, ns | ratio |\n\
         |---|---:|---:|---:|---:|---:|---:|",
    );
    for of in figures {
        write!(
            table,
            "\n| {} | {:.1} | {:.1} | {:.1} | {:.0} | {:.1} | {:.2} |",
            of.name,
            of.alone,
            added(figures, of),
            of.allocations,
            of.bytes,
            of.pair,
            of.pair / of.alone,
        )
        .expect("a string takes what is written");
    }
    table
}
