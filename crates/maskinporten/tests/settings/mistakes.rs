//! What is wrong is told by name, and never by value.

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use maskinporten::{Settings, SettingsError};
use serde_json::json;

use crate::support::{CLIENT, changed, key, refused};

#[test]
fn members_that_do_not_go_together_are_named() {
    for (members, named) in [
        (
            json!({"ConsumerOrgNo": "910753614", "OnBehalfOf": "canary"}),
            [
                "`ConsumerOrgNo` (appsettings.json)",
                "`OnBehalfOf` (appsettings.json)",
            ],
        ),
        (
            json!({"SystemUserExternalRef": "canary"}),
            [
                "`SystemUserExternalRef` (appsettings.json)",
                "`SystemUserOrgNo`",
            ],
        ),
    ] {
        let error = refused(changed(members));
        assert!(named.iter().all(|name| error.contains(name)), "{error}");
        assert!(!error.contains("canary"), "{error}");
    }
}

#[test]
fn the_certificate_store_of_windows_is_refused_with_a_way_out() {
    let members = json!({"EncodedJwk": null, "CertificateStoreThumbprint": "canary"});
    let error = refused(changed(members));
    for said in [
        "`CertificateStoreThumbprint` (appsettings.json)",
        "PKCS#12",
        "CertificatePkcs12Path",
    ] {
        assert!(error.contains(said), "{error}");
    }
    assert!(!error.contains("canary"), "{error}");
}

#[cfg(not(feature = "certificates"))]
#[test]
fn what_needs_the_feature_certificates_says_so() {
    for (member, members) in [
        (
            "EncodedX509",
            json!({"EncodedJwk": null, "EncodedX509": "canary"}),
        ),
        (
            "CertificatePkcs12Path",
            json!({"EncodedJwk": null, "CertificatePkcs12Path": "canary"}),
        ),
        ("KeyPassword", json!({"KeyPassword": "canary"})),
    ] {
        let error = refused(changed(members));
        assert!(
            error.contains(&format!("`{member}` (appsettings.json)")),
            "{error}"
        );
        assert!(error.contains("feature `certificates`"), "{error}");
        assert!(!error.contains("canary"), "{error}");
    }
}

#[test]
fn case_12_what_a_key_lacks_is_named() {
    for (member, named) in [
        ("e", "`e`"),
        ("kid", "`kid`"),
        ("d", "`d`"),
        ("kty", "`kty`"),
    ] {
        let mut jwk = key().jwk.clone();
        jwk.as_object_mut().unwrap().remove(member);
        let error = refused(changed(json!({"EncodedJwk": null, "Jwk": jwk})));
        assert!(error.starts_with("`Jwk` (appsettings.json): "), "{error}");
        assert!(error.contains(named), "{error}");
    }
    let no_kid = changed(json!({"EncodedJwk": key().der}));
    assert!(refused(no_kid).contains("`kid` is missing"));
}

