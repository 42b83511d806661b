//! What the token endpoint accepts, and the tokens it gives.

use std::time::Duration;

use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use maskinporten_stub::{Client, Stub, SystemUser};
use serde_json::{Value, json};

use crate::{
    assertion::{Signer, now},
    http::{Ask, altinn_token, claims, maskinporten_token, members, part, post_assertion},
};

const SCOPE: &str = "altinn:correspondence.write";

#[tokio::test]
async fn a_token_is_like_the_real_ones() {
    let stub = Stub::start().await.unwrap();
    let assertion = Signer::demo(&stub).grant(&stub, SCOPE).sign();
    let answer = post_assertion(&stub, &assertion).await;
    let body = answer.json();
    assert_eq!(
        members(answer.text()),
        ["access_token", "token_type", "expires_in", "scope"]
    );
    assert_eq!(
        (&body["token_type"], &body["expires_in"], &body["scope"]),
        (&json!("Bearer"), &json!(119), &json!(SCOPE))
    );
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(answer.header("content-type"), "application/json");
    let token = body["access_token"].as_str().unwrap();
    let header = part(token, 0);
    assert_eq!(members(&header), ["kid", "alg"]);
    let header: Value = serde_json::from_str(&header).unwrap();
    assert_eq!(
        (header["kid"].as_str().unwrap().len(), &header["alg"]),
        (43, &json!("RS256"))
    );
    let claims = claims(token);
    assert_eq!(claims["iss"], stub.issuer());
    assert_eq!(claims["client_amr"], "private_key_jwt");
    assert_eq!(claims["client_id"], stub.demo_client().client_id());
    assert_eq!(
        claims["consumer"],
        json!({"authority": "iso6523-actorid-upis", "ID": "0192:991825827"})
    );
    assert_eq!(claims["jti"].as_str().unwrap().len(), 43);
    let lifetime = claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap();
    assert_eq!(lifetime, 120);
}

#[tokio::test]
async fn signatures_verify_with_the_published_keys() {
    let stub = Stub::start().await.unwrap();
    let verifies = |token: &str, jwk: &Value, n: Vec<u8>, e: Vec<u8>| {
        let (signed, signature) = token.rsplit_once('.').unwrap();
        let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
        let header: Value = serde_json::from_str(&part(token, 0)).unwrap();
        header["kid"] == jwk["kid"]
            && RsaPublicKeyComponents { n, e }
                .verify(&RSA_PKCS1_2048_8192_SHA256, signed.as_bytes(), &signature)
                .is_ok()
    };
    let text = |value: &Value| value.as_str().unwrap().to_owned();

    let token = maskinporten_token(&stub, SCOPE).await;
    let metadata = Ask::get("/.well-known/oauth-authorization-server")
        .to(&stub)
        .await
        .json();
    assert_eq!(metadata["jwks_uri"], format!("{}/jwk", stub.base_url()));
    let jwk = Ask::get("/jwk").to(&stub).await.json()["keys"][0].clone();
    let number = |name: &str| URL_SAFE_NO_PAD.decode(text(&jwk[name])).unwrap();
    assert!(verifies(&token, &jwk, number("n"), number("e")));

    let token = altinn_token(&stub, SCOPE).await;
    let path = "/authentication/api/v1/openid/.well-known/openid-configuration";
    let discovery = Ask::get(path).to(&stub).await.json();
    assert_eq!(
        discovery["jwks_uri"],
        format!("{}{path}/jwks", stub.base_url())
    );
    let keys = Ask::get(format!("{path}/jwks")).to(&stub).await.json()["keys"].clone();
    assert_eq!(keys.as_array().unwrap().len(), 2);
    for key in keys.as_array().unwrap() {
        let kid = text(&key["kid"]);
        assert!(
            kid.len() == 40 && kid.bytes().all(|byte| b"0123456789ABCDEF".contains(&byte)),
            "{kid}"
        );
        assert!(text(&key["n"]).ends_with("=="), "padded");
        assert!(key.get("alg").is_none());
    }
    let jwk = &keys[0];
    let number = |name: &str| STANDARD.decode(text(&jwk[name])).unwrap();
    assert!(verifies(&token, jwk, number("n"), number("e")));
}

