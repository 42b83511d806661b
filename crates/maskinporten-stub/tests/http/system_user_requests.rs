//! Vendors' requests for system users, and what becomes of them.

use std::time::Duration;

use maskinporten_stub::Stub;
use serde_json::{Value, json};

use crate::{
    http::Answer,
    system_register::{REGISTER, REGISTER_SCOPE, SYSTEM, VENDOR, system},
    user::User,
};

pub(crate) const REQUEST: &str = "/authentication/api/v1/systemuser/request";
pub(crate) const SCOPES: &str = "altinn:authentication/systemregister.write \
    altinn:authentication/systemuser.request.write altinn:authentication/systemuser.request.read";
pub(crate) const PORTAL: &str = "altinn:portal/enduser";
pub(crate) const CUSTOMER: &str = "310702641";

pub(crate) fn order() -> Value {
    json!({
        "systemId": SYSTEM, "partyOrgNo": CUSTOMER, "externalRef": "branch-7",
        "rights": [{"resource": [{"id": "urn:altinn:resource", "value": "a-resource"}]}],
        "accessPackages": [], "redirectUrl": "https://smartcloud.example/callback",
        "integrationTitle": "Cloud for Example AS",
    })
}

pub(crate) fn with(change: Value) -> Value {
    let mut order = order();
    let members = change.as_object().unwrap().clone();
    order.as_object_mut().unwrap().extend(members);
    order
}

/// A vendor whose system is registered.
pub(crate) async fn vendor(stub: &Stub) -> User<'_> {
    let vendor = User::new(stub, VENDOR, SCOPES, REQUEST).await;
    let answer = vendor.at(REGISTER).post("", &system()).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    vendor
}

pub(crate) fn id(answer: &Answer) -> String {
    answer.json()["id"].as_str().unwrap().to_owned()
}

fn assert_problem(answer: &Answer, status: u16, code: &str, case: &str) {
    let body = answer.json();
    assert_eq!(answer.status, status, "{case}: {body}");
    assert_eq!(body["code"], code, "{case}: {body}");
    assert_eq!(body["type"], format!("urn:altinn:error:{code}"), "{case}");
    assert_eq!(
        answer.header("content-type"),
        "application/problem+json; charset=utf-8"
    );
}

#[tokio::test]
async fn a_request_is_made_once_and_followed() {
    let stub = Stub::start().await.unwrap();
    let vendor = vendor(&stub).await;
    let made = vendor.post("/vendor", &order()).await;
    let body = made.json();
    assert_eq!(
        (made.status, &body["status"]),
        (201, &json!("New")),
        "{body}"
    );
    let id = id(&made);
    let base = stub.base_url();
    assert_eq!(made.header("location"), format!("{base}{REQUEST}/{id}"));
    let page = "accessmanagement/ui/systemuser/request";
    assert_eq!(
        body["confirmUrl"],
        format!("{base}/{page}?id={id}&DONTCHOOSEREPORTEE=true")
    );
    let again = vendor.post("/vendor", &order()).await;
    assert_eq!((again.status, again.json()), (200, body.clone()));
    let path = format!("/vendor/byexternalref/{SYSTEM}/{CUSTOMER}/branch-7");
    for path in [format!("/vendor/{id}"), path.clone()] {
        assert_eq!(vendor.get(&path).await.json(), body, "{path}");
    }
    assert_eq!(vendor.delete(&format!("/vendor/{id}")).await.status, 202);
    assert_problem(&vendor.get(&path).await, 404, "AUTH-00010", "withdrawn");
    assert_eq!(vendor.post("/vendor", &order()).await.status, 201);
}

