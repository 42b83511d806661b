//! The slot, in every order in which three threads can meet in it (loom, with up to three preemptions).
//!
//! The files of the slot are those of the layer; only what threads share it by, and the clock, are the model's.

#![expect(clippy::unwrap_used, reason = "what cannot be had in a test ends it")]

#[path = "../../crates/tower-maskinporten/src/changes.rs"]
mod changes;
#[expect(dead_code, reason = "nobody sets the clock in these")]
mod clock;
#[expect(dead_code, reason = "the model does without status and logs")]
#[path = "../../crates/tower-maskinporten/src/failure.rs"]
mod failure;
#[expect(dead_code, reason = "the model does without the refresher")]
#[path = "../../crates/tower-maskinporten/src/schedule.rs"]
mod schedule;
#[expect(dead_code, reason = "the model does without the refresher")]
#[path = "../../crates/tower-maskinporten/src/slot.rs"]
mod slot;
#[expect(dead_code, reason = "the model does without status and logs")]
#[path = "../../crates/tower-maskinporten/src/snapshot.rs"]
mod snapshot;
mod sync;

/// Those of loom.
mod primitives {
    pub(crate) use loom::sync::{
        Mutex, MutexGuard,
        atomic::{AtomicBool, AtomicU64},
    };
}

use std::{sync::Arc, time::Duration};

use loom::{
    future::block_on,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};
use maskinporten::{AccessToken, Error};

use crate::{
    clock::Now,
    slot::{Blamed, Lead, Slot},
    snapshot::Trust,
};

fn explore(model: impl Fn() + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(move || {
        clock::reset();
        model();
    });
}

fn token(name: &str) -> AccessToken {
    AccessToken::new(name, Now::read().instant, Duration::from_secs(120)).unwrap()
}

fn publish(slot: &Slot, lead: Lead, name: &str) {
    let now = Now::read();
    slot.publish(lead, &token(name), now.anchor());
}

/// The right to fetch, when it is there for the taking.
fn lead(slot: &Slot) -> Option<Lead> {
    let now = Now::read();
    slot.take_off(slot.lead(&now)?, &now)
}

fn generation(slot: &Slot) -> u64 {
    slot.load().generation()
}

/// A request: takes the token that is there; else fetches, as `fly` does it, or waits for who does. Gives what it
/// found: a token, or a failure.
fn request(slot: &Slot, fly: impl Fn(Lead)) -> bool {
    loop {
        let change = slot.changes().next();
        {
            let snapshot = slot.load();
            let now = Now::read();
            if snapshot
                .token
                .as_ref()
                .is_some_and(|held| held.trust(&now) == Trust::Fresh)
            {
                return true;
            }
        }
        if let Some(lead) = lead(slot) {
            fly(lead);
            continue;
        }
        if slot.load().failure.is_some() {
            return false;
        }
        block_on(change);
    }
}

/// Two threads beside this one do `other`, and this one `own`.
fn beside(slot: &Arc<Slot>, other: [fn(&Slot); 2], own: impl FnOnce(&Slot)) {
    let threads = other.map(|act| {
        let slot = Arc::clone(slot);
        thread::spawn(move || act(&slot))
    });
    own(slot);
    for thread in threads {
        thread.join().unwrap();
    }
}

#[test]
fn a3_however_requests_meet_one_fetches_and_all_have_its_token() {
    explore(|| {
        let (slot, fetches) = (Arc::new(Slot::default()), Arc::new(AtomicUsize::new(0)));
        let ask = |slot: Arc<Slot>, fetches: Arc<AtomicUsize>| {
            move || {
                request(&slot, |lead| {
                    fetches.fetch_add(1, Ordering::Relaxed);
                    publish(&slot, lead, "one");
                })
            }
        };
        let others = [(); 2].map(|()| thread::spawn(ask(slot.clone(), fetches.clone())));
        assert!(ask(slot.clone(), fetches.clone())());
        for other in others {
            assert!(other.join().unwrap());
        }
        assert_eq!(fetches.load(Ordering::Relaxed), 1);
        assert_eq!(generation(&slot), 1);
    });
}

#[test]
fn a3_a_flight_that_is_lost_leaves_nobody_waiting() {
    explore(|| {
        let slot = Arc::new(Slot::default());
        let gone = |slot: &Slot| {
            // Its runtime goes while it has the lead.
            if let Some(lead) = lead(slot) {
                slot.abandon(lead);
            }
        };
        let ask = |slot: &Slot| assert!(request(slot, |lead| publish(slot, lead, "one")));
        beside(&slot, [gone, ask], ask);
        assert_eq!(generation(&slot), 1);
    });
}

