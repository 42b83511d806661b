//! Correspondences: the rules, and what becomes of those that are sent.

use std::time::Duration;

use maskinporten_stub::Client;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    assertion::Signer,
    http::{Ask, exchange, post_assertion},
    sender::{API, Sender, id, new_id, order, sent},
};

#[tokio::test]
async fn a_correspondence_is_sent_published_and_blank_to_its_sender() {
    let sender = Sender::new().await;
    let attachment = sender.uploaded().await;
    let mut order = order();
    let publish_at = jiff::Timestamp::now() + jiff::SignedDuration::from_secs(600);
    order["correspondence"]["requestedPublishTime"] = publish_at.to_string().into();
    order["existingAttachments"] = json!([attachment]);
    let answer = sender.send(&order).await;
    let id = sent(&answer);
    let first = &answer.json()["correspondences"][0];
    assert_eq!(first["status"], "ReadyForPublish");
    assert_eq!(
        first["recipient"],
        "urn:altinn:organization:identifier-no:310244007"
    );
    assert_eq!(answer.json()["attachmentIds"], json!([attachment]));

    let path = format!("/correspondence/{id}");
    let before = sender.get(&path).await.json();
    assert_eq!(before["status"], "ReadyForPublish");
    assert_eq!(before["content"]["messageTitle"], "Vedtak");
    assert_eq!(
        before["content"]["attachments"][0]["id"],
        attachment.as_str()
    );
    assert_eq!(before["published"], Value::Null);

    sender.stub.advance_clock(Duration::from_secs(601));
    let after = sender.get(&format!("{path}/details")).await.json();
    assert_eq!(after["status"], "Published");
    let blank = json!({"language": "no", "messageTitle": "", "messageSummary": "", "messageBody": "", "attachments": []});
    assert_eq!(after["content"], blank);
    let history = after["statusHistory"].as_array().unwrap();
    let statuses: Vec<&Value> = history.iter().map(|event| &event["status"]).collect();
    assert_eq!(statuses, ["Initialized", "ReadyForPublish", "Published"]);

    let answer = sender.upload(&attachment, "again").await;
    assert_eq!(
        answer.code(),
        (400, Some(2003)),
        "it is on a correspondence now"
    );
}

#[tokio::test]
async fn the_recipient_sees_it_when_it_is_published() {
    let sender = Sender::new().await;
    let stub = &sender.stub;
    let client = Client::generate("recipient", "310244007")
        .unwrap()
        .scopes("altinn:correspondence.read");
    let assertion = Signer::of(&client)
        .grant(stub, "altinn:correspondence.read")
        .sign();
    stub.register(client);
    let token = post_assertion(stub, &assertion).await.json()["access_token"].clone();
    let token = exchange(stub, token.as_str().unwrap())
        .await
        .text()
        .to_owned();
    let look = |path: String| Ask::get(format!("{API}{path}")).bearer(&token).to(stub);

    let mut later = order();
    let publish_at = jiff::Timestamp::now() + jiff::SignedDuration::from_secs(600);
    later["correspondence"]["requestedPublishTime"] = publish_at.to_string().into();
    let id = sent(&sender.send(&later).await);
    assert_eq!(
        look(format!("/correspondence/{id}")).await.code(),
        (404, Some(1001))
    );
    stub.advance_clock(Duration::from_secs(601));
    for _look in 0..2 {
        let seen = look(format!("/correspondence/{id}")).await.json();
        assert_eq!(
            (&seen["status"], &seen["content"]["messageTitle"]),
            (&json!("Published"), &json!("Vedtak"))
        );
    }
    let details = look(format!("/correspondence/{id}/details")).await.json();
    let statuses: Vec<&Value> = details["statusHistory"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| &event["status"])
        .collect();
    assert_eq!(
        statuses,
        [
            "Initialized",
            "ReadyForPublish",
            "Published",
            "Fetched",
            "Fetched"
        ]
    );

    let mut other = order();
    other["recipients"] = json!(["25922947409"]);
    let id = sent(&sender.send(&other).await);
    assert_eq!(
        look(format!("/correspondence/{id}")).await.code(),
        (401, Some(4001))
    );
}

#[tokio::test]
async fn an_idempotent_key_is_used_once_for_ever() {
    let sender = Sender::new().await;
    let mut order = order();
    order["idempotentKey"] = Uuid::new_v4().to_string().into();
    let mut refused = order.clone();
    refused["correspondence"]["content"]["language"] = "fr".into();
    assert_eq!(
        sender.send(&refused).await.code(),
        (400, Some(1023)),
        "not used up by a refusal"
    );
    sent(&sender.send(&order).await);
    let again = sender.send(&order).await;
    assert_eq!(again.code(), (409, Some(1034)));
    assert_eq!(again.json()["statusDescription"], "Conflict");
    order["recipients"] = json!(["0192:310244007", "0192:310244008"]);
    assert_eq!(sender.send(&order).await.code(), (400, Some(1047)));
    order["idempotentKey"] = Uuid::nil().to_string().into();
    assert_eq!(sender.send(&order).await.code(), (400, Some(1033)));
}

