//! S4: the instructions of a request, which callgrind counts. They do not depend on what else the machine does, so a
//! check of them can be strict where one of times cannot.

use std::{env, process::Command};

use clap::ValueEnum;

use crate::{
    harness::{Worker, runtime},
    options::Options,
    progress::Progress,
    subjects,
    table::Row,
    tenants,
};

pub const NUMBERS: &[&str] = &["S4"];

/// How many more than a constant header's they may be: the target is 1,050 where that takes 876. What it takes itself
/// is a matter of C libraries, compilers, and of how requests are made.
const LIMIT: f64 = 174.0;

/// How many more they were when this was last noted, with those of the constant header. To be noted anew when they
/// become fewer, and not otherwise.
const RECORDED: f64 = 423.0;

/// How much more of all than recorded is a regression.
const TOLERANCE: f64 = 1.05;

const OPERATIONS: u64 = 10_000;

/// What is counted.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Counted {
    PassThrough,
    Constant,
    Ours,
    /// With a grant of one of a thousand tenants.
    Tenant,
}

/// Has valgrind run this program, once for each.
pub fn measure(options: &Options, progress: &Progress) -> Vec<Row> {
    progress.begin("under valgrind", 4);
    let count = |counted| {
        let instructions = count(counted);
        progress.step();
        instructions
    };
    let all = [
        Counted::PassThrough,
        Counted::Constant,
        Counted::Ours,
        Counted::Tenant,
    ]
    .map(count);
    let row = |what: &str, target, measured, is_met| Row {
        number: "S4",
        what: what.to_owned(),
        target,
        measured,
        is_met,
    };
    let (what, target) = (
        "instructions of a request",
        format!("at most {LIMIT} beyond a constant header's"),
    );
    let [Some(pass_through), Some(constant), Some(ours), Some(tenant)] = all else {
        eprintln!("SKIPPED: S4, for want of valgrind");
        let skipped = "SKIPPED: there is no valgrind here".to_owned();
        return vec![row(what, target, skipped, None)];
    };
    let beyond = ours - constant;
    let measured = format!(
        "{ours:.0} ({beyond:.0} beyond a constant header's {constant:.0}; pass-through {pass_through:.0}; with a tenant's grant {tenant:.0})",
    );
    // CI holds on to what there is.
    let is_met = (!options.quick).then_some(beyond <= LIMIT);
    let grown = ours / (constant + RECORDED);
    vec![
        row(what, target, measured, is_met),
        row(
            "the same, beside what was recorded",
            format!("at most {TOLERANCE} x"),
            format!("{grown:.2} x ({RECORDED} beyond a constant header's)"),
            Some(grown <= TOLERANCE),
        ),
    ]
}

/// The instructions of one request; `None` where valgrind is not to be had.
fn count(counted: Counted) -> Option<f64> {
    let program = env::current_exe().ok()?;
    let name = counted.to_possible_value()?;
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .args([
            "--collect-atstart=no",
            "--toggle-collect=*counted_by_callgrind*",
        ])
        .arg(program)
        .args(["--count", name.get_name()])
        .output()
        .ok()?;
    let told = String::from_utf8_lossy(&output.stderr);
    let collected = told
        .lines()
        .find_map(|line| line.split_once("Collected :"))?
        .1;
    let total: f64 = collected.trim().parse().ok()?;
    assert!(output.status.success() && total > 0.0, "{told}");
    Some(total / OPERATIONS as f64)
}

/// What runs under valgrind.
pub fn run(counted: Counted) {
    let runtime = runtime();
    let _entered = runtime.enter();
    let subject = match counted {
        Counted::PassThrough => subjects::pass_through(),
        Counted::Constant => subjects::constant(),
        Counted::Ours => subjects::ours(&runtime),
        Counted::Tenant => tenants::one_of_many(&runtime),
    };
    let mut worker = (subject.fork)();
    allocation_counter::opt_out(|| {
        worker.run(100);
        counted_by_callgrind(&mut *worker);
    });
}

/// Called once, so that callgrind can tell it by its name from what comes before.
#[inline(never)]
fn counted_by_callgrind(worker: &mut dyn Worker) {
    worker.run(OPERATIONS);
}
