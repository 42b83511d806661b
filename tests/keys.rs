//! Private keys as people have them: each form signs, each mistake is told. Numbers are rows of the cases that other
//! clients' tests and users' mistakes have taught.

#![expect(clippy::print_stderr, reason = "a test that is skipped says so")]

use std::path::Path;

use aws_lc_rs::{
    encoding::AsDer,
    rsa::{KeyPair, KeySize},
    signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, RSA_PKCS1_2048_8192_SHA512,
        RsaPublicKeyComponents,
    },
};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD},
};
use maskinporten::{ClientKey, KeyOptions, Signer};
use maskinporten_stub::Client;
use serde_json::{Value, json};
use tests::keys::{JWK, jwk, read, refused, signs_for, with, without};

#[tokio::test]
async fn case_12_a_complete_jwk_is_accepted() {
    let key = read(&jwk()).unwrap();
    assert_eq!(key.kid(), Some(JWK["kid"].as_str().unwrap()));
    signs_for(&key, &jwk()).await;
}

#[test]
fn case_12_a_missing_or_empty_member_is_named() {
    for member in ["n", "e", "d", "kid", "kty"] {
        for broken in [without(member), with(member, ""), with(member, Value::Null)] {
            let error = refused(read(&broken));
            assert!(error.contains(&format!("`{member}`")), "{member}: {error}");
        }
    }
    assert!(refused(read(&with("kid", 7))).contains("wrong type"));
    let escaped = with("e", "AQAB").to_string().replace("AQAB", "\\u0041QAB");
    assert!(refused(ClientKey::from_jwk(&escaped)).contains("`e` is of the wrong type"));
}

#[test]
fn case_13_what_is_no_base64_and_what_is_no_json_are_told_apart() {
    assert!(refused(ClientKey::from_base64("not!base64")).contains("base64"));
    let no_json = refused(ClientKey::from_base64(
        &STANDARD.encode("a text, not a key"),
    ));
    assert!(no_json.contains("JSON"), "{no_json}");
    let cut = STANDARD.encode(&jwk().to_string()[..50]);
    assert!(refused(ClientKey::from_base64(&cut)).contains("ends too early"));
    for nothing in ["", "  \n", "\"\""] {
        assert!(
            refused(ClientKey::from_base64(nothing)).starts_with("the private key is not usable")
        );
    }
}

#[test]
fn case_14_other_keys_are_told_what_they_are() {
    let elliptic =
        json!({"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA", "d": "AA", "kid": "k"});
    assert!(refused(read(&elliptic)).contains("RSA"));
    assert!(refused(read(&json!({"kty": "oct", "k": "AA", "kid": "k"}))).contains("RSA"));
    let mut public = jwk();
    for private in ["d", "p", "q", "dp", "dq", "qi"] {
        public.as_object_mut().unwrap().remove(private);
    }
    assert!(refused(read(&public)).contains("private key is needed"));
    for junk in [
        "junk",
        "{}",
        "[]",
        "null",
        "5",
        "{\"keys\":[]}",
        "{\"n\":5}",
        "[[]]",
    ] {
        assert!(refused(ClientKey::from_jwk(junk)).starts_with("the private key is not usable"));
    }
}

#[tokio::test]
async fn case_15_the_empty_arrays_of_altinn_jwks_mean_nothing() {
    let mut exported = jwk();
    for empty in ["key_ops", "oth", "x5c"] {
        exported[empty] = json!([]);
    }
    signs_for(&read(&exported).unwrap(), &jwk()).await;
    for empty in ["key_ops", "oth", "x5c"] {
        exported[empty] = Value::Null;
    }
    read(&exported).unwrap();
    assert!(refused(read(&with("oth", json!([{"r": "AA"}])))).contains("`oth`"));
    assert!(refused(read(&with("key_ops", json!(["verify"])))).contains("`key_ops`"));
    assert!(read(&with("key_ops", json!(["sign"]))).is_ok());
}

