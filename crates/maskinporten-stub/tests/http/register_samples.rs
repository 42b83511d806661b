//! What the registers take and answer beside samples of real ones, where those are at hand.

use maskinporten_stub::Stub;
use serde_json::{Value, json};

use crate::{
    http::{Answer, Ask, exchange, maskinporten_token, members},
    samples::{assert_same_shape, sample},
    system_register::{REGISTER, VENDOR},
    system_user_requests::{REQUEST, SCOPES},
    user::User,
};

const EXCHANGE: &str = "/authentication/api/v1/exchange";

/// A sample that is sent, or beside which something is laid.
fn json_sample(name: &str) -> Option<Value> {
    let text = sample(&format!("samples/{name}"))?;
    Some(serde_json::from_str(&text).unwrap())
}

/// The same members all the way down, and at the top in the same order.
fn assert_like(name: &str, answer: &Answer) {
    let name = format!("samples/{name}");
    assert_same_shape(&name, &answer.json(), &[]);
    if let Some(sample) = sample(&name) {
        let sample = sample.replace("\": ", "\":");
        assert_eq!(members(answer.text()), members(&sample), "{name}");
    }
}

#[tokio::test]
async fn system_users_are_like_the_samples() {
    let (Some(system), Some(order)) = (
        json_sample("sysregister-create-request.json"),
        json_sample("systemuser-request.json"),
    ) else {
        return;
    };
    let stub = Stub::start().await.unwrap();
    let vendor = User::new(&stub, VENDOR, SCOPES, REQUEST).await;
    let answer = vendor.at(REGISTER).post("", &system).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let made = vendor.post("/vendor", &order).await;
    assert_eq!(made.status, 201, "{}", made.text());
    assert_like("systemuser-request-response.json", &made);
    let id = made.json()["id"].as_str().unwrap().to_owned();
    assert!(stub.approve_request(&id).is_some());
    let again = vendor.post("/vendor", &order).await;
    assert_like("altinn-problem-AUTH-00004.json", &again);
    let known = json_sample("altinn-problem-AUTH-00004.json").unwrap();
    for member in ["type", "title", "status", "code"] {
        assert_eq!(again.json()[member], known[member], "{member}");
    }
    let scope = "altinn:maskinporten/systemuser.read";
    let users = "/authentication/api/v1/systemuser";
    let maskinporten = User::new(&stub, VENDOR, scope, users).await;
    let found = maskinporten
        .get(&format!(
            "/byExternalId?clientId={}&systemProviderOrgNo={VENDOR}\
             &systemUserOwnerOrgNo=310702641&externalRef=branch-7",
            system["clientId"][0].as_str().unwrap()
        ))
        .await;
    assert_like("systemuser-byExternalId-response.json", &found);
}

#[tokio::test]
async fn clients_keys_and_scopes_are_like_the_samples() {
    let (Some(client), Some(keys), Some(mut scope)) = (
        json_sample("dcr-create-client-request.json"),
        json_sample("dcr-jwks-post-request.json"),
        json_sample("dcr-scope-response.json"),
    ) else {
        return;
    };
    let stub = Stub::start().await.unwrap();
    let scopes = "idporten:dcr.write idporten:scopes.write";
    let admin = User::new(&stub, VENDOR, scopes, "/api/v1").await;
    let made = admin.post("/clients", &client).await;
    assert_eq!(made.status, 201, "{}", made.text());
    assert_like("dcr-create-client-response.json", &made);
    let id = made.json()["client_id"].as_str().unwrap().to_owned();
    let answer = admin.post(&format!("/clients/{id}/jwks"), &keys).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_like("dcr-jwks-response.json", &answer);
    let members = scope.as_object_mut().unwrap();
    for added in ["name", "owner_orgno", "active", "created", "last_updated"] {
        members.remove(added);
    }
    let made = admin.post("/scopes", &scope).await;
    assert_eq!(made.status, 201, "{}", made.text());
    assert_like("dcr-scope-response.json", &made);
    let path = "/scopes/access/910753614?scope=difitest:test2";
    let granted = admin.put(path, &json!({})).await;
    assert_like("dcr-scope-access-response.json", &granted);
}

#[tokio::test]
async fn the_exchange_refuses_like_the_samples() {
    let stub = Stub::start().await.unwrap();
    let token = maskinporten_token(&stub, "altinn:serviceowner").await;
    let unknown = Ask::get(format!("{EXCHANGE}/foo")).bearer(&token);
    let retired = Ask::get(format!("{EXCHANGE}/maskinporten")).bearer(&token);
    let retired = retired.header("X-Altinn-EnterpriseUser-Authentication", "dTpw");
    for (name, answer) in [
        ("exchange-error-400.json", unknown.to(&stub).await),
        ("exchange-error-401.json", exchange(&stub, "abc").await),
        ("exchange-error-410.json", retired.to(&stub).await),
    ] {
        let Some(sample) = json_sample(name) else {
            continue;
        };
        assert_eq!(answer.status, sample["http_status"], "{name}");
        assert_eq!(answer.header("content-type"), sample["content_type"]);
        match &sample["body"] {
            Value::String(text) => assert_eq!(answer.text(), text, "{name}"),
            body => {
                let body: Vec<&String> = body.as_object().unwrap().keys().collect();
                let answer = answer.json();
                let answer: Vec<&String> = answer.as_object().unwrap().keys().collect();
                assert_eq!(answer, body, "{name}");
            }
        }
    }
}
