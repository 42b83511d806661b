//! Measures what the layer costs, beside its peers, and prints a table of it in Markdown.

mod cached;
mod cold_start;
mod cost;
mod cpu;
mod end_to_end;
mod fetch;
mod fleet;
mod harness;
mod instructions;
mod key;
mod loopback;
mod machine;
mod options;
#[cfg(feature = "peers")]
mod peers;
mod plots;
mod progress;
mod samples;
mod subjects;
mod swap;
mod table;
mod tenants;

use std::process::ExitCode;

use clap::Parser;

use crate::{options::Options, progress::Progress, table::Row};

/// The rows that are measured together, and what measures those that are wanted.
type Stage = (&'static [&'static str], fn(&Options, &Progress) -> Vec<Row>);

const STAGES: &[Stage] = &[
    (cached::NUMBERS, cached::measure),
    (instructions::NUMBERS, instructions::measure),
    (swap::NUMBERS, swap::measure),
    (tenants::NUMBERS, tenants::measure),
    (end_to_end::NUMBERS, end_to_end::measure),
    (fetch::NUMBERS, fetch::measure),
    (cold_start::NUMBERS, cold_start::measure),
    (cost::NUMBERS, cost::measure),
    // Last: once tokio's clock has been paused, asking it takes longer, for good.
    (fleet::NUMBERS, fleet::measure),
];

/// What a machine that is busy does not change: these are judged with `--quick`, too.
const CERTAIN: &[&str] = &["S3", "S4"];

fn main() -> ExitCode {
    let options = Options::parse();
    if let Some(counted) = options.count {
        instructions::run(counted);
        return ExitCode::SUCCESS;
    }
    let numbers: Vec<_> = STAGES
        .iter()
        .flat_map(|(numbers, _)| *numbers)
        .copied()
        .collect();
    if let Some(unknown) = options.unknown(&numbers) {
        eprintln!("there is no row {unknown}, only {}", numbers.join(", "));
        return ExitCode::FAILURE;
    }
    println!("{}\n", machine::described());
    let mut rows = Vec::new();
    for (numbers, measure) in STAGES {
        if numbers.iter().any(|number| options.wants(number)) {
            rows.extend(measure(&options, &Progress::new(numbers)));
        }
    }
    if options.quick {
        let uncertain = |row: &&mut Row| !CERTAIN.contains(&row.number);
        let uncertain = rows.iter_mut().filter(uncertain);
        uncertain.for_each(|row| row.is_met = None);
    }
    table::print(&rows);
    if rows.iter().any(|row| row.is_met == Some(false)) {
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}
