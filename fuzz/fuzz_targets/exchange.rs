//! Answers of Altinn's exchange: a token that comes of one can be sent, and ends within a day; what is told of one is fit
//! for a log, and holds neither of the two tokens.
//!
//! The input is as `Answers` has it. `$A` is Maskinporten's token, `$S` a signature for Altinn's, and `$({"exp":1})` its
//! claims.

#![no_main]

use fuzz::{Answers, Told, block_on, check_token, grant, listen, random};
use libfuzzer_sys::fuzz_target;
use maskinporten::{
    AccessToken, AltinnExchange, AltinnPlatform, BoxFuture, Error, Grant, TokenSource,
};
use tokio::time::{Duration, Instant};

/// Has a token already.
struct Given(AccessToken);

impl TokenSource for Given {
    fn fetch<'a>(&'a self, _: &'a Grant) -> BoxFuture<'a, Result<AccessToken, Error>> {
        Box::pin(async { Ok(self.0.clone()) })
    }
}

fuzz_target!(init: listen(), |input: &[u8]| {
    let (token, signature) = (random(), random());
    let answers = Answers::new(input, &[(b'S', signature.as_bytes())]);
    let (outcome, took) = block_on(async {
        let began = Instant::now();
        let given = AccessToken::new(&token, began, Duration::from_secs(120)).unwrap();
        let exchange = AltinnExchange::new(Given(given), &AltinnPlatform::tt02(), answers.clone());
        (exchange.fetch(&grant()).await, began.elapsed())
    });
    let asked = answers.requests().len();
    assert!((1..=2).contains(&asked));
    assert!(took <= Duration::from_secs(20), "{took:?}");

    let told = Told::by_events();
    let told = match &outcome {
        Ok(token) => {
            let (head, body) = answers.answer_in_parts(asked - 1);
            assert!(head.starts_with("200"));
            let body = std::str::from_utf8(&body).unwrap().trim();
            let quoted = serde_json::from_str::<String>(body);
            check_token(token, quoted.as_deref().unwrap_or(body).trim());
            told.and_debug(token)
        }
        Err(error) => {
            assert!(error.retry_after().is_none_or(|wait| wait <= Duration::from_secs(60)));
            told.and_error(error)
        }
    };
    told.is_decent().hides(&token).hides(&signature);
});
