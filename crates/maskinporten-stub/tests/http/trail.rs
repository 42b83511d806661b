//! What the recorder says of each check of a token request.

use maskinporten_stub::{Outcome, Recorded, Stub};
use serde_json::json;

use crate::{
    assertion::{Grant, Signer},
    http::{Ask, FORM, form, post_assertion},
};

const SCOPE: &str = "altinn:correspondence.write";
const ORDER: [&str; 15] = [
    "form",
    "assertion",
    "header",
    "claims",
    "client",
    "key",
    "signature",
    "audience",
    "times",
    "replay",
    "scopes",
    "granted",
    "consumer",
    "details",
    "restrictions",
];

fn last(stub: &Stub) -> Recorded {
    stub.requests().pop().unwrap()
}

#[tokio::test]
async fn a_good_grant_has_every_check_ticked() {
    let stub = Stub::start().await.unwrap();
    post_assertion(&stub, &Signer::demo(&stub).grant(&stub, SCOPE).sign()).await;
    let request = last(&stub);
    let checks = request.checks();
    let names: Vec<_> = checks.iter().map(|check| check.name()).collect();
    assert_eq!(names, ORDER);
    let numbers: Vec<_> = checks.iter().map(|check| check.number()).collect();
    assert_eq!(numbers, (1..=15).collect::<Vec<_>>());
    let mut outcomes = checks.iter().map(|check| check.outcome());
    assert!(outcomes.all(|outcome| outcome == &Outcome::Passed));
    assert_eq!(request.header().unwrap()["alg"], "RS256");
}

#[tokio::test]
async fn every_check_can_be_the_one_that_fails() {
    let stub = Stub::start().await.unwrap();
    let signer = Signer::demo(&stub);
    let grant = || signer.grant(&stub, SCOPE);
    let claim = |name: &str, value| Some(grant().claim(name, value));
    let used = grant();
    post_assertion(&stub, &used.clone().sign()).await;
    let cases: [(&str, Option<Grant>, Option<&str>, &str); 12] = [
        ("assertion", None, Some("MP-011"), "not a signed JWT"),
        (
            "header",
            Some(grant().header(json!({"alg": "RS256"}))),
            None,
            "neither kid nor x5c",
        ),
        ("claims", claim("sub", json!("me")), Some("MP-011"), "sub"),
        (
            "client",
            claim("iss", json!("nobody")),
            Some("MP-100"),
            "nobody",
        ),
        (
            "key",
            Some(grant().header(json!({"alg": "RS256", "kid": "other"}))),
            None,
            "\"other\"",
        ),
        (
            "audience",
            claim("aud", json!("https://maskinporten.no")),
            Some("MP-110"),
            "this issuer is",
        ),
        (
            "times",
            claim("exp", json!(1)),
            Some("MP-130"),
            "s ago on this clock",
        ),
        ("replay", Some(used), Some("MP-012"), "sign a new one"),
        (
            "scopes",
            claim("scope", json!("not:mine")),
            Some("MP-200"),
            "not:mine",
        ),
        (
            "consumer",
            claim("consumer_org", json!("910753614")),
            Some("MP-251"),
            "910753614",
        ),
        (
            "details",
            claim("authorization_details", json!([{"type": "other"}])),
            Some("MP-301"),
            "urn:altinn:systemuser",
        ),
        (
            "restrictions",
            claim("pid", json!("1")),
            Some("MP-011"),
            "pid",
        ),
    ];
    for (name, grant, code, part) in cases {
        let assertion = grant.map_or_else(|| "a.b".to_owned(), Grant::sign);
        post_assertion(&stub, &assertion).await;
        let checks = last(&stub).checks();
        let failed = ORDER.iter().position(|check| *check == name).unwrap();
        for (index, check) in checks.iter().enumerate() {
            match check.outcome() {
                Outcome::Passed => assert!(index < failed, "{name}: {check:?}"),
                Outcome::NotReached => assert!(index > failed, "{name}: {check:?}"),
                Outcome::Failed {
                    reason,
                    code: found,
                    ..
                } => {
                    assert_eq!((index, *found), (failed, code), "{name}: {check:?}");
                    assert!(reason.contains(part), "{name}: {reason}");
                }
                other => panic!("{other:?}"),
            }
        }
    }
}

#[tokio::test]
async fn the_form_fails_first_and_a_fault_leaves_no_trail() {
    let stub = Stub::start().await.unwrap();
    let assertion = Signer::demo(&stub).grant(&stub, SCOPE).sign();
    Ask::post("/token", "application/json", form(&assertion))
        .to(&stub)
        .await;
    let checks = last(&stub).checks();
    assert!(matches!(checks[0].outcome(), Outcome::Failed { .. }));
    stub.inject(
        maskinporten_stub::Route::Token,
        maskinporten_stub::Fault::status(503),
    );
    Ask::post("/token", FORM, form(&assertion)).to(&stub).await;
    let request = last(&stub);
    assert!(request.checks().is_empty());
    assert_eq!(
        (request.fault(), request.status()),
        (Some("status"), Some(503))
    );
}
