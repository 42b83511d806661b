//! Variables of the official client, of Altinn apps and of NAIS: nothing panics, errors name members and no values, and
//! what was read asks as it says.
//!
//! Each line is a variable, `name=value`, with the gaps that `settings::filled` has; an empty line begins another source.

#![no_main]

use fuzz::{
    listen,
    settings::{check, filled, password_only},
};
use libfuzzer_sys::{Corpus, fuzz_target};
use maskinporten::Settings;

fuzz_target!(init: listen(), |input: &[u8]| -> Corpus {
    let Some(text) = filled(input) else {
        return Corpus::Reject;
    };
    let mut builder = Settings::builder();
    for source in text.split("\n\n") {
        let variables = source.lines().filter_map(|line| line.split_once('='));
        builder = builder.vars(variables.map(|(name, value)| (name, password_only(name, value))));
    }
    check(input, &builder.build());
    Corpus::Keep
});
