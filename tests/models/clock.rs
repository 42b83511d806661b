//! The clock of the models, in the place of the layer's: it stands still unless a model moves it.

use std::{cell::Cell, time::Duration};

use tokio::time::Instant;

#[derive(Clone, Copy, Debug)]
pub(crate) struct Now {
    pub(crate) instant: Instant,
    pub(crate) wall_offset: i64,
    pub(crate) slept: fn() -> Duration,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Anchor {
    pub(crate) wall_offset: i64,
    pub(crate) slept: Duration,
}

// Models run all their threads on one thread of the operating system, so each model has its own.
thread_local! {
    static BEGAN: Instant = Instant::now();
    static PASSED: Cell<Duration> = const { Cell::new(Duration::ZERO) };
    static WALL: Cell<i64> = const { Cell::new(0) };
}

/// Begins anew.
pub(crate) fn reset() {
    PASSED.set(Duration::ZERO);
    WALL.set(0);
}

pub(crate) fn advance(by: Duration) {
    PASSED.set(PASSED.get() + by);
}

/// Somebody sets the wall clock; in nanoseconds.
pub(crate) fn step_wall_clock(by: i64) {
    WALL.set(WALL.get() + by);
}

impl Now {
    pub(crate) fn read() -> Self {
        Self {
            instant: BEGAN.with(|began| *began) + PASSED.get(),
            wall_offset: WALL.get(),
            slept: || Duration::ZERO,
        }
    }

    pub(crate) fn anchor(&self) -> Anchor {
        Anchor {
            wall_offset: self.wall_offset,
            slept: (self.slept)(),
        }
    }

    pub(crate) fn disagrees_with(&self, anchor: Anchor) -> bool {
        self.wall_offset != anchor.wall_offset
    }

    pub(crate) fn slept_since(&self, anchor: Anchor) -> Duration {
        (self.slept)() - anchor.slept
    }
}