#[test]
fn a5_a_failure_reaches_everybody_who_waits() {
    explore(|| {
        let slot = Arc::new(Slot::default());
        let ask = |slot: &Slot| {
            let found = request(slot, |lead| drop(slot.fail(lead, Error::transient("down"))));
            assert!(!found);
        };
        beside(&slot, [ask, ask], ask);
        let snapshot = slot.load();
        // Whoever came after the failure does not try again before it is time.
        assert_eq!(snapshot.failure.as_ref().unwrap().attempts, 1);
    });
}

#[test]
fn f2_401s_of_the_same_token_are_one_refresh_and_never_doubt_the_next() {
    explore(|| {
        let slot = Arc::new(Slot::default());
        publish(&slot, lead(&slot).unwrap(), "one");
        let blame = |slot: &Slot| {
            let blamed = slot.blame(1, &Now::read());
            if let Some(lead) = lead(slot) {
                publish(slot, lead, "two");
            }
            assert_ne!(blamed, Blamed::Nothing);
        };
        beside(&slot, [blame, blame], blame);
        // However late the last of them was, it is the first token that was blamed.
        let snapshot = slot.load();
        let held = snapshot.token.as_ref().unwrap();
        assert_eq!((held.generation(), held.is_blamed()), (2, false));
    });
}

#[test]
fn a8_whoever_keeps_a_copy_knows_when_it_is_an_old_one() {
    explore(|| {
        let slot = Arc::new(Slot::default());
        publish(&slot, lead(&slot).unwrap(), "one");
        let other = thread::spawn({
            let slot = Arc::clone(&slot);
            move || {
                slot.blame(1, &Now::read());
                publish(&slot, lead(&slot).unwrap(), "two");
            }
        });
        // How many changes there were, and then what there is, as the layer's cache does it.
        let count = slot.changes().count();
        let kept = generation(&slot);
        other.join().unwrap();
        assert!(kept == 2 || slot.changes().count() != count);
    });
}

#[test]
fn a8_whoever_reads_has_one_token_whole_and_never_an_older_one_again() {
    explore(|| {
        let slot = Arc::new(Slot::default());
        publish(&slot, lead(&slot).unwrap(), "one");
        let read = |slot: &Slot| {
            let first = slot.load_full();
            let second = slot.load_full();
            assert!(first.generation() <= second.generation());
            let held = first.token.as_ref().unwrap();
            let name = ["Bearer one", "Bearer two"][held.generation() as usize - 1];
            assert_eq!(held.ticket().authorization, name);
        };
        beside(&slot, [read, read], |slot| {
            assert!(matches!(
                slot.blame(1, &Now::read()),
                Blamed::Refresh { .. }
            ));
            publish(slot, lead(slot).unwrap(), "two");
        });
        assert_eq!(generation(&slot), 2);
    });
}

#[test]
fn g2_of_a_lost_flight_and_the_one_in_its_place_the_newer_token_stays() {
    explore(|| {
        let slot = Arc::new(Slot::default());
        let lost = lead(&slot).unwrap();
        clock::advance(Duration::from_secs(60));
        let taken = lead(&slot).unwrap();
        assert!(!lost.is_same(taken));
        let late = {
            let slot = Arc::clone(&slot);
            thread::spawn(move || {
                let old = Now::read().instant - Duration::from_secs(60);
                let old = AccessToken::new("late", old, Duration::from_secs(120)).unwrap();
                slot.publish(lost, &old, Now::read().anchor());
            })
        };
        publish(&slot, taken, "newer");
        late.join().unwrap();
        let snapshot = slot.load();
        let held = snapshot.token.as_ref().unwrap();
        assert_eq!(held.ticket().authorization, "Bearer newer");
        assert_eq!(slot.flight_began(&Now::read()), None);
    });
}

#[test]
fn g2_a_lost_flight_that_fails_late_says_nothing_of_the_one_in_its_place() {
    explore(|| {
        let slot = Arc::new(Slot::default());
        let lost = lead(&slot).unwrap();
        clock::advance(Duration::from_secs(60));
        let taken = lead(&slot).unwrap();
        let late = {
            let slot = Arc::clone(&slot);
            thread::spawn(move || {
                slot.fail(lost, Error::transient("late"));
            })
        };
        publish(&slot, taken, "one");
        late.join().unwrap();
        let snapshot = slot.load();
        assert!(snapshot.token.is_some() && snapshot.failure.is_none());
    });
}

#[test]
fn b6_a_refusal_that_meets_another_key_is_tried_again_at_once() {
    explore(|| {
        let slot = Arc::new(Slot::default());
        let flight = lead(&slot).unwrap();
        let other_key = {
            let slot = Arc::clone(&slot);
            thread::spawn(move || slot.forgive())
        };
        slot.fail(flight, Error::permanent("unknown key"));
        other_key.join().unwrap();
        // Whether the key came before the refusal or after it: the refusal is of the old key.
        let now = Now::read();
        assert_eq!(slot.look_again_at(&now), Some(now.instant));
    });
}
