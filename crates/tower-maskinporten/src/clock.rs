//! What time it is, and whether the clocks agree.
//!
//! Timers and `Instant` stand still while a machine sleeps; the wall clock goes on, but can be set. A token's age is
//! judged by tokio's clock (which tests can pause), corrected for sleep. When the wall clock has moved otherwise than
//! that since the token was asked for, nobody knows who is right, and the token is in doubt.

use std::{cell::Cell, time::Duration};

use tokio::time::Instant;

/// Clocks that drift apart less than this agree.
const TOLERANCE: i64 = 2_000_000_000;

/// What the clocks say at one moment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Now {
    pub(crate) instant: Instant,
    /// The wall clock less the monotonic clock, in nanoseconds.
    pub(crate) wall_offset: i64,
    /// Asks how long the machine has slept since it was started. Only of interest when the clocks disagree.
    pub(crate) slept: fn() -> Duration,
}

/// A moment to measure from: what [`Now`] has, and how long the machine had slept until then.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Anchor {
    pub(crate) wall_offset: i64,
    pub(crate) slept: Duration,
}

impl Now {
    /// Reads the clocks. Cheap: neither the wall clock nor the monotonic one is asked for more than milliseconds.
    pub(crate) fn read() -> Self {
        Self {
            instant: Instant::now(),
            wall_offset: wall_offset(),
            slept,
        }
    }

    /// What the clocks say, read once a tick, and which tick that was; none on time that a test has paused.
    pub(crate) fn coarse() -> (Self, Option<Tick>) {
        thread_local! {
            static LAST: Cell<Option<(Tick, Now)>> = const { Cell::new(None) };
        }
        if let (Some(tick), Some((last, now))) = (Tick::now(), LAST.get())
            && tick == last
        {
            return (now, Some(tick));
        }
        let (tick, now) = (Tick::of_real_time(), Self::read());
        LAST.set(tick.map(|tick| (tick, now)));
        (now, tick)
    }

    /// This moment, to measure from.
    pub(crate) fn anchor(&self) -> Anchor {
        Anchor {
            wall_offset: self.wall_offset,
            slept: (self.slept)(),
        }
    }

    /// Whether the wall clock has moved otherwise than the monotonic one since `anchor`.
    pub(crate) fn disagrees_with(&self, anchor: Anchor) -> bool {
        self.wall_offset.saturating_sub(anchor.wall_offset).abs() > TOLERANCE
    }

    /// How long the machine has slept since `anchor`.
    pub(crate) fn slept_since(&self, anchor: Anchor) -> Duration {
        (self.slept)().saturating_sub(anchor.slept)
    }
}

/// The coarse wall clock, which goes on in steps of some milliseconds, and also while the machine sleeps. What was so
/// at a tick is so until the next; on time that a test has paused there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tick(i64);

impl Tick {
    /// The present one, as each request asks for it.
    ///
    /// Whether a test has paused tokio's clock takes longer to find out than all else that a request does. Tests are
    /// built with debug assertions, and may pause it between two requests; elsewhere it is enough to find out
    /// [once a tick](Self::of_real_time).
    pub(crate) fn now() -> Option<Self> {
        if cfg!(debug_assertions) {
            Self::of_real_time()
        } else {
            Some(Self(wall()))
        }
    }

    /// The present one, unless tokio's clock is not the real one.
    pub(crate) fn of_real_time() -> Option<Self> {
        let tick = Self(wall());
        let before = Monotonic::now();
        let now = Instant::now().into_std();
        (before <= now && now <= Monotonic::now()).then_some(tick)
    }
}

#[expect(
    clippy::disallowed_types,
    reason = "what tokio's clock is compared with, which tests can pause"
)]
type Monotonic = std::time::Instant;

fn wall_offset() -> i64 {
    wall().saturating_sub(platform::awake())
}

#[cfg(test)]
use fake::{slept, wall};
#[cfg(not(test))]
use platform::{slept, wall};

#[cfg(any(target_os = "linux", target_os = "android"))]
mod platform {
    use std::time::Duration;

    use rustix::time::{ClockId, Timespec, clock_gettime};

    pub(super) fn wall() -> i64 {
        nanos(clock_gettime(ClockId::RealtimeCoarse))
    }

    pub(super) fn awake() -> i64 {
        nanos(clock_gettime(ClockId::MonotonicCoarse))
    }

    /// `CLOCK_BOOTTIME` is `CLOCK_MONOTONIC` and the time asleep.
    pub(super) fn slept() -> Duration {
        let boot = nanos(clock_gettime(ClockId::Boottime));
        let awake = nanos(clock_gettime(ClockId::Monotonic));
        // Read one after the other, so awake may be a little ahead.
        Duration::from_nanos(boot.saturating_sub(awake).try_into().unwrap_or(0))
    }

    fn nanos(time: Timespec) -> i64 {
        time.tv_sec
            .saturating_mul(1_000_000_000)
            .saturating_add(time.tv_nsec)
    }
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
mod platform {
    use std::{
        sync::OnceLock,
        time::{Duration, SystemTime},
    };

    use super::Monotonic;

    pub(super) fn wall() -> i64 {
        let wall = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        millis(wall.unwrap_or_default())
    }

    pub(super) fn awake() -> i64 {
        static START: OnceLock<Monotonic> = OnceLock::new();
        millis(START.get_or_init(Monotonic::now).elapsed())
    }

    /// As coarse as where there are coarse clocks, in nanoseconds.
    fn millis(time: Duration) -> i64 {
        let millis = i64::try_from(time.as_millis()).unwrap_or(i64::MAX);
        millis.saturating_mul(1_000_000)
    }

    /// Unknown here: sleep is seen as a wall clock that moved, which puts the token in doubt.
    pub(super) fn slept() -> Duration {
        Duration::ZERO
    }
}

/// Clocks that tests can move, in their own thread.
#[cfg(test)]
pub(crate) mod fake {
    use std::{cell::Cell, time::Duration};

    use super::platform;

    thread_local! {
        static WALL: Cell<i64> = const { Cell::new(0) };
        static ASLEEP: Cell<Duration> = const { Cell::new(Duration::ZERO) };
    }

    pub(super) fn wall() -> i64 {
        platform::wall() + WALL.get()
    }

    pub(super) fn slept() -> Duration {
        platform::slept() + ASLEEP.get()
    }

    /// The machine sleeps: the wall clock goes on, timers do not.
    pub(crate) fn sleep(duration: Duration) {
        ASLEEP.set(ASLEEP.get() + duration);
        set_wall_clock(i64::try_from(duration.as_nanos()).unwrap());
    }

    /// Somebody moves the wall clock by that many nanoseconds.
    pub(crate) fn set_wall_clock(by: i64) {
        WALL.set(WALL.get() + by);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks_agree_while_nothing_happens() {
        let anchor = Now::read().anchor();
        let now = Now::read();
        assert!(!now.disagrees_with(anchor));
        assert!(now.slept_since(anchor) < Duration::from_secs(1));
    }
}
