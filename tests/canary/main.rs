//! No secret is told, on whichever path: not in an event or a span at any level, not by a metric, a panic or an error,
//! not by `Display` or `Debug`, and not by what the stub shows of what it was asked.
//!
//! Everything that the process tells is kept (`capture`), whatever is secret on a path is noted (`search`), and in the end
//! no piece of 16 bytes of the one is in the other.

#![expect(clippy::unwrap_used, reason = "what cannot be had in a test ends it")]

mod capture;
mod paths;
mod search;

use std::{
    collections::{BTreeMap, BTreeSet},
    io, panic,
    sync::{Mutex, PoisonError},
};

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use bytes::Bytes;
use tokio::runtime::Builder;

use crate::{
    capture::{Channel, Told},
    search::{PIECE, Secrets, secrets},
};

/// What is told is kept for the process: one test at a time.
static TURN: Mutex<()> = Mutex::new(());
const ON_PURPOSE: &str = "on purpose";

#[test]
#[expect(
    clippy::print_stdout,
    reason = "how much was looked at is a measurement"
)]
fn k1_no_secret_is_told_on_any_path() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    capture::start();
    let paths = paths::all();
    assert_eq!(
        paths.len(),
        37,
        "each path counts; none is taken away unseen"
    );
    let names: BTreeSet<_> = paths.iter().map(|path| path.name).collect();
    assert_eq!(names.len(), paths.len());
    let mut noted = 0;
    for path in &paths {
        capture::on(path.name);
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on((path.run)());
        let before = std::mem::replace(&mut noted, secrets().len());
        assert!(noted > before, "{}: nothing was secret", path.name);
    }

    let mut told = capture::told();
    told.retain(|told| told.path != ON_PURPOSE);
    let mut by_channel = BTreeMap::<_, usize>::new();
    for told in &told {
        *by_channel.entry(told.channel).or_default() += 1;
    }
    // Nothing is proved where nothing is told.
    assert!(
        Channel::ALL
            .iter()
            .all(|channel| by_channel.contains_key(channel)),
        "{by_channel:?}"
    );
    for path in names {
        assert!(
            told.iter().any(|told| told.path == path),
            "{path} tells nothing"
        );
    }
    let bytes: usize = told.iter().map(|told| told.text.len()).sum();
    println!(
        "{} paths, {noted} secrets, {bytes} bytes told: {by_channel:?}",
        paths.len()
    );
    let found = secrets().found_in(&told);
    assert!(found.is_empty(), "secrets are told:\n{found:#?}");
}

/// Tells a secret.
type Tell = fn(String);

#[test]
fn k1_a_secret_that_is_told_is_found() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    capture::start();
    capture::on(ON_PURPOSE);
    let ways: [(Channel, Tell); 16] = [
        (Channel::Event, |told| tracing::trace!("said: {told}")),
        (Channel::Event, |told| tracing::trace!(told)),
        (Channel::Event, |told| tracing::trace!(%told)),
        (Channel::Event, |told| tracing::trace!(told = ?Some(told))),
        (Channel::Event, |told| {
            let error: &dyn std::error::Error =
                &maskinporten::Error::transient(io::Error::other(told));
            tracing::error!(error);
        }),
        (Channel::Span, |told| {
            drop(tracing::trace_span!("span", told));
        }),
        (Channel::Span, |told| {
            let span = tracing::trace_span!("span", told = tracing::field::Empty);
            span.record("told", told);
        }),
        (Channel::Metric, |told| {
            metrics::counter!("m", "label" => told).increment(1);
        }),
        (Channel::Metric, |told| metrics::gauge!(told).set(1.0)),
        (Channel::Metric, |told| {
            metrics::describe_histogram!("m", told);
        }),
        (Channel::Panic, |told| {
            panic::catch_unwind(|| panic!("at a loss: {told}")).unwrap_err();
        }),
        (Channel::Printed, |told| capture::print(&[told])),
        (Channel::Printed, |told| {
            capture::print_error(&maskinporten::Error::permanent(io::Error::other(told)));
        }),
        (Channel::Stub, |told| {
            capture::tell(Channel::Stub, "a page", told);
        }),
        // A piece is as good as the whole.
        (Channel::Event, |told| {
            tracing::trace!("{}…", &told[9..9 + PIECE]);
        }),
        (Channel::Printed, |told| {
            capture::print(&told[20..20 + PIECE].to_owned());
        }),
    ];
    for (n, (channel, tell)) in ways.into_iter().enumerate() {
        let secret = format!("{n:02}{}", STANDARD.encode(random::<48>()));
        let mut secrets = Secrets::default();
        secrets.text("a secret", &secret);
        assert_eq!(secrets.found_in(&capture::told()), BTreeSet::new(), "{n}");
        tell(secret.clone());
        let found = secrets.found_in(&capture::told());
        let is_found = found
            .iter()
            .any(|found| found.contains(&format!("{channel:?}")));
        assert!(is_found, "{n}: {channel:?}: {found:?}");
        assert!(
            !format!("{found:?}").contains(&secret[..8]),
            "{n}: a finding repeats it"
        );
    }
}

#[test]
fn k1_a_key_is_found_in_every_form() {
    // Told as it is, it must be text.
    let number: Vec<u8> = random::<128>()
        .iter()
        .map(|byte| 0x21 + byte % 0x5e)
        .collect();
    let mut secrets = Secrets::default();
    secrets.number("d", &number);
    let hex: String = number.iter().map(|byte| format!("{byte:02x}")).collect();
    let after = |before: &str| [before.as_bytes(), &number].concat();
    let base64url = URL_SAFE_NO_PAD.encode(&number);
    let all = [
        String::from_utf8(number.clone()).unwrap(),
        hex.to_uppercase(),
        hex,
        format!("{number:?}"),
        format!("{:?}", Bytes::copy_from_slice(&number)),
        base64url.clone(),
        STANDARD.encode(after("")),
        STANDARD.encode(after("1")),
        STANDARD.encode(after("12")),
        STANDARD.encode(format!(r#"{{"d":"{base64url}"}}"#)),
        STANDARD.encode(format!(r#"{{"d": "{base64url}"}}"#)),
        STANDARD.encode(format!(r#"{{ "d": "{base64url}"}}"#)),
    ];
    let told = |text: &str| Told {
        path: "",
        channel: Channel::Printed,
        label: String::new(),
        text: text.to_owned(),
    };
    for text in all {
        let middle = text.len() / 2;
        assert_eq!(secrets.found_in(&[told(&text)]).len(), 1);
        assert_eq!(
            secrets
                .found_in(&[told(&text[middle..middle + PIECE])])
                .len(),
            1
        );
        assert_eq!(
            secrets
                .found_in(&[told(&text[middle..middle + PIECE - 1])])
                .len(),
            0
        );
    }
    // What is shorter must be told whole.
    secrets.claim("a person", "25922947409");
    assert_eq!(secrets.found_in(&[told("of 25922947409.")]).len(), 1);
    assert_eq!(secrets.found_in(&[told("of 2592294740")]).len(), 0);
}

fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).unwrap();
    bytes
}
