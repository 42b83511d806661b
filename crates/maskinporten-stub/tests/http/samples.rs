//! Answers beside samples of real ones, where those are at hand.

use std::path::Path;

use maskinporten_stub::Stub;
use serde_json::{Value, json};

use crate::{
    http::{Ask, JSON, altinn_token, claims, exchange, maskinporten_token, members, part},
    reader::{READ, Reader},
    sender::{API, EICAR, Sender, id, order},
};

const SCOPES: &str = "altinn:serviceowner/instances.read altinn:serviceowner/instances.write";

/// The text of a sample; the test passes without it.
#[expect(clippy::print_stderr, reason = "says why the test checks nothing")]
pub(crate) fn sample(name: &str) -> Option<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared/reference")
        .join(name);
    let text = std::fs::read_to_string(path).ok();
    if text.is_none() {
        eprintln!("skipped: no sample {name}");
    }
    text
}

/// The shape of a value: its members all the way down, and the types of the rest.
fn shape(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let shapes = members
                .iter()
                .map(|(name, value)| (name.clone(), shape(value)));
            Value::Object(shapes.collect())
        }
        // All items are alike; how many there are is the test's business.
        Value::Array(items) => Value::Array(items.first().map(shape).into_iter().collect()),
        Value::String(_) => "text".into(),
        Value::Number(_) => "number".into(),
        Value::Bool(_) => "truth".into(),
        Value::Null => Value::Null,
    }
}

pub(crate) fn assert_same_shape(name: &str, answer: &Value, differing: &[&str]) {
    let Some(sample) = sample(name) else { return };
    let mut sample: Value = serde_json::from_str(&sample).unwrap();
    let mut answer = answer.clone();
    for pointer in differing {
        assert!(answer.pointer(pointer).is_some(), "{name} {pointer}");
        *sample.pointer_mut(pointer).unwrap() = Value::Null;
        *answer.pointer_mut(pointer).unwrap() = Value::Null;
    }
    assert_eq!(shape(&answer), shape(&sample), "{name}");
}

#[tokio::test]
async fn tokens_have_the_members_of_the_samples_in_their_order() {
    let stub = Stub::start().await.unwrap();
    let maskinporten = maskinporten_token(&stub, SCOPES).await;
    let altinn = exchange(&stub, &maskinporten).await;
    for (name, json) in [
        ("samples/mp-token-claims-basic.json", part(&maskinporten, 1)),
        ("samples/mp-token-header.json", part(&maskinporten, 0)),
        (
            "samples/altinn-token-claims-serviceowner.json",
            part(altinn.text(), 1),
        ),
        ("samples/altinn-token-header.json", part(altinn.text(), 0)),
    ] {
        let Some(sample) = sample(name) else { continue };
        let sample = sample.replace("\": ", "\":");
        assert_eq!(members(&json), members(&sample), "{name}");
    }
    assert_same_shape(
        "samples/mp-token-claims-basic.json",
        &claims(&maskinporten),
        &[],
    );
    assert_same_shape(
        "samples/altinn-token-claims-serviceowner.json",
        &claims(altinn.text()),
        &[],
    );
}

#[tokio::test]
async fn published_documents_have_the_members_of_the_samples() {
    let stub = Stub::start().await.unwrap();
    for (path, name) in [
        (
            "/.well-known/oauth-authorization-server",
            "samples/mp-metadata-test.json",
        ),
        ("/jwk", "samples/mp-jwks.json"),
        (
            "/authentication/api/v1/openid/.well-known/openid-configuration",
            "samples/altinn-discovery.json",
        ),
        (
            "/authentication/api/v1/openid/.well-known/openid-configuration/jwks",
            "samples/altinn-jwks-standard-base64.json",
        ),
    ] {
        let answer = Ask::get(path).to(&stub).await.json();
        assert_same_shape(name, &answer, &[]);
    }
}

