//! What is left of a private key in the memory of a process that has dropped it: nothing, however it came in.
//!
//! Each way in is tried in a process of its own, this one run again, so that nothing but what it does can leave a trace.
//! It looks for every 16 bytes of the key's secret numbers, in each form that they are read from or kept in.
//!
//! Two dependencies leave copies, which is told and is no failure: `Form::left_by`. So is what lies on the stack below
//! what is in use, where an unoptimised build puts what the parser looks at to count lines.

#![cfg_attr(
    target_os = "linux",
    expect(clippy::unwrap_used, reason = "what cannot be had in a test ends it")
)]

#[cfg(target_os = "linux")]
mod forms;
#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "linux")]
mod loading;
#[cfg(target_os = "linux")]
mod material;
#[cfg(target_os = "linux")]
mod search;

#[cfg(not(target_os = "linux"))]
#[test]
#[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
fn k4_no_copy_of_a_private_key_is_left_in_memory() {
    eprintln!("SKIPPED: memory is looked at through /proc/self/mem, which is Linux's");
}
