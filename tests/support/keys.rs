//! A private key to spoil, and checks of what becomes of it.

use std::sync::LazyLock;

use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use maskinporten::{ClientKey, KeyError, Signer};
use maskinporten_stub::Client;
use serde_json::Value;

/// A private JWK with all its members, as the stub generates it.
pub static JWK: LazyLock<Value> = LazyLock::new(|| {
    let client = Client::generate("c", "991825827").unwrap();
    serde_json::from_str(client.private_jwk().unwrap()).unwrap()
});

/// The key, to be changed.
#[must_use]
pub fn jwk() -> Value {
    JWK.clone()
}

/// The key without a member.
#[must_use]
pub fn without(member: &str) -> Value {
    let mut jwk = jwk();
    jwk.as_object_mut().unwrap().remove(member).unwrap();
    jwk
}

/// The key with another value of a member.
#[must_use]
pub fn with(member: &str, value: impl Into<Value>) -> Value {
    let mut jwk = jwk();
    jwk[member] = value.into();
    jwk
}

/// Reads a key.
///
/// # Errors
///
/// Those of [`ClientKey::from_jwk`].
pub fn read(jwk: &Value) -> Result<ClientKey, KeyError> {
    ClientKey::from_jwk(&jwk.to_string())
}

/// Checks that `key` signs what the public half verifies.
pub async fn signs_for(key: &ClientKey, public: &Value) {
    let message = b"an assertion";
    let signature = key.sign(message).await.unwrap();
    let member = |name: &str| {
        URL_SAFE_NO_PAD
            .decode(public[name].as_str().unwrap())
            .unwrap()
    };
    RsaPublicKeyComponents {
        n: member("n"),
        e: member("e"),
    }
    .verify(&RSA_PKCS1_2048_8192_SHA256, message, &signature)
    .unwrap();
}

/// The error of a mistake, which must hold nothing of the key.
#[must_use]
pub fn refused(outcome: Result<ClientKey, KeyError>) -> String {
    let error = outcome.unwrap_err();
    let text = format!("{error} {error:?}");
    for secret in ["d", "p", "q", "dp", "dq", "qi"] {
        let value = JWK[secret].as_str().unwrap();
        assert!(
            !text.contains(&value[..8]),
            "part of `{secret}` is in {text}"
        );
    }
    error.to_string()
}

/// The integers of a DER sequence, big-endian.
#[must_use]
pub fn der_integers(der: &[u8]) -> Vec<Vec<u8>> {
    let mut rest = &der[4..];
    let mut integers = Vec::new();
    while let [0x02, length, tail @ ..] = rest {
        let (length, tail) = match length {
            0x82 => (
                usize::from(tail[0]) * 256 + usize::from(tail[1]),
                &tail[2..],
            ),
            0x81 => (usize::from(tail[0]), &tail[1..]),
            short => (usize::from(*short), tail),
        };
        // DER puts a zero in front of what would look negative.
        let zeros = usize::from(tail[0] == 0);
        integers.push(tail[zeros..length].to_vec());
        rest = &tail[length..];
    }
    integers
}
