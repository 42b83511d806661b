//! Who may call the Correspondence API, and what the others are told.

use std::time::Duration;

use maskinporten_stub::Stub;
use serde_json::json;

use crate::{
    assertion::Signer,
    http::{Answer, Ask, JSON, altinn_token, broken, exchange, maskinporten_token, post_assertion},
    reader::token_of,
};

const WRITE: &str = "altinn:correspondence.write";
const READ: &str = "altinn:correspondence.read";
const API: &str = "/correspondence/api/v1";

fn attachment() -> Ask {
    let body = json!({"resourceId": "ttd-brev", "fileName": "a.pdf", "sendersReference": "1"});
    Ask::post(format!("{API}/attachment"), JSON, body.to_string())
}

fn correspondence() -> Ask {
    Ask::get(format!(
        "{API}/correspondence/0198c9f0-1111-7000-8000-000000000001"
    ))
}

fn challenges(answer: &Answer) -> Vec<&str> {
    let values = answer.headers.get_all("www-authenticate").iter();
    values.map(|value| value.to_str().unwrap()).collect()
}

#[tokio::test]
async fn without_a_token_every_scheme_challenges() {
    let stub = Stub::start().await.unwrap();
    for (ask, schemes) in [(attachment(), 2), (correspondence(), 3)] {
        let answer = ask.to(&stub).await;
        assert_eq!((answer.status, answer.text()), (401, ""));
        assert_eq!(challenges(&answer), vec!["Bearer"; schemes]);
    }
    let answer = attachment()
        .header("authorization", "Basic dTpw")
        .to(&stub)
        .await;
    assert_eq!(challenges(&answer), ["Bearer", "Bearer"]);
}

