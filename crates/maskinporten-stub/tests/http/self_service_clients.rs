//! Clients that are made and changed over the self-service API.

use maskinporten_stub::{Client, Stub};
use serde_json::{Value, json};

use crate::{
    assertion::Signer,
    http::{Answer, Ask, altinn_token, claims, post_assertion},
    refusals::assert_refused,
    user::User,
};

pub(crate) const WRITE: &str = "idporten:dcr.write";
pub(crate) const OWNER: &str = "991825827";
const OTHER: &str = "974761076";

pub(crate) fn order() -> Value {
    json!({
        "integration_type": "maskinporten", "application_type": "web",
        "client_name": "sample", "description": "made by a test",
        "token_endpoint_auth_method": "private_key_jwt",
        "grant_types": ["urn:ietf:params:oauth:grant-type:jwt-bearer"],
        "scopes": ["a:one", "a:two/x.read"],
    })
}

fn with(change: Value) -> Value {
    let mut order = order();
    let members = change.as_object().unwrap().clone();
    order.as_object_mut().unwrap().extend(members);
    order
}

fn id(answer: &Answer) -> String {
    assert_eq!(answer.status, 201, "{}", answer.text());
    answer.json()["client_id"].as_str().unwrap().to_owned()
}

fn assert_problem(answer: &Answer, status: u16, case: &str) {
    assert_eq!(answer.status, status, "{case}: {}", answer.text());
    let body = answer.json();
    assert_eq!(body["status"], status, "{case}");
    assert!(
        body["title"].is_string() && body["detail"].is_string(),
        "{case}"
    );
}

#[tokio::test]
async fn a_client_is_made_changed_and_deactivated() {
    let stub = Stub::start().await.unwrap();
    let admin = User::new(&stub, OWNER, WRITE, "/clients").await;
    let made = admin.post("", &order()).await;
    let path = format!("/{}", id(&made));
    let mut client = made.json();
    for (member, expected) in order().as_object().unwrap() {
        assert_eq!(&client[member], expected, "{member}");
    }
    assert_eq!(client["client_orgno"], OWNER);
    assert_eq!(client["active"], true);
    assert_eq!(admin.get(&path).await.json(), client);
    let listed = admin.get("").await.json();
    assert!(listed.as_array().unwrap().contains(&client));

    // Whoever changes a client starts from what it is, without the times.
    assert_problem(&admin.put(&path, &client).await, 400, "with the times");
    for time in ["created", "last_updated"] {
        client.as_object_mut().unwrap().remove(time);
    }
    client["scopes"] = json!(["a:three"]);
    client["description"] = json!("changed");
    let changed = admin.put(&path, &client).await.json();
    assert_eq!(
        (&changed["scopes"], &changed["description"]),
        (&json!(["a:three"]), &json!("changed"))
    );
    for change in [
        json!({"client_id": "other"}),
        json!({"client_orgno": OTHER}),
        json!({"integration_type": "idporten"}),
    ] {
        let answer = admin.put(&path, &with(change.clone())).await;
        assert_problem(&answer, 400, &change.to_string());
    }

    assert_eq!(admin.delete(&path).await.status, 204);
    assert_eq!(admin.get(&path).await.json()["active"], false);
    let has = |list: &Value| {
        let mut clients = list.as_array().unwrap().iter();
        clients.any(|listed| listed["client_id"] == client["client_id"])
    };
    assert!(!has(&admin.get("").await.json()));
    assert!(has(&admin.get("?inactive=true").await.json()));
    let again = with(json!({"client_id": client["client_id"]}));
    assert_problem(&admin.post("", &again).await, 409, "posted again");
}

#[tokio::test]
async fn what_is_posted_must_be_right() {
    let stub = Stub::start().await.unwrap();
    let admin = User::new(&stub, OWNER, WRITE, "/clients").await;
    for change in [
        json!({"client_id": "mine"}),
        json!({"client_orgno": "1"}),
        json!({"integration_type": "krr"}),
        json!({"application_type": "native"}),
        json!({"token_endpoint_auth_method": "client_secret_basic"}),
        json!({"grant_types": ["authorization_code"]}),
        json!({"client_name": ""}),
        json!({"description": 1}),
        json!({"scopes": []}),
        json!({"scopes": ["a"]}),
        json!({"created": "2026-01-15T11:00:00Z"}),
    ] {
        let answer = admin.post("", &with(change.clone())).await;
        assert_problem(&answer, 400, &change.to_string());
    }
    assert_problem(&admin.post("", &json!([])).await, 400, "an array");
    assert_problem(&admin.get("/none").await, 404, "none");
    let huge = with(json!({"description": "a".repeat(70_000)}));
    assert_eq!(admin.post("", &huge).await.status, 413);
}

