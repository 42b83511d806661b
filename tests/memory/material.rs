//! What is in the file that a key is read from.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::json;
use tests::{
    configuration::document,
    forms::{Forms, pem},
};

pub(crate) const PASSWORD: &str = "a password of the test";

pub(crate) fn jwk(key: &Forms) -> Vec<u8> {
    key.jwk().to_string().into()
}

/// `n`, `e` and `d` alone.
pub(crate) fn bare(key: &Forms) -> Vec<u8> {
    let mut jwk = key.jwk().clone();
    for computed in ["p", "q", "dp", "dq", "qi"] {
        jwk.as_object_mut().unwrap().remove(computed);
    }
    jwk.to_string().into()
}

pub(crate) fn base64(key: &Forms) -> Vec<u8> {
    STANDARD.encode(jwk(key)).into()
}

/// In lines and quotes.
pub(crate) fn pasted(key: &Forms) -> Vec<u8> {
    let base64 = base64(key);
    let lines: Vec<_> = base64.chunks(76).collect();
    [b"\"", lines.join(&b"\r\n"[..]).as_slice(), b"\"\r\n"].concat()
}

pub(crate) fn twice(key: &Forms) -> Vec<u8> {
    STANDARD.encode(base64(key)).into()
}

/// The key, and it once more under another name.
pub(crate) fn set(key: &Forms) -> Vec<u8> {
    let mut other = key.jwk().clone();
    other["kid"] = "other".into();
    json!({"keys": [other, key.jwk()]}).to_string().into()
}

pub(crate) fn pkcs8_pem(key: &Forms) -> Vec<u8> {
    key.pkcs8_pem().into()
}

pub(crate) fn pkcs1_pem(key: &Forms) -> Vec<u8> {
    key.pkcs1_pem().into()
}

pub(crate) fn pem_of_variable(key: &Forms) -> Vec<u8> {
    key.pkcs8_pem().replace('\n', "\\n").into()
}

pub(crate) fn pem_in_base64(key: &Forms) -> Vec<u8> {
    STANDARD.encode(key.pkcs8_pem()).into()
}

pub(crate) fn certified_pem(key: &Forms) -> Vec<u8> {
    (key.certificates_pem() + &key.pkcs8_pem()).into()
}

pub(crate) fn der(key: &Forms) -> Vec<u8> {
    key.pkcs8()
}

pub(crate) fn der_in_base64(key: &Forms) -> Vec<u8> {
    STANDARD.encode(key.pkcs8()).into()
}

pub(crate) fn encrypted_pem(key: &Forms) -> Vec<u8> {
    key.encrypted_pem(PASSWORD).into()
}

pub(crate) fn pkcs12(key: &Forms) -> Vec<u8> {
    key.pkcs12(PASSWORD)
}

pub(crate) fn settings(key: &Forms) -> Vec<u8> {
    document(&json!({"Jwk": key.jwk()})).into()
}

pub(crate) fn settings_with_text(key: &Forms) -> Vec<u8> {
    document(&json!({"Jwk": key.jwk().to_string()})).into()
}

pub(crate) fn settings_with_base64(key: &Forms) -> Vec<u8> {
    document(&json!({"EncodedJwk": text(base64(key))})).into()
}

pub(crate) fn settings_with_pem(key: &Forms) -> Vec<u8> {
    document(&json!({"Kid": "k", "EncodedJwk": key.pkcs8_pem()})).into()
}

/// Each character of the key is written by its number.
pub(crate) fn settings_all_escaped(key: &Forms) -> Vec<u8> {
    let base64 = text(base64(key));
    let escapes: String = base64.bytes().map(|b| format!("\\u{b:04x}")).collect();
    let document = document(&json!({"EncodedJwk": base64}));
    document.replace(&base64, &escapes).into()
}

pub(crate) fn settings_with_set(key: &Forms) -> Vec<u8> {
    document(&json!({"Jwks": text(set(key)), "Kid": "forms"})).into()
}

pub(crate) fn settings_with_fallback(key: &Forms) -> Vec<u8> {
    let (other, fallback) = (Forms::generate(), text(base64(key)));
    document(&json!({"Jwk": other.jwk(), "FallbackEncodedJwk": fallback})).into()
}

pub(crate) fn settings_without_scope(key: &Forms) -> Vec<u8> {
    document(&json!({"Jwk": key.jwk(), "Scope": ""})).into()
}

pub(crate) fn settings_with_two_keys(key: &Forms) -> Vec<u8> {
    document(&json!({"Jwk": key.jwk(), "EncodedJwk": text(base64(key))})).into()
}

pub(crate) fn settings_with_wrong_base64(key: &Forms) -> Vec<u8> {
    document(&json!({"EncodedJwk": text(base64(key)) + "!"})).into()
}

pub(crate) fn settings_cut(key: &Forms) -> Vec<u8> {
    cut(settings(key))
}

pub(crate) fn jwk_cut(key: &Forms) -> Vec<u8> {
    cut(jwk(key))
}

pub(crate) fn jwk_and_more(key: &Forms) -> Vec<u8> {
    [jwk(key), b"!".to_vec()].concat()
}

pub(crate) fn jwk_with_wrong_base64(key: &Forms) -> Vec<u8> {
    with_changed(key, "d", |d| format!("{d}!"))
}

pub(crate) fn jwk_with_escape(key: &Forms) -> Vec<u8> {
    with_changed(key, "d", |d| format!("{d}\n"))
}

pub(crate) fn jwk_that_does_not_match(key: &Forms) -> Vec<u8> {
    with_changed(key, "qi", |qi| qi.chars().rev().collect())
}

pub(crate) fn bare_that_does_not_match(key: &Forms) -> Vec<u8> {
    text(bare(key)).replace("AQAB", "AQAD").into()
}

pub(crate) fn base64_and_more(key: &Forms) -> Vec<u8> {
    [base64(key), b"!".to_vec()].concat()
}

pub(crate) fn base64_of_half(key: &Forms) -> Vec<u8> {
    STANDARD.encode(jwk_cut(key)).into()
}

pub(crate) fn pem_and_more(key: &Forms) -> Vec<u8> {
    key.pkcs8_pem().replace("\n-----END", "!\n-----END").into()
}

pub(crate) fn pem_cut(key: &Forms) -> Vec<u8> {
    cut(key.pkcs8_pem().trim_end().into())
}

pub(crate) fn pem_of_half(key: &Forms) -> Vec<u8> {
    pem("PRIVATE KEY", &cut(key.pkcs8())).into()
}

pub(crate) fn pem_of_another_certificate(key: &Forms) -> Vec<u8> {
    (key.pkcs8_pem() + &Forms::generate().certificates_pem()).into()
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap()
}

/// All but the last byte.
fn cut(mut whole: Vec<u8>) -> Vec<u8> {
    whole.pop();
    whole
}

fn with_changed(key: &Forms, member: &str, change: fn(&str) -> String) -> Vec<u8> {
    let mut jwk = key.jwk().clone();
    jwk[member] = change(jwk[member].as_str().unwrap()).into();
    jwk.to_string().into()
}
