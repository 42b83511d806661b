//! The life of a slot, in orders and at times that chance chooses (shuttle): requests, flights that bring a token,
//! fail, are refused, are lost or come late, APIs that answer 401, clocks and keys that change.
//!
//! `cargo test --release -p tests --test shuttle -- --ignored` tries a million.

#![expect(clippy::unwrap_used, reason = "what cannot be had in a test ends it")]

#[expect(dead_code, reason = "nobody waits in these, or keeps copies")]
#[path = "../../crates/tower-maskinporten/src/changes.rs"]
mod changes;
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

/// Those of shuttle.
mod primitives {
    pub(crate) use shuttle::sync::{
        Mutex, MutexGuard,
        atomic::{AtomicBool, AtomicU64},
    };
}

use std::{collections::HashMap, sync::Arc, time::Duration};

use maskinporten::{AccessToken, Error};
use shuttle::{
    Config, Runner,
    rand::{Rng, thread_rng},
    scheduler::{PctScheduler, RandomScheduler, Scheduler},
    sync::Mutex,
    thread,
};
use tokio::time::Instant;

use crate::{
    clock::Now,
    slot::{Lead, Slot},
    snapshot::Trust,
};

/// How many things each thread does.
const DEEDS: usize = 12;
/// How many orders each scheduler tries.
const ORDERS: usize = 5_000;
/// A refusal is remembered for five minutes at most, and a token is asked for once more before it ends.
const LONGEST_WAY_BACK: Duration = Duration::from_secs(301);

/// A slot, and what must hold of it whatever happens.
struct World {
    slot: Slot,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    /// When each token that was given ends.
    ends: HashMap<String, Instant>,
    /// The flights that nobody else may begin beside, and until when.
    flying: HashMap<u64, Instant>,
    flights: u64,
}

fn chance(of: u32) -> bool {
    thread_rng().gen_range(0..of) == 0
}

impl World {
    fn new() -> Self {
        clock::reset();
        Self {
            slot: Slot::default(),
            seen: Mutex::default(),
        }
    }

    /// Takes the token that is there, or sees to it that it is fetched.
    fn request(&self) {
        let now = Now::read();
        let snapshot = self.slot.load_full();
        if let Some(held) = &snapshot.token
            && matches!(
                held.trust(&now),
                Trust::Fresh | Trust::Stale | Trust::Doubtful
            )
        {
            let name = held.ticket().authorization;
            let end = self.seen.lock().unwrap().ends[name.to_str().unwrap()];
            assert!(now.instant < end, "a token that has run out was handed out");
        } else {
            self.slot.ask();
        }
        self.fly();
    }

    /// Fetches if it is time to, with an outcome by chance.
    fn fly(&self) {
        let now = Now::read();
        let Some((flight, lead)) = self.take_lead(&now) else {
            return;
        };
        if chance(8) {
            // In line for so long that another took its place, or nearly.
            clock::advance(schedule::LONGEST_LINE - Duration::from_secs(1));
        }
        thread::yield_now();
        let Some((lead, now)) = self.take_off(flight, lead) else {
            return;
        };
        thread::yield_now();
        if chance(8) {
            // A runtime that stands still.
            clock::advance(lead.limit + schedule::SPACING);
        }
        self.land(lead, &now, flight);
    }

    fn take_lead(&self, now: &Now) -> Option<(u64, Lead)> {
        // Held meanwhile: what is noted must not be later than what happens.
        let mut seen = self.seen.lock().unwrap();
        let lead = self.slot.lead(now)?;
        let others = seen.flying.values();
        // Meanwhile the time of another may be over: the caller read the clock before.
        let present = Now::read().instant;
        let beside = others.filter(|until| present < **until).count();
        assert_eq!(beside, 0, "two flights at once");
        seen.flights += 1;
        let flight = seen.flights;
        let until = now.instant + schedule::LONGEST_LINE;
        seen.flying.insert(flight, until);
        Some((flight, lead))
    }

