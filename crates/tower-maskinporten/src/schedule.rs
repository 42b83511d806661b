//! When to refresh, how long to wait, when to stop trusting: arithmetic on durations and nothing else.
//!
//! Everything is a share of a token's lifetime, because Maskinporten's tokens live two minutes by default and
//! Altinn's half an hour. `random` is uniform in `0.0..1.0` and comes from outside, so that this can be tested.

use std::time::Duration;

/// Tokens are not fetched more often than this, however short they live.
pub(crate) const SPACING: Duration = Duration::from_secs(1);
/// How long a request waits for a better token when there is one that is doubtful.
pub(crate) const DOUBT_WAIT: Duration = Duration::from_secs(2);
/// How long a request waits for a token when there is none.
pub(crate) const COLD_WAIT: Duration = Duration::from_secs(15);
/// The longest that a request can be told to wait.
pub(crate) const LONGEST_WAIT: Duration = Duration::from_secs(24 * 60 * 60);
/// How long somebody who waits leaves the refresher before doing its work.
pub(crate) const BLINK: Duration = Duration::from_millis(250);
/// How long somebody who waits goes without seeing to it that somebody works.
pub(crate) const LONGEST_GAZE: Duration = Duration::from_secs(5);
/// How long a flight may be in line before somebody else may take its place.
pub(crate) const LONGEST_LINE: Duration = Duration::from_secs(60);
/// Timers stop while a machine sleeps, so none is set for longer than this.
pub(crate) const LONGEST_SLEEP: Duration = Duration::from_secs(30);
/// How long after something was told it may be told again.
pub(crate) const TELLING: Duration = Duration::from_secs(60);

/// How long before a token ends its refresh is tried again, however it has failed before: once in time for an endpoint
/// that is slow, and once as late as an attempt can be, so that an outage that is over by then has cost nothing.
pub(crate) const LAST_TRIES: [Duration; 2] = [COLD_WAIT, SHORTEST_FETCH];

/// What one fetch may take at least.
const SHORTEST_FETCH: Duration = Duration::from_secs(2);
/// The longest that one fetch may take: two attempts of 10 s, at Maskinporten and at Altinn.
const LONGEST_FETCH: Duration = Duration::from_secs(20);
/// The first pause after a failure when there is no token.
const FIRST_BACKOFF: Duration = Duration::from_millis(250);
/// The first when there is one, so that nobody waits.
const FIRST_BACKOFF_AT_LEISURE: Duration = Duration::from_secs(2);
const FIRST_REJECTION: Duration = Duration::from_secs(30);
const APPROVAL: Duration = Duration::from_secs(60);
const LONGEST_REJECTION: Duration = Duration::from_secs(300);

/// From when on a token is refreshed in the background, counted from when it was asked for: 58 % of its life less up
/// to 12 %, or, for long lives, ten minutes before the end less up to one. A token of two minutes then outlasts an
/// endpoint that is down for 43 s, and a fleet that started together does not ask together.
pub(crate) fn soft(lifetime: Duration, random: f64) -> Duration {
    let soft = if lifetime >= Duration::from_secs(1500) {
        lifetime
            .saturating_sub(Duration::from_secs(600))
            .saturating_sub(Duration::from_secs(60).mul_f64(random))
    } else {
        lifetime.mul_f64(0.58 - 0.12 * random)
    };
    soft.max(SPACING)
}

/// From when on a token is not attached any more: a little before its end, because a request takes time to arrive.
pub(crate) fn hard(lifetime: Duration) -> Duration {
    let margin = (lifetime / 20).min(Duration::from_secs(5));
    lifetime
        .saturating_sub(margin)
        .max(Duration::from_millis(250))
}

/// How eagerly a failed fetch is tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Urgency {
    /// There is a token, and it is running out.
    Stale,
    /// There is none, and requests fail for it.
    Asked,
    /// There is none, and nobody has asked since.
    Idle,
}

/// How long to wait after the `failures`-th failure in a row: 2 s doubling up to a cap while there is a token, 250 ms
/// when there is none; varied by half either way, and never less than the spacing.
pub(crate) fn backoff(failures: u32, urgency: Urgency, random: f64) -> Duration {
    let (first, cap) = match urgency {
        Urgency::Stale => (FIRST_BACKOFF_AT_LEISURE, 5),
        Urgency::Asked => (FIRST_BACKOFF, 15),
        Urgency::Idle => (FIRST_BACKOFF, 30),
    };
    doubled(first, failures)
        .min(Duration::from_secs(cap))
        .mul_f64(0.5 + random)
        .max(SPACING)
}

/// How long a refusal that asking again will not change is remembered: the endpoint is a national service.
pub(crate) fn rejection(failures: u32, random: f64) -> Duration {
    doubled(FIRST_REJECTION, failures)
        .mul_f64(1.0 + 0.1 * random)
        .min(LONGEST_REJECTION)
}

/// How long to wait before asking again for a customer who has not approved the system user: somebody may be about to.
pub(crate) fn approval(random: f64) -> Duration {
    APPROVAL.mul_f64(1.0 + 0.1 * random)
}

