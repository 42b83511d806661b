//! Searching for correspondences.

use maskinporten_stub::Stub;
use serde_json::json;

use crate::{
    http::{Answer, Ask},
    reader::{READ, Reader, token_of},
    sender::{API, Sender, new_id, order},
};

fn ids(answer: &Answer) -> Vec<String> {
    assert_eq!(answer.status, 200, "{}", answer.text());
    let json = answer.json();
    let ids = json["ids"].as_array().unwrap().iter();
    ids.map(|id| id.as_str().unwrap().to_owned()).collect()
}

async fn found(sender: &Sender, query: &str) -> Vec<String> {
    let query = format!("/correspondence?resourceId=ttd-brev&{query}");
    ids(&sender.get(&query).await)
}

/// Three correspondences, published in January, February, and years from now.
struct Sent {
    ids: [(String, char); 3],
}

impl Sent {
    async fn by(sender: &Sender) -> Self {
        let at = |time: &str| {
            let mut order = order();
            order["correspondence"]["requestedPublishTime"] = time.into();
            order["correspondence"]["sendersReference"] = time.into();
            async move { sender.sent(&order).await }
        };
        Self {
            ids: [
                (at("2026-01-01T00:00:00Z").await, 'J'),
                (at("2026-02-01T00:00:00Z").await, 'F'),
                (at("2100-01-01T00:00:00Z").await, 'Y'),
            ],
        }
    }

    /// What was found, by their letters.
    fn letters(&self, found: &[String]) -> String {
        let letter = |id: &String| self.ids.iter().find(|(known, _)| known == id).unwrap().1;
        found.iter().map(letter).collect()
    }
}

#[tokio::test]
async fn a_sender_filters_by_role_status_reference_and_time() {
    let sender = Sender::new().await;
    let sent = Sent::by(&sender).await;
    for (query, letters) in [
        ("role=Sender", "YFJ"),
        ("ROLE=recipientandsender", "YFJ"),
        ("role=Recipient", ""),
        ("role=1&status=ReadyForPublish", "Y"),
        ("role=Sender&status=2", "FJ"),
        ("role=Sender&status=Archived", ""),
        ("role=Sender&sendersReference=2026-02-01T00:00:00Z", "F"),
        // Neither end is included.
        ("role=Sender&from=2026-01-01T00:00:00Z", "YF"),
        ("role=Sender&to=2026-02-01T00:00:00Z", "J"),
        (
            "role=Sender&from=2026-01-01T00:00:00Z&to=2026-02-01T00:00:01Z",
            "F",
        ),
    ] {
        let found = found(&sender, query).await;
        assert_eq!(sent.letters(&found), letters, "{query}");
    }
}

#[tokio::test]
async fn a_recipient_finds_what_is_published_and_not_purged() {
    let sender = Sender::new().await;
    let sent = Sent::by(&sender).await;
    let reader = Reader::of(&sender.stub).await;
    let find = |query: &str| {
        let path = format!("/correspondence?resourceId=ttd-brev&role=Recipient&{query}");
        let reader = &reader;
        async move { reader.get(&path).await }
    };
    let itself = "onBehalfOf=urn:altinn:organization:identifier-no:310244007";
    for (query, letters) in [("", "FJ"), ("status=ReadyForPublish", ""), (itself, "FJ")] {
        let found = ids(&find(query).await);
        assert_eq!(sent.letters(&found), letters, "{query}");
    }
    let other = find("onBehalfOf=0192:991825827").await;
    assert_eq!(other.code(), (401, Some(4001)));
    assert_eq!(reader.purge(&sent.ids[1].0).await.status, 200);
    for (query, letters) in [("", "J"), ("status=PurgedByRecipient", "F")] {
        let found = ids(&find(query).await);
        assert_eq!(sent.letters(&found), letters, "{query}");
    }
}

#[tokio::test]
async fn a_key_finds_its_correspondence_whatever_else_is_asked() {
    let sender = Sender::new().await;
    let key = new_id();
    let mut order = order();
    order["idempotentKey"] = key.as_str().into();
    let id = sender.sent(&order).await;
    let query = |key: &str| format!("role=Recipient&status=Failed&idempotentKey={key}");
    assert_eq!(found(&sender, &query(&key)).await, [id]);
    assert!(found(&sender, &query(&new_id())).await.is_empty());
    assert!(
        found(&sender, "role=Sender&altinn2CorrespondenceId=7")
            .await
            .is_empty()
    );
    let path = format!("{API}/correspondence?resourceId=ttd-brev&{}", query(&key));
    for (organisation, sees) in [("974761076", false), ("310244007", true)] {
        let token = token_of(&sender.stub, organisation, READ).await;
        let found = ids(&Ask::get(&path).bearer(&token).to(&sender.stub).await);
        assert_eq!(!found.is_empty(), sees, "{organisation}");
    }
}

#[tokio::test]
async fn a_thousand_are_found_at_most() {
    let sender = Sender::new().await;
    let mut order = order();
    for hundreds in 0..3 {
        let recipient = |index: usize| format!("0192:{}", 310_000_000 + hundreds * 500 + index);
        let recipients: Vec<String> = (0..500).map(recipient).collect();
        order["recipients"] = json!(recipients);
        sender.sent(&order).await;
    }
    assert_eq!(found(&sender, "role=Sender").await.len(), 1000);
}

#[tokio::test]
async fn parameters_that_are_missing_or_senseless_are_findings() {
    let sender = Sender::new().await;
    for (query, path) in [
        ("role=Sender", "resourceId"),
        ("resourceId=ttd-brev", "role"),
        ("resourceId=ttd-brev&role=Both", "role"),
        ("resourceId=ttd-brev&role=Sender&status=Lost", "status"),
        ("resourceId=ttd-brev&role=Sender&from=today", "from"),
        (
            "resourceId=ttd-brev&role=Sender&onBehalfOf=me",
            "onBehalfOf",
        ),
        (
            "resourceId=ttd-brev&role=Sender&idempotentKey=1",
            "idempotentKey",
        ),
        (
            "resourceId=ttd-brev&role=Sender&altinn2CorrespondenceId=x",
            "altinn2CorrespondenceId",
        ),
    ] {
        let answer = sender.get(&format!("/correspondence?{query}")).await;
        assert_eq!(answer.code(), (400, None), "{query}");
        let paths = &answer.json()["validationErrors"][0]["paths"];
        assert_eq!(paths, &json!([path]), "{query}");
    }
    let answer = sender
        .get("/correspondence?resourceId=unknown&role=Sender")
        .await;
    assert_eq!(answer.code(), (401, Some(4001)));
    let stub = Stub::start().await.unwrap();
    let path = format!("{API}/correspondence?resourceId=ttd-brev&role=Sender");
    assert_eq!(Ask::get(path).to(&stub).await.status, 401);
}