#[tokio::test]
async fn an_agents_request_is_another() {
    let stub = Stub::start().await.unwrap();
    let vendor = vendor(&stub).await;
    let package = json!([{"urn": "urn:altinn:accesspackage:skatt"}]);
    let order = with(json!({"accessPackages": package, "rights": []}));
    let standard = id(&vendor.post("/vendor", &order).await);
    let made = vendor.post("/vendor/agent", &order).await;
    let body = made.json();
    assert_eq!(made.status, 201, "{body}");
    assert!(body.get("rights").is_none());
    assert!(
        body["confirmUrl"]
            .as_str()
            .unwrap()
            .contains("/agentrequest?id=")
    );
    assert_eq!(vendor.post("/vendor/agent", &order).await.status, 200);
    let agent = id(&made);
    let path = format!("/vendor/agent/byexternalref/{SYSTEM}/{CUSTOMER}/branch-7");
    for path in [format!("/vendor/agent/{agent}"), path] {
        assert_eq!(vendor.get(&path).await.json(), body, "{path}");
    }
    let list = format!("/vendor/agent/bysystem/{SYSTEM}");
    assert_eq!(vendor.get(&list).await.json()["data"], json!([body]));
    for path in [
        format!("/vendor/{agent}"),
        format!("/vendor/agent/{standard}"),
    ] {
        assert_problem(&vendor.get(&path).await, 404, "AUTH-00010", &path);
    }
    let user = User::new(&stub, CUSTOMER, PORTAL, REQUEST).await;
    let path = format!("/agent/{CUSTOMER}/{standard}/approve");
    assert_problem(
        &user.post(&path, &json!({})).await,
        400,
        "AUTH-00025",
        &path,
    );
    let path = format!("/agent/974761076/{agent}/approve");
    assert_problem(
        &user.post(&path, &json!({})).await,
        403,
        "AUTH-00042",
        &path,
    );
    let path = format!("/agent/{CUSTOMER}/{agent}/approve");
    assert_eq!(user.post(&path, &json!({})).await.json(), true);
    let users = vendor.at("/authentication/api/v1/systemuser");
    let query = format!("system-id={SYSTEM}&orgno={CUSTOMER}&external-ref=branch-7");
    let found = users.get(&format!("/vendor/byquery?{query}")).await.json();
    assert_eq!(found["userType"], "agent");
}

#[tokio::test]
async fn every_problem_has_its_code() {
    let stub = Stub::start().await.unwrap();
    let vendor = vendor(&stub).await;
    let bare = json!({"id": "991825827_bare", "rights": [], "clientId": [],
        "accessPackages": [{"urn": "urn:altinn:accesspackage:skatt"}], "allowedRedirectUrls": []});
    let mut of_bare = system();
    let members = bare.as_object().unwrap().clone();
    of_bare.as_object_mut().unwrap().extend(members);
    assert_eq!(vendor.at(REGISTER).post("", &of_bare).await.status, 200);
    let right = json!([{"resource": [{"id": "urn:altinn:resource", "value": "other"}]}]);
    let package = json!([{"urn": "urn:altinn:accesspackage:other"}]);
    let elsewhere = "https://elsewhere.example";
    for (change, status, code) in [
        (json!({"partyOrgNo": "31070264x"}), 400, "AUTH-00000"),
        (json!({"rights": right}), 400, "AUTH-00001"),
        (json!({"systemId": "991825827_none"}), 404, "AUTH-00011"),
        (json!({"redirectUrl": elsewhere}), 400, "AUTH-00021"),
        (json!({"systemId": "991825827_bare"}), 400, "AUTH-00026"),
        (json!({"rights": []}), 400, "AUTH-00059"),
        (json!({"accessPackages": package}), 400, "AUTH-00063"),
    ] {
        let answer = vendor.post("/vendor", &with(change.clone())).await;
        assert_problem(&answer, status, code, &change.to_string());
    }
    assert_eq!(vendor.post("/vendor", &json!([])).await.status, 400);
    assert_eq!(vendor.get("/vendor/not-an-id").await.status, 400);
    let id = id(&vendor.post("/vendor", &order()).await);
    let stranger = User::new(&stub, "974761076", SCOPES, REQUEST).await;
    for path in [
        format!("/vendor/{id}"),
        format!("/vendor/bysystem/{SYSTEM}"),
    ] {
        assert_problem(&stranger.get(&path).await, 404, "AUTH-00011", &path);
    }
    let answer = stranger.delete(&format!("/vendor/{id}")).await;
    assert_problem(&answer, 404, "AUTH-00011", "another vendor's");
    // A deleted system takes no requests.
    let answer = vendor.at(REGISTER).delete(&format!("/{SYSTEM}")).await;
    assert_eq!(answer.status, 200);
    let answer = vendor
        .post("/vendor", &with(json!({"externalRef": "b"})))
        .await;
    assert_problem(&answer, 404, "AUTH-00011", "deleted");
}

