//! Altinn's token exchange.

use std::time::Duration;

use maskinporten_stub::{Client, Stub, SystemUser};
use serde_json::{Value, json};

use crate::{
    assertion::Signer,
    http::{
        Ask, altinn_token, broken, claims, exchange, maskinporten_token, members, part,
        post_assertion,
    },
    user::User,
};

const WRITE: &str = "altinn:correspondence.write";
const PATH: &str = "/authentication/api/v1/exchange";

#[tokio::test]
async fn keeps_what_it_keeps_and_adds_what_it_adds() {
    let stub = Stub::start().await.unwrap();
    let from = maskinporten_token(&stub, WRITE).await;
    let answer = exchange(&stub, &from).await;
    let (from, token) = (claims(&from), answer.text());
    let header = part(token, 0);
    assert_eq!(members(&header), ["alg", "kid", "x5t", "typ"]);
    let claims = claims(token);
    for kept in ["scope", "token_type", "client_id", "jti", "consumer"] {
        assert_eq!(claims[kept], from[kept], "{kept}");
    }
    assert!(claims.get("client_amr").is_none());
    assert!(claims.get("urn:altinn:org").is_none());
    assert_eq!(claims["urn:altinn:orgNumber"], "991825827");
    assert_eq!(claims["urn:altinn:authenticatemethod"], "maskinporten");
    assert_eq!(claims["urn:altinn:authlevel"], 3);
    assert_eq!(
        claims["iss"],
        format!("{}/authentication/api/v1/openid/", stub.base_url())
    );
    assert_eq!(claims["nbf"], claims["iat"]);
    assert_eq!(
        claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(),
        1800
    );
}

#[tokio::test]
async fn what_restricts_a_token_passes_through_but_the_audience() {
    let stub = Stub::start().await.unwrap();
    let client = Client::generate("supplier", "974761076").unwrap();
    let client = client.scopes_not_granted("a:b");
    let signer = Signer::of(&client);
    stub.register(client);
    stub.register_delegation("910753614", "974761076", "a:b");
    let grant = signer
        .grant(&stub, "a:b")
        .claim("consumer_org", "910753614");
    let grant = grant.claim("pid", "25922947409");
    for (resource, rest) in [
        (json!("one"), Value::Null),
        (json!(["one"]), Value::Null),
        (json!(["one", "two"]), json!("two")),
        (json!(["one", "two", "three"]), json!(["two", "three"])),
    ] {
        let grant = grant.clone().claim("resource", resource.clone());
        let grant = grant.claim("jti", uuid::Uuid::new_v4().to_string());
        let from = post_assertion(&stub, &grant.sign()).await.json();
        let from = from["access_token"].as_str().unwrap();
        let claims = claims(exchange(&stub, from).await.text());
        assert_eq!(claims["aud"], rest, "{resource}");
        assert_eq!(claims["pid"], "25922947409");
        assert_eq!(claims["consumer"]["ID"], "0192:910753614");
        assert_eq!(claims["supplier"]["ID"], "0192:974761076");
        assert_eq!(claims["delegation_source"], "https://tt02.altinn.no/");
        assert_eq!(claims["urn:altinn:orgNumber"], "910753614");
        for absent in ["client_amr", "sub", "cnf"] {
            assert!(claims.get(absent).is_none(), "{absent}");
        }
    }
}

#[tokio::test]
async fn each_exchange_has_its_own_session() {
    let stub = Stub::start().await.unwrap();
    let from = maskinporten_token(&stub, WRITE).await;
    let first = claims(exchange(&stub, &from).await.text());
    let second = claims(exchange(&stub, &from).await.text());
    assert_eq!(first["jti"], second["jti"]);
    assert_ne!(first["sid"], second["sid"]);
}

#[tokio::test]
async fn service_owners_are_named() {
    let stub = Stub::start().await.unwrap();
    let of = async |org_number: &str| {
        let user = User::new(&stub, org_number, "altinn:serviceowner/x", "").await;
        user.token
    };
    let unlisted = of("310244007").await;
    let owner = maskinporten_token(&stub, "altinn:serviceowner").await;
    let other = maskinporten_token(&stub, WRITE).await;
    for (token, query, org) in [
        (owner.as_str(), "", json!("digdir")),
        (&owner, "?test=true", json!("ttd")),
        (&owner, "?Test=True", json!("ttd")),
        (&owner, "?test=false", json!("digdir")),
        (&other, "?test=true", Value::Null),
        (&unlisted, "?test=true", Value::Null),
        (&of("974761076").await, "?test=true", json!("skd")),
        (&of("974760673").await, "", json!("brg")),
        (&of("889640782").await, "", json!("nav")),
    ] {
        let answer = Ask::get(format!("{PATH}/maskinporten{query}"))
            .bearer(token)
            .to(&stub)
            .await;
        assert_eq!(claims(answer.text())["urn:altinn:org"], org, "{query}");
    }
    let answer = Ask::get(format!("{PATH}/maskinporten?test=maybe"))
        .bearer(&owner)
        .to(&stub)
        .await;
    assert_eq!(answer.status, 400);
}

