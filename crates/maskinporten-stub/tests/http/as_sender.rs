//! Attachments and correspondences in the hands of their sender.

use std::time::Duration;

use maskinporten_stub::{Recipient, Stub, SystemUser};
use serde_json::json;

use crate::{
    assertion::Signer,
    http::{Ask, JSON, exchange, post_assertion},
    reader::{Reader, statuses, system_user},
    sender::{API, EICAR, Sender, id, order},
};

#[tokio::test]
async fn malware_is_found_when_the_scan_is_over() {
    let builder = Stub::builder().scan_time(Duration::from_secs(30));
    let sender = Sender::of(builder.start().await.unwrap()).await;
    let attachment = id(&sender.attachment(json!({})).await);
    let answer = sender.upload(&attachment, EICAR.concat()).await;
    assert_eq!(answer.json()["status"], "UploadProcessing");
    sender.stub.advance_clock(Duration::from_secs(30));
    let path = format!("/attachment/{attachment}");
    let details = sender.get(&format!("{path}/details")).await.json();
    assert_eq!(
        statuses(&details),
        ["Initialized", "UploadProcessing", "Failed"]
    );
    let text = details["statusText"].as_str().unwrap();
    assert!(text.starts_with("Malware scan failed: "), "{text}");
    assert_eq!(sender.stub.attachment_bytes(&attachment), None);
    let mut order = order();
    order["existingAttachments"] = json!([attachment]);
    assert_eq!(sender.send(&order).await.code(), (400, Some(1018)));
}

#[tokio::test]
async fn an_attachment_is_downloaded_and_purged() {
    let sender = Sender::new().await;
    let attachment = sender.uploaded().await;
    let path = format!("/attachment/{attachment}");
    let file = sender.get(&format!("{path}/download")).await;
    assert_eq!((file.status, file.text()), (200, "hello world"));
    assert_eq!(file.header("content-type"), "application/octet-stream");
    let purged = sender.delete(&path).await;
    assert_eq!((purged.status, purged.text()), (204, ""));
    let details = sender.get(&format!("{path}/details")).await.json();
    assert_eq!(details["status"], "Purged");
    let refused = sender.get(&format!("{path}/download")).await;
    assert_eq!(refused.code(), (400, Some(2019)));
    let kind = "application/problem+json; charset=utf-8";
    assert_eq!(refused.header("content-type"), kind);
    assert_eq!(sender.stub.attachment_bytes(&attachment), None);

    let empty = id(&sender.attachment(json!({})).await);
    let download = format!("/attachment/{empty}/download");
    assert_eq!(sender.get(&download).await.code(), (404, Some(2001)));
}

#[tokio::test]
async fn what_is_not_published_yet_can_be_purged() {
    let sender = Sender::new().await;
    let attachment = sender.uploaded().await;
    let mut later = order();
    later["existingAttachments"] = json!([attachment]);
    later["correspondence"]["requestedPublishTime"] = "2100-01-01T00:00:00Z".into();
    later["idempotentKey"] = "6b1f4c8e-3a2d-5f7b-9c04-1e8a5d2b7f36".into();
    let id = sender.sent(&later).await;
    let path = format!("/correspondence/{id}");
    let answer = sender.delete(&format!("{path}/purge")).await;
    assert_eq!((answer.status, answer.json()), (200, json!(id)));
    assert_eq!(sender.get(&path).await.code(), (404, Some(1001)));
    let details = sender.get(&format!("{path}/details")).await.json();
    assert_eq!(details["status"], "PurgedByAltinn");
    let again = sender.delete(&format!("{path}/purge")).await;
    assert_eq!(again.code(), (400, Some(1014)));
    assert_eq!(
        sender.send(&later).await.code(),
        (409, Some(1034)),
        "the key is used up"
    );
    let free = sender.delete(&format!("/attachment/{attachment}")).await;
    assert_eq!(free.status, 204, "it is on nothing any more");
}

#[tokio::test]
async fn one_of_several_recipients_may_be_reserved() {
    let sender = Sender::new().await;
    sender
        .stub
        .register_recipient(Recipient::reserved("0192:310244007"));
    let reader = Reader::of(&sender.stub).await;
    let mut order = order();
    order["recipients"] = json!(["25922947409", "0192:310244007"]);
    let answer = sender.send(&order).await.json();
    let sent = |index: usize| &answer["correspondences"][index];
    assert_eq!(sent(0)["status"], "ReadyForPublish");
    assert_eq!(sent(1)["status"], "Reserved");
    let reserved = sent(1)["correspondenceId"].as_str().unwrap();
    let path = format!("/correspondence/{reserved}");
    assert_eq!(sender.get(&path).await.json()["status"], "Reserved");
    assert_eq!(reader.look(reserved).await.code(), (404, Some(1001)));
    order["correspondence"]["ignoreReservation"] = true.into();
    let answer = sender.send(&order).await.json();
    assert_eq!(answer["correspondences"][1]["status"], "ReadyForPublish");
}

#[tokio::test]
async fn publishing_fails_when_the_recipient_cannot_be_reached_any_more() {
    let sender = Sender::new().await;
    let person = "25922947409";
    let mut later = order();
    later["recipients"] = json!([person]);
    for (ignores, becomes, status) in [
        (false, Recipient::unknown(person), "Failed"),
        (false, Recipient::without_roles(person), "Failed"),
        (false, Recipient::uncertain(person), "Failed"),
        (false, Recipient::reserved(person), "Failed"),
        (true, Recipient::reserved(person), "Published"),
    ] {
        sender.stub.set_clock_offset(0);
        sender.stub.register_recipient(Recipient::reachable(person));
        let publish_at = jiff::Timestamp::now() + jiff::SignedDuration::from_secs(600);
        later["correspondence"]["requestedPublishTime"] = publish_at.to_string().into();
        later["correspondence"]["ignoreReservation"] = ignores.into();
        let id = sender.sent(&later).await;
        sender.stub.register_recipient(becomes);
        sender.stub.advance_clock(Duration::from_secs(601));
        let path = format!("/correspondence/{id}");
        assert_eq!(sender.get(&path).await.json()["status"], status);
    }
}

#[tokio::test]
async fn a_service_owner_sends_whomever_its_token_is_for() {
    let sender = Sender::new().await;
    let stub = &sender.stub;
    let client = stub.demo_client().client_id();
    let user = SystemUser::of("310244007")
        .system_id("991825827_post")
        .client_id(client);
    stub.register_system_user(user);
    let write = "altinn:correspondence.write";
    let owner = format!("altinn:serviceowner {write}");
    for (scopes, expected) in [(write, (401, Some(4001))), (&owner, (200, None))] {
        let grant = Signer::demo(stub).grant(stub, scopes);
        let grant = grant.claim("authorization_details", system_user("310244007"));
        let answer = post_assertion(stub, &grant.sign()).await.json();
        let token = exchange(stub, answer["access_token"].as_str().unwrap()).await;
        let ask = Ask::post(format!("{API}/correspondence"), JSON, order().to_string());
        let answer = ask.bearer(token.text()).to(stub).await;
        assert_eq!(answer.code(), expected, "{scopes}");
    }
}
