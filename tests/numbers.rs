//! The numbers that the project promises, as far as they do not depend on the machine: the program `soak` measures the
//! rest, and these with more patience.

use std::time::Duration;

use indicatif::ProgressBar;
use soak::{
    Number, fleet, hammer, herd, in_virtual_time,
    latencies::Latencies,
    outage::{self, Outage, Start},
    recovery,
    rotations::{self, Odds},
    skew,
};

fn met(number: &Number) {
    assert!(number.is_met, "{number}");
}

#[test]
fn n1_no_request_fails_while_a_third_of_fetches_do() {
    let bar = ProgressBar::hidden();
    let number = hammer::requests(200_000, 100, 0.3, 1, &bar);
    assert!(number.to_string().contains(" of 200,0"), "{number}");
    met(&number);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn n2_ten_thousand_cold_starts_make_one_call() {
    // How long they take is for an idle machine.
    met(&herd::cold_start(10_000, false).await);
}

#[test]
fn n3_callers_without_patience_are_served_all_the_same() {
    met(&in_virtual_time(1, herd::impatient_in_memory()));
}

#[test]
fn n4_an_outage_within_the_life_of_a_token_is_not_noticed() {
    for outage in [Outage::Says, Outage::IsSilent] {
        met(&outage::within_the_life(50, outage));
    }
}

#[test]
fn n5_hardly_any_rotation_is_missed() {
    let bar = ProgressBar::hidden();
    // Few enough for not even one to be missed.
    met(&rotations::missed(Odds::SLOW, 2_000, 1, &bar));
    met(&rotations::missed(Odds::RARE, 300, 1, &bar));
}

#[test]
fn n6_an_outage_is_told_at_once_and_the_endpoint_is_spared() {
    for outage in [Outage::Says, Outage::IsSilent] {
        for from in [Start::Token, Start::Cold] {
            let (lasts, every) = (Duration::from_secs(300), Duration::from_millis(970));
            met(&outage::past_the_end(50, lasts, every, from, outage));
        }
    }
}

#[test]
fn n7_there_is_a_way_out_of_every_outage() {
    met(&recovery::after_outages(300, 1, &ProgressBar::hidden()));
}

#[tokio::test]
async fn n12_a_wrong_clock_costs_one_call() {
    met(&skew::wrong_clocks().await);
}

#[test]
fn n26_a_fleet_that_started_together_does_not_call_together() {
    met(&fleet::calls(1_000, 1));
}

#[test]
fn quantiles_are_a_sixteenth_off_at_most() {
    let mut latencies = Latencies::default();
    for nanos in 1..=100_000 {
        latencies.note(Duration::from_nanos(nanos));
    }
    for (of_a_million, exact) in [(10, 1), (500_000, 50_000), (999_900, 99_990)] {
        let found = latencies.quantile(of_a_million);
        assert!(found >= exact && found <= exact + exact / 16, "{found}");
    }
    assert_eq!(latencies.longest(), Duration::from_micros(100));
    latencies.note(Duration::MAX);
    assert_eq!(latencies.quantile(1_000_000), u64::MAX);
}