#[test]
fn case_13_each_way_to_have_no_key_has_its_message() {
    for (encoded, message) in [
        ("%canary%", "base64"),
        (&*BASE64.encode("canary"), "JSON"),
        (&*BASE64.encode(r#"{"canary""#), "JWK cannot be parsed"),
    ] {
        let error = refused(changed(json!({"EncodedJwk": encoded})));
        assert!(error.contains("`EncodedJwk` (appsettings.json)"), "{error}");
        assert!(error.contains(message), "{error}");
        assert!(
            !error.contains("canary") && !error.contains(encoded),
            "{error}"
        );
    }
    for none in [json!(null), json!(""), json!(" \n")] {
        let error = refused(changed(json!({"EncodedJwk": none})));
        assert!(error.contains("no private key"), "{error}");
        for name in [
            "`MaskinportenSettings:EncodedJwk`",
            "`MaskinportenSettings:Jwk`",
            "`MaskinportenSettings:JwkBase64`",
            "`MaskinportenSettings:KeyPath`",
            "`MASKINPORTEN_CLIENT_JWK`",
        ] {
            assert!(error.contains(name), "{error}");
        }
    }
}

#[test]
fn case_18_a_blank_scope_is_none_and_commas_do_not_separate() {
    for none in [json!(null), json!(""), json!(" \t")] {
        let error = refused(changed(json!({"Scope": none})));
        assert!(error.contains("`MaskinportenSettings:Scope`"), "{error}");
        assert!(error.contains("`MASKINPORTEN_SCOPES`"), "{error}");
    }
    let settings = changed(json!({"Scope": "a:one,b:two"})).build().unwrap();
    assert_eq!(settings.grant().scope(), "a:one,b:two");
}

#[test]
fn what_is_missing_is_named_and_so_is_what_may_be_misspelt() {
    for (member, variable) in [
        ("ClientId", "MASKINPORTEN_CLIENT_ID"),
        ("Environment", "MASKINPORTEN_WELL_KNOWN_URL"),
    ] {
        let misspelt = format!("{member}x");
        let error = refused(changed(json!({member: null, &misspelt: {"canary": 1}})));
        assert!(
            error.contains(&format!("`MaskinportenSettings:{member}`")),
            "{error}"
        );
        assert!(error.contains(variable), "{error}");
        assert!(
            error.contains(&format!("`{misspelt}` (appsettings.json)")),
            "{error}"
        );
        assert!(!error.contains("canary"), "{error}");
    }
    let error = refused(Settings::builder().vars([("MaskinportenSettings__Client", "canary")]));
    assert!(
        error.contains("(variable MaskinportenSettings__Client)"),
        "{error}"
    );
}

#[test]
fn exchanging_needs_a_platform_that_is_known() {
    let at = |platform: &str, exchange: bool| {
        changed(json!({
            "Environment": null,
            "Authority": "http://127.0.0.1:8080/",
            "TokenExchangeEnvironment": platform,
            "ExhangeToAltinnToken": exchange,
        }))
    };
    let error = refused(at("", true));
    assert!(error.contains("TokenExchangeEnvironment"), "{error}");
    assert!(at("", false).build().is_ok());
    let settings = at("http://127.0.0.1:8081", true).build().unwrap();
    let altinn = settings.environment().unwrap().altinn();
    assert_eq!(altinn.unwrap().base_url(), "http://127.0.0.1:8081");
}

#[test]
fn no_error_holds_a_value() {
    for member in [
        "ClientId",
        "Scope",
        "Resource",
        "Environment",
        "Authority",
        "EncodedJwk",
        "ConsumerOrgNo",
        "TokenExchangeEnvironment",
        "ExhangeToAltinnToken",
        "UseAltinnTestOrg",
        "EnableDebugLogging",
        "OverwriteAuthorizationHeader",
        "OnBehalfOf",
        "ResourceAsString",
        "SystemUserOrgNo",
        "KeyCreated",
        "FallbackEncodedJwk",
    ] {
        // No member takes this.
        let error = changed(json!({member: "the canary\u{7f}\"æ"}))
            .build()
            .unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with(&format!("`{member}` (appsettings.json)")),
            "{error}"
        );
        assert_silent(&error);
    }
}

fn assert_silent(error: &SettingsError) {
    let mut texts = vec![format!("{error:?}")];
    let mut next: Option<&dyn std::error::Error> = Some(error);
    while let Some(error) = next {
        texts.push(error.to_string());
        next = error.source();
    }
    for text in texts {
        assert!(!text.contains("canary"), "{text}");
    }
}

#[test]
fn debug_shows_origins_and_no_secrets() {
    let jwk = &key().jwk;
    let builder = changed(json!({
        "EnterpriseUserName": "canary-user",
        "EnterpriseUserPassword": "canary-password",
        "CertificatePkcs12Password": "canary-pkcs12",
    }))
    .vars([("MaskinportenSettings__Kid", "my-kid")]);
    let unread = format!("{builder:?}");
    let settings = format!("{:?}", builder.build().unwrap());
    for text in [&unread, &settings] {
        assert!(!text.contains("canary"), "{text}");
        assert!(!text.contains(&key().encoded), "{text}");
        for member in ["d", "p", "q", "dp", "dq", "qi"] {
            assert!(!text.contains(jwk[member].as_str().unwrap()), "{text}");
        }
    }
    for shown in [
        CLIENT,
        "my-kid",
        "a:one b:two",
        "appsettings.json",
        "variable MaskinportenSettings__Kid",
    ] {
        assert!(settings.contains(shown), "{settings}");
    }
}
