//! Growth: what a fleet does to the token endpoint, and what that costs its processes. In virtual time.
//!
//! A thousand replicas that were started in the same second, with tokens of 120 s; and a million tenants, a hundred
//! thousand for each of ten replicas, with Altinn tokens of 1800 s. The endpoint takes 200 ms over a token, and 50 ms
//! to say no while it is out of order, for 60 s. Each call is one fetch: with Altinn's exchange, as many calls reach
//! Altinn. CPU time is that of this whole process: the simulated endpoint, clock and requests are in it, the signatures
//! are not. Those are reckoned from what bare ones take here.
//!
//! On paper only: with tokens of 120 s, which are refreshed after 62 s on average, a million tenants are 16,000 calls a
//! second, each with a signature of its own. A process has 32 fetches under way at most, so it gets 160 tokens a second
//! from an endpoint that takes 200 ms: that fleet needs a hundred processes, or tokens that live longer.

mod calls;
mod endpoint;
mod replicas;
mod tenants;

use std::hint::black_box;

use tokio::runtime::Builder;

use crate::{cpu, key::Key, options::Options, progress::Progress, table::Row};

pub const NUMBERS: &[&str] = &["Growth"];

pub fn measure(options: &Options, progress: &Progress) -> Vec<Row> {
    let signature = signature();
    let replicas = in_virtual_time(replicas::live(1_000, progress));
    let tenants = if options.quick { 5_000 } else { 1_000_000 };
    let tenants = in_virtual_time(tenants::live(tenants, progress));
    vec![replicas.row(signature), tenants.row(signature)]
}

/// Runs `run` in virtual time, with the same chances each time.
fn in_virtual_time<T>(run: impl Future<Output = T>) -> T {
    fastrand::seed(1);
    let mut runtime = Builder::new_current_thread();
    let runtime = runtime.enable_time().start_paused(true).build();
    runtime.expect("a runtime").block_on(run)
}

/// The CPU time of a bare signature, in seconds.
fn signature() -> f64 {
    const COUNT: u32 = 200;
    let key = Key::generate();
    let before = cpu::of_thread();
    for _ in 0..COUNT {
        black_box(key.sign(b"a fleet"));
    }
    (cpu::of_thread() - before).as_secs_f64() / f64::from(COUNT)
}