fn doubled(first: Duration, failures: u32) -> Duration {
    // Ten doublings pass every cap, and stay far from what a Duration can hold.
    first.saturating_mul(1 << failures.saturating_sub(1).min(10))
}

/// How long one fetch may take when the token at hand can be used for another `window`: an eighth of it, so that
/// several attempts fit in.
pub(crate) fn fetch_limit(window: Option<Duration>) -> Duration {
    window.map_or(LONGEST_FETCH, |window| {
        (window / 8).clamp(SHORTEST_FETCH, LONGEST_FETCH)
    })
}

/// How long after one 401 has led to a refresh another may. When new tokens are blamed as the old ones were, the
/// tokens are not what is wrong.
pub(crate) fn blame_pause(useless_refreshes: u32) -> Duration {
    Duration::from_secs(if useless_refreshes < 3 { 10 } else { 60 })
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn secs(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn soft_and_hard_are_shares_of_the_lifetime() {
        for (lifetime, earliest, latest, hard_at) in [
            (
                secs(120),
                Duration::from_millis(55_200),
                Duration::from_millis(69_600),
                secs(115),
            ),
            (secs(1800), secs(1140), secs(1200), secs(1795)),
            (secs(3600), secs(2940), secs(3000), secs(3595)),
            (secs(600), secs(276), secs(348), secs(595)),
            (
                secs(20),
                Duration::from_millis(9_200),
                Duration::from_millis(11_600),
                secs(19),
            ),
            // Never sooner than the spacing, even if that is after the end.
            (secs(1), secs(1), secs(1), Duration::from_millis(950)),
        ] {
            let close = |a: Duration, b: Duration| a.abs_diff(b) < Duration::from_millis(1);
            assert!(close(soft(lifetime, 1.0), earliest), "{lifetime:?}");
            assert!(close(soft(lifetime, 0.0), latest), "{lifetime:?}");
            assert_eq!(hard(lifetime), hard_at, "{lifetime:?}");
        }
    }

    #[test]
    fn a_refresh_that_is_due_leaves_room_for_an_outage_of_43_seconds_and_a_last_try() {
        let lifetime = secs(120);
        let last_try = hard(lifetime) - LAST_TRIES[1];
        assert!(soft(lifetime, 0.0) + secs(43) < last_try);
    }

    #[test]
    fn a_thousand_that_began_together_are_refreshed_less_than_75_a_second() {
        let lifetime = secs(120);
        let spread = soft(lifetime, 0.0) - soft(lifetime, 1.0);
        assert!(1000.0 / spread.as_secs_f64() < 75.0, "{spread:?}");
    }

    #[test]
    fn backoff_doubles_to_its_cap_and_varies() {
        assert_eq!(backoff(1, Urgency::Asked, 0.5), SPACING);
        assert_eq!(backoff(4, Urgency::Asked, 0.5), secs(2));
        assert_eq!(backoff(1, Urgency::Stale, 0.5), secs(2));
        assert_eq!(backoff(2, Urgency::Stale, 0.5), secs(4));
        for (urgency, cap) in [
            (Urgency::Stale, 5),
            (Urgency::Asked, 15),
            (Urgency::Idle, 30),
        ] {
            for failures in [20, u32::MAX] {
                assert_eq!(backoff(failures, urgency, 0.5), secs(cap));
                assert_eq!(backoff(failures, urgency, 0.0), secs(cap) / 2);
            }
        }
    }

    #[test]
    fn a_minute_of_failures_while_there_is_a_token_costs_fewer_than_14_calls() {
        let (mut at, mut calls) = (Duration::ZERO, 0);
        while at < secs(60) {
            calls += 1;
            at += backoff(calls, Urgency::Stale, 0.5);
        }
        assert!(calls < 14, "{calls}");
    }

    #[test]
    fn rejections_are_remembered_for_30_to_300_seconds() {
        assert_eq!(rejection(1, 0.0), secs(30));
        assert_eq!(rejection(1, 1.0), secs(33));
        assert_eq!(rejection(3, 0.0), secs(120));
        assert_eq!(rejection(u32::MAX, 1.0), secs(300));
    }

    #[test]
    fn who_has_not_approved_is_asked_for_again_about_a_minute_later() {
        assert_eq!(approval(0.0), secs(60));
        assert_eq!(approval(1.0), secs(66));
    }

    #[test]
    fn the_fourth_401_in_a_row_that_a_refresh_has_not_cured_waits_a_minute() {
        let pauses = [0, 1, 2, 3, u32::MAX].map(blame_pause);
        assert_eq!(pauses, [10, 10, 10, 60, 60].map(secs));
    }

    #[test]
    fn an_attempt_takes_an_eighth_of_what_is_left() {
        assert_eq!(fetch_limit(None), secs(20));
        assert_eq!(fetch_limit(Some(secs(43))), Duration::from_millis(5375));
        assert_eq!(fetch_limit(Some(secs(1))), secs(2));
        assert_eq!(fetch_limit(Some(secs(3600))), secs(20));
    }
}