#[tokio::test]
async fn case_16_pem_is_read_as_pkcs8_and_pkcs1_with_and_without_headers() {
    let pair = KeyPair::generate(KeySize::Rsa2048).unwrap();
    let pkcs8 = pair.as_der().unwrap();
    // PKCS#1 is what PKCS#8 has in its last member, after 26 bytes of version, algorithm and length.
    let pkcs1 = &pkcs8.as_ref()[26..];
    for (label, der) in [("PRIVATE KEY", pkcs8.as_ref()), ("RSA PRIVATE KEY", pkcs1)] {
        let lines = STANDARD.encode(der).into_bytes();
        let lines: Vec<_> = lines
            .chunks(64)
            .map(|line| std::str::from_utf8(line).unwrap())
            .collect();
        for newline in ["\n", "\r\n"] {
            let body = lines.join(newline);
            let pem = format!(
                "-----BEGIN {label}-----{newline}{body}{newline}-----END {label}-----{newline}"
            );
            for pem in [
                pem.clone(),
                format!("\u{feff}\n  \nBag Attributes{newline}{pem}"),
            ] {
                ClientKey::from_pem(&pem, "k").unwrap();
            }
            KeyOptions::new()
                .kid("k")
                .read(STANDARD.encode(&pem))
                .unwrap();
            KeyOptions::new().kid("k").read(&body).unwrap();
            KeyOptions::new().kid("k").read(&pem).unwrap();
            // As a variable has it.
            ClientKey::from_pem(&pem.replace(newline, "\\n"), "k").unwrap();
            assert!(refused(ClientKey::from_base64(&body)).contains("`kid`"));
        }
    }
}

#[test]
fn case_16_pem_that_holds_something_else_says_so() {
    let pem = |label: &str| format!("-----BEGIN {label}-----\nMAA=\n-----END {label}-----\n");
    for (label, says) in [
        ("ENCRYPTED PRIVATE KEY", "encrypted"),
        ("EC PRIVATE KEY", "RSA"),
        ("PUBLIC KEY", "public key"),
        ("RSA PUBLIC KEY", "public key"),
        ("CERTIFICATE", "certificate"),
        ("PRIVATE KEY", "PKCS#8"),
        ("GARBAGE", "no private key"),
    ] {
        let error = refused(ClientKey::from_pem(&pem(label), "k"));
        assert!(error.contains(says), "{label}: {error}");
    }
    let elliptic = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
    let edwards = Ed25519KeyPair::generate().unwrap();
    for (der, says) in [
        (elliptic.to_pkcs8v1().unwrap(), "elliptic-curve"),
        (edwards.to_pkcs8v1().unwrap(), "in PKCS#8 or PKCS#1"),
    ] {
        let pem = format!(
            "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----",
            STANDARD.encode(der)
        );
        let error = refused(ClientKey::from_pem(&pem, "k"));
        assert!(error.contains(says), "{error}");
    }
}

#[tokio::test]
async fn h5_base64_is_read_however_it_was_pasted() {
    let json = jwk().to_string();
    let standard = STANDARD.encode(&json);
    let wrapped = standard
        .as_bytes()
        .chunks(76)
        .map(|line| std::str::from_utf8(line).unwrap());
    let wrapped: Vec<_> = wrapped.collect();
    for pasted in [
        standard.clone(),
        STANDARD_NO_PAD.encode(&json),
        URL_SAFE.encode(&json),
        URL_SAFE_NO_PAD.encode(&json),
        format!("  {standard}\n"),
        format!("\"{standard}\""),
        format!("'{standard}'\r\n"),
        wrapped.join("\r\n"),
        format!("\u{feff}{standard}"),
        json.clone(),
        STANDARD.encode(format!("\u{feff}{json}")),
        STANDARD.encode(&standard),
        STANDARD.encode(format!("[{json}]")),
        STANDARD.encode(format!("{{\"keys\":[{json}]}}")),
    ] {
        signs_for(&ClientKey::from_base64(&pasted).unwrap(), &jwk()).await;
    }
}

