//! From a system that is registered to a token of its system user, all over HTTP; and who can
//! find a system user.

use maskinporten_stub::{Stub, SystemUser};
use serde_json::{Value, json};

use crate::{
    http::{claims, exchange, post_assertion},
    system_register::{REGISTER, SYSTEM, VENDOR, system},
    system_user_requests::{CUSTOMER, PORTAL, REQUEST, SCOPES, id, order, vendor, with},
    user::User,
};

const USERS: &str = "/authentication/api/v1/systemuser";
const LOOK_UP: &str = "altinn:maskinporten/systemuser.read";
const MP_303: &str = "MP-303";

fn detail(owner: &str, reference: &str) -> Value {
    json!([{
        "type": "urn:altinn:systemuser", "externalRef": reference,
        "systemuser_org": {"authority": "iso6523-actorid-upis", "ID": format!("0192:{owner}")},
    }])
}

/// The token that names a system user, or the number of the error.
async fn ask(stub: &Stub, vendor: &User<'_>, details: &Value) -> Result<String, String> {
    let scope = "altinn:authentication/systemuser.request.read";
    let grant = vendor.signer.grant(stub, scope);
    let grant = grant.claim("authorization_details", details.clone());
    let body = post_assertion(stub, &grant.sign()).await.json();
    match body["access_token"].as_str() {
        Some(token) => Ok(token.to_owned()),
        None => {
            let uri = body["error_uri"].as_str().unwrap();
            Err(uri.rsplit('/').next().unwrap().to_owned())
        }
    }
}

#[tokio::test]
async fn a_vendor_gets_from_a_system_to_a_token() {
    let stub = Stub::start().await.unwrap();
    let vendor = User::new(&stub, VENDOR, SCOPES, REQUEST).await;
    let mut of_client = system();
    of_client["clientId"] = json!([vendor.client_id]);
    let answer = vendor.at(REGISTER).post("", &of_client).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let details = detail(CUSTOMER, "branch-7");

    let request = vendor.post("/vendor", &order()).await.json();
    let id = request["id"].as_str().unwrap();
    assert_eq!(ask(&stub, &vendor, &details).await, Err(MP_303.into()));
    let customer = User::new(&stub, CUSTOMER, PORTAL, REQUEST).await;
    let approve = format!("/{CUSTOMER}/{id}/approve");
    assert_eq!(customer.post(&approve, &json!({})).await.json(), true);
    let status = vendor.get(&format!("/vendor/{id}")).await.json();
    assert_eq!(status["status"], "Accepted");

    let token = ask(&stub, &vendor, &details).await.unwrap();
    let found = claims(&token)["authorization_details"][0].clone();
    assert_eq!(found["system_id"], SYSTEM);
    assert_eq!(found["externalRef"], "branch-7");
    assert_eq!(claims(&token)["consumer"]["ID"], "0192:991825827");
    let altinn = claims(exchange(&stub, &token).await.text());
    assert_eq!(altinn["authorization_details"], found);
    assert_eq!(altinn["urn:altinn:orgNumber"], VENDOR);
    for (owner, reference) in [(CUSTOMER, CUSTOMER), ("974761076", "branch-7")] {
        let refused = ask(&stub, &vendor, &detail(owner, reference)).await;
        assert_eq!(refused, Err(MP_303.into()), "{owner} {reference}");
    }

    // What vendors and Maskinporten see of it.
    let users = vendor.at(USERS);
    let query = format!("/vendor/byquery?system-id={SYSTEM}&orgno={CUSTOMER}");
    let user = users.get(&format!("{query}&external-ref=branch-7")).await;
    let user = user.json();
    assert_eq!(json!([user["id"]]), found["systemuser_id"]);
    assert_eq!(users.get(&query).await.status, 404, "of another reference");
    let listed = users
        .get(&format!("/vendor/bysystem/{SYSTEM}"))
        .await
        .json();
    assert_eq!(listed, json!({"links": {"next": null}, "data": [user]}));
    let maskinporten = User::new(&stub, VENDOR, LOOK_UP, USERS).await;
    let external = |vendor: &str, client: &str, reference: &str| {
        format!(
            "/byExternalId?clientId={client}&systemProviderOrgNo={vendor}\
             &systemUserOwnerOrgNo={CUSTOMER}&externalRef={reference}"
        )
    };
    let client = vendor.client_id.as_str();
    let hit = maskinporten
        .get(&external(VENDOR, client, "branch-7"))
        .await;
    assert_eq!(hit.json(), user);
    for (vendor, client, reference, status) in [
        ("974761076", client, "branch-7", 404),
        (VENDOR, "other", "branch-7", 404),
        (VENDOR, client, "", 404),
        (VENDOR, "", "branch-7", 400),
    ] {
        let answer = maskinporten.get(&external(vendor, client, reference)).await;
        assert_eq!(answer.status, status, "{vendor} {client} {reference}");
    }
    let path = external(VENDOR, client, "branch-7");
    assert_eq!(users.get(&path).await.status, 403);
    assert_eq!(maskinporten.get(&query).await.status, 403);

    // It cannot be asked for twice, until the customer has taken it away.
    let again = vendor.post("/vendor", &order()).await;
    assert_eq!(
        (again.status, &again.json()["code"]),
        (400, &json!("AUTH-00004"))
    );
    let path = format!("/{CUSTOMER}/{}", user["id"].as_str().unwrap());
    assert_eq!(customer.at(USERS).delete(&path).await.status, 202);
    assert_eq!(customer.at(USERS).delete(&path).await.status, 404);
    assert_eq!(ask(&stub, &vendor, &details).await, Err(MP_303.into()));
    assert_eq!(vendor.post("/vendor", &order()).await.status, 201);
}

