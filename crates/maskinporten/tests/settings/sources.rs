//! Several sources, and what they say together.

use std::{error::Error as _, fs};

use maskinporten::{Environment, Settings};
use serde_json::json;

use crate::support::{CLIENT, document, key, official, with};

#[test]
fn later_sources_override_earlier_ones_member_by_member() {
    let settings = with(official())
        .json(
            "appsettings.Production.json",
            r#"{"MaskinportenSettings":{"Environment":"prod"}}"#,
        )
        .json("other.json", r#"{"ConnectionStrings":{}}"#)
        .json("null.json", r#"{"MaskinportenSettings":null}"#)
        .vars([
            ("MASKINPORTEN_CLIENT_ID", CLIENT),
            ("MASKINPORTEN_SCOPES", "platform:scope"),
            ("MaskinportenSettings__Scope", "my:scope"),
            ("MaskinportenSettings__ExchangeToAltinnToken", "true"),
        ])
        .build()
        .unwrap();
    assert_eq!(settings.grant().scope(), "my:scope");
    assert_eq!(settings.environment(), Some(&Environment::production()));
    for (member, origin) in [
        ("ClientId", Some("variable MASKINPORTEN_CLIENT_ID")),
        ("scope", Some("variable MaskinportenSettings__Scope")),
        ("Environment", Some("appsettings.Production.json")),
        ("EncodedJwk", Some("appsettings.json")),
        (
            "ExhangeToAltinnToken",
            Some("variable MaskinportenSettings__ExchangeToAltinnToken"),
        ),
        ("Kid", None),
        ("Nonsense", None),
    ] {
        assert_eq!(settings.origin_of(member), origin, "{member}");
    }
}

#[test]
fn files_are_read_and_may_be_optional() {
    let directory =
        std::env::temp_dir().join(format!("maskinporten-settings-{}", std::process::id()));
    fs::create_dir_all(&directory).unwrap();
    let (there, missing) = (
        directory.join("appsettings.json"),
        directory.join("missing.json"),
    );
    fs::write(&there, document(&official())).unwrap();

    let settings = Settings::builder()
        .json_file(&there)
        .optional_json_file(&missing)
        .build()
        .unwrap();
    assert_eq!(
        settings.origin_of("Scope"),
        Some(&*there.display().to_string())
    );
    let error = Settings::builder().json_file(&missing).build().unwrap_err();
    assert!(error.to_string().contains("missing.json"), "{error}");
    assert!(error.source().unwrap().is::<std::io::Error>());
    // One that is there and cannot be read is not taken for a missing one.
    assert!(
        Settings::builder()
            .optional_json_file(&directory)
            .build()
            .is_err()
    );
    fs::remove_dir_all(&directory).unwrap();
}

#[test]
fn a_kid_left_over_from_another_key_is_not_put_on_this_one() {
    let variables = |key: &str| {
        [
            ("MaskinportenSettings__ClientId", CLIENT),
            ("MaskinportenSettings__Environment", "test"),
            ("MaskinportenSettings__Scope", "a:one"),
            ("MaskinportenSettings__EncodedJwk", key),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
    };
    let build = |kid: &str, key: &str| {
        let earlier = document(&json!({"Kid": kid}));
        let builder = Settings::builder().json("appsettings.json", earlier);
        builder.vars(variables(key)).build()
    };
    let error = build("canary-of-the-old", &key().encoded).unwrap_err();
    let error = error.to_string();
    assert!(error.contains("`Kid` (appsettings.json)"), "{error}");
    assert!(
        error.contains("EncodedJwk") && !error.contains("canary"),
        "{error}"
    );
    // A key without a name takes the one that is there.
    for (kid, key) in [("kid-of-the-jwk", &key().encoded), ("mine", &key().der)] {
        assert_eq!(build(kid, key).unwrap().keys().status().kid(), Some(kid));
    }
}

#[test]
fn a_later_blank_takes_away_what_was_set() {
    let earlier = document(&json!({"ConsumerOrgNo": "910753614", "ExhangeToAltinnToken": true}));
    let settings = Settings::builder()
        .json("appsettings.json", earlier)
        .vars([
            ("MaskinportenSettings__ClientId", CLIENT),
            ("MaskinportenSettings__Environment", "test"),
            ("MaskinportenSettings__Scope", "a:one"),
            ("MaskinportenSettings__EncodedJwk", &key().encoded),
            ("MaskinportenSettings__ConsumerOrgNo", ""),
            ("MaskinportenSettings__ExhangeToAltinnToken", " "),
        ])
        .build()
        .unwrap();
    assert_eq!(settings.grant().consumer_org(), None);
    assert!(!settings.exchanges());
}
