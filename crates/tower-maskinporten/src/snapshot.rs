//! What there is at one moment: a token and how far it can be trusted, and what has failed.
//!
//! ```text
//!            publish                soft               hard
//!   empty ───────────► fresh ───────────► stale ───────────► expired
//!                        ▲                  │                   │
//!                        └──────────────────┴───────────────────┘ publish
//!
//!   fresh, stale ──► doubtful (a 401 blames the token, or the clocks disagree) ──► fresh (publish), as before (fail)
//! ```

use std::time::Duration;

use http::HeaderValue;
use maskinporten::AccessToken;
use tokio::time::Instant;

use crate::{
    clock::{Anchor, Now},
    failure::Failure,
    schedule::{self, Urgency},
};

/// What there is at one moment.
#[derive(Clone, Default)]
pub(crate) struct Snapshot {
    pub(crate) token: Option<Held>,
    /// Apart, as there is seldom one.
    pub(crate) failure: Option<Box<Failure>>,
}

/// A token and how far it can be trusted.
#[derive(Clone)]
pub(crate) struct Held {
    authorization: HeaderValue,
    generation: u64,
    requested_at: Instant,
    soft: Instant,
    hard: Instant,
    anchor: Anchor,
    /// How long the machine slept until the anchor was set anew.
    asleep: Duration,
    blamed: bool,
}

/// A header to send, and which token it is.
#[derive(Clone)]
pub(crate) struct Ticket {
    pub(crate) authorization: HeaderValue,
    pub(crate) generation: u64,
}

/// How far a token can be trusted now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trust {
    Fresh,
    Stale,
    Doubtful,
    Expired,
}

impl Snapshot {
    /// Which token it is, counted from 1; 0 while there has been none.
    pub(crate) fn generation(&self) -> u64 {
        self.token.as_ref().map_or(0, |held| held.generation)
    }

    /// Decides when the next fetch is due, if it is known: after a failure when its pause is over; else at once for a
    /// token in doubt, and at SOFT for any other.
    pub(crate) fn due(&self, now: &Now, asked: bool) -> Option<Instant> {
        match (&self.token, &self.failure) {
            (held, Some(failure)) => {
                let end = held.as_ref().and_then(|held| held.end(now));
                // What there was when it failed: that a token has ended since does not put off the next attempt.
                let urgency = match end {
                    Some(end) if failure.at < end => Urgency::Stale,
                    _ if asked => Urgency::Asked,
                    _ => Urgency::Idle,
                };
                let due = failure.at + failure.pause(urgency);
                // However long the pause, there are these tries before the token ends.
                let tries = schedule::LAST_TRIES.iter();
                let tries = tries
                    .filter_map(|ahead| end?.checked_sub(*ahead))
                    .filter(|try_at| failure.at < *try_at)
                    .map(|try_at| try_at.max(failure.at + schedule::SPACING));
                Some(tries.fold(due, Instant::min))
            }
            (Some(held), None) if held.trust(now) == Trust::Doubtful => Some(now.instant),
            (Some(held), None) => Some(
                held.soft
                    .checked_sub(held.slept(now))
                    .unwrap_or(now.instant),
            ),
            (None, None) => None,
        }
    }
}

impl Held {
    /// Takes a token over that was asked for at `anchor` or later and is here `now`.
    pub(crate) fn new(
        token: &AccessToken,
        generation: u64,
        anchor: Anchor,
        now: &Now,
        random: f64,
    ) -> Self {
        let lifetime = token.lifetime();
        let soft = token.requested_at() + schedule::soft(lifetime, random);
        Self {
            authorization: token.authorization().clone(),
            generation,
            requested_at: token.requested_at(),
            // A source may give tokens that are old already; they are no reason to fetch without end.
            soft: soft.max(now.instant + schedule::SPACING),
            hard: token.requested_at() + schedule::hard(lifetime),
            anchor,
            asleep: Duration::ZERO,
            blamed: false,
        }
    }

