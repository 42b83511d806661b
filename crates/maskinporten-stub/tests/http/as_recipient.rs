//! A correspondence in the hands of its recipient.

use std::time::Duration;

use maskinporten_stub::{Client, SystemUser};
use serde_json::json;

use crate::{
    assertion::Signer,
    http::{Ask, exchange, post_assertion},
    reader::{READ, Reader, statuses, system_user, token_of},
    sender::{API, Sender, order, sent},
};

#[tokio::test]
async fn it_is_fetched_read_confirmed_downloaded_and_purged() {
    let sender = Sender::new().await;
    let reader = Reader::of(&sender.stub).await;
    let attachment = sender.uploaded().await;
    let mut order = order();
    order["existingAttachments"] = json!([attachment]);
    let id = sender.sent(&order).await;

    let seen = reader.look(&id).await.json();
    assert_eq!(seen["status"], "Published");
    assert_eq!(seen["content"]["messageTitle"], "Vedtak");
    assert_eq!(seen["read"], json!(null));
    assert_eq!(reader.tell(&id, "markasread").await.json(), json!(id));
    let seen = reader.look(&id).await.json();
    assert_eq!(seen["status"], "Read");
    assert!(seen["read"].is_string() && seen["published"].is_string());

    assert_eq!(reader.tell(&id, "confirm").await.json(), json!(id));
    assert_eq!(reader.look(&id).await.json()["status"], "Read");
    sender.stub.advance_clock(Duration::from_secs(4));
    assert_eq!(reader.look(&id).await.json()["status"], "Confirmed");

    let file = reader.download(&id, &attachment).await;
    assert_eq!((file.status, file.text()), (200, "hello world"));
    assert_eq!(file.header("content-type"), "application/pdf");
    let disposition = "inline; filename=\"vedtak.pdf\"; filename*=UTF-8''vedtak.pdf";
    assert_eq!(file.header("content-disposition"), disposition);
    assert_eq!(file.header("cache-control"), "no-store");
    assert_eq!(
        reader.look(&id).await.json()["status"],
        "AttachmentsDownloaded"
    );

    assert_eq!(reader.purge(&id).await.json(), json!(id));
    for path in ["", "/details"] {
        let path = format!("/correspondence/{id}{path}");
        assert_eq!(reader.get(&path).await.code(), (404, Some(1001)));
    }
    assert_eq!(
        reader.download(&id, &attachment).await.code(),
        (404, Some(1001))
    );
    let path = format!("/correspondence/{id}");
    assert_eq!(sender.get(&path).await.code(), (404, Some(1001)));
    let details = sender.get(&format!("{path}/details")).await.json();
    let expected = [
        "Initialized",
        "ReadyForPublish",
        "Published",
        "Fetched",
        "Read",
        "Confirmed",
        "AttachmentsDownloaded",
        "PurgedByRecipient",
    ];
    assert_eq!(statuses(&details), expected);
    // The highest number counts, not the last event.
    assert_eq!(details["status"], "AttachmentsDownloaded");
}

#[tokio::test]
async fn it_is_not_there_until_it_is_published() {
    let sender = Sender::new().await;
    let reader = Reader::of(&sender.stub).await;
    let mut later = order();
    let publish_at = jiff::Timestamp::now() + jiff::SignedDuration::from_secs(600);
    later["correspondence"]["requestedPublishTime"] = publish_at.to_string().into();
    let id = sender.sent(&later).await;
    for answer in [
        reader.look(&id).await,
        reader.tell(&id, "markasread").await,
        reader.purge(&id).await,
    ] {
        assert_eq!(answer.code(), (404, Some(1001)));
    }
    sender.stub.advance_clock(Duration::from_secs(601));
    assert_eq!(reader.look(&id).await.json()["status"], "Published");
}

#[tokio::test]
async fn a_look_is_noted_every_fifteen_seconds_and_details_each_time() {
    let sender = Sender::new().await;
    let reader = Reader::of(&sender.stub).await;
    let id = sender.sent(&order()).await;
    let details = format!("/correspondence/{id}/details");
    let fetched = || async {
        let details = sender.get(&details).await.json();
        statuses(&details)
            .iter()
            .filter(|status| *status == "Fetched")
            .count()
    };
    for _look in 0..3 {
        reader.look(&id).await;
    }
    assert_eq!(fetched().await, 1);
    sender.stub.advance_clock(Duration::from_secs(15));
    reader.look(&id).await;
    assert_eq!(fetched().await, 2);
    reader.get(&details).await;
    reader.get(&details).await;
    assert_eq!(fetched().await, 4);
    assert_eq!(sender.get(&details).await.json()["status"], "Published");
}

#[tokio::test]
async fn who_may_also_send_does_not_fetch() {
    let sender = Sender::new().await;
    let both = format!("{READ} altinn:correspondence.write");
    let token = token_of(&sender.stub, "310244007", &both).await;
    let id = sender.sent(&order()).await;
    let path = format!("{API}/correspondence/{id}");
    let seen = Ask::get(&path).bearer(&token).to(&sender.stub).await.json();
    assert_eq!(seen["content"]["messageTitle"], "Vedtak");
    let details = sender.get(&format!("/correspondence/{id}/details")).await;
    assert!(!statuses(&details.json()).contains(&"Fetched".to_owned()));
}

#[tokio::test]
async fn a_system_user_receives_for_its_organisation() {
    let sender = Sender::new().await;
    let stub = &sender.stub;
    let client = Client::generate("vendor", "974761076")
        .unwrap()
        .scopes(READ);
    let signer = Signer::of(&client);
    stub.register(client);
    let user = SystemUser::of("310244007")
        .system_id("974761076_post")
        .client_id("vendor");
    stub.register_system_user(user);
    let grant = signer.grant(stub, READ);
    let grant = grant.claim("authorization_details", system_user("310244007"));
    let answer = post_assertion(stub, &grant.sign()).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let answer = answer.json();
    let maskinporten = answer["access_token"].as_str().unwrap();
    let altinn = exchange(stub, maskinporten).await;
    let id = sent(&sender.send(&order()).await);
    let path = format!("{API}/correspondence/{id}");
    // Without exchange it may look; to do anything it must exchange.
    for (token, looks, reads) in [(maskinporten, 200, 403), (altinn.text(), 200, 200)] {
        let answer = Ask::get(&path).bearer(token).to(stub).await;
        assert_eq!(answer.status, looks, "{}", answer.text());
        let ask = Ask::post(format!("{path}/markasread"), "text/plain", "");
        let answer = ask.bearer(token).to(stub).await;
        assert_eq!(answer.status, reads, "{}", answer.text());
    }
}
