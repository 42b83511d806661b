//! Answers of the token endpoint: a token that comes of one can be sent, and ends within a day; what is told of one is
//! fit for a log, and holds neither the assertion nor a token.
//!
//! The input is as `Answers` has it. `$T` is a token, `$A` the assertion.

#![no_main]

use fuzz::{Answers, Told, block_on, check_token, grant, listen, maskinporten, random};
use libfuzzer_sys::fuzz_target;
use maskinporten::TokenSource;
use tokio::time::{Duration, Instant};

fuzz_target!(init: listen(), |input: &[u8]| {
    let token = random();
    let answers = Answers::new(input, &[(b'T', token.as_bytes())]);
    let (outcome, took) = block_on(async {
        let began = Instant::now();
        let outcome = maskinporten(&answers).fetch(&grant()).await;
        (outcome, began.elapsed())
    });
    assert!(took <= Duration::from_secs(10), "{took:?}");
    assert_eq!(answers.requests().len(), 1);

    let told = Told::by_events();
    let told = match &outcome {
        Ok(token) => {
            let (head, body) = answers.answer_in_parts(0);
            assert!(head.starts_with("200"));
            // There may be numbers in what is ignored that are out of range for a value.
            if let Ok(body) = serde_json::from_slice::<serde_json::Value>(&body) {
                check_token(token, body["access_token"].as_str().unwrap());
            }
            told.and_debug(token)
        }
        Err(error) => {
            assert!(error.retry_after().is_none_or(|wait| wait <= Duration::from_secs(60)));
            told.and_error(error)
        }
    };
    told.is_decent().hides(&token).hides(&answers.signature(0));
});
