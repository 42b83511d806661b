//! Refusals: the texts that are taken from the other side are short, of one line and hold no assertion.
//!
//! The input is as `Answers` has it. `$A` is the assertion.

#![no_main]

use fuzz::{Answers, Told, block_on, grant, listen, maskinporten};
use libfuzzer_sys::{Corpus, fuzz_target};
use maskinporten::{Retry, TokenSource};

fuzz_target!(init: listen(), |input: &[u8]| -> Corpus {
    let answers = Answers::new(input, &[]);
    let outcome = block_on(Retry::new(maskinporten(&answers)).fetch(&grant()));
    let told = Told::by_events();
    let Err(error) = outcome else {
        return Corpus::Reject;
    };
    let asked = answers.requests().len();
    assert!((1..=2).contains(&asked));
    if let Some(refusal) = error.refusal() {
        assert_eq!(error.status_code(), Some(refusal.status()));
        assert_ne!(refusal.status(), 200);
        let texts = [
            Some(refusal.error()),
            refusal.description(),
            refusal.code(),
            refusal.trace_id(),
        ];
        for text in texts.into_iter().flatten() {
            assert!(text.chars().count() <= 512);
        }
        assert!(refusal.code().is_none_or(|code| code.starts_with("MP-")));
    }
    let told = told.and_error(&error);
    told.is_decent();
    for nth in 0..asked {
        told.hides(&answers.signature(nth));
    }
    Corpus::Keep
});
