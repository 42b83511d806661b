//! The stub's own time: the wall clock, moved.
//!
//! Nothing else in this crate reads a clock, so a test that moves this one moves everything.

use std::{
    sync::atomic::{AtomicI64, Ordering},
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};

/// A wall clock with an offset that tests may change.
#[derive(Debug, Default)]
pub(crate) struct Clock {
    offset_millis: AtomicI64,
}

impl Clock {
    pub(crate) fn now(&self) -> Timestamp {
        let offset = SignedDuration::from_millis(self.offset_millis.load(Ordering::Relaxed));
        after(Timestamp::now(), offset)
    }

    /// Seconds since 1970, as tokens count them.
    pub(crate) fn seconds(&self) -> i64 {
        self.now().as_second()
    }

    pub(crate) fn advance(&self, by: Duration) {
        let by = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
        // The closure never returns `None`, so neither does the update.
        let _ = self
            .offset_millis
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |offset| {
                Some(offset.saturating_add(by))
            });
    }

    pub(crate) fn set_offset(&self, seconds: i64) {
        let millis = seconds.saturating_mul(1000);
        self.offset_millis.store(millis, Ordering::Relaxed);
    }

    /// How many seconds it is ahead of the wall clock.
    pub(crate) fn offset_seconds(&self) -> i64 {
        self.offset_millis.load(Ordering::Relaxed) / 1000
    }
}

/// `time` moved by `by`, stopping at the ends of the calendar.
pub(crate) fn after(time: Timestamp, by: SignedDuration) -> Timestamp {
    let end = if by.is_negative() {
        Timestamp::MIN
    } else {
        Timestamp::MAX
    };
    time.checked_add(by).unwrap_or(end)
}

/// The `Date` header's form (RFC 9110 section 5.6.7).
pub(crate) fn http_date(time: Timestamp) -> String {
    time.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moves_and_never_overflows() {
        let clock = Clock::default();
        let before = clock.seconds();
        clock.advance(Duration::from_secs(3600));
        assert!(clock.seconds() >= before + 3600);
        clock.advance(Duration::MAX);
        assert_eq!(clock.now(), Timestamp::MAX);
        clock.set_offset(i64::MIN);
        assert_eq!(clock.now(), Timestamp::MIN);
    }

    #[test]
    fn writes_http_dates() {
        let time = Timestamp::from_second(784_111_777).unwrap();
        assert_eq!(http_date(time), "Sun, 06 Nov 1994 08:49:37 GMT");
    }
}