    fn take_off(&self, flight: u64, lead: Lead) -> Option<(Lead, Now)> {
        let mut seen = self.seen.lock().unwrap();
        let now = Now::read();
        let lead = self.slot.take_off(lead, &now);
        let until = lead.map(|lead| now.instant + lead.limit + schedule::SPACING);
        match until {
            Some(until) => seen.flying.insert(flight, until),
            None => seen.flying.remove(&flight),
        };
        lead.map(|lead| (lead, now))
    }

    fn land(&self, lead: Lead, asked: &Now, flight: u64) {
        let had_one = self.slot.load().token.is_some();
        // Nobody may begin another before this one is over; from here on somebody may.
        let done = || self.seen.lock().unwrap().flying.remove(&flight);
        match thread_rng().gen_range(0..6) {
            0 => {
                done();
                self.slot.abandon(lead);
            }
            1 => {
                done();
                self.slot.fail(lead, Error::permanent("refused"));
            }
            2 | 3 => {
                done();
                self.slot.fail(lead, Error::transient("down"));
            }
            _ => {
                let lifetime =
                    Duration::from_secs([1, 20, 120, 1800][thread_rng().gen_range(0..4)]);
                let name = flight.to_string();
                let token = AccessToken::new(&name, asked.instant, lifetime).unwrap();
                {
                    let mut seen = self.seen.lock().unwrap();
                    let end = asked.instant + lifetime;
                    seen.ends.insert(format!("Bearer {name}"), end);
                    seen.flying.remove(&flight);
                }
                self.slot.publish(lead, &token, asked.anchor());
            }
        }
        assert!(
            !had_one || self.slot.load().token.is_some(),
            "a flight took a token away"
        );
    }

    fn act(&self) {
        let mut generation = 0;
        for _ in 0..DEEDS {
            match thread_rng().gen_range(0..10) {
                0 => clock::advance(Duration::from_secs(thread_rng().gen_range(1..100))),
                1 => self.slot.forgive(),
                2 if chance(3) => clock::step_wall_clock(60_000_000_000),
                2 | 3 => {
                    let now = Now::read();
                    let current = self.slot.load().generation();
                    self.slot
                        .blame(current.saturating_sub(thread_rng().gen_range(0..2)), &now);
                }
                _ => self.request(),
            }
            let current = self.slot.load().generation();
            assert!(generation <= current, "an older token came back");
            generation = current;
        }
    }

    /// However it stands now: when the endpoint is well, a good token is there before long.
    fn recovers(&self) {
        let began = Now::read().instant;
        // Flights whose runtime is gone end by themselves; the others are over.
        loop {
            let now = Now::read();
            let snapshot = self.slot.load_full();
            if snapshot
                .token
                .as_ref()
                .is_some_and(|held| held.trust(&now) == Trust::Fresh)
            {
                break;
            }
            assert!(
                now.instant - began <= LONGEST_WAY_BACK,
                "no token although the endpoint is well"
            );
            self.slot.ask();
            let Some(lead) = self.slot.lead(&now) else {
                let due = self
                    .slot
                    .look_again_at(&now)
                    .expect("nobody would look again");
                assert!(now.instant < due, "due, and nobody may fetch");
                clock::advance(due - now.instant);
                continue;
            };
            let lead = self.slot.take_off(lead, &now).unwrap();
            let token = AccessToken::new("well", now.instant, Duration::from_secs(120)).unwrap();
            self.slot.publish(lead, &token, now.anchor());
        }
    }
}

fn run(scheduler: impl Scheduler + 'static) {
    Runner::new(scheduler, Config::default()).run(|| {
        let world = Arc::new(World::new());
        let threads = [(); 3].map(|()| {
            let world = Arc::clone(&world);
            thread::spawn(move || world.act())
        });
        for thread in threads {
            thread.join().unwrap();
        }
        world.recovers();
    });
}

#[test]
fn n7_from_wherever_it_is_it_recovers_in_orders_by_chance() {
    run(RandomScheduler::new(ORDERS));
}

#[test]
fn n7_from_wherever_it_is_it_recovers_in_orders_that_find_deep_bugs() {
    run(PctScheduler::new(3, ORDERS));
}

#[test]
#[ignore = "takes minutes"]
fn n17_a_million_orders() {
    run(RandomScheduler::new(500_000));
    run(PctScheduler::new(3, 500_000));
}
