//! What Altinn publishes so that its tokens can be verified, with its quirks.

use aws_lc_rs::{
    digest,
    signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents},
};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use maskinporten_stub::Stub;
use serde_json::{Value, json};

use crate::http::{Ask, altinn_token, part};

const CONFIGURATION: &str = "/authentication/api/v1/openid/.well-known/openid-configuration";

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

async fn keys(stub: &Stub) -> Vec<Value> {
    let answer = Ask::get(format!("{CONFIGURATION}/jwks")).to(stub).await;
    answer.json()["keys"].as_array().unwrap().clone()
}

#[tokio::test]
async fn the_discovery_document_is_the_platforms() {
    let stub = Stub::start().await.unwrap();
    let api = format!("{}/authentication/api/v1", stub.base_url());
    let answer = Ask::get(CONFIGURATION).to(&stub).await;
    assert_eq!(
        answer.json(),
        json!({
            "issuer": format!("{api}/openid/"),
            "authorization_endpoint": format!("{api}/authorize/"),
            "token_endpoint": format!("{api}/token/"),
            "jwks_uri": format!("{api}/openid/.well-known/openid-configuration/jwks"),
            "end_session_endpoint": format!("{api}/openid/logout/"),
            "response_types_supported": ["token"],
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": ["RS256"],
        })
    );
}

#[tokio::test]
async fn numbers_are_in_standard_base64_and_no_algorithm_is_named() {
    let stub = Stub::start().await.unwrap();
    for key in keys(&stub).await {
        assert_eq!((text(&key["kty"]), text(&key["use"])), ("RSA", "sig"));
        assert!(key.get("alg").is_none());
        let n = text(&key["n"]);
        assert!(n.ends_with("=="), "padded: {n}");
        assert!(!n.contains(['-', '_']), "standard: {n}");
        assert!(URL_SAFE_NO_PAD.decode(n).is_err());
        assert_eq!(STANDARD.decode(n).unwrap().len(), 256);
        assert_eq!(text(&key["e"]), "AQAB");
    }
}

#[tokio::test]
async fn each_key_is_named_after_its_certificate() {
    let stub = Stub::start().await.unwrap();
    for key in keys(&stub).await {
        let der = STANDARD.decode(text(&key["x5c"][0])).unwrap();
        let hash = digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, &der);
        let hex: String = hash
            .as_ref()
            .iter()
            .map(|byte| format!("{byte:02X}"))
            .collect();
        assert_eq!(text(&key["kid"]), hex);
        // The certificate is of this key.
        let n = STANDARD.decode(text(&key["n"])).unwrap();
        assert!(der.windows(n.len()).any(|window| window == n));
    }
}

#[tokio::test]
async fn a_token_names_one_of_several_keys() {
    let stub = Stub::start().await.unwrap();
    let keys = keys(&stub).await;
    assert_eq!(keys.len(), 2);
    let token = altinn_token(&stub, "altinn:serviceowner").await;
    let header: Value = serde_json::from_str(&part(&token, 0)).unwrap();
    assert_eq!(header["typ"], "JWT");
    let kid = text(&header["kid"]);
    let x5t = URL_SAFE_NO_PAD.decode(text(&header["x5t"])).unwrap();
    let hex: String = x5t.iter().map(|byte| format!("{byte:02X}")).collect();
    assert_eq!(kid, hex);
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
    for key in keys {
        let number = |name: &str| STANDARD.decode(text(&key[name])).unwrap();
        let key_components = RsaPublicKeyComponents {
            n: number("n"),
            e: number("e"),
        };
        let verified =
            key_components.verify(&RSA_PKCS1_2048_8192_SHA256, signed.as_bytes(), &signature);
        assert_eq!(verified.is_ok(), text(&key["kid"]) == kid);
    }
}
