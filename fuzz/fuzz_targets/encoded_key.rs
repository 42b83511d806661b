//! Keys as they are pasted: however one is encoded, it is read as it is without.
//!
//! The first line says how, a letter for each step: `b` base64, `u` of the URL-safe alphabet and without padding, `l` in
//! lines, `q` in quotes, `w` with white space around, `m` with a byte order mark. The rest is the key, with the gaps of
//! `Key::gaps`.

#![no_main]

use base64::{
    Engine,
    engine::general_purpose::{STANDARD as BASE64, URL_SAFE_NO_PAD as BASE64URL},
};
use fuzz::{OWN, Told, expand, listen, verifies};
use libfuzzer_sys::{Corpus, fuzz_target};
use maskinporten::{ClientKey, KeyError, KeyOptions, Signer};

fuzz_target!(init: listen(), |input: &[u8]| -> Corpus {
    let Some(end) = input.iter().take(8).position(|byte| *byte == b'\n') else {
        return Corpus::Reject;
    };
    let (steps, key) = (&input[..end], expand(&input[end + 1..], &OWN.gaps()));
    let mut encoded = key.clone();
    for step in steps {
        encoded = encode(*step, &encoded);
    }
    let (plain, pasted) = (read(&key), read(&encoded));
    if let Ok(plain) = &plain
        && is_usual(&key, steps)
    {
        let pasted = pasted.as_ref().unwrap();
        assert_eq!(plain.kid(), pasted.kid());
        assert_eq!(plain.algorithm(), pasted.algorithm());
    }
    for outcome in [plain, pasted] {
        let told = Told::by_events().about(input);
        let told = match &outcome {
            Ok(key) => {
                assert!(verifies(key));
                told.and_key(key)
            }
            Err(error) => told.and_error(error),
        };
        told.is_decent();
        for secret in OWN.secrets() {
            told.hides(&secret);
        }
    }
    Corpus::Keep
});

fn read(key: &[u8]) -> Result<ClientKey, KeyError> {
    // A key in PEM or DER has no name of its own.
    let named = KeyOptions::new().read(key);
    named.or_else(|_| KeyOptions::new().kid("k").read(key))
}

fn encode(step: u8, bytes: &[u8]) -> Vec<u8> {
    match step {
        b'b' => BASE64.encode(bytes).into_bytes(),
        b'u' => BASE64URL.encode(bytes).into_bytes(),
        b'l' => bytes.chunks(76).collect::<Vec<_>>().join(&b"\r\n"[..]),
        b'q' => [b"\"", bytes, b"\""].concat(),
        b'w' => [b" \n", bytes, b"\t\n"].concat(),
        b'm' => ["\u{feff}".as_bytes(), bytes].concat(),
        _ => bytes.to_vec(),
    }
}

/// Whether somebody may have pasted a key in this way: one that is not encoded by itself, at most twice in base64, and
/// what is around and inside of text put there once there is text.
fn is_usual(key: &[u8], steps: &[u8]) -> bool {
    let is_bare = key.starts_with(b"{") || key.starts_with(b"-----BEGIN ") || key[..1] == [0x30];
    let (text, mark) = steps.split_at(
        steps
            .iter()
            .position(|step| *step == b'm')
            .unwrap_or(steps.len()),
    );
    let layers = text.iter().filter(|step| b"bu".contains(step)).count();
    let begins = text.first().is_some_and(|step| b"bu".contains(step));
    is_bare && begins && layers <= 2 && mark.len() <= 1
}