#[tokio::test]
async fn a_bad_token_is_told_what_is_wrong_with_it() {
    let stub = Stub::start().await.unwrap();
    stub.set_altinn_token_lifetime(Duration::from_secs(60));
    let expired = altinn_token(&stub, WRITE).await;
    stub.set_altinn_token_lifetime(Duration::from_secs(1800));
    stub.advance_clock(Duration::from_secs(60));
    // Assertions are signed by the wall clock, so new ones come a minute late here.
    let grant = |stub: &Stub| Signer::demo(stub).grant(stub, WRITE);
    let token = post_assertion(&stub, &grant(&stub).sign()).await.json()["access_token"].clone();
    let token = exchange(&stub, token.as_str().unwrap())
        .await
        .text()
        .to_owned();
    let broken = broken(&token);
    let foreign = altinn_token(&Stub::start().await.unwrap(), WRITE).await;
    for (token, text) in [
        (expired.as_str(), "The token expired at '"),
        (&broken, "The signature is invalid"),
        (&foreign, "The issuer 'http://127.0.0.1:"),
        (&grant(&stub).sign(), "The signature key was not found"),
    ] {
        let answer = attachment().bearer(token).to(&stub).await;
        assert_eq!((answer.status, answer.text()), (401, ""), "{text}");
        let challenges = challenges(&answer);
        assert_eq!(challenges.len(), 2, "{text}");
        let start = format!(r#"Bearer error="invalid_token", error_description="{text}"#);
        assert!(challenges[0].starts_with(&start), "{challenges:?}");
    }
    let answer = attachment().bearer("abc").to(&stub).await;
    assert_eq!(challenges(&answer), [r#"Bearer error="invalid_token""#; 2]);
    assert_eq!(attachment().bearer(&token).to(&stub).await.status, 200);
}

#[tokio::test]
async fn revoked_tokens_are_invalid_and_new_ones_are_not() {
    let stub = Stub::start().await.unwrap();
    let scopes = format!("altinn:serviceowner {WRITE}");
    let from = maskinporten_token(&stub, &scopes).await;
    let old = [altinn_token(&stub, WRITE).await, from.clone()];
    for token in &old {
        assert_eq!(attachment().bearer(token).to(&stub).await.status, 200);
    }
    stub.revoke_tokens();
    for token in &old {
        let answer = attachment().bearer(token).to(&stub).await;
        assert_eq!(answer.status, 401);
        assert!(challenges(&answer)[0].starts_with(r#"Bearer error="invalid_token""#));
    }
    let renewed = exchange(&stub, &from).await;
    for token in [renewed.text(), &altinn_token(&stub, WRITE).await] {
        assert_eq!(attachment().bearer(token).to(&stub).await.status, 200);
    }
}

#[tokio::test]
async fn scopes_decide_and_maskinporten_tokens_need_more_of_them() {
    let stub = Stub::start().await.unwrap();
    let both = format!("altinn:serviceowner {WRITE}");
    for (scopes, exchanged, sends, reads) in [
        (WRITE, true, 200, 404),
        (READ, true, 403, 404),
        ("altinn:serviceowner", true, 403, 403),
        (both.as_str(), false, 200, 404),
        (WRITE, false, 403, 403),
        (READ, false, 403, 404),
    ] {
        let token = if exchanged {
            altinn_token(&stub, scopes).await
        } else {
            maskinporten_token(&stub, scopes).await
        };
        for (ask, status) in [(attachment(), sends), (correspondence(), reads)] {
            let answer = ask.bearer(&token).to(&stub).await;
            assert_eq!(answer.status, status, "{scopes} {exchanged}");
            if status == 403 {
                assert_eq!((answer.text(), challenges(&answer).len()), ("", 0));
            }
        }
    }
}

#[tokio::test]
async fn a_token_of_another_maskinporten_is_told_to_be_exchanged() {
    let stub = Stub::start().await.unwrap();
    let other = Signer::demo(&stub)
        .grant(&stub, WRITE)
        .claim("iss", "https://maskinporten.no/");
    let answer = attachment().bearer(&other.clone().sign()).to(&stub).await;
    assert_eq!(answer.status, 403);
    assert_eq!(answer.json()["title"], "IDX10205: Issuer validation failed");
    assert_eq!(challenges(&answer), [r#"Bearer error="invalid_token""#]);
    let expired = other.claim("exp", 1).sign();
    assert_eq!(attachment().bearer(&expired).to(&stub).await.status, 401);
}

/// What recipients do, on a correspondence that is not there.
fn recipients_asks() -> [Ask; 3] {
    let path = format!("{API}/correspondence/0198c9f0-1111-7000-8000-000000000001");
    let file = "attachment/0198c9f0-2222-7000-8000-000000000002/download";
    [
        Ask::post(format!("{path}/markasread"), JSON, ""),
        Ask::post(format!("{path}/confirm"), JSON, ""),
        Ask::get(format!("{path}/{file}")),
    ]
}

#[tokio::test]
async fn recipients_must_exchange_their_tokens() {
    let stub = Stub::start().await.unwrap();
    let maskinporten = maskinporten_token(&stub, READ).await;
    let altinn = altinn_token(&stub, READ).await;
    let writing = altinn_token(&stub, WRITE).await;
    for ask in recipients_asks() {
        let answer = ask.clone().to(&stub).await;
        assert_eq!(answer.status, 401);
        assert_eq!(challenges(&answer), ["Bearer"; 2]);
        let answer = ask.clone().bearer(&maskinporten).to(&stub).await;
        assert_eq!(answer.status, 403);
        assert_eq!(answer.json()["title"], "IDX10205: Issuer validation failed");
        assert_eq!(challenges(&answer), [r#"Bearer error="invalid_token""#]);
        let kind = "application/json; charset=utf-8";
        assert_eq!(answer.header("content-type"), kind);
        let answer = ask.clone().bearer(&writing).to(&stub).await;
        assert_eq!((answer.status, answer.text()), (403, ""));
        let answer = ask.bearer(&altinn).to(&stub).await;
        assert_eq!(answer.code(), (404, Some(1001)));
    }
    // A sender's endpoint that cannot verify one says the same.
    let broken = broken(&maskinporten);
    let answer = attachment().bearer(&broken).to(&stub).await;
    assert_eq!(answer.status, 403);
    stub.advance_clock(Duration::from_secs(120));
    for ask in recipients_asks() {
        let answer = ask.bearer(&maskinporten).to(&stub).await;
        assert_eq!(answer.status, 401, "it has expired");
    }
}

#[tokio::test]
async fn portal_users_may_download_and_no_more() {
    const END_USER: &str = "altinn:portal/enduser";
    let stub = Stub::start().await.unwrap();
    let token = token_of(&stub, "310244007", END_USER).await;
    let statuses = [403, 403, 404];
    for (ask, status) in recipients_asks().into_iter().zip(statuses) {
        assert_eq!(ask.bearer(&token).to(&stub).await.status, status);
    }
}

#[tokio::test]
async fn no_access_is_a_401_that_no_new_token_cures() {
    let stub = Stub::start().await.unwrap();
    let token = token_of(&stub, "974761076", WRITE).await;
    let answer = attachment().bearer(&token).to(&stub).await;
    assert_eq!(answer.code(), (401, Some(4001)));
    assert_eq!(answer.json()["code"], "CORR-04001");
    assert!(challenges(&answer).is_empty());
    // Twice on the wire, so that strict readers learn to live with it.
    assert_eq!(answer.text().matches("\"traceId\":").count(), 2);
    stub.register_resource("ttd-brev", "974761076");
    assert_eq!(attachment().bearer(&token).to(&stub).await.status, 200);
}

#[tokio::test]
async fn media_types_are_negotiated() {
    let stub = Stub::start().await.unwrap();
    let token = altinn_token(&stub, &format!("{WRITE} {READ}")).await;
    let text = Ask::post(format!("{API}/attachment"), "text/plain", "{}");
    assert_eq!(
        text.to(&stub).await.status,
        415,
        "before the token is looked at"
    );
    let answer = correspondence()
        .bearer(&token)
        .header("accept", "application/*")
        .to(&stub)
        .await;
    assert_eq!(answer.status, 406);
    let answer = Ask::get(format!("{API}/correspondence/1"))
        .bearer(&token)
        .to(&stub)
        .await;
    assert_eq!(answer.status, 400);
    assert_eq!(
        answer.json()["validationErrors"][0]["paths"],
        json!(["correspondenceId"])
    );
    for header in [
        ("cache-control", "no-store"),
        ("x-content-type-options", "nosniff"),
    ] {
        assert_eq!(answer.header(header.0), header.1);
    }
    assert_eq!(Ask::get(format!("{API}/other")).to(&stub).await.status, 404);
    assert_eq!(
        Ask::get(format!("{API}/attachment")).to(&stub).await.status,
        405
    );
}
