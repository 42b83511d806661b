//! The configuration of a client, as people write it.

use base64::{Engine, engine::general_purpose::STANDARD};
use maskinporten_stub::Client;
use serde_json::{Value, json};

/// The client that is configured.
pub const ID: &str = "0f1e2d3c-4b5a-4968-8776-a5b4c3d2e1f0";

/// A new private JWK, with a name of its own.
#[must_use]
pub fn private_jwk() -> Value {
    let client = Client::generate(ID, "310702641").unwrap();
    serde_json::from_str(client.private_jwk().unwrap()).unwrap()
}

/// Its public half.
#[must_use]
pub fn public_jwk(private: &Value) -> Value {
    let mut jwk = private.clone();
    for member in ["d", "p", "q", "dp", "dq", "qi"] {
        jwk.as_object_mut().unwrap().remove(member);
    }
    jwk
}

/// Base64 of a JWK.
#[must_use]
pub fn encoded(jwk: &Value) -> String {
    STANDARD.encode(jwk.to_string())
}

/// A document with the official client's section, complete but for the key. These members are added or replaced.
#[must_use]
pub fn document(members: &Value) -> String {
    let mut section = json!({"ClientId": ID, "Environment": "test", "Scope": "a:one"});
    for (name, value) in members.as_object().unwrap() {
        section[name] = value.clone();
    }
    json!({"MaskinportenSettings": section}).to_string()
}

/// The files that NAIS mounts.
#[must_use]
pub fn nais<'a>(jwk: &'a str, scopes: &'a str) -> [(&'static str, &'a str); 5] {
    [
        ("MASKINPORTEN_CLIENT_ID", ID),
        ("MASKINPORTEN_CLIENT_JWK", jwk),
        ("MASKINPORTEN_SCOPES", scopes),
        (
            "MASKINPORTEN_WELL_KNOWN_URL",
            "https://test.maskinporten.no/.well-known/oauth-authorization-server",
        ),
        ("MASKINPORTEN_JWKS_URI", "not looked at"),
    ]
}