#[tokio::test]
async fn tolerates_what_maskinporten_tolerates() {
    let stub = Stub::start().await.unwrap();
    let signer = Signer::demo(&stub);
    let grant = || signer.grant(&stub, SCOPE);
    let header = |member: &str, value: Value| {
        let mut header = grant().header;
        header[member] = value;
        grant().header(header)
    };
    for (case, grant) in [
        (
            "aud as an array of one",
            grant().claim("aud", json!([stub.issuer()])),
        ),
        ("nbf", grant().claim("nbf", now())),
        ("iat 10 s ahead", grant().claim("iat", now() + 10)),
        ("iat 10 s behind", grant().claim("iat", now() - 10)),
        (
            "120 s",
            grant().claim("iat", now()).claim("exp", now() + 120),
        ),
        ("a short life", grant().claim("exp", now() + 10)),
        ("no jti", grant().without("jti")),
        ("RS384", header("alg", json!("RS384"))),
        ("RS512", header("alg", json!("RS512"))),
        ("typ", header("typ", json!("JWT"))),
        (
            "scopes twice",
            grant().claim("scope", format!("{SCOPE}  {SCOPE}")),
        ),
    ] {
        let answer = post_assertion(&stub, &grant.sign()).await;
        assert_eq!(answer.status, 200, "{case}: {}", answer.text());
        assert_eq!(answer.json()["scope"], SCOPE, "{case}");
    }
}

#[tokio::test]
async fn resource_and_pid_restrict_the_token() {
    let stub = Stub::start().await.unwrap();
    let signer = Signer::demo(&stub);
    for resource in [
        json!("https://api.example/"),
        json!(["https://api.example/"]),
        json!(["a", "b"]),
    ] {
        let grant = signer
            .grant(&stub, SCOPE)
            .claim("resource", resource.clone());
        let answer = post_assertion(&stub, &grant.claim("pid", "25922947409").sign()).await;
        let claims = claims(answer.json()["access_token"].as_str().unwrap());
        assert_eq!(
            (&claims["aud"], &claims["pid"]),
            (&resource, &json!("25922947409"))
        );
    }
    let token = maskinporten_token(&stub, SCOPE).await;
    assert!(claims(&token).get("aud").is_none());
}

#[tokio::test]
async fn a_delegation_turns_the_client_into_a_supplier() {
    let stub = Stub::start().await.unwrap();
    let client = Client::generate("supplier", "974761076")
        .unwrap()
        .scopes_not_granted("a:b");
    let signer = Signer::of(&client);
    stub.register(client);
    stub.register_delegation("910753614", "974761076", "a:b");
    let grant = signer
        .grant(&stub, "a:b")
        .claim("consumer_org", "910753614");
    let answer = post_assertion(&stub, &grant.sign()).await;
    let token = answer.json()["access_token"].as_str().unwrap().to_owned();
    let claims = claims(&token);
    assert_eq!(claims["consumer"]["ID"], "0192:910753614");
    assert_eq!(claims["supplier"]["ID"], "0192:974761076");
    assert_eq!(claims["delegation_source"], "https://tt02.altinn.no/");
}

#[tokio::test]
async fn a_system_user_is_found_by_its_owner_client_and_reference() {
    let stub = Stub::start().await.unwrap();
    let client = stub.demo_client().client_id();
    let user = SystemUser::of("310702641")
        .system_id("991825827_cloud")
        .client_id(client);
    let branch = SystemUser::of("310702641")
        .system_id("991825827_cloud")
        .client_id(client)
        .external_ref("branch");
    stub.register_system_user(user.clone());
    stub.register_system_user(branch.clone());
    stub.register_system_user(SystemUser::of("310702642").client_id("another"));
    let signer = Signer::demo(&stub);
    for (owner, reference, found) in [
        ("310702641", None, Some(&user)),
        ("310702641", Some("310702641"), Some(&user)),
        ("310702641", Some("branch"), Some(&branch)),
        ("310702641", Some("other"), None),
        ("310702642", None, None),
    ] {
        let org = json!({"authority": "iso6523-actorid-upis", "ID": format!("0192:{owner}")});
        let mut detail = json!({"type": "urn:altinn:systemuser", "systemuser_org": org});
        if let Some(reference) = reference {
            detail["externalRef"] = reference.into();
        }
        let grant = signer
            .grant(&stub, SCOPE)
            .claim("authorization_details", json!([detail]));
        let answer = post_assertion(&stub, &grant.sign()).await;
        let Some(user) = found else {
            assert_eq!(answer.status, 400);
            continue;
        };
        let claims = claims(answer.json()["access_token"].as_str().unwrap());
        let detail = &claims["authorization_details"][0];
        assert_eq!(detail["systemuser_id"], json!([user.id()]));
        assert_eq!(detail["system_id"], "991825827_cloud");
        assert_eq!(detail.get("externalRef").and_then(Value::as_str), reference);
    }
}

