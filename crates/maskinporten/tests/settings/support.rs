//! What the tests of settings share: one key in every form, and documents to change.

use std::{error::Error as _, sync::OnceLock};

use aws_lc_rs::{
    encoding::{AsDer, Pkcs8V1Der},
    rsa::{KeyPair, KeySize},
};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD as BASE64, URL_SAFE_NO_PAD as BASE64URL},
};
use maskinporten::{Settings, SettingsBuilder};
use serde_json::{Value, json};

pub(crate) const CLIENT: &str = "0f1e2d3c-4b5a-4968-8776-a5b4c3d2e1f0";

/// One private key in the forms that settings have it in.
pub(crate) struct Key {
    /// Base64 of PKCS#8, which has no `kid`.
    pub(crate) der: String,
    pub(crate) jwk: Value,
    /// Base64 of the JWK.
    pub(crate) encoded: String,
}

pub(crate) fn key() -> &'static Key {
    static KEY: OnceLock<Key> = OnceLock::new();
    KEY.get_or_init(new_key)
}

pub(crate) fn new_key() -> Key {
    let pair = KeyPair::generate(KeySize::Rsa2048).unwrap();
    let der = AsDer::<Pkcs8V1Der<'_>>::as_der(&pair).unwrap();
    let mut integers = Vec::new();
    collect_integers(der.as_ref(), &mut integers);
    // Two versions come first: that of PKCS#8 and that of PKCS#1.
    let mut jwk = json!({"kty": "RSA", "alg": "RS256", "kid": "kid-of-the-jwk"});
    for (name, integer) in ["n", "e", "d", "p", "q", "dp", "dq", "qi"]
        .iter()
        .zip(&integers[2..])
    {
        jwk[name] = BASE64URL.encode(integer).into();
    }
    Key {
        der: BASE64.encode(der.as_ref()),
        encoded: BASE64.encode(jwk.to_string()),
        jwk,
    }
}

/// Every integer of a DER document, in the order of the document.
fn collect_integers(mut der: &[u8], integers: &mut Vec<Vec<u8>>) {
    while let [tag, length, rest @ ..] = der {
        let of_length = usize::from(length & 0x7f) * usize::from(length >> 7);
        let length = match of_length {
            0 => usize::from(*length),
            _ => rest[..of_length]
                .iter()
                .fold(0, |length, byte| length << 8 | usize::from(*byte)),
        };
        let (content, after) = rest[of_length..].split_at(length);
        match tag {
            0x02 => integers.push(content.strip_prefix(&[0]).unwrap_or(content).to_vec()),
            0x04 | 0x30 => collect_integers(content, integers),
            _ => {}
        }
        der = after;
    }
}

/// A complete section of the official client.
pub(crate) fn official() -> Value {
    json!({
        "ClientId": CLIENT,
        "Scope": "b:two a:one",
        "Environment": "test",
        "EncodedJwk": key().encoded,
    })
}

pub(crate) fn document(section: &Value) -> String {
    json!({"Logging": {"LogLevel": {}}, "MaskinportenSettings": section}).to_string()
}

pub(crate) fn with(section: Value) -> SettingsBuilder {
    Settings::builder().json("appsettings.json", document(&section))
}

/// The official section with these members added or replaced; `null` takes one out.
pub(crate) fn changed(changes: Value) -> SettingsBuilder {
    let mut section = official();
    for (name, value) in changes.as_object().unwrap() {
        section[name] = value.clone();
    }
    with(section)
}

pub(crate) fn nais(well_known_url: &str) -> SettingsBuilder {
    Settings::builder().vars([
        ("MASKINPORTEN_CLIENT_ID", CLIENT),
        ("MASKINPORTEN_CLIENT_JWK", &key().jwk.to_string()),
        ("MASKINPORTEN_SCOPES", "b:two a:one"),
        ("MASKINPORTEN_WELL_KNOWN_URL", well_known_url),
        ("MASKINPORTEN_JWKS_URI", "not looked at"),
    ])
}

pub(crate) fn refused(builder: SettingsBuilder) -> String {
    let error = builder.build().unwrap_err();
    assert!(error.source().is_none(), "{error}");
    error.to_string()
}
