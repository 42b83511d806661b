//! `appsettings.json`: nothing panics, errors name members and no values, and what was read asks as it says.
//!
//! The input is the text, with the gaps that `settings::filled` has.

#![no_main]

use fuzz::{
    listen,
    settings::{check, filled},
};
use libfuzzer_sys::{Corpus, fuzz_target};
use maskinporten::Settings;

fuzz_target!(init: listen(), |input: &[u8]| -> Corpus {
    // Where a password stands cannot be told in text.
    if input.windows(2).any(|gap| gap == b"$S") {
        return Corpus::Reject;
    }
    let Some(text) = filled(input) else {
        return Corpus::Reject;
    };
    check(input, &Settings::builder().json("a file", text).build());
    Corpus::Keep
});
