//! What no caller should send to the registers: it is refused, and the stub goes on.

use hyper::Method;
use maskinporten_stub::Stub;
use serde_json::{Value, json};

use crate::{
    http::{Ask, JSON},
    user::User,
};

const SCOPES: &str = "altinn:authentication/systemregister.write \
    altinn:authentication/systemuser.request.write altinn:authentication/systemuser.request.read \
    altinn:maskinporten/systemuser.read altinn:portal/enduser \
    idporten:dcr.write idporten:scopes.write";

#[tokio::test]
async fn odd_bodies_are_refused() {
    let stub = Stub::start().await.unwrap();
    let user = User::new(&stub, "991825827", SCOPES, "").await;
    let mut deep = Value::Null;
    for _level in 0..500 {
        deep = json!([deep]);
    }
    let bodies = [
        String::new(),
        "null".to_owned(),
        "{}".to_owned(),
        "{".to_owned(),
        "\u{0}".to_owned(),
        r#"{"keys": {}, "id": 1e999, "rights": null}"#.to_owned(),
        deep.to_string(),
        format!("\"{}\"", "æ".repeat(60_000)),
    ];
    let altinn = "/authentication/api/v1";
    let client = &user.client_id;
    for (method, path) in [
        (Method::POST, format!("{altinn}/systemregister/vendor")),
        (Method::PUT, format!("{altinn}/systemregister/vendor/x")),
        (
            Method::PUT,
            format!("{altinn}/systemregister/vendor/x/rights"),
        ),
        (Method::POST, format!("{altinn}/systemuser/request/vendor")),
        (
            Method::POST,
            format!("{altinn}/systemuser/request/vendor/agent"),
        ),
        (Method::POST, "/clients".to_owned()),
        (Method::PUT, format!("/clients/{client}")),
        (Method::POST, format!("/clients/{client}/jwks")),
        (Method::POST, "/scopes".to_owned()),
        (Method::PUT, "/scopes?scope=a:b".to_owned()),
    ] {
        for body in &bodies {
            let ask = Ask::post(path.clone(), JSON, body.clone());
            let ask = ask.method(method.clone()).bearer(&user.token);
            let status = ask.to(&stub).await.status;
            assert!(
                [400, 404, 413].contains(&status),
                "{path} {body:.40}: {status}"
            );
        }
    }
}

#[tokio::test]
async fn odd_paths_and_queries_are_refused() {
    let stub = Stub::start().await.unwrap();
    let user = User::new(&stub, "991825827", SCOPES, "").await;
    let users = "/authentication/api/v1/systemuser";
    for path in [
        format!("{users}/request/vendor/%FF"),
        format!("{users}/request/vendor/byexternalref/%00/x/y"),
        format!("{users}/request/vendor/bysystem/x?token=AAAA"),
        format!("{users}/vendor/bysystem/x?token=%FF"),
        format!("{users}/vendor/byquery?system-id=&orgno="),
        format!("{users}/byExternalId?clientId=%FF&&=&systemProviderOrgNo"),
        "/clients/%2F".to_owned(),
        "/clients/%00/jwks".to_owned(),
        "/scopes?scope=%FF".to_owned(),
        "/scopes/access?scope".to_owned(),
    ] {
        let status = user.get(&path).await.status;
        assert!([400, 404].contains(&status), "{path}: {status}");
    }
}