    /// An API says that it is bad.
    pub(crate) fn blame(&mut self) {
        self.blamed = true;
    }

    pub(crate) fn is_blamed(&self) -> bool {
        self.blamed
    }

    /// There is nothing better, so it is no longer doubted for what has happened until now.
    pub(crate) fn absolve(&mut self, now: &Now) {
        self.asleep = self.slept(now);
        self.anchor = now.anchor();
        self.blamed = false;
    }

    /// Whether it ends later than another that can still be used.
    pub(crate) fn is_better_than(&self, other: &Self, now: &Now) -> bool {
        other.blamed || self.window(now) > other.window(now)
    }

    /// The same token again is no newer one.
    pub(crate) fn keep_generation_of_same(&mut self, before: &Self) {
        if self.authorization == before.authorization {
            self.generation = before.generation;
        }
    }

    /// How long the machine has slept since the token was asked for. Only asked when the clocks disagree, which they
    /// do after a sleep: it takes two clocks more.
    fn slept(&self, now: &Now) -> Duration {
        if now.disagrees_with(self.anchor) {
            self.asleep + now.slept_since(self.anchor)
        } else {
            self.asleep
        }
    }

    pub(crate) fn trust(&self, now: &Now) -> Trust {
        let age = now.instant + self.slept(now);
        if age >= self.hard {
            Trust::Expired
        } else if self.blamed || now.disagrees_with(self.anchor) {
            Trust::Doubtful
        } else if age >= self.soft {
            Trust::Stale
        } else {
            Trust::Fresh
        }
    }

    pub(crate) fn ticket(&self) -> Ticket {
        Ticket {
            authorization: self.authorization.clone(),
            generation: self.generation,
        }
    }

    pub(crate) fn generation(&self) -> u64 {
        self.generation
    }

    /// How long ago it was asked for.
    pub(crate) fn age(&self, now: &Now) -> Duration {
        (now.instant + self.slept(now)).duration_since(self.requested_at)
    }

    /// When it ends, or did.
    fn end(&self, now: &Now) -> Option<Instant> {
        self.hard.checked_sub(self.slept(now))
    }

    /// How long it can still be used.
    pub(crate) fn window(&self, now: &Now) -> Option<Duration> {
        self.hard
            .checked_duration_since(now.instant + self.slept(now))
            .filter(|window| !window.is_zero())
    }
}

#[cfg(test)]
mod tests {
    use maskinporten::Error;

    use super::*;

    const HOUR: i64 = 3_600_000_000_000;

    fn now(instant: Instant, anchor: Anchor, wall_moved: i64) -> Now {
        Now {
            instant,
            wall_offset: anchor.wall_offset + wall_moved,
            slept: || Duration::ZERO,
        }
    }

    fn anchor() -> Anchor {
        Anchor {
            wall_offset: 0,
            slept: Duration::ZERO,
        }
    }

    fn held(anchor: Anchor) -> (Held, Instant) {
        let born = Instant::now();
        let token = AccessToken::new("t", born, Duration::from_secs(120)).unwrap();
        let now = now(born, anchor, 0);
        (Held::new(&token, 1, anchor, &now, 0.0), born)
    }

    #[test]
    fn trust_ends_in_steps() {
        let anchor = anchor();
        let (held, born) = held(anchor);
        for (age, trust) in [
            (0, Trust::Fresh),
            (69, Trust::Fresh),
            (70, Trust::Stale),
            (114, Trust::Stale),
            (115, Trust::Expired),
            (3600, Trust::Expired),
        ] {
            let now = now(born + Duration::from_secs(age), anchor, 0);
            assert_eq!(held.trust(&now), trust, "{age}");
        }
    }

