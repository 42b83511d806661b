//! A key is replaced while the service runs.

#![expect(clippy::unwrap_used, reason = "what cannot be had in a test ends it")]

use std::time::Duration;

use maskinporten::{ClientKey, Grant, HttpClient, Maskinporten, TokenSource};
use maskinporten_stub::{Client, Stub};
use serde_json::Value;
use tests::environment;

const ID: &str = "rotating";

/// A client with these keys and no others.
fn with_keys(private_jwks: &[&str]) -> Client {
    let mut client = Client::new(ID, "310702641").scopes("a:one");
    for private in private_jwks {
        let mut jwk: Value = serde_json::from_str(private).unwrap();
        for member in ["d", "p", "q", "dp", "dq", "qi"] {
            jwk.as_object_mut().unwrap().remove(member);
        }
        client = client.key(&jwk.to_string()).unwrap();
    }
    client
}

fn key() -> String {
    let client = Client::generate(ID, "310702641").unwrap();
    let mut jwk: Value = serde_json::from_str(client.private_jwk().unwrap()).unwrap();
    // Two of one client must have different names.
    jwk["kid"] = format!("kid-{}", &jwk["n"].as_str().unwrap()[..8]).into();
    jwk.to_string()
}

#[tokio::test]
async fn b9_the_old_key_signs_while_the_new_one_is_not_known() {
    let stub = Stub::start().await.unwrap();
    let (old, new) = (key(), key());
    stub.register(with_keys(&[&old]));
    let http = HttpClient::new().unwrap();
    let signer = |jwk: &str| ClientKey::from_jwk(jwk).unwrap();
    let source =
        Maskinporten::new(environment(&stub), ID, signer(&new), http).with_fallback(signer(&old));
    let grant = Grant::new("a:one").unwrap();
    source.fetch(&grant).await.unwrap();
    assert_eq!(stub.token_requests(), 2);
    stub.register(with_keys(&[&old, &new]));
    source.fetch(&grant).await.unwrap();
    assert_eq!(stub.token_requests(), 3);
    // The old one is taken away, and nobody notices.
    stub.register(with_keys(&[&new]));
    source.fetch(&grant).await.unwrap();
    assert_eq!(stub.token_requests(), 4);
}

#[tokio::test]
async fn b9_a_key_that_is_not_known_is_given_time() {
    let stub = Stub::start().await.unwrap();
    let (old, new) = (key(), key());
    stub.register(with_keys(&[&old]));
    let http = HttpClient::new().unwrap();
    let new = ClientKey::from_jwk(&new).unwrap();
    let source = Maskinporten::new(environment(&stub), ID, new, http);
    let error = source
        .fetch(&Grant::new("a:one").unwrap())
        .await
        .unwrap_err();
    assert!(error.is_transient());
    assert_eq!(error.retry_after(), Some(Duration::from_secs(15)));
    assert!(
        error
            .refusal()
            .unwrap()
            .advice()
            .unwrap()
            .contains("two minutes")
    );
}