#[tokio::test]
async fn each_base_path_is_the_same_api() {
    let stub = Stub::start().await.unwrap();
    let admin = User::new(&stub, OWNER, WRITE, "").await;
    for base in ["", "/api/v1", "/external/api/v1"] {
        let id = id(&admin.post(&format!("{base}/clients"), &order()).await);
        let answer = admin.get(&format!("/clients/{id}")).await;
        assert_eq!(answer.status, 200, "{base}");
        let answer = Ask::get(format!("{base}/delegationsources"))
            .to(&stub)
            .await;
        assert_eq!(answer.json()[0]["issuer"], "https://tt02.altinn.no/");
    }
}

#[tokio::test]
async fn each_call_wants_its_scope() {
    let stub = Stub::start().await.unwrap();
    let answer = Ask::get("/clients").to(&stub).await;
    assert_problem(&answer, 401, "no token");
    assert_eq!(answer.header("www-authenticate"), "Bearer");
    let altinn = altinn_token(&stub, "altinn:serviceowner").await;
    let answer = Ask::get("/clients").bearer(&altinn).to(&stub).await;
    assert_problem(&answer, 401, "Altinn's token");
    let writer = User::new(&stub, OWNER, WRITE, "/clients").await;
    let path = format!("/{}", id(&writer.post("", &order()).await));
    for (scope, statuses) in [
        ("idporten:dcr.read", [200, 403, 403, 403]),
        ("idporten:dcr.modify", [200, 200, 403, 403]),
        (WRITE, [200, 200, 201, 204]),
        ("idporten:scopes.write", [403, 403, 403, 403]),
    ] {
        let user = User::new(&stub, OWNER, scope, "/clients").await;
        let answers = [
            user.get(&path).await.status,
            user.put(&path, &order()).await.status,
            user.post("", &order()).await.status,
            user.delete(&path).await.status,
        ];
        assert_eq!(answers, statuses, "{scope}");
    }
    let stranger = User::new(&stub, OTHER, WRITE, "/clients").await;
    assert_problem(&stranger.get(&path).await, 404, "another's client");
    assert_problem(&stranger.delete(&path).await, 404, "another's client");
}

#[tokio::test]
async fn a_supplier_makes_clients_for_others() {
    let stub = Stub::start().await.unwrap();
    let scope = "idporten:dcr.supplier";
    let supplier = User::new(&stub, OTHER, scope, "/clients").await;
    let for_customer = with(json!({"client_orgno": OWNER}));
    let made = supplier.post("", &for_customer).await;
    let path = format!("/{}", id(&made));
    assert_eq!(made.json()["client_orgno"], OWNER);
    assert_eq!(made.json()["supplier_orgno"], OTHER);
    assert_eq!(supplier.get(&path).await.status, 200);
    assert_problem(&supplier.post("", &order()).await, 403, "for itself");
    let customer = User::new(&stub, OWNER, WRITE, "/clients").await;
    let for_other = with(json!({"client_orgno": OTHER}));
    assert_problem(&customer.post("", &for_other).await, 403, "for another");
}

#[tokio::test]
async fn a_client_made_over_http_gets_tokens() {
    let stub = Stub::start().await.unwrap();
    let admin = User::new(&stub, OWNER, WRITE, "/clients").await;
    let id = id(&admin.post("", &order()).await);
    let key = Signer::of(&Client::generate("key", OWNER).unwrap());
    let signer = key.for_client(&id);
    let jwk: Value = serde_json::from_str(&key.public_jwk(key.kid())).unwrap();
    let answer = admin
        .post(&format!("/{id}/jwks"), &json!({"keys": [jwk]}))
        .await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let answer = post_assertion(&stub, &signer.grant(&stub, "a:one").sign()).await;
    let token = answer.json();
    let token = claims(token["access_token"].as_str().unwrap());
    assert_eq!(token["client_id"], id.as_str());
    assert_eq!(token["consumer"]["ID"], "0192:991825827");
    let answer = post_assertion(&stub, &signer.grant(&stub, "a:other").sign()).await;
    let expected = (400, "invalid_scope", Some("MP-200"), "a:other");
    assert_refused(&stub, &answer, expected, "a scope it does not have");
    admin.delete(&format!("/{id}")).await;
    let answer = post_assertion(&stub, &signer.grant(&stub, "a:one").sign()).await;
    let expected = (400, "invalid_grant", Some("MP-100"), "Client not found");
    assert_refused(&stub, &answer, expected, "deactivated");
}

#[tokio::test]
async fn what_a_test_said_of_a_clients_scopes_still_holds() {
    let stub = Stub::start().await.unwrap();
    let client = Client::generate("mine", OWNER).unwrap();
    let client = client.scopes("a:one").scopes_not_granted("a:two/x.read");
    let signer = Signer::of(&client);
    stub.register(client);
    let admin = User::new(&stub, OWNER, WRITE, "/clients").await;
    assert_eq!(admin.put("/mine", &order()).await.status, 200);
    let answer = post_assertion(&stub, &signer.grant(&stub, "a:one").sign()).await;
    assert_eq!(answer.status, 200);
    let answer = post_assertion(&stub, &signer.grant(&stub, "a:two/x.read").sign()).await;
    assert_eq!(answer.status, 403);
}
