//! S6: a token for each of a hundred thousand tenants, which requests choose by a grant in their extensions.

pub mod grants;
mod lookup;
mod memory;
mod refresh;
mod requests;

pub use lookup::one_of_many;

use crate::{options::Options, progress::Progress, table::Row};

pub const NUMBERS: &[&str] = &["S6"];

pub fn measure(options: &Options, progress: &Progress) -> Vec<Row> {
    let mut rows = lookup::measure(options, progress);
    rows.extend(memory::measure(options, progress));
    rows.extend(refresh::measure(options, progress));
    rows
}

/// How many tenants there are.
fn many(options: &Options) -> usize {
    if options.quick { 2_000 } else { 100_000 }
}

fn row(what: String, target: &str, measured: String, is_met: Option<bool>) -> Row {
    Row {
        number: "S6",
        what,
        target: target.to_owned(),
        measured,
        is_met,
    }
}
