//! Settings that are wrong, in every source that they are read from, and what is made of right ones.

use std::fs;

use base64::{Engine, engine::general_purpose::STANDARD};
use maskinporten::{Settings, SettingsBuilder, TokenSource};
use maskinporten_stub::{Client, Fault, Route};
use serde_json::{Value, json};
use tests::{configuration::document, forms::Forms};

use super::{Path, Scene, note_key, path};
use crate::{
    capture::{print, print_error},
    search::secrets,
};

pub(super) fn paths() -> Vec<Path> {
    vec![
        path("settings in JSON that are wrong", || Box::pin(json())),
        path("settings in variables that are wrong", || {
            Box::pin(variables())
        }),
        path("settings in files that are wrong", || Box::pin(files())),
        path("settings that are connected", || Box::pin(connected())),
    ]
}

const PASSWORD: &str = "canary-password-in-settings-9e77";
const WRONG: &str = "canary-wrong-value-4b1f";

/// A private JWK.
pub(super) fn key() -> Value {
    note_key(
        Client::generate("s", "310702641")
            .unwrap()
            .private_jwk()
            .unwrap(),
    )
}

/// Every way to have one member wrong beside a key that is right, or to have the key wrong.
pub(super) fn wrong(key: &Value) -> Vec<Value> {
    secrets().text("a password", PASSWORD);
    secrets().text("a wrong value", WRONG);
    let encoded = STANDARD.encode(key.to_string());
    let value = format!("{WRONG} \u{7f}\"æ");
    let mut wrong: Vec<_> = [
        "ClientId",
        "Scope",
        "Resource",
        "Environment",
        "Authority",
        "ConsumerOrgNo",
        "TokenExchangeEnvironment",
        "ExhangeToAltinnToken",
        "UseAltinnTestOrg",
        "EnableDebugLogging",
        "OverwriteAuthorizationHeader",
        "OnBehalfOf",
        "ResourceAsString",
        "SystemUserOrgNo",
        "SystemUserExternalRef",
        "KeyCreated",
        "FallbackEncodedJwk",
        "CertificateStoreThumbprint",
    ]
    .into_iter()
    .map(|member| json!({"EncodedJwk": encoded, member: value}))
    .collect();
    let pkcs12 = STANDARD.encode(Forms::generate().pkcs12(PASSWORD));
    wrong.extend([
        json!({"EncodedJwk": encoded, "Scope": null, "Scopes": value}),
        json!({"EncodedJwk": encoded, "Jwk": key}),
        json!({"EncodedJwk": [encoded]}),
        json!({"EncodedJwk": &encoded[..encoded.len() / 2]}),
        json!({"EncodedJwk": format!("{encoded}!")}),
        json!({"EncodedJwk": key}),
        json!({"Jwk": key["d"]}),
        json!({"Jwk": {"keys": [key, key]}}),
        json!({"Jwks": {"keys": [key, key]}}),
        json!({"Jwks": key}),
        json!({"JwkBase64": format!("{encoded} {WRONG}")}),
        json!({"KeyPath": encoded}),
        json!({"KeyPath": key.to_string()}),
        json!({"EncodedX509": pkcs12}),
        json!({"EncodedX509": encoded}),
        json!({"CertificatePkcs12Path": pkcs12, "CertificatePkcs12Password": PASSWORD}),
        json!({"FallbackEncodedJwk": format!("{encoded}!"), "Jwk": key}),
        json!({"EncodedJwk": encoded, "EnterpriseUserName": "user", "EnterpriseUserPassword": PASSWORD,
            "TokenExchangeEnvironment": WRONG}),
        json!({"EncodedJwk": encoded, "KeyPassword": PASSWORD, "Environment": WRONG}),
    ]);
    wrong
}

/// Builds settings that are wrong, and tells of it. What is wrong in one source may be right in another.
fn tried(builder: SettingsBuilder) {
    print(&builder);
    match builder.build() {
        Ok(settings) => print(&settings),
        Err(error) => print_error(&error),
    }
}

async fn json() {
    let key = key();
    for members in wrong(&key) {
        tried(Settings::builder().json("a.json", document(&members)));
    }
    let whole = document(&json!({"Jwk": key}));
    for text in [
        whole[..whole.len() - 1].to_owned(),
        format!("{whole}{whole}"),
        whole.replace("\"Jwk\":", "\"Jwk\""),
        whole.replace("\"d\":", "\"d\""),
        format!("{whole} / "),
        whole.replace(
            "MaskinportenSettings",
            "maskinportensettings\":1,\"MaskinportenSettings",
        ),
    ] {
        tried(Settings::builder().json("a.json", text));
    }
    // Sources of two clients.
    let other = document(&json!({"Jwk": self::key(), "ClientId": WRONG}));
    tried(
        Settings::builder()
            .json("a.json", whole)
            .json("b.json", other),
    );
}

