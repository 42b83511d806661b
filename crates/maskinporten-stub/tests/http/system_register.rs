//! Vendors' systems.

use maskinporten_stub::Stub;
use serde_json::{Value, json};

use crate::{
    http::{Answer, Ask, exchange},
    user::User,
};

pub(crate) const REGISTER: &str = "/authentication/api/v1/systemregister/vendor";
pub(crate) const REGISTER_SCOPE: &str = "altinn:authentication/systemregister.write";
pub(crate) const VENDOR: &str = "991825827";
pub(crate) const SYSTEM: &str = "991825827_smartcloud";

pub(crate) fn system() -> Value {
    json!({
        "id": SYSTEM,
        "vendor": {"authority": "iso6523-actorid-upis", "ID": "0192:991825827"},
        "name": {"nb": "Sky", "nn": "Sky", "en": "Cloud"},
        "description": {"nb": "Regnskap", "nn": "Rekneskap", "en": "Accounting"},
        "rights": [{"resource": [{"id": "urn:altinn:resource", "value": "a-resource"}]}],
        "accessPackages": [{"urn": "urn:altinn:accesspackage:skatt"}],
        "clientId": ["cloud"],
        "isVisible": false,
        "allowedRedirectUrls": ["https://smartcloud.example/callback"],
    })
}

fn with(change: Value) -> Value {
    let mut system = system();
    let members = change.as_object().unwrap().clone();
    system.as_object_mut().unwrap().extend(members);
    system
}

/// The codes of the validation errors, in their order.
fn codes(answer: &Answer) -> Vec<String> {
    let body = answer.json();
    assert_eq!(
        (answer.status, &body["code"], body["status"].as_u64()),
        (400, &json!("STD-00000"), Some(400)),
        "{body}"
    );
    let errors = body["validationErrors"].as_array().unwrap();
    let code = |error: &Value| {
        assert!(error["title"].is_string() && error["paths"].is_array());
        error["code"].as_str().unwrap().to_owned()
    };
    errors.iter().map(code).collect()
}

#[tokio::test]
async fn a_system_is_registered_changed_and_deleted() {
    let stub = Stub::start().await.unwrap();
    let vendor = User::new(&stub, VENDOR, REGISTER_SCOPE, REGISTER).await;
    let answer = vendor.post("", &system()).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.json().as_str().unwrap().len(), 36);
    let own = format!("/{SYSTEM}");
    let mut kept = vendor.get(&own).await.json();
    assert_eq!(kept["vendor"], json!({"ID": "0192:991825827"}));
    kept["vendor"] = system()["vendor"].clone();
    assert_eq!(kept, system());

    let rights = json!([{"resource": [{"id": "urn:altinn:resource", "value": "other"}]}]);
    let packages = json!([]);
    let success = json!({"success": true});
    let answer = vendor.put(&format!("{own}/rights"), &rights).await;
    assert_eq!(answer.json(), success);
    let answer = vendor
        .put(&format!("{own}/accesspackages"), &packages)
        .await;
    assert_eq!(answer.json(), success);
    let kept = vendor.get(&own).await.json();
    assert_eq!(
        (&kept["rights"], &kept["accessPackages"]),
        (&rights, &packages)
    );
    let answer = vendor
        .put(&own, &with(json!({"clientId": ["cloud", "two"]})))
        .await;
    assert_eq!(answer.json(), success);
    let listed = vendor.get("").await.json();
    assert_eq!(listed[0]["systemId"], SYSTEM);
    assert_eq!(listed[0]["systemVendorOrgNumber"], VENDOR);

    assert_eq!(vendor.delete(&own).await.json(), success);
    assert_eq!(vendor.get("").await.json(), json!([]));
    assert_eq!(vendor.get(&own).await.status, 200, "it can still be seen");
    assert_eq!(vendor.put(&own, &system()).await.status, 400);
    let answer = vendor.post("", &with(json!({"clientId": ["new"]}))).await;
    assert_eq!(codes(&answer), ["AUTH.VLD-00002"]);
    let log = vendor.get(&format!("{own}/changelog")).await.json();
    let log = log.as_array().unwrap();
    let kinds: Vec<&str> = log
        .iter()
        .map(|entry| entry["changeType"].as_str().unwrap())
        .collect();
    assert_eq!(
        kinds,
        [
            "create",
            "rightsupdate",
            "accesspackageupdate",
            "update",
            "delete"
        ]
    );
    assert_eq!(log[0]["changedByOrgNumber"], VENDOR);
}

