//! A slot, step by step: who may fetch, and until when. Time is paused.

use std::time::Duration;

use maskinporten::{AccessToken, Error};
use tokio::time::{Instant, advance};

use crate::{
    clock::Now,
    schedule::{LONGEST_LINE, SPACING},
    slot::Slot,
};

const NANOSECOND: Duration = Duration::from_nanos(1);

fn token(lifetime: u64) -> AccessToken {
    AccessToken::new("t", Instant::now(), Duration::from_secs(lifetime)).unwrap()
}

/// A slot with a token of an hour.
fn filled() -> Slot {
    let slot = Slot::default();
    let lead = slot.lead(&Now::read()).unwrap();
    slot.publish(lead, &token(3600), Now::read().anchor());
    slot
}

#[tokio::test(start_paused = true)]
async fn one_is_in_line_until_its_time_is_over() {
    let slot = Slot::default();
    let lead = slot.lead(&Now::read()).unwrap();
    let began = Instant::now();
    let end = began + LONGEST_LINE;
    advance(LONGEST_LINE - NANOSECOND).await;
    let now = Now::read();
    assert!(slot.lead(&now).is_none());
    assert_eq!(slot.look_again_at(&now), Some(end));
    assert_eq!(slot.flight_began(&now), Some(began));
    advance(NANOSECOND).await;
    let now = Now::read();
    assert_eq!(slot.flight_began(&now), None);
    assert_eq!(slot.look_again_at(&now), None);
    let next = slot.lead(&now).unwrap();
    assert!(!next.is_same(lead) && next.is_same(next));
}

#[tokio::test(start_paused = true)]
async fn who_takes_off_has_a_little_more_than_the_fetch_may_take() {
    let slot = Slot::default();
    let lead = slot.lead(&Now::read()).unwrap();
    advance(Duration::from_secs(7)).await;
    let now = Now::read();
    let lead = slot.take_off(lead, &now).unwrap();
    assert_eq!(lead.began, now.instant);
    let end = now.instant + lead.limit + SPACING;
    assert_eq!(slot.look_again_at(&now), Some(end));
    assert_eq!(slot.flight_began(&now), Some(now.instant));
}

#[tokio::test(start_paused = true)]
async fn who_was_replaced_or_has_landed_does_not_take_off() {
    let slot = Slot::default();
    let lost = slot.lead(&Now::read()).unwrap();
    advance(LONGEST_LINE).await;
    let now = Now::read();
    let lead = slot.lead(&now).unwrap();
    assert!(slot.take_off(lost, &now).is_none());
    let lead = slot.take_off(lead, &now).unwrap();
    slot.publish(lead, &token(3600), Now::read().anchor());
    assert!(slot.take_off(lead, &now).is_none());
}

#[tokio::test(start_paused = true)]
async fn it_is_too_early_until_it_is_due() {
    let slot = filled();
    let now = Now::read();
    let due = slot.look_again_at(&now).unwrap();
    assert!(slot.lead(&now).is_none());
    advance(due - now.instant - NANOSECOND).await;
    assert!(slot.lead(&Now::read()).is_none());
    advance(NANOSECOND).await;
    assert!(slot.lead(&Now::read()).is_some());
}

#[tokio::test(start_paused = true)]
async fn who_asks_in_vain_brings_the_next_attempt_forward_once() {
    let slot = Slot::default();
    for attempt in 1..=9 {
        let now = Now::read();
        let lead = slot.take_off(slot.lead(&now).unwrap(), &now).unwrap();
        slot.fail(lead, Error::transient("down"));
        let now = Now::read();
        let alone = slot.look_again_at(&now).unwrap();
        assert!(slot.ask(), "{attempt}");
        assert!(!slot.ask(), "{attempt}");
        let asked = slot.look_again_at(&now).unwrap();
        assert!(asked <= alone, "{attempt}");
        // Until then, neither is at the most that it may be.
        assert!(attempt < 9 || asked < alone);
        advance(asked - now.instant).await;
    }
}