#[tokio::test]
async fn the_clients_of_a_system_are_those_it_has_now() {
    let stub = Stub::start().await.unwrap();
    let vendor = User::new(&stub, VENDOR, SCOPES, REQUEST).await;
    let register = vendor.at(REGISTER);
    assert_eq!(register.post("", &system()).await.status, 200);
    let request = vendor.post("/vendor", &order()).await.json();
    let user = stub.approve_request(request["id"].as_str().unwrap());
    let user = user.unwrap();
    let details = detail(CUSTOMER, "branch-7");
    assert_eq!(ask(&stub, &vendor, &details).await, Err(MP_303.into()));
    let mut of_client = system();
    of_client["clientId"] = json!([vendor.client_id]);
    let own = format!("/{SYSTEM}");
    assert_eq!(register.put(&own, &of_client).await.status, 200);
    let token = ask(&stub, &vendor, &details).await.unwrap();
    let found = &claims(&token)["authorization_details"][0];
    assert_eq!(found["systemuser_id"], json!([user.id()]));
    // A client of another organisation is not the vendor's, whatever the system says.
    let scopes = "altinn:authentication/systemuser.request.read";
    let stranger = User::new(&stub, "974761076", scopes, REQUEST).await;
    of_client["clientId"] = json!([vendor.client_id, stranger.client_id]);
    assert_eq!(register.put(&own, &of_client).await.status, 200);
    assert_eq!(ask(&stub, &stranger, &details).await, Err(MP_303.into()));
    assert_eq!(register.delete(&own).await.status, 200);
    assert_eq!(ask(&stub, &vendor, &details).await, Err(MP_303.into()));
}

#[tokio::test]
async fn system_users_that_a_test_registers_are_in_the_same_register() {
    let stub = Stub::start().await.unwrap();
    let vendor = User::new(&stub, VENDOR, SCOPES, REQUEST).await;
    assert_eq!(vendor.at(REGISTER).post("", &system()).await.status, 200);
    let user = SystemUser::of(CUSTOMER).system_id(SYSTEM);
    let user = user.external_ref("branch-7");
    stub.register_system_user(user.clone());
    let answer = vendor.post("/vendor", &order()).await;
    assert_eq!(answer.json()["code"], "AUTH-00004");
    let users = vendor.at(USERS);
    let listed = users.get(&format!("/vendor/bysystem/{SYSTEM}")).await;
    assert_eq!(listed.json()["data"][0]["id"], user.id());
}

#[tokio::test]
async fn long_lists_come_in_pages() {
    let stub = Stub::start().await.unwrap();
    let vendor = vendor(&stub).await;
    for reference in 0..101 {
        let order = with(json!({"externalRef": reference.to_string()}));
        let id = id(&vendor.post("/vendor", &order).await);
        assert!(stub.approve_request(&id).is_some());
    }
    for path in [
        format!("/request/vendor/bysystem/{SYSTEM}"),
        format!("/vendor/bysystem/{SYSTEM}"),
    ] {
        let users = vendor.at("/authentication/api/v1/systemuser");
        let mut next = Some(path.clone());
        let mut seen = Vec::new();
        let mut sizes = Vec::new();
        while let Some(path) = next {
            let page = users.get(&path).await.json();
            let data = page["data"].as_array().unwrap();
            sizes.push(data.len());
            seen.extend(data.iter().map(|item| item["externalRef"].clone()));
            let url = page["links"]["next"].as_str();
            let base = format!("{}/authentication/api/v1/systemuser", stub.base_url());
            next = url.map(|url| url.strip_prefix(&base).unwrap().to_owned());
        }
        assert_eq!(sizes, [50, 50, 1], "{path}");
        let expected: Vec<Value> = (0..101)
            .map(|reference| reference.to_string().into())
            .collect();
        assert_eq!(seen, expected, "{path}");
        let answer = users.get(&format!("{path}?token=x")).await;
        assert_eq!(answer.status, 400);
    }
}
