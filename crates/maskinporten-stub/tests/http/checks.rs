//! The checks of the token endpoint together: their order, and what they remember.

use std::time::Duration;

use hyper::Method;
use maskinporten_stub::{Client, Stub};
use serde_json::{Value, json};

use crate::{
    assertion::{Signer, now},
    http::{Ask, FORM, form, post_assertion},
    refusals::assert_refused,
};

const SCOPE: &str = "altinn:correspondence.write";

#[tokio::test]
async fn the_form_is_checked_first() {
    let stub = Stub::start().await.unwrap();
    let good = form(&Signer::demo(&stub).grant(&stub, SCOPE).sign());
    let invalid = |text| (400, "invalid_request", None, text);
    let malformed = (400, "invalid_request", Some("MP-011"), "Invalid assertion");
    for (content_type, body, expected) in [
        ("application/json", good.clone(), invalid("Content-Type")),
        (FORM, String::new(), invalid("grant_type")),
        (FORM, format!("{good}&assertion=x"), invalid("assertion")),
        (FORM, format!("{good}&grant_type=x"), invalid("grant_type")),
        (
            FORM,
            "grant_type=client_credentials&assertion=x".into(),
            (400, "unsupported_grant_type", None, ""),
        ),
        (FORM, form(""), malformed),
        (FORM, form("a.b"), malformed),
        (FORM, good.clone() + "%0A", malformed),
    ] {
        let answer = Ask::post("/token", content_type, body.clone())
            .to(&stub)
            .await;
        assert_refused(&stub, &answer, expected, &body);
    }
    let answer = Ask::new(Method::GET, "/token").to(&stub).await;
    assert_eq!((answer.status, answer.header("allow")), (405, "POST"));
    let answer = Ask::post("/token", FORM, "a".repeat(2 << 20))
        .to(&stub)
        .await;
    assert_eq!(answer.status, 413);
    assert_eq!(Ask::post("/token", FORM, good).to(&stub).await.status, 200);
}

#[tokio::test]
async fn the_first_defect_is_the_one_reported() {
    let stub = Stub::start().await.unwrap();
    let signer = Signer::demo(&stub);
    let stranger = Signer::of(&Client::generate("stranger", "974761076").unwrap());
    // Every step spoils one thing more, from the last check to the first.
    let mut grant = signer.grant(&stub, SCOPE);
    let mut steps = Vec::new();
    for (claim, value, number) in [
        ("pid", json!("1"), Some("MP-011")),
        (
            "authorization_details",
            json!([{"type": "other"}]),
            Some("MP-301"),
        ),
        ("consumer_org", json!("910753614"), Some("MP-251")),
        ("scope", json!("not:mine"), Some("MP-200")),
        ("exp", json!(now() - 1), Some("MP-130")),
        ("iat", json!(now() + 60), None),
        ("aud", json!("https://maskinporten.no"), Some("MP-110")),
    ] {
        grant = grant.claim(claim, value);
        steps.push((grant.clone(), number));
    }
    grant = grant.signed_by(&stranger);
    steps.push((grant.clone(), Some("MP-124")));
    grant = grant.header(json!({"alg": "RS256", "kid": "other"}));
    steps.push((grant.clone(), None));
    grant = grant.claim("iss", "nobody");
    steps.push((grant.clone(), Some("MP-100")));
    grant = grant.claim("sub", "me");
    steps.push((grant.clone(), Some("MP-011")));
    grant = grant.header(json!({"alg": "RS256", "x5c": "x"}));
    steps.push((grant, Some("MP-123")));
    for (grant, number) in steps {
        let case = format!("{} {}", grant.header, grant.claims);
        // A new id, so that nothing is a replay.
        let grant = grant.claim("jti", uuid::Uuid::new_v4().to_string());
        let body = post_assertion(&stub, &grant.sign()).await.json();
        let uri = number.map(|number| format!("{}errors/{number}", stub.issuer()));
        assert_eq!(body["error_uri"].as_str(), uri.as_deref(), "{case}: {body}");
    }
}

#[tokio::test]
async fn a_grant_is_used_once() {
    let stub = Stub::start().await.unwrap();
    let replayed = (400, "invalid_grant", Some("MP-012"), "Grant is used before");
    let grant = Signer::demo(&stub).grant(&stub, SCOPE);
    let assertion = grant.clone().sign();
    assert_eq!(post_assertion(&stub, &assertion).await.status, 200);
    let again = post_assertion(&stub, &assertion).await;
    assert_refused(&stub, &again, replayed, "the same assertion");
    let same_id = grant.clone().claim("nbf", now()).sign();
    let again = post_assertion(&stub, &same_id).await;
    assert_refused(
        &stub,
        &again,
        replayed,
        "another assertion with the same id",
    );
    let without_id = grant.without("jti").sign();
    assert_eq!(post_assertion(&stub, &without_id).await.status, 200);
    let again = post_assertion(&stub, &without_id).await;
    assert_refused(&stub, &again, replayed, "the same assertion without an id");
}

#[tokio::test]
async fn a_key_lasts_a_year() {
    let stub = Stub::start().await.unwrap();
    let year = 365 * 24 * 3600;
    stub.set_clock_offset(year + 1);
    let later = now() + year + 1;
    let grant = Signer::demo(&stub)
        .grant(&stub, SCOPE)
        .claim("iat", later)
        .claim("exp", later + 60);
    let expected = (400, "invalid_grant", Some("MP-121"), "Expired key.");
    let answer = post_assertion(&stub, &grant.sign()).await;
    assert_refused(&stub, &answer, expected, "a year later");
}

#[tokio::test]
async fn a_new_key_takes_a_while_to_be_known() {
    let stub = Stub::start().await.unwrap();
    stub.set_key_propagation(Duration::from_secs(120));
    let client = Client::generate("new", "974761076").unwrap().scopes(SCOPE);
    let signer = Signer::of(&client);
    stub.register(client);
    let kid = "Unknown key identifier (kid) for client.";
    let expected = (400, "invalid_grant", None, kid);
    let answer = post_assertion(&stub, &signer.grant(&stub, SCOPE).sign()).await;
    assert_refused(&stub, &answer, expected, "at once");
    stub.advance_clock(Duration::from_secs(120));
    let later = now() + 120;
    let grant = signer.grant(&stub, SCOPE).claim("iat", later);
    let answer = post_assertion(&stub, &grant.claim("exp", later + 60).sign()).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
}

#[tokio::test]
async fn nothing_a_client_sends_makes_it_panic() {
    let stub = Stub::start().await.unwrap();
    let grant = Signer::demo(&stub).grant(&stub, SCOPE);
    let mut deep = Value::Null;
    for _level in 0..120 {
        deep = json!([deep]);
    }
    for assertion in [
        "a".repeat(100_000),
        ".".repeat(1000),
        grant
            .clone()
            .claim("authorization_details", deep.clone())
            .sign(),
        grant.clone().claim("resource", deep.clone()).sign(),
        grant.clone().header(json!({"alg": deep})).sign(),
        grant
            .clone()
            .claim("iat", i64::MIN)
            .claim("exp", i64::MIN)
            .sign(),
        grant.clone().claim("iat", u64::MAX).sign(),
        grant.claim("scope", "\u{0} æ").sign(),
    ] {
        let answer = post_assertion(&stub, &assertion).await;
        assert_eq!(answer.status, 400, "{}", answer.text());
    }
    // The stub is still there.
    assert_eq!(Ask::get("/jwk").to(&stub).await.status, 200);
}