#[tokio::test]
async fn each_call_wants_its_scope() {
    let stub = Stub::start().await.unwrap();
    let vendor = vendor(&stub).await;
    let id = id(&vendor.post("/vendor", &order()).await);
    let write = "altinn:authentication/systemuser.request.write";
    let writer = User::new(&stub, VENDOR, write, REQUEST).await;
    let read = "altinn:authentication/systemuser.request.read";
    let reader = User::new(&stub, VENDOR, read, REQUEST).await;
    let path = format!("/vendor/{id}");
    assert_eq!(writer.get(&path).await.status, 403);
    assert_eq!(reader.get(&path).await.status, 200);
    assert_eq!(reader.post("/vendor", &order()).await.status, 403);
    assert_eq!(reader.delete(&path).await.status, 403);
    let registrar = User::new(&stub, VENDOR, REGISTER_SCOPE, REQUEST).await;
    assert_eq!(registrar.get(&path).await.status, 403);
    let approve = format!("/{CUSTOMER}/{id}/approve");
    assert_eq!(vendor.post(&approve, &json!({})).await.status, 403);
}

#[tokio::test]
async fn an_end_user_decides_once_and_in_time() {
    let stub = Stub::start().await.unwrap();
    let mut vendor = vendor(&stub).await;
    let mut user = User::new(&stub, CUSTOMER, PORTAL, REQUEST).await;
    let request = id(&vendor.post("/vendor", &order()).await);
    let decide = |name: &str, party: &str, id: &str| format!("/{party}/{id}/{name}");
    let answer = user
        .post(&decide("approve", "974761076", &request), &json!({}))
        .await;
    assert_problem(&answer, 403, "AUTH-00041", "another party");
    let unknown = decide("approve", CUSTOMER, "b8d4d4d9-680b-4905-90c1-47ac5ff0c0a4");
    assert_problem(
        &user.post(&unknown, &json!({})).await,
        404,
        "AUTH-00010",
        "unknown",
    );
    let answer = user
        .post(&decide("forget", CUSTOMER, &request), &json!({}))
        .await;
    assert_eq!(answer.status, 404);
    let answer = user
        .post(&decide("escalate", CUSTOMER, &request), &json!({}))
        .await;
    assert_eq!(answer.json(), true);
    let path = format!("/vendor/{request}");
    let body = vendor.get(&path).await.json();
    assert_eq!(
        (&body["status"], &body["escalated"]),
        (&json!("New"), &json!(true))
    );
    let answer = user
        .post(&decide("reject", CUSTOMER, &request), &json!({}))
        .await;
    assert_eq!(answer.json(), true);
    let body = vendor.get(&path).await.json();
    assert_eq!(body["status"], "Rejected");
    let answer = user
        .post(&decide("approve", CUSTOMER, &request), &json!({}))
        .await;
    assert_problem(&answer, 409, "AUTH-00013", "decided");
    assert!(stub.approve_request(&request).is_none());
    assert!(!stub.reject_request(&request));
    // As long as it is there, it is the answer to the same order.
    assert_eq!(vendor.post("/vendor", &order()).await.json(), body);

    let other = with(json!({"externalRef": "late"}));
    let late = id(&vendor.post("/vendor", &other).await);
    let ten_days = Duration::from_hours(240);
    stub.advance_clock(ten_days);
    vendor.refresh(ten_days).await;
    user.refresh(ten_days).await;
    let body = vendor.get(&format!("/vendor/{late}")).await.json();
    assert_eq!(
        (&body["status"], &body["timedOut"]),
        (&json!("Timedout"), &json!(true))
    );
    let answer = user
        .post(&decide("approve", CUSTOMER, &late), &json!({}))
        .await;
    assert_problem(&answer, 409, "AUTH-00013", "too late");
    let renewed = vendor.post("/vendor", &other).await;
    assert_eq!(renewed.status, 201);
    assert!(stub.reject_request(&id(&renewed)));
}
