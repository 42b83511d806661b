//! A source of tokens over an answer, in time that passes only when everybody waits.

use aws_lc_rs::rand;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL};
use maskinporten::{
    AccessToken, Algorithm, BoxError, BoxFuture, Environment, Grant, Maskinporten, Signer,
};
use tokio::time::Duration;

use crate::Answers;

/// Runs to the end, with time paused.
///
/// # Panics
///
/// When there can be no runtime.
pub fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap()
        .block_on(future)
}

/// A signer that signs nothing: each signature is another that nobody can guess, so that what is told can be searched
/// for it, and no time goes into arithmetic.
struct Vault;

impl Signer for Vault {
    fn algorithm(&self) -> Algorithm {
        Algorithm::Rs256
    }

    fn kid(&self) -> Option<&str> {
        Some("vault")
    }

    fn sign<'a>(&'a self, _: &'a [u8]) -> BoxFuture<'a, Result<Vec<u8>, BoxError>> {
        Box::pin(async { Ok(bytes::<256>().to_vec()) })
    }
}

/// Text that nobody can guess, of the alphabet of tokens.
#[must_use]
pub fn random() -> String {
    BASE64URL.encode(bytes::<60>())
}

fn bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    rand::fill(&mut bytes).unwrap();
    bytes
}

/// What is asked for.
///
/// # Panics
///
/// Never: it is a scope.
#[must_use]
pub fn grant() -> Grant {
    Grant::new("altinn:serviceowner").unwrap()
}

/// Maskinporten, as `answers` have it.
#[must_use]
pub fn maskinporten(answers: &Answers) -> Maskinporten<Answers> {
    Maskinporten::new(Environment::test(), "client", Vault, answers.clone())
}

/// A token that was taken is the one that was given, ends within a day, and can be sent.
///
/// # Panics
///
/// When one of these is not so.
pub fn check_token(taken: &AccessToken, given: &str) {
    let authorization = taken.authorization();
    assert_eq!(
        authorization.as_bytes(),
        ["Bearer ", given].concat().as_bytes()
    );
    assert!(given.len() <= 16 * 1024 && given.bytes().all(|byte| byte.is_ascii_graphic()));
    assert!(authorization.is_sensitive());
    let (shortest, longest) = (Duration::from_secs(1), Duration::from_secs(24 * 60 * 60));
    assert!((shortest..=longest).contains(&taken.lifetime()));
    assert_eq!(taken.expires_at(), taken.requested_at() + taken.lifetime());
}
