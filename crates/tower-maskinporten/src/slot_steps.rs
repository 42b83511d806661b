//! A slot, step by step: who may fetch and until when, which token stays, and what a 401 leads to. Time is paused.

use std::time::Duration;

use maskinporten::{AccessToken, Error};
use tokio::time::{Instant, advance};

use crate::{
    clock::Now,
    schedule::{LONGEST_LINE, SPACING, blame_pause},
    slot::{Blamed, Lead, Slot},
};

const NANOSECOND: Duration = Duration::from_nanos(1);

fn token(lifetime: u64) -> AccessToken {
    named("t", lifetime)
}

fn named(name: &str, lifetime: u64) -> AccessToken {
    AccessToken::new(name, Instant::now(), Duration::from_secs(lifetime)).unwrap()
}

/// The token, and its generation.
fn held(slot: &Slot) -> (String, u64) {
    let snapshot = slot.load_full();
    let ticket = snapshot.token.as_ref().unwrap().ticket();
    let authorization = ticket.authorization.to_str().unwrap().to_owned();
    (authorization, ticket.generation)
}

/// A slot with a token of an hour.
fn filled() -> Slot {
    let slot = Slot::default();
    let lead = slot.lead(&Now::read()).unwrap();
    slot.publish(lead, &token(3600), Now::read().anchor());
    slot
}

/// The next fetch, at the moment it is due.
async fn lead_when_due(slot: &Slot) -> Lead {
    let now = Now::read();
    if let Some(due) = slot.look_again_at(&now) {
        advance(due.saturating_duration_since(now.instant)).await;
    }
    slot.lead(&Now::read()).unwrap()
}

