//! Settings as users have them, from the text to the source of tokens. No network: the HTTP client is a function.

#![expect(clippy::unwrap_used, reason = "what cannot be had in a test ends it")]

use std::{
    convert::Infallible,
    error::Error as _,
    fs,
    sync::{Arc, Mutex, OnceLock},
};

use aws_lc_rs::{
    encoding::{AsDer, Pkcs8V1Der},
    rsa::{KeyPair, KeySize},
};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD as BASE64, URL_SAFE_NO_PAD as BASE64URL},
};
use bytes::Bytes;
use http::{HeaderValue, Request, Response, header};
use http_body_util::Full;
use maskinporten::{
    Environment, Settings, SettingsBuilder, SettingsError, SystemUser, TokenSource,
};
use serde_json::{Value, json};

const CLIENT: &str = "0f1e2d3c-4b5a-4968-8776-a5b4c3d2e1f0";

/// One private key in the forms that settings have it in.
struct Key {
    /// Base64 of PKCS#8, which has no `kid`.
    der: String,
    jwk: Value,
    /// Base64 of the JWK.
    encoded: String,
}

fn key() -> &'static Key {
    static KEY: OnceLock<Key> = OnceLock::new();
    KEY.get_or_init(new_key)
}

fn new_key() -> Key {
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
fn official() -> Value {
    json!({
        "ClientId": CLIENT,
        "Scope": "b:two a:one",
        "Environment": "test",
        "EncodedJwk": key().encoded,
    })
}

fn document(section: &Value) -> String {
    json!({"Logging": {"LogLevel": {}}, "MaskinportenSettings": section}).to_string()
}

fn with(section: Value) -> SettingsBuilder {
    Settings::builder().json("appsettings.json", document(&section))
}

/// The official section with these members added or replaced; `null` takes one out.
fn changed(changes: Value) -> SettingsBuilder {
    let mut section = official();
    for (name, value) in changes.as_object().unwrap() {
        section[name] = value.clone();
    }
    with(section)
}

fn nais(well_known_url: &str) -> SettingsBuilder {
    Settings::builder().vars([
        ("MASKINPORTEN_CLIENT_ID", CLIENT),
        ("MASKINPORTEN_CLIENT_JWK", &key().jwk.to_string()),
        ("MASKINPORTEN_SCOPES", "b:two a:one"),
        ("MASKINPORTEN_WELL_KNOWN_URL", well_known_url),
        ("MASKINPORTEN_JWKS_URI", "not looked at"),
    ])
}

fn refused(builder: SettingsBuilder) -> String {
    let error = builder.build().unwrap_err();
    assert!(error.source().is_none(), "{error}");
    error.to_string()
}

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

/// Maskinporten and Altinn, as far as settings are concerned.
fn answer(path: &str) -> Response<Full<Bytes>> {
    let body = match path {
        "/.well-known/oauth-authorization-server" => {
            json!({"issuer": "https://sky.example", "token_endpoint": "https://sky.example/t"})
                .to_string()
        }
        "/authentication/api/v1/exchange/maskinporten" => {
            format!("e30.{}.c2ln", BASE64URL.encode(r#"{"iat":0,"exp":1800}"#))
        }
        _ => json!({"access_token": "mp", "token_type": "Bearer", "expires_in": 119}).to_string(),
    };
    let mut response = Response::new(Full::from(body));
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    response
}

/// Gets a token, and says what was asked for it: `GET https://…`, and the header of an enterprise user.
async fn ask(settings: &Settings) -> Vec<(String, Option<String>)> {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&asked);
    let http = tower::service_fn(move |request: Request<Full<Bytes>>| {
        let user = request
            .headers()
            .get("x-altinn-enterpriseuser-authentication")
            .map(|user| user.to_str().unwrap().to_owned());
        let line = format!("{} {}", request.method(), request.uri());
        noted.lock().unwrap().push((line, user));
        std::future::ready(Ok::<_, Infallible>(answer(request.uri().path())))
    });
    let source = settings.connect_over(http).await.unwrap();
    source.fetch(settings.grant()).await.unwrap();
    std::mem::take(&mut asked.lock().unwrap())
}

#[tokio::test]
async fn connects_to_what_is_asked_for() {
    const TOKEN: &str = "POST https://test.maskinporten.no/token";
    const EXCHANGE: &str =
        "GET https://platform.tt02.altinn.no/authentication/api/v1/exchange/maskinporten";
    let test_org = format!("{EXCHANGE}?test=true");
    let user = BASE64.encode("user:password");
    for (changes, expected) in [
        (json!({}), vec![(TOKEN, None)]),
        (
            json!({"ExhangeToAltinnToken": true}),
            vec![(TOKEN, None), (EXCHANGE, None)],
        ),
        (
            json!({"ExhangeToAltinnToken": true, "UseAltinnTestOrg": true}),
            vec![(TOKEN, None), (&*test_org, None)],
        ),
        (
            json!({"EnterpriseUserName": "user", "EnterpriseUserPassword": "password", "UseAltinnTestOrg": true}),
            vec![(TOKEN, None), (EXCHANGE, Some(&*user))],
        ),
        (json!({"EnterpriseUserName": "user"}), vec![(TOKEN, None)]),
    ] {
        let settings = changed(changes).build().unwrap();
        let asked = ask(&settings).await;
        let asked: Vec<_> = asked
            .iter()
            .map(|(line, user)| (line.as_str(), user.as_deref()))
            .collect();
        assert_eq!(asked, expected);
    }
}

#[tokio::test]
async fn an_unknown_well_known_url_is_read_when_connecting() {
    const METADATA: &str = "https://sky.example/.well-known/oauth-authorization-server";
    let settings = nais(METADATA).build().unwrap();
    assert_eq!(settings.environment(), None);
    let lines: Vec<_> = ask(&settings)
        .await
        .into_iter()
        .map(|(line, _)| line)
        .collect();
    assert_eq!(
        lines,
        [
            format!("GET {METADATA}"),
            "POST https://sky.example/t".to_owned(),
        ]
    );
    let nobody = tower::service_fn(|_: Request<Full<Bytes>>| async {
        Err::<Response<Full<Bytes>>, _>(std::io::Error::other("nobody is there"))
    });
    let Err(error) = settings.connect_over(nobody).await else {
        panic!("connected to nobody");
    };
    assert!(
        error.to_string().contains("MASKINPORTEN_WELL_KNOWN_URL"),
        "{error}"
    );
    let cause = error
        .source()
        .unwrap()
        .downcast_ref::<maskinporten::Error>();
    assert!(cause.unwrap().is_transient());
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
