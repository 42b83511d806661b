//! PEM: what is accepted signs as one of the keys in the text, and goes by its own certificates; nothing private is told.
//!
//! Gaps: those of `Key::gaps`, `$E` for the same key with the password `fuzz`, `$c` for its certificate, `$C` for that of
//! another key.

#![no_main]

use std::sync::LazyLock;

use fuzz::{OTHER, OWN, Told, certifies, expand, listen, pem_body, verifies};
use libfuzzer_sys::{Corpus, fuzz_target};
use maskinporten::{ClientKey, KeyOptions, Signer};

static ENCRYPTED: LazyLock<String> =
    LazyLock::new(|| pem_body(include_str!("../keys/encrypted.pem")));
static CERTIFICATE: LazyLock<String> = LazyLock::new(|| pem_body(include_str!("../keys/own.crt")));
static OTHERS: LazyLock<String> = LazyLock::new(|| pem_body(include_str!("../keys/other.crt")));

fuzz_target!(init: listen(), |input: &[u8]| -> Corpus {
    let mut gaps = OWN.gaps();
    gaps.extend([
        (b'E', ENCRYPTED.as_bytes()),
        (b'c', CERTIFICATE.as_bytes()),
        (b'C', OTHERS.as_bytes()),
    ]);
    let Ok(text) = String::from_utf8(expand(input, &gaps)) else {
        return Corpus::Reject;
    };
    let options = KeyOptions::new().password("fuzz");
    let named = options.clone().kid("k").read(&text);
    if let Ok(key) = &named {
        assert!(key.kid() == Some("k"));
    }
    let certified = options.read(&text);
    for outcome in [named, certified, ClientKey::from_pem(&text, "k")] {
        let told = Told::by_events().about(input);
        let told = match &outcome {
            Ok(key) => {
                assert!(verifies(key));
                assert!(key.kid().is_some() || !key.x5c().is_empty());
                assert!(certifies(key));
                told.and_key(key)
            }
            Err(error) => told.and_error(error),
        };
        told.is_decent();
        for secret in OWN.secrets().iter().chain(&OTHER.secrets()) {
            told.hides(secret);
        }
    }
    Corpus::Keep
});
