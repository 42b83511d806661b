//! Scopes over the self-service API, and who may use them.

use maskinporten_stub::{Client, Stub};
use serde_json::{Value, json};

use crate::{
    assertion::Signer,
    http::{Ask, post_assertion},
    refusals::assert_refused,
    self_service_clients::{WRITE, order},
    user::User,
};

const OWNER: &str = "991825827";
const CONSUMER: &str = "974761076";
const SCOPES: &str = "idporten:scopes.write";
const NAME: &str = "difitest:some/scope.read";

fn scope() -> Value {
    json!({"prefix": "difitest", "subscope": "some/scope.read", "description": "sample",
        "delegation_source": "https://tt02.altinn.no/",
        "allowed_integration_types": ["maskinporten"]})
}

#[tokio::test]
async fn a_scope_is_made_changed_and_deactivated() {
    let stub = Stub::start().await.unwrap();
    let owner = User::new(&stub, OWNER, SCOPES, "/api/v1/scopes").await;
    let made = owner.post("", &scope()).await;
    assert_eq!(made.status, 201, "{}", made.text());
    assert_eq!(made.json()["name"], NAME);
    assert_eq!(made.json()["owner_orgno"], OWNER);
    let path = "?scope=difitest%3Asome%2Fscope.read";
    assert_eq!(owner.get(path).await.json(), made.json());
    assert_eq!(owner.get("").await.json(), json!([made.json()]));
    assert_eq!(owner.post("", &scope()).await.status, 409);

    let all = Ask::get("/scopes/all").to(&stub).await.json();
    assert_eq!(all, json!([made.json()]));
    let for_all = || Ask::get("/scopes/all?accessible_for_all=true").to(&stub);
    assert_eq!(for_all().await.json(), json!([]));
    let mut open = scope();
    open["accessible_for_all"] = json!(true);
    assert_eq!(owner.put(path, &open).await.status, 200);
    assert_eq!(for_all().await.json()[0]["name"], NAME);
    open["subscope"] = json!("other");
    assert_eq!(owner.put(path, &open).await.status, 400);

    assert_eq!(owner.delete(path).await.json()["active"], false);
    assert_eq!(for_all().await.json(), json!([]));
    assert_eq!(owner.get("").await.json(), json!([]));
    let inactive = owner.get("?inactive=true").await.json();
    assert_eq!(inactive[0]["name"], NAME);
    assert_eq!(owner.post("", &scope()).await.status, 409, "posted again");
}

#[tokio::test]
async fn only_the_owner_with_the_scope_is_let_in() {
    let stub = Stub::start().await.unwrap();
    let owner = User::new(&stub, OWNER, SCOPES, "/scopes").await;
    assert_eq!(owner.post("", &scope()).await.status, 201);
    let path = format!("?scope={NAME}");
    let stranger = User::new(&stub, CONSUMER, SCOPES, "/scopes").await;
    let grant = format!("/access/{CONSUMER}?scope={NAME}");
    assert_eq!(stranger.get(&path).await.status, 404);
    assert_eq!(stranger.put(&path, &scope()).await.status, 404);
    assert_eq!(stranger.delete(&path).await.status, 404);
    assert_eq!(stranger.put(&grant, &json!({})).await.status, 404);
    let admin = User::new(&stub, OWNER, WRITE, "/scopes").await;
    assert_eq!(admin.get("").await.status, 403);
    assert_eq!(admin.post("", &scope()).await.status, 403);
    assert_eq!(Ask::get("/scopes").to(&stub).await.status, 401);
    assert_eq!(Ask::get("/scopes/access/all").to(&stub).await.status, 401);
    let access = format!("/access/1?scope={NAME}");
    assert_eq!(owner.put(&access, &json!({})).await.status, 400);
    assert_eq!(owner.delete(&grant).await.status, 404, "never granted");
    assert_eq!(owner.delete("").await.status, 400, "no name");
    let mut spaced = scope();
    spaced["subscope"] = json!("a b");
    assert_eq!(owner.post("", &spaced).await.status, 400);
}

#[tokio::test]
async fn a_consumer_gets_tokens_when_it_has_been_granted_the_scope() {
    let stub = Stub::start().await.unwrap();
    let owner = User::new(&stub, OWNER, SCOPES, "/scopes").await;
    assert_eq!(owner.post("", &scope()).await.status, 201);
    let consumer = User::new(&stub, CONSUMER, WRITE, "").await;
    let mut client = order();
    client["scopes"] = json!([NAME, "unregistered:scope"]);
    let client = consumer.post("/clients", &client).await.json();
    let id = client["client_id"].as_str().unwrap();
    let key = Signer::of(&Client::generate("key", CONSUMER).unwrap());
    let jwk: Value = serde_json::from_str(&key.public_jwk(key.kid())).unwrap();
    let keys = format!("/clients/{id}/jwks");
    let answer = consumer.post(&keys, &json!({"keys": [jwk]})).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let signer = key.for_client(id);
    let ask = |scope| {
        let assertion = signer.grant(&stub, scope).sign();
        async { post_assertion(&stub, &{ assertion }).await }
    };
    let refused = (403, "forbidden", Some("MP-250"), NAME);

    assert_refused(&stub, &ask(NAME).await, refused, "not granted");
    assert_eq!(ask("unregistered:scope").await.status, 200);
    let grant = format!("/access/{CONSUMER}?scope={NAME}");
    let granted = owner.put(&grant, &json!({})).await.json();
    assert_eq!(
        (&granted["state"], &granted["consumer_orgno"]),
        (&json!("APPROVED"), &json!(CONSUMER))
    );
    assert_eq!(ask(NAME).await.status, 200);
    let access = owner.get(&format!("/access?scope={NAME}")).await.json();
    assert_eq!(access, json!([granted]));
    let mine = consumer.get("/scopes/access/all").await.json();
    let names: Vec<&Value> = mine
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["scope"])
        .collect();
    assert_eq!(names, [NAME, WRITE]);
    assert_eq!(mine[0], granted);

    assert_eq!(owner.delete(&grant).await.json()["state"], "DENIED");
    assert_refused(&stub, &ask(NAME).await, refused, "taken away");
    let mut open = scope();
    open["accessible_for_all"] = json!(true);
    assert_eq!(
        owner.put(&format!("?scope={NAME}"), &open).await.status,
        200
    );
    assert_eq!(ask(NAME).await.status, 200);
}