#[tokio::test]
async fn the_rules_of_a_correspondence() {
    let sender = Sender::new().await;
    sender.stub.register_resource("another", "974761076");
    let unpublished = id(&sender.attachment(json!({})).await);
    let unknown = new_id();
    let ending = id(&sender.attachment(json!({"expirationInDays": 1})).await);
    sender.upload(&ending, "a").await;
    sender.stub.advance_clock(Duration::from_secs(1200));
    let many: Vec<String> = (0..101).map(|_index| new_id()).collect();
    let new_file = json!([{"fileName": "a.pdf"}]);
    for (place, value, code) in [
        ("/correspondence/resourceId", json!("unknown"), 1036),
        ("/correspondence/resourceId", json!("another"), 4001),
        ("/correspondence/isConfidential", json!(true), 1060),
        (
            "/recipients",
            json!([
                "0192:310244007",
                "URN:altinn:organization:identifier-no:310244007"
            ]),
            1006,
        ),
        ("/correspondence/isConfirmationNeeded", json!(true), 1016),
        (
            "/correspondence/dueDateTime",
            json!("2020-01-01T00:00:00Z"),
            1008,
        ),
        (
            "/correspondence/content/messageTitle",
            json!("<b>Vedtak</b>"),
            1002,
        ),
        (
            "/correspondence/content/messageBody",
            json!("<b>Vedtak</b>"),
            1003,
        ),
        ("/correspondence/content/language", json!("de"), 1023),
        ("/correspondence/messageSender", json!("**Dep**"), 1039),
        (
            "/correspondence/externalReferences",
            json!([{"referenceType": 6, "referenceValue": "x"}]),
            1053,
        ),
        ("/existingAttachments", json!([unknown]), 1007),
        ("/existingAttachments", json!(many), 1007),
        ("/existingAttachments", json!([unpublished]), 1018),
        ("/correspondence/content/attachments", new_file, 1005),
        (
            "/correspondence/replyOptions",
            json!([{"linkURL": "http://example.no"}]),
            1035,
        ),
        (
            "/correspondence/notification",
            json!({"notificationChannel": "Sms"}),
            3004,
        ),
    ] {
        let mut order = order();
        let (parent, name) = place.rsplit_once('/').unwrap();
        order.pointer_mut(parent).unwrap()[name] = value;
        let answer = sender.send(&order).await;
        assert_eq!(answer.code().1, Some(code), "{place}: {}", answer.text());
    }
    let mut late = order();
    late["correspondence"]["dueDateTime"] = "2100-01-01T00:00:00Z".into();
    late["correspondence"]["requestedPublishTime"] = "2100-01-02T00:00:00Z".into();
    assert_eq!(sender.send(&late).await.code(), (400, Some(1009)));
}

#[tokio::test]
async fn attachments_near_their_end_or_of_others_are_refused() {
    let sender = Sender::new().await;
    sender
        .stub
        .set_altinn_token_lifetime(Duration::from_secs(100_000));
    let sender = Sender::of(sender.stub).await;
    let attachment = id(&sender.attachment(json!({"expirationInDays": 1})).await);
    sender.upload(&attachment, "a").await;
    let mut order = order();
    order["existingAttachments"] = json!([attachment]);
    sent(&sender.send(&order).await);
    sender.stub.advance_clock(Duration::from_secs(19 * 3600));
    assert_eq!(sender.send(&order).await.code(), (400, Some(1055)));
}

#[tokio::test]
async fn a_body_that_is_not_json_is_a_finding_too() {
    let sender = Sender::new().await;
    for (body, path) in [("", "$"), ("{", "$"), ("[]", "$"), ("{}", "$")] {
        let ask = Ask::post(
            format!("{API}/correspondence"),
            "application/json; charset=utf-8",
            body,
        );
        let answer = ask.bearer(&sender.token).to(&sender.stub).await;
        assert_eq!(answer.status, 400, "{body}");
        assert_eq!(
            answer.json()["validationErrors"][0]["paths"],
            json!([path]),
            "{body}"
        );
    }
    let answer = sender
        .send(&json!({"correspondence": {}, "recipients": []}))
        .await;
    assert_eq!(answer.status, 400);
}
