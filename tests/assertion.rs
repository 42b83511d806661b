//! Assertions as they are sent. Numbers are rows of the cases.

#![expect(clippy::unwrap_used, reason = "what cannot be had in a test ends it")]

use std::{
    convert::Infallible,
    sync::{Arc, Mutex},
};

use aws_lc_rs::signature::{
    RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512,
    RsaPublicKeyComponents,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL};
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use maskinporten::{Environment, Grant, Maskinporten, TokenSource};
use serde_json::{Value, json};
use tests::keys::{jwk, read, with};

/// The assertion that a source sends with this key.
async fn sent(jwk: &Value) -> String {
    let form = Arc::<Mutex<Vec<u8>>>::default();
    let seen = form.clone();
    let http = tower::service_fn(move |request: Request<Full<Bytes>>| {
        let seen = seen.clone();
        async move {
            let body = request.into_body().collect().await.unwrap().to_bytes();
            seen.lock().unwrap().extend(body);
            Ok::<_, Infallible>(Response::new(Full::<Bytes>::default()))
        }
    });
    let source = Maskinporten::new(Environment::test(), "me", read(jwk).unwrap(), http);
    // The answer is no token, which does not matter here.
    let _ = source.fetch(&Grant::new("a:one").unwrap()).await;
    let form = String::from_utf8(form.lock().unwrap().clone()).unwrap();
    form.split_once("assertion=").unwrap().1.to_owned()
}

#[tokio::test]
async fn case_1_an_assertion_verifies_with_the_key_that_it_names() {
    let number = |member: &str| BASE64URL.decode(jwk()[member].as_str().unwrap()).unwrap();
    for (alg, algorithm) in [
        ("RS256", &RSA_PKCS1_2048_8192_SHA256),
        ("RS384", &RSA_PKCS1_2048_8192_SHA384),
        ("RS512", &RSA_PKCS1_2048_8192_SHA512),
    ] {
        let assertion = sent(&with("alg", alg)).await;
        let (signed, signature) = assertion.rsplit_once('.').unwrap();
        let (n, e) = (number("n"), number("e"));
        RsaPublicKeyComponents { n, e }
            .verify(
                algorithm,
                signed.as_bytes(),
                &BASE64URL.decode(signature).unwrap(),
            )
            .unwrap();
        let header = BASE64URL.decode(signed.split_once('.').unwrap().0).unwrap();
        let header: Value = serde_json::from_slice(&header).unwrap();
        assert_eq!(header, json!({"alg": alg, "kid": jwk()["kid"]}));
    }
}

#[test]
fn case_5_the_audience_is_the_issuer_as_it_is_written() {
    assert_eq!(
        Environment::test().issuer(),
        "https://test.maskinporten.no/"
    );
    assert_eq!(
        Environment::production().issuer(),
        "https://maskinporten.no/"
    );
    for issuer in ["http://localhost:8080/", "https://sky.maskinporten.no"] {
        let token = format!("{}/token", issuer.trim_end_matches('/'));
        let environment = Environment::custom(issuer, &token).unwrap();
        assert_eq!(environment.issuer(), issuer);
        assert_eq!(environment.token_endpoint().to_string(), token);
    }
}