#[tokio::test]
async fn a_key_of_a_set_is_chosen_by_its_kid() {
    let other = Client::generate("o", "991825827").unwrap();
    let other: Value = serde_json::from_str(other.private_jwk().unwrap()).unwrap();
    let (mut first, mut second) = (jwk(), other);
    first["kid"] = "first".into();
    second["kid"] = "second".into();
    for set in [json!({"keys": [first, second]}), json!([first, second])] {
        let set = set.to_string();
        assert!(refused(ClientKey::from_jwk(&set)).contains("2 keys"));
        assert!(refused(KeyOptions::new().kid("third").read(&set)).contains("2 keys"));
        let chosen = KeyOptions::new().kid("second").read(&set).unwrap();
        assert_eq!(chosen.kid(), Some("second"));
        signs_for(&chosen, &second).await;
    }
    // To a single key it gives the name.
    let named = KeyOptions::new()
        .kid("mine")
        .read(without("kid").to_string())
        .unwrap();
    assert_eq!(named.kid(), Some("mine"));
}

#[tokio::test]
async fn rs384_and_rs512_are_signed_as_they_say() {
    let key = read(&with("alg", "RS512")).unwrap();
    assert_eq!(key.algorithm().as_str(), "RS512");
    let signature = key.sign(b"m").await.unwrap();
    let member = |name: &str| URL_SAFE_NO_PAD.decode(JWK[name].as_str().unwrap()).unwrap();
    RsaPublicKeyComponents {
        n: member("n"),
        e: member("e"),
    }
    .verify(&RSA_PKCS1_2048_8192_SHA512, b"m", &signature)
    .unwrap();
    assert_eq!(
        read(&with("alg", "RS384")).unwrap().algorithm().as_str(),
        "RS384"
    );
    assert_eq!(read(&without("alg")).unwrap().algorithm().as_str(), "RS256");
    for alg in ["PS256", "ES256", "HS256", "none", ""] {
        assert!(
            refused(read(&with("alg", alg))).contains("RS256, RS384 or RS512"),
            "{alg}"
        );
    }
    assert!(refused(read(&with("use", "enc"))).contains("`use`"));
}

#[tokio::test]
async fn the_key_of_altinns_guide_loads_as_pasted_and_signs() {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/reference/samples");
    let Ok(private) = std::fs::read_to_string(samples.join("altinn-guide-private.base64.txt"))
    else {
        eprintln!("skipped: the published sample key is not here");
        return;
    };
    let public = std::fs::read_to_string(samples.join("altinn-guide-public.json")).unwrap();
    let public: Value = serde_json::from_str(&public).unwrap();
    for pasted in [
        private.clone(),
        format!("\n{private}\n"),
        format!("\"{}\"", private.trim()),
    ] {
        let key = ClientKey::from_base64(&pasted).unwrap();
        assert_eq!(key.kid(), Some("testklient-TEST.2024-07-10"));
        signs_for(&key, &public[0]).await;
    }
    let pem = std::fs::read_to_string(samples.join("client-private-pkcs8.pem")).unwrap();
    ClientKey::from_pem(&pem, "k").unwrap();
    for name in [
        "jwk-private-altinn-jwks.json",
        "jwk-private-altinn-jwks.min.json",
        "jwk-private-altinn-jwks.base64.txt",
    ] {
        ClientKey::from_base64(&std::fs::read_to_string(samples.join(name)).unwrap()).unwrap();
    }
    let export =
        std::fs::read_to_string(samples.join("jwk-public-altinn-jwks-v1-export.json")).unwrap();
    assert!(refused(ClientKey::from_base64(&export)).contains("public key"));
}

#[test]
fn debug_shows_no_key() {
    let key = read(&jwk()).unwrap();
    let shown = format!("{key:?}");
    assert!(shown.contains("2048"), "{shown}");
    for member in ["n", "d", "p"] {
        assert!(
            !shown.contains(&JWK[member].as_str().unwrap()[..8]),
            "{shown}"
        );
    }
}
