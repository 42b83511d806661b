//! JSON Web Keys: what is accepted signs, as a key whose public half is in the text; nothing private is told.
//!
//! The input is the text, with the gaps of two keys in it. See `fuzz/README.md`.

#![no_main]

use std::sync::LazyLock;

use fuzz::{OTHER, OWN, Told, expand, listen, verifies};
use libfuzzer_sys::{Corpus, fuzz_target};
use maskinporten::{ClientKey, KeyOptions, Signer};

/// 4096 bits.
const LONGEST: usize = 683;

static SECRETS: LazyLock<Vec<String>> = LazyLock::new(|| [OWN.secrets(), OTHER.secrets()].concat());

fuzz_target!(init: listen(), |input: &[u8]| -> Corpus {
    let text = expand(input, &OWN.gaps_and_those_of(&OTHER));
    let Ok(text) = String::from_utf8(text) else {
        return Corpus::Reject;
    };
    // What has to be computed of a larger key takes as long as `-timeout` where everything is instrumented.
    let is_base64url = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_".contains(byte);
    let numbers = text.as_bytes().split(|byte| !is_base64url(byte));
    if numbers.map(<[u8]>::len).max() > Some(LONGEST) {
        return Corpus::Reject;
    }
    let chosen = text.contains("own").then(|| KeyOptions::new().kid("own").read(&text));
    for outcome in std::iter::once(ClientKey::from_jwk(&text)).chain(chosen) {
        let told = Told::by_events().about(input);
        let told = match &outcome {
            Ok(key) => {
                assert!(verifies(key));
                let name = key.kid().unwrap_or_default();
                assert!(!name.trim().is_empty() && key.x5c().is_empty());
                told.and_key(key)
            }
            Err(error) => told.and_error(error),
        };
        told.is_decent();
        for secret in &*SECRETS {
            told.hides(secret);
        }
    }
    Corpus::Keep
});