/// An empty slot, a fetch that took too long in line, and the one that took its place.
async fn overtaken() -> (Slot, Lead, Lead) {
    let slot = Slot::default();
    let lost = slot.lead(&Now::read()).unwrap();
    let lead = lead_when_due(&slot).await;
    (slot, lost, lead)
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
    let (slot, lost, lead) = overtaken().await;
    let now = Now::read();
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

#[tokio::test(start_paused = true)]
async fn tokens_are_numbered_on_in_the_slot_that_follows() {
    let slot = filled();
    assert_eq!(held(&slot), ("Bearer t".into(), 1));
    let next = slot.successor().successor();
    assert!(next.load().token.is_none());
    for (name, generation) in [("u", 2), ("v", 3), ("v", 3), ("w", 4)] {
        let lead = lead_when_due(&next).await;
        next.publish(lead, &named(name, 3600), Now::read().anchor());
        assert_eq!(held(&next), (format!("Bearer {name}"), generation));
    }
}

#[tokio::test(start_paused = true)]
async fn what_comes_late_is_taken_if_it_is_better() {
    let (slot, lost, lead) = overtaken().await;
    let anchor = || Now::read().anchor();
    assert!(slot.publish(lead, &named("u", 3600), anchor()).is_some());
    assert!(slot.publish(lost, &named("worse", 60), anchor()).is_none());
    assert_eq!(held(&slot), ("Bearer u".into(), 1));
    assert!(slot.publish(lost, &named("v", 7200), anchor()).is_some());
    assert_eq!(held(&slot), ("Bearer v".into(), 2));
}

/// A token of an hour that is like no other.
fn renew(slot: &Slot) {
    let now = Now::read();
    let name = slot.load().generation().to_string();
    // Once it is in doubt it is due.
    let lead = slot.lead(&now).unwrap();
    slot.publish(lead, &named(&name, 3600), now.anchor());
}

fn is_due_at_once(slot: &Slot) -> bool {
    slot.lead(&Now::read()).is_some()
}

#[tokio::test(start_paused = true)]
async fn another_key_forgives_what_was_refused_and_what_is_being_refused() {
    // Before, and while the fetch was under way.
    for is_under_way in [false, true] {
        for (error, is_forgiven) in [
            (Error::permanent("refused"), true),
            (Error::transient("down"), false),
        ] {
            let slot = filled();
            let lead = lead_when_due(&slot).await;
            if is_under_way {
                slot.forgive();
                slot.fail(lead, error);
            } else {
                slot.fail(lead, error);
                assert!(!is_due_at_once(&slot));
                slot.forgive();
            }
            assert_eq!(is_due_at_once(&slot), is_forgiven, "{is_under_way}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_refused_with_the_other_key_too_is_not_forgiven() {
    let slot = filled();
    slot.forgive();
    let lead = lead_when_due(&slot).await;
    slot.fail(lead, Error::permanent("refused"));
    assert!(!is_due_at_once(&slot));
}

#[tokio::test(start_paused = true)]
async fn a_fetch_that_ends_without_an_outcome_leaves_its_place_to_others() {
    let (slot, lost, lead) = overtaken().await;
    let told = slot.changes().count();
    slot.abandon(lost);
    assert!(!is_due_at_once(&slot), "somebody else fetches");
    assert_eq!(slot.changes().count(), told);
    slot.abandon(lead);
    assert!(slot.changes().count() > told);
    assert!(is_due_at_once(&slot));
}

#[tokio::test(start_paused = true)]
async fn only_the_present_token_can_be_blamed_and_only_once() {
    let now = Now::read();
    assert_eq!(Slot::default().blame(0, &now), Blamed::Nothing);
    let slot = filled();
    let refresh = Blamed::Refresh {
        useless_refreshes: 0,
    };
    assert_eq!(slot.blame(0, &now), Blamed::Newer);
    assert_eq!(slot.blame(2, &now), Blamed::Nothing);
    assert_eq!(slot.blame(1, &now), refresh);
    assert_eq!(slot.blame(1, &now), Blamed::Newer, "it is on its way");
    renew(&slot);
    assert_eq!(slot.blame(1, &now), Blamed::Newer);
}

#[tokio::test(start_paused = true)]
async fn while_fetching_fails_a_401_does_not_hurry_it() {
    let slot = filled();
    let lead = lead_when_due(&slot).await;
    slot.fail(lead, Error::transient("down"));
    let now = Now::read();
    let due = slot.look_again_at(&now).unwrap();
    advance(due - now.instant - NANOSECOND).await;
    assert_eq!(slot.blame(1, &Now::read()), Blamed::Nothing);
    advance(NANOSECOND).await;
    assert!(matches!(
        slot.blame(1, &Now::read()),
        Blamed::Refresh { .. }
    ));
}

#[tokio::test(start_paused = true)]
async fn tokens_that_are_blamed_as_the_ones_before_were_are_refreshed_more_seldom() {
    let slot = filled();
    let blame = || slot.blame(slot.load().generation(), &Now::read());
    for useless_refreshes in 0..6 {
        assert_eq!(blame(), Blamed::Refresh { useless_refreshes });
        renew(&slot);
        assert_eq!(blame(), Blamed::Nothing);
        advance(blame_pause(useless_refreshes) - NANOSECOND).await;
        assert_eq!(blame(), Blamed::Nothing);
        advance(NANOSECOND).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_that_was_good_for_a_while_is_no_useless_one() {
    let pause = blame_pause(0);
    for (wait, useless_refreshes) in [(2 * pause - NANOSECOND, 1), (2 * pause, 0)] {
        let slot = filled();
        slot.blame(1, &Now::read());
        renew(&slot);
        advance(wait).await;
        let blamed = slot.blame(2, &Now::read());
        assert_eq!(blamed, Blamed::Refresh { useless_refreshes });
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_that_has_just_come_is_not_refreshed_for_what_was_said_of_the_one_before() {
    let pause = blame_pause(0);
    // How old the second token is when the third comes, and that when it is blamed.
    for (second, third, is_refreshed) in [
        (pause - NANOSECOND, pause, true),
        (pause, pause - NANOSECOND, false),
        // That the second was blamed is long ago.
        (pause + NANOSECOND, pause - NANOSECOND, true),
    ] {
        let slot = filled();
        slot.blame(1, &Now::read());
        let lead = slot.lead(&Now::read()).unwrap();
        // It is due when the time comes: the shortest lives are refreshed after a second.
        let lifetime = Duration::from_secs(1);
        let short = AccessToken::new("short", Instant::now(), lifetime).unwrap();
        slot.publish(lead, &short, Now::read().anchor());
        advance(second).await;
        let lead = slot.lead(&Now::read()).unwrap();
        slot.publish(lead, &named("third", 3600), Now::read().anchor());
        advance(third).await;
        let blamed = slot.blame(3, &Now::read());
        assert_eq!(
            blamed != Blamed::Nothing,
            is_refreshed,
            "{second:?} {third:?}"
        );
    }
}
