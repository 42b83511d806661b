//! S10: what it costs to have the layer, whether it is used or not.
//!
//! Small programs are made in a temporary directory and built in release, each from nothing, with symbols stripped: one
//! request over hyper-util and rustls (aws-lc-rs, the platform's certificates); the same with the layer and settings from
//! the environment, in default features; the same with a token of google-cloud-auth; and what brings a client of its own,
//! kube-client (with the same TLS, which it has not by default) and reqwest, which has no tokens. Crates are those that
//! `cargo tree -e normal` names for this platform, the program itself left out. Downloading is done beforehand. CPU time
//! is that of all compilers together; the time on the wall is that of a machine that may have other work.
//!
//! It takes a quarter of an hour and more, so it is done only when it is named: `--row S10`.

mod project;
mod subject;

use std::fmt::Write;

use self::{
    project::{Built, Project},
    subject::SUBJECTS,
};
use crate::{options::Options, progress::Progress, table::Row};

pub const NUMBERS: &[&str] = &["S10"];

pub fn measure(options: &Options, progress: &Progress) -> Vec<Row> {
    if options.quick || !options.names("S10") {
        progress.publish("S10 is skipped: it builds for a quarter of an hour and more. `--row S10` without `--quick` measures it.");
        return Vec::new();
    }
    progress.begin("builds", SUBJECTS.len() as u64);
    let directory = tempfile::tempdir().expect("a temporary directory");
    let mut built = Vec::new();
    for subject in SUBJECTS {
        let project = Project::create(directory.path(), subject);
        built.push(project.and_then(|project| project.build()));
        progress.step();
    }
    let alone = built.first().and_then(|alone| alone.as_ref().ok());
    progress.publish(&table(&built, alone));
    let ours = built.get(1).and_then(|ours| ours.as_ref().ok());
    vec![Row {
        number: "S10",
        what: "what it costs to have: beside a hello-world client of hyper and rustls".into(),
        target: "published".into(),
        measured: match (alone, ours) {
            (Some(alone), Some(ours)) => format!(
                "{} crates, {} more than without; {:+.0} KiB; {:+.0} s of CPU to build",
                ours.crates.len(),
                ours.beyond(alone),
                ours.kib() - alone.kib(),
                ours.cpu - alone.cpu,
            ),
            _ => "could not be built".into(),
        },
        // There is no target, but what does not build is no measurement.
        is_met: (alone.is_none() || ours.is_none()).then_some(false),
    }]
}

fn table(built: &[Result<Built, String>], alone: Option<&Built>) -> String {
    let mut table = String::from(
        "| program | crates | not in the first | clean build, s | CPU of that, s | size, KiB | above the first |\n\
         |---|---:|---:|---:|---:|---:|---:|",
    );
    for (subject, built) in SUBJECTS.iter().zip(built) {
        let name = subject.name;
        let _ = match (built, alone) {
            (Ok(built), Some(alone)) => write!(
                table,
                "\n| {name} | {} | {} | {:.0} | {:.0} | {:.0} | {:+.0} |",
                built.crates.len(),
                built.beyond(alone),
                built.wall,
                built.cpu,
                built.kib(),
                built.kib() - alone.kib(),
            ),
            (Ok(_), None) => write!(table, "\n| {name} | | | | | | |"),
            (Err(why), _) => write!(table, "\n| {name}: {why} | | | | | | |"),
        };
    }
    table
}
