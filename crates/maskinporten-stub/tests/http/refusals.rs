//! Each check of the token endpoint with its answer.

use maskinporten_stub::{Client, Stub};
use serde_json::{Value, json};

use crate::{
    assertion::{Grant, Signer, now},
    http::{Answer, post_assertion},
};

/// Status, `error`, number at the end of `error_uri`, and a part of the description.
pub(crate) type Expected = (u16, &'static str, Option<&'static str>, &'static str);

pub(crate) fn assert_refused(stub: &Stub, answer: &Answer, expected: Expected, case: &str) {
    let (status, error, number, text) = expected;
    let body = answer.json();
    assert_eq!(answer.status, status, "{case}: {body}");
    assert_eq!(body["error"], error, "{case}: {body}");
    let uri = number.map(|number| format!("{}errors/{number}", stub.issuer()));
    assert_eq!(
        body.get("error_uri"),
        uri.map(Value::from).as_ref(),
        "{case}: {body}"
    );
    let description = body["error_description"].as_str().unwrap();
    assert!(description.contains(text), "{case}: {body}");
    let (_text, trace) = description.split_once(" (trace_id: ").unwrap();
    let trace = trace.strip_suffix(')').unwrap();
    assert_eq!(trace.len(), 32, "{case}: {body}");
    assert!(
        trace.bytes().all(|byte| byte.is_ascii_hexdigit()),
        "{case}: {body}"
    );
    assert_eq!(answer.header("cache-control"), "no-store", "{case}");
}

#[tokio::test]
async fn every_defect_has_its_answer() {
    let stub = Stub::start().await.unwrap();
    let client = Client::generate("limited", "974761076")
        .unwrap()
        .scopes("a:granted")
        .scopes_not_granted("a:other")
        .scopes_not_for_maskinporten("a:login");
    let signer = Signer::of(&client);
    let stranger = Signer::of(&Client::generate("stranger", "974761076").unwrap());
    stub.register(client);
    stub.register(Client::generate("gone", "974761076").unwrap().deactivated());
    let grant = || signer.grant(&stub, "a:granted");
    let header = |change: Value| {
        let mut header = grant().header;
        header
            .as_object_mut()
            .unwrap()
            .append(&mut change.as_object().unwrap().clone());
        grant().header(header)
    };
    let system_user = |change: Value| {
        let mut detail = json!({
            "type": "urn:altinn:systemuser",
            "systemuser_org": {"authority": "iso6523-actorid-upis", "ID": "0192:310702641"},
        });
        detail
            .as_object_mut()
            .unwrap()
            .append(&mut change.as_object().unwrap().clone());
        grant().claim("authorization_details", json!([detail]))
    };
    let malformed = (400, "invalid_request", Some("MP-011"), "Invalid assertion");
    let grant_refused = |number, text| (400, "invalid_grant", number, text);
    let details = |number| {
        (
            400,
            "invalid_request",
            Some(number),
            "authorization details",
        )
    };
    let cases: Vec<(&str, Grant, Expected)> = vec![
        ("alg none", header(json!({"alg": "none"})), malformed),
        ("alg PS256", header(json!({"alg": "PS256"})), malformed),
        ("kid is a number", header(json!({"kid": 1})), malformed),
        ("crit", header(json!({"crit": ["b64"]})), malformed),
        (
            "neither kid nor x5c",
            grant().header(json!({"alg": "RS256"})),
            grant_refused(None, "no key identifier (kid) provided"),
        ),
        ("undocumented claim", grant().claim("sub", "me"), malformed),
        ("no aud", grant().without("aud"), malformed),
        ("no iss", grant().without("iss"), malformed),
        ("no scope", grant().without("scope"), malformed),
        ("no iat", grant().without("iat"), malformed),
        ("no exp", grant().without("exp"), malformed),
        ("iat is text", grant().claim("iat", "1"), malformed),
        (
            "unknown client",
            grant().claim("iss", "nobody"),
            grant_refused(Some("MP-100"), "Client not found"),
        ),
        (
            "inactive client",
            grant().claim("iss", "gone"),
            grant_refused(Some("MP-100"), "Client not found"),
        ),
        (
            "unknown kid",
            header(json!({"kid": "other"})),
            grant_refused(None, "Unknown key identifier (kid) for client."),
        ),
        (
            "signature of another key",
            grant().signed_by(&stranger),
            grant_refused(Some("MP-124"), "Invalid JWT signature"),
        ),
        (
            "aud without slash",
            grant().claim("aud", stub.base_url()),
            grant_refused(Some("MP-110"), "Invalid JWT claim aud"),
        ),
        (
            "aud is the endpoint",
            grant().claim("aud", format!("{}token", stub.issuer())),
            grant_refused(Some("MP-110"), "aud"),
        ),
        (
            "two audiences",
            grant().claim("aud", json!([stub.issuer(), stub.issuer()])),
            grant_refused(Some("MP-110"), "aud"),
        ),
        (
            "iat 12 s ahead",
            grant().claim("iat", now() + 12),
            grant_refused(None, "Issue time is after now"),
        ),
        (
            "expired",
            grant().claim("iat", now() - 60).claim("exp", now() - 1),
            grant_refused(Some("MP-130"), "JWT is expired"),
        ),
        (
            "lives 121 s",
            grant().claim("exp", now() + 121).claim("iat", now()),
            grant_refused(None, "120 seconds"),
        ),
        (
            "lives for ever",
            grant().claim("exp", i64::MAX).claim("iat", i64::MIN),
            grant_refused(None, "120 seconds"),
        ),
        (
            "scope not on client",
            grant().claim("scope", "a:granted b:x b:y"),
            (
                400,
                "invalid_scope",
                Some("MP-200"),
                "invalid scopes for client, b:x b:y",
            ),
        ),
        (
            "scope of another kind",
            grant().claim("scope", "a:login"),
            (
                400,
                "invalid_scope",
                Some("MP-201"),
                "not allowed for maskinporten",
            ),
        ),
        (
            "scope not granted",
            grant().claim("scope", "a:other"),
            (
                403,
                "forbidden",
                Some("MP-250"),
                "not been granted access to the scope a:other.",
            ),
        ),
        (
            "consumer_org with prefix",
            grant().claim("consumer_org", "0192:910753614"),
            malformed,
        ),
        (
            "consumer_org is its own",
            grant().claim("consumer_org", "974761076"),
            (400, "invalid_request", None, "The combination consumer_org"),
        ),
        (
            "not delegated",
            grant().claim("consumer_org", "910753614"),
            (
                403,
                "forbidden",
                Some("MP-251"),
                "Consumer 910753614 has not delegated access to the scope a:granted to supplier 974761076.",
            ),
        ),
        (
            "details are an object",
            grant().claim("authorization_details", json!({})),
            malformed,
        ),
        (
            "two details",
            grant().claim("authorization_details", json!([{}, {}])),
            malformed,
        ),
        (
            "unknown type",
            system_user(json!({"type": "urn:altinn:other"})),
            details("MP-301"),
        ),
        (
            "unknown member",
            system_user(json!({"external_ref": "x"})),
            details("MP-302"),
        ),
        (
            "organisation without prefix",
            system_user(
                json!({"systemuser_org": {"authority": "iso6523-actorid-upis", "ID": "310702641"}}),
            ),
            details("MP-303"),
        ),
        (
            "no such system user",
            system_user(json!({})),
            (
                400,
                "invalid_altinn_customer_configuration",
                Some("MP-303"),
                "System user not found",
            ),
        ),
        (
            "consent without id",
            grant().claim(
                "authorization_details",
                json!([{"type": "urn:altinn:consent"}]),
            ),
            details("MP-303"),
        ),
        (
            "pid with wrong control digits",
            grant().claim("pid", "25922947408"),
            malformed,
        ),
        (
            "resource is a number",
            grant().claim("resource", 1),
            malformed,
        ),
        (
            "no resource",
            grant().claim("resource", json!([])),
            malformed,
        ),
    ];
    for (case, grant, expected) in cases {
        let answer = post_assertion(&stub, &grant.sign()).await;
        assert_refused(&stub, &answer, expected, case);
    }
}