#[tokio::test]
async fn the_correspondence_api_answers_in_the_shape_of_the_samples() {
    let stub = Stub::start().await.unwrap();
    let token = altinn_token(&stub, "altinn:correspondence.write").await;
    let post = |path: String, content_type: &'static str, body: String| {
        Ask::post(format!("{API}{path}"), content_type, body)
            .bearer(&token)
            .to(&stub)
    };
    let get = |path: String| Ask::get(format!("{API}{path}")).bearer(&token).to(&stub);
    let attachment = json!({"resourceId": "ttd-brev", "fileName": "vedtak.pdf", "displayName": "Vedtak", "sendersReference": "ref"});
    let id = post("/attachment".into(), JSON, attachment.to_string())
        .await
        .json();
    assert_same_shape(
        "correspondence-samples/res_initialize_attachment.json",
        &id,
        &[],
    );
    let id = id.as_str().unwrap().to_owned();
    let bytes = "application/octet-stream";
    let uploading = post(format!("/attachment/{id}/upload"), bytes, "pdf".into())
        .await
        .json();
    assert_same_shape(
        "correspondence-samples/res_attachment_uploading.json",
        &uploading,
        &[],
    );
    let published = get(format!("/attachment/{id}")).await.json();
    assert_same_shape(
        "correspondence-samples/res_attachment_published.json",
        &published,
        &[],
    );

    let order = json!({
        "correspondence": {
            "resourceId": "ttd-brev", "sendersReference": "sak", "ignoreReservation": false,
            "content": {"messageTitle": "Vedtak", "messageBody": "Innvilget"},
        },
        "recipients": ["0192:310244007"], "existingAttachments": [id],
        "idempotentKey": "6b1f4c8e-3a2d-5f7b-9c04-1e8a5d2b7f36",
    });
    let sent = post("/correspondence".into(), JSON, order.to_string())
        .await
        .json();
    assert_same_shape("correspondence-samples/res_initialize.json", &sent, &[]);
    let conflict = post("/correspondence".into(), JSON, order.to_string())
        .await
        .json();
    assert_same_shape(
        "correspondence-samples/err_409_duplicate_key.json",
        &conflict,
        &[],
    );
    let id = sent["correspondences"][0]["correspondenceId"]
        .as_str()
        .unwrap()
        .to_owned();
    let overview = get(format!("/correspondence/{id}")).await.json();
    // The sample was seen with notifications.
    assert_same_shape(
        "correspondence-samples/res_overview_sender_published.json",
        &overview,
        &["/notifications"],
    );
    let details = get(format!("/correspondence/{id}/details")).await.json();
    // The sample is the recipient's.
    assert_same_shape(
        "correspondence-samples/res_details.json",
        &details,
        &["/content/attachments"],
    );
    let missing = get("/correspondence/0198c9f0-1111-7000-8000-000000000001".into())
        .await
        .json();
    assert_same_shape(
        "correspondence-samples/err_404_not_found.json",
        &missing,
        &[],
    );
    let mut nobody = order.clone();
    nobody["recipients"] = json!([]);
    let invalid = post("/correspondence".into(), JSON, nobody.to_string())
        .await
        .json();
    assert_same_shape(
        "correspondence-samples/err_400_validation.json",
        &invalid,
        &[],
    );
}

#[tokio::test]
async fn a_recipient_is_answered_in_the_shape_of_the_samples() {
    let sender = Sender::new().await;
    let reader = Reader::of(&sender.stub).await;
    let change = json!({"displayName": "Vedtak"});
    let attachment = id(&sender.attachment(change.clone()).await);
    sender.upload(&attachment, "pdf").await;
    let mut order = order();
    order["existingAttachments"] = json!([attachment]);
    order["correspondence"]["ignoreReservation"] = false.into();
    let correspondence = sender.sent(&order).await;
    let overview = reader.look(&correspondence).await.json();
    // The sample was seen with notifications.
    assert_same_shape(
        "correspondence-samples/res_overview_recipient.json",
        &overview,
        &["/notifications"],
    );
    let query = "/correspondence?resourceId=ttd-brev&role=Recipient";
    let found = reader.get(query).await.json();
    assert_same_shape("correspondence-samples/res_search.json", &found, &[]);

    let infected = id(&sender.attachment(change).await);
    sender.upload(&infected, EICAR.concat()).await;
    let malware = sender.get(&format!("/attachment/{infected}")).await.json();
    let name = "correspondence-samples/res_attachment_malware.json";
    assert_same_shape(name, &malware, &[]);
    assert_eq!(malware["status"], "Failed");

    order["recipients"] = json!(["25922947409"]);
    let not_theirs = sender.sent(&order).await;
    let refused = reader.look(&not_theirs).await.json();
    let name = "correspondence-samples/err_401_no_access.json";
    assert_same_shape(name, &refused, &[]);
    let token = maskinporten_token(&sender.stub, READ).await;
    let path = format!("{API}/correspondence/{correspondence}/confirm");
    let ask = Ask::post(path, JSON, "").bearer(&token);
    let name = "correspondence-samples/err_403_maskinporten_not_exchanged.json";
    assert_same_shape(name, &ask.to(&sender.stub).await.json(), &[]);
}
