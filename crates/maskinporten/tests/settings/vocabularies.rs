//! Each vocabulary, and what its members mean.

use maskinporten::{Environment, Settings, SystemUser};
use serde_json::{Value, json};

use crate::support::{CLIENT, changed, key, nais, official, refused, with};

#[test]
fn the_official_section_is_read_with_every_member() {
    let settings = changed(json!({
        "Resource": "https://api.example/v1",
        "Kid": "another-kid",
        "ConsumerOrgNo": 910_753_614,
        "ExhangeToAltinnToken": true,
        "TokenExchangeEnvironment": "at23",
        "UseAltinnTestOrg": "True",
        "EnableDebugLogging": true,
        "OverwriteAuthorizationHeader": "true",
        "CertificatePkcs12Path": "",
        "CertificatePkcs12Password": "  ",
        "CertificateStoreThumbprint": null,
        "EncodedX509": null,
        "EnterpriseUserName": "",
        "EnterpriseUserPassword": "",
    }))
    .build()
    .unwrap();
    assert_eq!(settings.client_id(), CLIENT);
    assert_eq!(settings.keys().status().kid(), Some("another-kid"));
    assert_eq!(settings.grant().scope(), "a:one b:two");
    assert_eq!(settings.grant().resource(), Some("https://api.example/v1"));
    let consumer = settings.grant().consumer_org().unwrap();
    assert_eq!(consumer.to_string(), "910753614");
    let environment = settings.environment().unwrap();
    assert_eq!(environment.issuer(), "https://test.maskinporten.no/");
    assert_eq!(
        environment.altinn().unwrap().base_url(),
        "https://platform.at23.altinn.cloud"
    );
    assert!(settings.exchanges());
    assert!(settings.overwrite_authorization_header());
}

#[test]
fn what_is_not_asked_for_is_off() {
    let settings = with(official()).build().unwrap();
    assert_eq!(settings.keys().status().kid(), Some("kid-of-the-jwk"));
    assert_eq!(settings.environment(), Some(&Environment::test()));
    assert!(!settings.exchanges());
    assert!(!settings.overwrite_authorization_header());
    assert_eq!(settings.grant().resource(), None);
    assert_eq!(settings.grant().consumer_org(), None);
}

#[test]
fn altinn_apps_and_nais_have_vocabularies_of_their_own() {
    let app = |member: &str, key: Value| {
        with(json!({
            "Authority": "https://test.maskinporten.no", "ClientId": CLIENT, "Scope": "a:one b:two",
            member: key,
        }))
    };
    for builder in [
        app("Jwk", key().jwk.clone()),
        app("Jwk", key().jwk.to_string().into()),
        app("JwkBase64", key().encoded.clone().into()),
        nais("https://test.maskinporten.no/.well-known/oauth-authorization-server"),
    ] {
        let settings = builder.build().unwrap();
        assert_eq!(settings.client_id(), CLIENT);
        assert_eq!(settings.keys().status().kid(), Some("kid-of-the-jwk"));
        assert_eq!(settings.grant().scope(), "a:one b:two");
        assert_eq!(settings.environment(), Some(&Environment::test()));
    }
}

#[test]
fn names_are_in_any_case_in_json_and_in_variables() {
    let json = json!({"maskinportensettings": {
        "CLIENTID": CLIENT, "scope": "a:one", "environMENT": "PROD", "encodedJwk": key().der, "kid": "k",
    }});
    let variables = [
        ("MASKINPORTENSETTINGS__CLIENTID", CLIENT),
        ("maskinportensettings__scope", "a:one"),
        ("MaskinportenSettings__Environment", "PROD"),
        ("MaskinportenSettings:EncodedJwk", &key().der),
        ("MaskinportenSettings__Kid", "k"),
        ("MaskinportenSettingsInternal__ClientId", "another client"),
        ("PATH", "/bin"),
    ];
    for builder in [
        Settings::builder().json("a.json", format!("\u{feff}{json}")),
        Settings::builder().vars(variables),
    ] {
        let settings = builder.build().unwrap();
        assert_eq!(settings.environment(), Some(&Environment::production()));
        assert_eq!(settings.keys().status().kid(), Some("k"));
    }
}

#[test]
fn a_section_can_be_chosen_and_lie_within_another() {
    let json =
        json!({"clients": {"Prod": official()}, "MaskinportenSettings": {"Scope": "not:this"}});
    let settings = Settings::builder()
        .section("Clients:Prod")
        .json("clients.json", json.to_string())
        .vars([
            ("Clients__Prod__Resource", "urn:one"),
            // Of the default section.
            ("MASKINPORTEN_CLIENT_ID", "another-client"),
            ("MaskinportenSettings__ClientId", "another-client"),
        ])
        .build()
        .unwrap();
    assert_eq!(settings.client_id(), CLIENT);
    assert_eq!(settings.grant().scope(), "a:one b:two");
    assert_eq!(settings.grant().resource(), Some("urn:one"));

    let error = refused(Settings::builder().section("Clients:Test"));
    assert!(error.contains("`Clients:Test:ClientId`"), "{error}");
    assert!(!error.contains("MASKINPORTEN_CLIENT_ID"), "{error}");
}

#[test]
fn members_of_our_own_say_what_the_official_ones_cannot() {
    let user = SystemUser::new("310702641".parse().unwrap());
    let branch = user.clone().for_external_ref("branch-7").unwrap();
    let base = with(official()).build().unwrap().grant().clone();
    let resource = "https://api.example/v1";
    for (members, expected) in [
        (
            json!({"OnBehalfOf": "kommune1"}),
            base.clone().on_behalf_of("kommune1").unwrap(),
        ),
        (
            json!({"Resource": resource, "ResourceAsString": true}),
            base.clone().for_resource_as_string(resource).unwrap(),
        ),
        (
            json!({"Resource": resource, "RESOURCEASSTRING": "False"}),
            base.clone().for_resource(resource).unwrap(),
        ),
        (json!({"ResourceAsString": true}), base.clone()),
        (
            json!({"systemuserorgno": "0192:310702641"}),
            base.clone().with_system_user(user),
        ),
        (
            json!({"SystemUserOrgNo": 310_702_641, "SystemUserExternalRef": "branch-7"}),
            base.with_system_user(branch),
        ),
    ] {
        let settings = changed(members.clone()).build().unwrap();
        assert_eq!(settings.grant(), &expected, "{members}");
    }
}