#[tokio::test]
async fn the_answer_is_quoted_only_for_who_asks_for_json() {
    let stub = Stub::start().await.unwrap();
    let token = maskinporten_token(&stub, WRITE).await;
    for (accept, quoted) in [
        (None, false),
        (Some("*/*"), false),
        (Some("application/json, */*"), false),
        (Some("text/plain"), false),
        (Some("application/json"), true),
        (Some("application/json;q=0.9"), true),
        (Some("text/plain, application/json"), false),
        (Some("application/json, text/plain"), true),
        (Some("text/plain;q=0.5, application/json"), true),
        (Some("application/json;q=0.5, text/plain"), false),
        (Some("Application/JSON; charset=utf-8"), true),
        (Some("application/json;q=0.1, */*;q=0.01"), false),
        (Some("application/*"), true),
        (Some("text/*, application/json"), false),
        (Some("text/html"), false),
        (Some("text/html, application/json;q=0.2"), true),
        (Some(""), false),
    ] {
        let mut ask = Ask::get(format!("{PATH}/Maskinporten")).bearer(&token);
        if let Some(accept) = accept {
            ask = ask.header("accept", accept);
        }
        let answer = ask.to(&stub).await;
        let expected = if quoted {
            "application/json; charset=utf-8"
        } else {
            "text/plain; charset=utf-8"
        };
        assert_eq!(answer.header("content-type"), expected, "{accept:?}");
        assert_eq!(answer.text().starts_with('"'), quoted, "{accept:?}");
    }
}

#[tokio::test]
async fn nearly_everything_wrong_is_401() {
    let stub = Stub::start().await.unwrap();
    let token = maskinporten_token(&stub, WRITE).await;
    let altinn = altinn_token(&stub, WRITE).await;
    let foreign = maskinporten_token(&Stub::start().await.unwrap(), WRITE).await;
    let forged = Signer::demo(&stub).grant(&stub, WRITE).sign();
    let broken = broken(&token);
    for (provider, authorization, status) in [
        ("maskinporten", String::new(), 401),
        ("maskinporten", "Bearer ".into(), 401),
        ("maskinporten", "Bearer abc".into(), 401),
        ("maskinporten", format!("Basic {token}"), 401),
        ("maskinporten", format!("Bearer {altinn}"), 401),
        ("maskinporten", format!("Bearer {foreign}"), 401),
        ("maskinporten", format!("Bearer {forged}"), 401),
        ("maskinporten", format!("Bearer {broken}"), 401),
        ("id-porten", format!("Bearer {token}"), 401),
        ("altinnstudio", format!("Bearer {token}"), 401),
        ("other", String::new(), 401),
        ("other", "Bearer abc".into(), 401),
        ("other", format!("Bearer {token}"), 400),
        // Readable is enough for the provider to be looked at.
        ("other", format!("Bearer {broken}"), 400),
        ("other", format!("Bearer {foreign}"), 400),
        ("maskinporten", format!("bearer {token}"), 200),
        ("MASKINPORTEN", format!("BEARER  {token} "), 200),
    ] {
        let mut ask = Ask::get(format!("{PATH}/{provider}"));
        if !authorization.is_empty() {
            ask = ask.header("authorization", &authorization);
        }
        let answer = ask.to(&stub).await;
        assert_eq!(answer.status, status, "{provider} {authorization:.20}");
        assert_eq!(answer.header("www-authenticate"), "");
        if status == 401 {
            assert_eq!(
                answer.header("content-type"),
                "application/problem+json; charset=utf-8"
            );
            assert_eq!(answer.json()["title"], "Unauthorized");
        }
    }
    let answer = Ask::get(format!("{PATH}/other"))
        .bearer(&token)
        .to(&stub)
        .await;
    assert_eq!(answer.header("content-type"), "text/plain; charset=utf-8");
    assert_eq!(
        answer.text(),
        "Invalid token provider: other. \
         Trusted token providers are 'Maskinporten', 'Id-porten' and 'AltinnStudio'."
    );
}

#[tokio::test]
async fn an_expired_token_is_taken_for_ten_seconds() {
    let stub = Stub::start().await.unwrap();
    let token = maskinporten_token(&stub, WRITE).await;
    stub.advance_clock(Duration::from_secs(125));
    assert_eq!(exchange(&stub, &token).await.status, 200);
    stub.advance_clock(Duration::from_secs(6));
    assert_eq!(exchange(&stub, &token).await.status, 401);
}

#[tokio::test]
async fn enterprise_users_are_gone_but_not_before_the_token_is_checked() {
    let stub = Stub::start().await.unwrap();
    let token = maskinporten_token(&stub, WRITE).await;
    let ask = || Ask::get(format!("{PATH}/maskinporten"));
    let name = "X-Altinn-EnterpriseUser-Authentication";
    let answer = ask().bearer(&token).header(name, "dTpw").to(&stub).await;
    assert_eq!(
        (answer.status, &answer.json()["status"]),
        (410, &json!(410))
    );
    assert_eq!(
        ask().bearer(&token).header(name, "").to(&stub).await.status,
        200
    );
    assert_eq!(
        ask()
            .bearer("abc")
            .header(name, "dTpw")
            .to(&stub)
            .await
            .status,
        401
    );
}

#[tokio::test]
async fn the_details_of_a_system_user_become_an_object() {
    let stub = Stub::start().await.unwrap();
    let user = SystemUser::of("310702641").system_id("991825827_cloud");
    stub.register_system_user(user.client_id(stub.demo_client().client_id()));
    let detail = json!({
        "type": "urn:altinn:systemuser",
        "systemuser_org": {"authority": "iso6523-actorid-upis", "ID": "0192:310702641"},
    });
    let grant = Signer::demo(&stub).grant(&stub, WRITE);
    let grant = grant
        .claim("authorization_details", json!([detail]))
        .claim("resource", json!(["a", "b"]));
    let answer = post_assertion(&stub, &grant.sign()).await.json();
    let answer = exchange(&stub, answer["access_token"].as_str().unwrap()).await;
    let claims = claims(answer.text());
    assert_eq!(
        claims["authorization_details"]["system_id"],
        "991825827_cloud"
    );
    assert_eq!(claims["urn:altinn:orgNumber"], "991825827");
    assert_eq!(claims["aud"], "b");
}