#[tokio::test]
async fn a_reference_that_no_system_user_can_have_is_refused() {
    let stub = Stub::start().await.unwrap();
    let signer = Signer::demo(&stub);
    let org = json!({"authority": "iso6523-actorid-upis", "ID": "0192:310702641"});
    for (reference, code) in [
        ("Avdeling_7-ØÆÅ".to_owned(), "MP-303"),
        ("å".repeat(255), "MP-303"),
        ("å".repeat(256), "MP-302"),
        ("a b".to_owned(), "MP-302"),
        ("a:b".to_owned(), "MP-302"),
    ] {
        let detail = json!({"type": "urn:altinn:systemuser", "systemuser_org": org,
            "externalRef": reference});
        let grant = signer.grant(&stub, SCOPE);
        let grant = grant.claim("authorization_details", json!([detail]));
        let answer = post_assertion(&stub, &grant.sign()).await;
        let uri = answer.json()["error_uri"].as_str().unwrap().to_owned();
        assert!(uri.ends_with(code), "{reference}: {uri}");
    }
}

#[tokio::test]
async fn a_consent_comes_back_with_its_rights() {
    let stub = Stub::start().await.unwrap();
    let detail = json!({
        "type": "urn:altinn:consent", "id": "f70542a8-d97a-40a8-9ef7-221603ffd5e6",
        "from": "urn:altinn:person:identifier-no:25922947409",
    });
    let grant = Signer::demo(&stub)
        .grant(&stub, SCOPE)
        .claim("authorization_details", json!([detail]));
    let answer = post_assertion(&stub, &grant.sign()).await;
    let claims = claims(answer.json()["access_token"].as_str().unwrap());
    let consent = &claims["authorization_details"][0];
    assert_eq!(consent["id"], detail["id"]);
    assert_eq!(consent["to"], claims["consumer"]);
    assert!(consent["validTo"].as_str() > consent["consented"].as_str());
    assert_eq!(consent["consentRights"][0]["action"], json!(["consent"]));
}

#[tokio::test]
async fn a_registered_public_key_is_enough() {
    let stub = Stub::start().await.unwrap();
    let made = Client::generate("made", "974761076").unwrap();
    let mut jwk: Value = serde_json::from_str(made.private_jwk().unwrap()).unwrap();
    for private in ["d", "p", "q", "dp", "dq", "qi"] {
        jwk.as_object_mut().unwrap().remove(private);
    }
    let client = Client::new("made", "974761076")
        .scopes("a:b")
        .key(&jwk.to_string())
        .unwrap();
    stub.register(client);
    let answer = post_assertion(&stub, &Signer::of(&made).grant(&stub, "a:b").sign()).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
}

#[tokio::test]
async fn lifetimes_can_be_chosen() {
    let builder = Stub::builder().token_lifetime(Duration::from_secs(5));
    let stub = builder
        .altinn_token_lifetime(Duration::from_secs(7))
        .start()
        .await
        .unwrap();
    let lifetime = |token: &str| {
        let claims = claims(token);
        claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap()
    };
    assert_eq!(lifetime(&maskinporten_token(&stub, SCOPE).await), 5);
    assert_eq!(lifetime(&altinn_token(&stub, SCOPE).await), 7);
    stub.set_token_lifetime(Duration::ZERO);
    let answer = post_assertion(&stub, &Signer::demo(&stub).grant(&stub, SCOPE).sign()).await;
    assert_eq!(answer.json()["expires_in"], 0);
    stub.set_token_lifetime(Duration::MAX);
    let answer = post_assertion(&stub, &Signer::demo(&stub).grant(&stub, SCOPE).sign()).await;
    assert_eq!(answer.status, 200);
}
