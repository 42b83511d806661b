//! Measures what the project promises in numbers: `cargo run --release --manifest-path crates/soak/Cargo.toml`.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "a program that measures"
)]

mod options;

use std::{process::ExitCode, time::Duration};

use clap::Parser;
use indicatif::{ProgressBar, ProgressStyle};
use options::{Options, Stage};
use soak::{
    Number, calls, fleet, hammer, herd, memory,
    outage::{self, Outage, Start},
    recovery,
    rotations::{self, Odds},
    skew,
};
use tokio::{runtime::Runtime, time::Instant};

fn main() -> ExitCode {
    let options = Options::parse();
    let mut numbers = Vec::new();
    for stage in options.stages() {
        // No runtime is entered here, so this clock is the real one.
        let begun = Instant::now();
        numbers.extend(run(stage, &options));
        eprintln!("{stage:?}: {:.1} s", begun.elapsed().as_secs_f64());
    }
    println!("| # | goal | measured | |\n|---|---|---|---|");
    for number in &numbers {
        println!("{number}");
    }
    let is_missed = numbers.iter().any(|number| !number.is_met);
    ExitCode::from(u8::from(is_missed))
}

fn run(stage: Stage, options: &Options) -> Vec<Number> {
    let Options {
        requests,
        faults,
        rotations,
        outages,
        seed,
        ..
    } = *options;
    let small = u32::try_from(rotations).unwrap_or(u32::MAX);
    match stage {
        Stage::Memory => {
            let bar = bar(stage, 2 * rotations);
            vec![
                memory::of_rotations(small, seed, &bar),
                memory::of_handles(small, small / 500, &bar),
            ]
        }
        Stage::Requests => {
            let bar = bar(stage, requests);
            vec![hammer::requests(requests, 2_000, faults, seed, &bar)]
        }
        Stage::Calls => {
            let calls = 20_000_000;
            vec![calls::while_refreshes_fail(calls, &bar(stage, calls))]
        }
        Stage::Herd => {
            let runtime = Runtime::new().unwrap();
            runtime.block_on(async {
                vec![
                    herd::cold_start(10_000, true).await,
                    herd::cold_start(100_000, true).await,
                    herd::impatient_over_tcp().await,
                ]
            })
        }
        Stage::Skew => vec![Runtime::new().unwrap().block_on(skew::wrong_clocks())],
        Stage::Outage => {
            let lasts = Duration::from_secs(600);
            // Not in step with the seconds.
            let every = Duration::from_millis(97);
            let mut numbers = Vec::new();
            for outage in [Outage::Says, Outage::IsSilent] {
                numbers.push(outage::within_the_life(1_000, outage));
                for from in [Start::Token, Start::Cold] {
                    numbers.push(outage::past_the_end(200, lasts, every, from, outage));
                }
            }
            numbers
        }
        Stage::Rotations => {
            let bar = bar(stage, 2 * rotations);
            [Odds::SLOW, Odds::RARE]
                .map(|odds| rotations::missed(odds, rotations, seed, &bar))
                .into()
        }
        Stage::Recovery => {
            let bar = bar(stage, outages);
            vec![recovery::after_outages(outages, seed, &bar)]
        }
        Stage::Fleet => vec![fleet::calls(1_000, seed), fleet::calls(10_000, seed)],
    }
}

/// Shown on a terminal only.
fn bar(stage: Stage, length: u64) -> ProgressBar {
    let style = ProgressStyle::with_template("{msg} {wide_bar} {percent} % {eta} left").unwrap();
    ProgressBar::new(length)
        .with_style(style)
        .with_message(format!("{stage:?}"))
}
