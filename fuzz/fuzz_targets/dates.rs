//! `Retry-After` and `Date`: nobody makes us wait longer than a minute, or moves our clock by more than five.
//!
//! The first line is the `Retry-After` of a 503, the second the `Date` of a refusal for an assertion's times; the third
//! answer is a token.

#![no_main]

use std::time::SystemTime;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL};
use fuzz::{Answers, Told, block_on, grant, listen, maskinporten};
use libfuzzer_sys::{Corpus, fuzz_target};
use maskinporten::TokenSource;
use serde_json::Value;
use tokio::time::Duration;

const MINUTE: Duration = Duration::from_secs(60);

fuzz_target!(init: listen(), |input: &[u8]| -> Corpus {
    let mut lines = input.splitn(3, |byte| *byte == b'\n');
    let (Some(retry_after), Some(date), None) = (lines.next(), lines.next(), lines.next()) else {
        return Corpus::Reject;
    };
    let script = [
        b"503\nretry-after: ",
        retry_after,
        b"\n\n\n===\n400\nretry-after: ",
        retry_after,
        b"\ndate: ",
        date,
        b"\n\n{\"error\":\"invalid_grant\",\"error_description\":\"Issue time is after now\"}\n===\n",
        b"200\ncontent-type: application/json\n\n{\"access_token\":\"t\",\"token_type\":\"Bearer\",\"expires_in\":119}",
    ]
    .concat();
    let answers = Answers::new(&script, &[]);
    block_on(async {
        let source = maskinporten(&answers);
        let fetch = async || source.fetch(&grant()).await;

        let busy = fetch().await.unwrap_err();
        assert!(busy.is_transient());
        let wait = busy.retry_after();
        assert!(wait.is_none_or(|wait| wait <= MINUTE));
        if let Some(seconds) = number(retry_after) {
            assert_eq!(wait, Some(Duration::from_secs(seconds).min(MINUTE)));
        }
        let refused = fetch().await.unwrap_err();
        assert_eq!(refused.retry_after().is_some(), wait.is_some());
        fetch().await.unwrap();
        // Whatever was learnt is worth one more try at once, and what was not is none.
        let moved = skew(&answers, 2) - skew(&answers, 1);
        // The wall clock may have ticked meanwhile.
        let range = if refused.is_transient() { 1..=305 } else { 0..=1 };
        assert!(range.contains(&moved.abs()), "{moved}");
        Told::by_events().and_error(&busy).and_error(&refused).is_decent();
    });
    Corpus::Keep
});

/// Digits and nothing else, of which there are not too many.
fn number(text: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(text).ok()?.trim_matches([' ', '\t']);
    let are_digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    are_digits.then(|| text.parse().ok())?
}

/// By how much the assertion of a request was made for another time than now.
fn skew(answers: &Answers, nth: usize) -> i64 {
    let form = answers.requests()[nth].body().clone();
    let claims = std::str::from_utf8(&form)
        .unwrap()
        .split('.')
        .nth(1)
        .unwrap();
    let claims: Value = serde_json::from_slice(&BASE64URL.decode(claims).unwrap()).unwrap();
    let (iat, exp) = (
        claims["iat"].as_i64().unwrap(),
        claims["exp"].as_i64().unwrap(),
    );
    assert!((1..=120).contains(&(exp - iat)));
    let now = SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs();
    iat - i64::try_from(now).unwrap()
}
