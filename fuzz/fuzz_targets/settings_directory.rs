//! Mounted secrets: nothing panics, errors name members and no values, what was read asks as it says, and files say what
//! variables of the same names would.
//!
//! Files are separated by a line of `===`. The first line of each is its name; the rest is what is in it, with the gaps
//! that `settings::filled` has.

#![no_main]

use std::{collections::BTreeMap, fs};

use fuzz::{
    listen,
    settings::{check, directory, filled, password_only},
};
use libfuzzer_sys::{Corpus, fuzz_target};
use maskinporten::Settings;

fuzz_target!(init: listen(), |input: &[u8]| -> Corpus {
    let Some(text) = filled(input) else {
        return Corpus::Reject;
    };
    let files: BTreeMap<_, _> = text
        .split("===\n")
        .filter_map(|file| file.split_once('\n'))
        .filter(|(name, _)| is_name(name))
        .map(|(name, contents)| (name, password_only(name, contents)))
        .collect();
    let directory = directory();
    for (name, contents) in &files {
        fs::write(directory.path().join(name), contents).unwrap();
    }
    let mounted = Settings::builder().directory(directory.path()).build();
    check(input, &mounted);
    if files.keys().all(|name| !name.ends_with(".json")) {
        let variables = Settings::builder().vars(files).build();
        assert_eq!(mounted.is_ok(), variables.is_ok(), "{mounted:?} {variables:?}");
        if let (Ok(mounted), Ok(variables)) = (mounted, variables) {
            assert_eq!(mounted.client_id(), variables.client_id());
            assert_eq!(mounted.grant(), variables.grant());
            assert_eq!(mounted.environment(), variables.environment());
            assert_eq!(mounted.exchanges(), variables.exchanges());
        }
    }
    Corpus::Keep
});

/// Whether a file may be called this. Names are told, so that marks, which are longer, must not be in them.
fn is_name(name: &str) -> bool {
    (1..=60).contains(&name.len())
        && !name.contains(['/', '\0'])
        && !name.starts_with("..")
        && name != "."
}