    #[test]
    fn e2_e3_a_wall_clock_that_was_set_puts_a_token_in_doubt_but_does_not_end_it() {
        let anchor = anchor();
        let (mut held, born) = held(anchor);
        for moved in [HOUR, -HOUR] {
            let doubted = now(born, anchor, moved);
            assert_eq!(held.trust(&doubted), Trust::Doubtful);
            // It is refreshed at once; when that fails, it is used to its end after all.
            let snapshot = Snapshot {
                token: Some(held.clone()),
                ..Snapshot::default()
            };
            assert_eq!(snapshot.due(&doubted, false), Some(born));
            held.absolve(&doubted);
            assert_eq!(held.trust(&doubted), Trust::Fresh);
            held.absolve(&now(born, anchor, 0));
            // However far back it was set, the end does not move.
            let late = now(born + Duration::from_secs(116), anchor, moved);
            assert_eq!(held.trust(&late), Trust::Expired);
        }
    }

    #[test]
    fn e1_time_asleep_counts() {
        let anchor = anchor();
        let (held, born) = held(anchor);
        let after = |asleep: fn() -> Duration| Now {
            slept: asleep,
            ..now(born, anchor, HOUR)
        };
        let awake = after(|| Duration::ZERO);
        assert_eq!(held.trust(&awake), Trust::Doubtful);
        let woken = after(|| Duration::from_secs(3600));
        assert_eq!(held.trust(&woken), Trust::Expired);
    }

    #[test]
    fn what_is_blamed_is_doubtful_until_it_is_absolved() {
        let anchor = anchor();
        let (mut held, born) = held(anchor);
        let now = now(born, anchor, 0);
        held.blame();
        assert_eq!(held.trust(&now), Trust::Doubtful);
        held.absolve(&now);
        assert_eq!(held.trust(&now), Trust::Fresh);
    }

    /// A token of 120 s whose refresh has failed for the ninth time at this age, and its birth.
    fn failing(error: Error, age: u64) -> (Snapshot, Instant) {
        let (held, born) = held(anchor());
        let at = born + Duration::from_secs(age);
        let failure = (0..9).fold(None, |before, _| {
            Some(Failure::after(before, error.clone(), born, at, 0.0))
        });
        let snapshot = Snapshot {
            token: Some(held),
            failure: failure.map(Box::new),
        };
        (snapshot, born)
    }

    #[test]
    fn one_more_try_comes_before_the_end_however_long_the_pause() {
        let (snapshot, born) = failing(Error::permanent("no"), 75);
        let now = now(born + Duration::from_secs(80), anchor(), 0);
        let due = snapshot.due(&now, false).unwrap();
        assert_eq!(due, born + Duration::from_secs(100));
    }

    #[test]
    fn the_last_try_is_two_seconds_before_the_end() {
        for (error, failed_at, next) in [
            (Error::permanent("no"), 101, 113_000),
            (Error::transient("down"), 112, 113_000),
            (Error::transient("down"), 113, 115_500),
        ] {
            let (snapshot, born) = failing(error, failed_at);
            let now = now(born + Duration::from_secs(failed_at), anchor(), 0);
            let due = snapshot.due(&now, false).unwrap();
            assert_eq!(due, born + Duration::from_millis(next), "{failed_at}");
        }
    }

    #[test]
    fn the_end_of_a_token_does_not_put_off_the_next_try() {
        let (snapshot, born) = failing(Error::transient("down"), 114);
        for asked in [false, true] {
            let due = |age| snapshot.due(&now(born + Duration::from_secs(age), anchor(), 0), asked);
            assert_eq!(due(114), Some(born + Duration::from_millis(116_500)));
            assert_eq!(due(116), due(114));
        }
        // From then on nobody has anything to lose.
        let (snapshot, born) = failing(Error::transient("down"), 116);
        let due = snapshot.due(&now(born + Duration::from_secs(117), anchor(), 0), false);
        assert_eq!(due, Some(born + Duration::from_secs(116 + 15)));
    }
}
