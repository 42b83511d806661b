//! Correspondences: the rules, and what becomes of those that are sent.

use std::time::Duration;

use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    http::Ask,
    sender::{API, Sender, order, sent},
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
