//! A client of the configuration that authenticates with a certificate.

use std::fs;

use aws_lc_rs::{
    rand::SystemRandom,
    signature::{RSA_PKCS1_SHA256, RsaKeyPair},
};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use p12_keystore::Pkcs12Archive;
use serde_json::{Value, json};

use crate::running::{Program, post_form};

const CONFIG: &str = r#"
[[clients]]
id = "certified"
organisation = "974760673"
scopes = ["a:one"]
generated_certificate = { file = "enterprise.p12", password = "not a secret" }
"#;

#[tokio::test]
async fn the_certificate_in_the_file_gets_a_token() {
    let directory = tempfile::tempdir().unwrap();
    let config = directory.path().join("stub.toml");
    fs::write(&config, CONFIG).unwrap();
    let mut program = Program::start(&["--config", config.to_str().unwrap()]).await;
    let base = program.base().await;

    let file = fs::read(directory.path().join("enterprise.p12")).unwrap();
    let archive = Pkcs12Archive::from_pkcs12(&file, "not a secret").unwrap();
    let key = RsaKeyPair::from_pkcs8(archive.keys[0].key.as_der()).unwrap();
    let certificates = archive.certs.iter();
    let chain: Vec<String> = certificates
        .map(|bag| STANDARD.encode(bag.cert.as_der()))
        .collect();
    let assertion = sign(&key, &json!({"alg": "RS256", "x5c": chain}), &base);
    let body = format!(
        "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion={assertion}"
    );
    let (status, answer) = post_form(&base, "/token", &body).await;
    assert_eq!(status, 200, "{answer}");
}

fn sign(key: &RsaKeyPair, header: &Value, base: &str) -> String {
    let now = jiff::Timestamp::now().as_second();
    let claims = json!({
        "aud": format!("{base}/"), "iss": "certified", "scope": "a:one",
        "iat": now, "exp": now + 100, "jti": "1",
    });
    let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!("{}.{}", encode(header), encode(&claims));
    let mut signature = vec![0; key.public_modulus_len()];
    let random = SystemRandom::new();
    key.sign(
        &RSA_PKCS1_SHA256,
        &random,
        signed.as_bytes(),
        &mut signature,
    )
    .unwrap();
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}
