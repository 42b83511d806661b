//! `WWW-Authenticate` of a 401: whatever it says, the answer comes through, and the request is sent twice at most; a
//! second time only when the challenge is of the scheme `Bearer`, and with another token.
//!
//! The input is as `Answers` has it.

#![no_main]

use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use fuzz::{Answers, Told, block_on, grant, listen};
use http::header::AUTHORIZATION;
use http_body_util::Full;
use libfuzzer_sys::fuzz_target;
use maskinporten::{AccessToken, BoxFuture, Error, Grant, TokenSource};
use tokio::time::{Duration, Instant};
use tower::{Layer, ServiceExt};
use tower_maskinporten::{BearerAuthLayer, Origins, Tokens};

/// Gives one token after the other.
#[derive(Default)]
struct Counted(AtomicUsize);

impl TokenSource for Counted {
    fn fetch<'a>(&'a self, _: &'a Grant) -> BoxFuture<'a, Result<AccessToken, Error>> {
        let nth = self.0.fetch_add(1, Ordering::Relaxed);
        Box::pin(async move {
            AccessToken::new(
                &format!("token-{nth}"),
                Instant::now(),
                Duration::from_secs(120),
            )
        })
    }
}

fuzz_target!(init: listen(), |input: &[u8]| {
    let answers = Answers::new(input, &[]);
    let outcome = block_on(async {
        let tokens = Tokens::new(Counted::default(), grant());
        let origins = Origins::new(["https://api.example"]).unwrap();
        let client = BearerAuthLayer::new(tokens, origins).replaying_clones().layer(answers.clone());
        let request = http::Request::get("https://api.example/").body(Full::<Bytes>::default());
        client.oneshot(request.unwrap()).await
    });
    let requests = answers.requests();
    assert!((1..=2).contains(&requests.len()));
    if let [first, second] = &requests[..] {
        let (head, _) = answers.answer_in_parts(0);
        assert!(head.starts_with("401") && head.to_ascii_lowercase().contains("bearer"));
        assert_ne!(first.headers()[AUTHORIZATION], second.headers()[AUTHORIZATION]);
    }
    let told = Told::by_events();
    match outcome {
        Ok(response) => {
            let (head, _) = answers.answer_in_parts(requests.len() - 1);
            let status = response.status().as_str().to_owned();
            assert!(head.starts_with(&status) || status == "500");
        }
        Err(error) => {
            told.and_error(&*error).is_decent();
        }
    }
});
