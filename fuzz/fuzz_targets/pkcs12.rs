//! PKCS#12 and encrypted PKCS#8, with the password `fuzz` and with none: what is accepted signs, its certificates are its
//! own, and however much work a file asks for, it is over soon: `-timeout` and `-rss_limit_mb` see to that.
//!
//! The input is the file as it is.

#![no_main]

use fuzz::{OWN, Told, certifies, listen, verifies};
use libfuzzer_sys::fuzz_target;
use maskinporten::KeyOptions;

fuzz_target!(init: listen(), |file: &[u8]| {
    for options in [KeyOptions::new(), KeyOptions::new().password("fuzz").kid("k")] {
        let told = Told::by_events().about(file);
        let told = match options.read(file) {
            Ok(key) => {
                assert!(verifies(&key) && certifies(&key));
                told.and_key(&key)
            }
            Err(error) => told.and_error(&error),
        };
        told.is_decent();
        for secret in OWN.secrets() {
            told.hides(&secret);
        }
    }
});