#[tokio::test]
async fn every_rule_has_its_code() {
    let stub = Stub::start().await.unwrap();
    let vendor = User::new(&stub, VENDOR, REGISTER_SCOPE, REGISTER).await;
    let other = json!({"id": "991825827_other", "clientId": ["taken"]});
    assert_eq!(vendor.post("", &with(other)).await.status, 200);
    let right = |id: &str| json!({"resource": [{"id": id, "value": "a"}]});
    let good = right("urn:altinn:resource");
    let package = json!({"urn": "urn:altinn:accesspackage:skatt"});
    for (change, expected) in [
        (json!({"vendor": {"ID": "991825827"}}), vec![0]),
        (json!({"id": "991825827_a b"}), vec![13]),
        (json!({"id": "974761076_cloud"}), vec![1]),
        (json!({"id": "991825827"}), vec![1]),
        (json!({"id": "991825827_other"}), vec![2]),
        (
            json!({"allowedRedirectUrls": ["http://a.example"]}),
            vec![5],
        ),
        (json!({"clientId": ["Taken"]}), vec![4]),
        (json!({"clientId": ["a", "A"]}), vec![11]),
        (json!({"rights": [right("urn:altinn:app")]}), vec![9]),
        (json!({"rights": [good, good]}), vec![6]),
        (json!({"accessPackages": [{"urn": "skatt"}]}), vec![8]),
        (json!({"accessPackages": [package, package]}), vec![7]),
        // All at once.
        (
            json!({"id": "a b", "clientId": ["taken"], "rights": [right("a")]}),
            vec![13, 1, 4, 9],
        ),
        // But not what comes before the rest.
        (json!({"id": "a b", "vendor": {"ID": "x"}}), vec![0]),
    ] {
        let answer = vendor.post("", &with(change.clone())).await;
        let expected: Vec<String> = expected
            .iter()
            .map(|number| format!("AUTH.VLD-{number:05}"))
            .collect();
        assert_eq!(codes(&answer), expected, "{change}");
    }
    assert_eq!(vendor.post("", &system()).await.status, 200);
    let answer = vendor
        .put(&format!("/{SYSTEM}"), &with(json!({"id": "x"})))
        .await;
    assert_eq!(codes(&answer), ["AUTH.VLD-00012"]);
    let taken = with(json!({"clientId": ["taken"]}));
    let answer = vendor.put(&format!("/{SYSTEM}"), &taken).await;
    assert_eq!(codes(&answer), ["AUTH.VLD-00004"]);
    // A deleted system lets go of its clients.
    assert_eq!(vendor.delete("/991825827_other").await.status, 200);
    let answer = vendor.put(&format!("/{SYSTEM}"), &taken).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(vendor.post("", &json!({"id": 1})).await.status, 400);
    assert_eq!(vendor.get("/991825827_none").await.status, 404);
}

#[tokio::test]
async fn the_case_of_a_members_name_does_not_matter() {
    let stub = Stub::start().await.unwrap();
    let vendor = User::new(&stub, VENDOR, REGISTER_SCOPE, REGISTER).await;
    let pascal = json!({
        "Id": SYSTEM, "Vendor": {"id": "0192:991825827"}, "Name": {"nb": "Sky"},
        "Description": {"nb": "Regnskap"}, "ClientId": ["cloud"], "unknown": 1,
        "RIGHTS": [{"Resource": [{"Id": "urn:altinn:resource", "Value": "a-resource"}]}],
    });
    let answer = vendor.post("", &pascal).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let kept = vendor.get(&format!("/{SYSTEM}")).await.json();
    for member in ["id", "clientId", "rights"] {
        assert_eq!(kept[member], system()[member], "{member}");
    }
}

#[tokio::test]
async fn only_the_vendor_with_the_scope_is_let_in() {
    let stub = Stub::start().await.unwrap();
    let vendor = User::new(&stub, VENDOR, REGISTER_SCOPE, REGISTER).await;
    let stranger = User::new(&stub, "974761076", REGISTER_SCOPE, REGISTER).await;
    let without = User::new(&stub, VENDOR, "altinn:portal/enduser", REGISTER).await;
    let admin_scope = "altinn:authentication/systemregister.admin";
    let admin = User::new(&stub, "974761076", admin_scope, REGISTER).await;
    let answer = Ask::get(REGISTER).to(&stub).await;
    assert_eq!((answer.status, answer.text()), (401, ""));
    assert_eq!(Ask::get(REGISTER).bearer("abc").to(&stub).await.status, 401);
    assert_eq!(without.get("").await.status, 403);
    // Whose it is comes before what is wrong with it, but after whether it is anybody's.
    let broken = with(json!({"id": "a b"}));
    assert_eq!(stranger.post("", &broken).await.status, 403);
    let nobodys = with(json!({"vendor": {"ID": "x"}}));
    assert_eq!(
        codes(&stranger.post("", &nobodys).await),
        ["AUTH.VLD-00000"]
    );
    assert_eq!(vendor.post("", &system()).await.status, 200);
    let own = format!("/{SYSTEM}");
    assert_eq!(stranger.get(&own).await.status, 403);
    assert_eq!(stranger.put(&own, &system()).await.status, 403);
    assert_eq!(stranger.delete(&own).await.status, 403);
    assert_eq!(admin.get(&own).await.status, 200);
    // An exchanged token does as well.
    let altinn = exchange(&stub, &vendor.token).await;
    let answer = Ask::get(format!("{REGISTER}{own}")).bearer(altinn.text());
    assert_eq!(answer.to(&stub).await.status, 200);
}