fn prefixed(members: &Value) -> Vec<(String, String)> {
    let document: Value = serde_json::from_str(&document(members)).unwrap();
    let members = document["MaskinportenSettings"]
        .as_object()
        .unwrap()
        .clone();
    let members = members.into_iter().map(|(name, value)| {
        let value = value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned);
        (format!("MaskinportenSettings__{name}"), value)
    });
    members.collect()
}

async fn variables() {
    let key = key();
    for members in wrong(&key) {
        tried(Settings::builder().vars(prefixed(&members)));
    }
    for (name, value) in [
        ("MASKINPORTEN_CLIENT_JWK", format!("{key}!")),
        ("MASKINPORTEN_CLIENT_JWKS", key.to_string()),
        (
            "MASKINPORTEN_WELL_KNOWN_URL",
            format!("https://user:{PASSWORD}@{WRONG}/"),
        ),
        ("MASKINPORTEN_ISSUER", key.to_string()),
    ] {
        tried(Settings::builder().vars([(name, value)]));
    }
}

async fn files() {
    let key = key();
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("appsettings.json");
    for members in wrong(&key) {
        fs::write(&file, document(&members)).unwrap();
        tried(Settings::builder().json_file(&file));
        tried(Settings::builder().directory(directory.path()));
        if let Err(error) = Settings::builder().json_file(&file).watch() {
            print_error(&error);
        }
    }
    fs::remove_file(&file).unwrap();
    for (name, value) in [
        ("MASKINPORTEN_CLIENT_JWK", format!("{key}!").into_bytes()),
        ("MASKINPORTEN_CLIENT_ID", key.to_string().into_bytes()),
        (
            "MASKINPORTEN_SCOPES",
            [key.to_string().as_bytes(), b"\xff"].concat(),
        ),
    ] {
        fs::write(directory.path().join(name), value).unwrap();
        tried(Settings::builder().directory(directory.path()));
    }
}

/// The members of a client of the stub's.
pub(super) fn members(scene: &Scene, client: &Client) -> Value {
    let jwk = note_key(client.private_jwk().unwrap());
    json!({
        "Environment": null, "Authority": scene.stub.issuer(), "ClientId": client.client_id(), "Scope": "a:one", "Jwk": jwk,
    })
}

async fn connected() {
    let scene = Scene::begin().await;
    let client = scene.client("connected", "a:one");
    secrets().text("a password", PASSWORD);
    let mut members = members(&scene, &client);
    // Members that are misspelt or of no effect are warned of.
    members["EnableDebugLogging"] = true.into();
    members["Scopess"] = WRONG.into();
    members["EnterpriseUserName"] = "user".into();
    members["EnterpriseUserPassword"] = PASSWORD.into();
    members["TokenExchangeEnvironment"] = scene.stub.base_url().into();
    members["FallbackEncodedJwk"] = STANDARD.encode(key().to_string()).into();
    let settings = Settings::builder()
        .json("a.json", document(&members))
        .build()
        .unwrap();
    print(&settings);
    let source = settings.connect_over(scene.http.clone()).await.unwrap();
    print_error(&source.fetch(settings.grant()).await.unwrap_err());
    members["EnterpriseUserPassword"] = Value::Null;
    let settings = Settings::builder()
        .json("a.json", document(&members))
        .build()
        .unwrap();
    let source = settings.connect_over(scene.http.clone()).await.unwrap();
    print(&source.fetch(settings.grant()).await.unwrap());
    // The metadata that is read first.
    scene.stub.inject(Route::Metadata, Fault::status(500));
    let well_known = format!(
        "{}.well-known/oauth-authorization-server",
        scene.stub.issuer()
    );
    let published = Settings::builder().vars([
        ("MASKINPORTEN_CLIENT_ID", client.client_id()),
        ("MASKINPORTEN_CLIENT_JWK", client.private_jwk().unwrap()),
        ("MASKINPORTEN_SCOPES", "a:one"),
        ("MASKINPORTEN_WELL_KNOWN_URL", &well_known),
    ]);
    let published = published.build().unwrap();
    print(&published);
    let Err(error) = published.connect_over(scene.http.clone()).await else {
        panic!("there is no metadata");
    };
    print_error(&error);
    scene.end().await;
}
