//! How far it is, on a terminal; and what a stage publishes beside its rows.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// The bar of the stage that runs. It draws nothing where there is no terminal.
pub struct Progress(ProgressBar);

impl Progress {
    /// The bar of the stage that measures these rows.
    pub fn new(numbers: &[&str]) -> Self {
        let style = ProgressStyle::with_template("{prefix} [{bar:30}] {elapsed} {msg}")
            .expect("the template is constant");
        let bar = ProgressBar::new(0)
            .with_style(style)
            .with_prefix(numbers.join(" "));
        bar.enable_steady_tick(Duration::from_millis(250));
        Self(bar)
    }

    /// Begins a part of this many steps.
    pub fn begin(&self, what: &str, steps: u64) {
        self.0.set_length(steps);
        self.0.set_position(0);
        self.0.set_message(what.to_owned());
    }

    /// A step is done.
    pub fn step(&self) {
        self.0.inc(1);
    }

    /// Prints a paragraph or a table of its own.
    pub fn publish(&self, markdown: &str) {
        self.0.suspend(|| println!("{markdown}\n"));
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
