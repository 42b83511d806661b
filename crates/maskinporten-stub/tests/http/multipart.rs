//! Correspondences that come with their files, in one form.

use std::time::Duration;

use maskinporten_stub::Stub;
use serde_json::json;

use crate::{
    http::{Answer, Ask, JSON},
    reader::{Reader, statuses},
    sender::{API, EICAR, Sender, new_id, sent},
};

const BOUNDARY: &str = "a-boundary";

/// A form under way.
#[derive(Clone)]
struct Form {
    body: String,
}

impl Form {
    /// Everything that must be there, and no files.
    fn new() -> Self {
        Self {
            body: String::new(),
        }
        .field("Correspondence.ResourceId", "ttd-brev")
        .field("Correspondence.SendersReference", "sak-1")
        .field("Correspondence.Content.MessageTitle", "Vedtak")
        .field("Correspondence.Content.MessageBody", "**Innvilget**")
        .field("Recipients[0]", "0192:310244007")
    }

    fn field(self, key: &str, value: &str) -> Self {
        self.part(&format!("name=\"{key}\""), value)
    }

    fn described(self, index: usize, file_name: &str) -> Self {
        let key = format!("Correspondence.Content.Attachments[{index}]");
        self.field(&format!("{key}.FileName"), file_name)
            .field(&format!("{key}.SendersReference"), "ref")
    }

    fn file(self, name: &str, content: &str) -> Self {
        self.part(
            &format!("name=\"attachments\"; filename=\"{name}\""),
            content,
        )
    }

    fn part(mut self, names: &str, content: &str) -> Self {
        let head = format!("--{BOUNDARY}\r\nContent-Disposition: form-data; {names}\r\n\r\n");
        self.body.push_str(&head);
        self.body.push_str(content);
        self.body.push_str("\r\n");
        self
    }

    async fn to(self, sender: &Sender) -> Answer {
        let kind = format!("multipart/form-data; boundary={BOUNDARY}");
        let body = format!("{}--{BOUNDARY}--\r\n", self.body);
        let path = format!("{API}/correspondence/upload");
        sender.ask(Ask::post(path, &kind, body)).await
    }
}

#[tokio::test]
async fn files_are_uploaded_scanned_and_published_with_their_correspondence() {
    let builder = Stub::builder().scan_time(Duration::from_secs(30));
    let sender = Sender::of(builder.start().await.unwrap()).await;
    let reader = Reader::of(&sender.stub).await;
    let answer = Form::new()
        .described(0, "vedtak.pdf")
        .described(1, "kart.png")
        .file("vedtak.pdf", "hello")
        .file("kart.png", "world")
        .to(&sender)
        .await;
    let id = sent(&answer);
    let answer = answer.json();
    assert_eq!(answer["correspondences"][0]["status"], "Initialized");
    let files = answer["attachmentIds"].as_array().unwrap();
    assert_eq!(files.len(), 2);
    assert_eq!(reader.look(&id).await.code(), (404, Some(1001)));

    sender.stub.advance_clock(Duration::from_secs(30));
    for (file, content) in files.iter().zip(["hello", "world"]) {
        let file = reader.download(&id, file.as_str().unwrap()).await;
        assert_eq!((file.status, file.text()), (200, content));
    }
    let details = sender
        .get(&format!("/correspondence/{id}/details"))
        .await
        .json();
    let expected = ["Initialized", "ReadyForPublish", "Published"];
    assert_eq!(statuses(&details)[..3], expected);
    let seen = reader.look(&id).await.json();
    assert_eq!(seen["content"]["attachments"][1]["fileName"], "kart.png");
}

#[tokio::test]
async fn malware_in_a_file_fails_the_correspondence() {
    let sender = Sender::new().await;
    let form = Form::new()
        .described(0, "a.txt")
        .file("a.txt", &EICAR.concat());
    let id = sent(&form.to(&sender).await);
    let details = sender
        .get(&format!("/correspondence/{id}/details"))
        .await
        .json();
    assert_eq!(statuses(&details), ["Initialized", "Failed"]);
    let purged = sender.delete(&format!("/correspondence/{id}/purge")).await;
    assert_eq!(purged.status, 200);
}

#[tokio::test]
async fn keys_come_in_any_case_and_with_a_prefix() {
    let sender = Sender::new().await;
    let attachment = sender.uploaded().await;
    let answer = Form::new()
        .field("request.correspondence.MESSAGESENDER", "Departementet")
        .field("Correspondence.PropertyList.caseNumber", "2026-1")
        .field(
            "Correspondence.ExternalReferences[0].ReferenceType",
            "Generic",
        )
        .field("Correspondence.ExternalReferences[0].ReferenceValue", "x")
        .field(
            "Correspondence.ReplyOptions[0].LinkURL",
            "https://example.no",
        )
        .field("Correspondence.Notification.NotificationTemplate", "1")
        .field("Correspondence.Notification.SendReminder", "true")
        .field("Correspondence.IgnoreReservation", "True")
        .field("Correspondence.DueDateTime", "")
        .field("Request.Recipients[1]", "25922947409")
        .field("ExistingAttachments[0]", &attachment)
        .to(&sender)
        .await;
    let id = sent(&answer);
    assert_eq!(
        answer.json()["correspondences"].as_array().unwrap().len(),
        2
    );
    assert_eq!(
        answer.json()["correspondences"][0]["status"],
        "ReadyForPublish"
    );
    assert_eq!(answer.json()["attachmentIds"], json!([attachment]));
    let seen = sender.get(&format!("/correspondence/{id}")).await.json();
    assert_eq!(seen["messageSender"], "Departementet");
    assert_eq!(seen["propertyList"], json!({"caseNumber": "2026-1"}));
    assert_eq!(seen["externalReferences"][0]["referenceType"], "Generic");
    assert_eq!(seen["ignoreReservation"], true);
}

#[tokio::test]
async fn files_belong_to_descriptions_by_place_or_by_unique_name() {
    let sender = Sender::new().await;
    let two = |first: &str, second: &str| Form::new().described(0, first).described(1, second);
    let swapped = two("a.txt", "b.txt").file("b.txt", "b").file("a.txt", "a");
    let answer = swapped.to(&sender).await.json();
    for (index, content) in ["a", "b"].into_iter().enumerate() {
        let id = answer["attachmentIds"][index].as_str().unwrap();
        assert_eq!(sender.stub.attachment_bytes(id).unwrap(), content);
    }
    let same = two("a.txt", "a.txt").file("a.txt", "1").file("a.txt", "2");
    assert_eq!(same.to(&sender).await.status, 200);
    for form in [
        two("a.txt", "b.txt").file("a.txt", "a"),
        two("a.txt", "b.txt").file("a.txt", "a").file("c.txt", "c"),
        two("a.txt", "b.txt").file("c.txt", "c").file("a.txt", "a"),
        Form::new().file("a.txt", "a"),
        Form::new().described(0, "a.txt"),
        // No index, no binding.
        Form::new()
            .field("Correspondence.Content.Attachments.FileName", "a.txt")
            .file("a.txt", "a"),
    ] {
        assert_eq!(form.to(&sender).await.code(), (400, Some(1005)));
    }
}

#[tokio::test]
async fn what_is_wrong_with_a_form_is_said() {
    let sender = Sender::new().await;
    let empty = Form::new().described(0, "a.txt").file("a.txt", "");
    assert_eq!(empty.to(&sender).await.code(), (400, Some(2004)));
    let executable = Form::new().described(0, "a.exe").file("a.exe", "a");
    assert_eq!(executable.to(&sender).await.code(), (400, Some(2013)));
    let key = new_id();
    let wrong = Form::new()
        .described(0, "a.txt")
        .field(
            "Correspondence.Content.Attachments[0].Checksum",
            &"0".repeat(32),
        )
        .field("IdempotentKey", &key)
        .file("a.txt", "a");
    assert_eq!(wrong.to(&sender).await.code(), (400, Some(2008)));
    let right = Form::new().field("IdempotentKey", &key);
    assert_eq!(
        right.to(&sender).await.status,
        200,
        "the key is not used up by a refusal"
    );

    for (form, path) in [
        (
            Form {
                body: String::new(),
            },
            "Correspondence",
        ),
        (
            Form::new().field("Correspondence.IsConfidential", "ja"),
            "Correspondence/IsConfidential",
        ),
        (
            Form::new().field("Correspondence.Content.Attachments[0].FileName", "a.txt"),
            "Correspondence/Content/Attachments[0]/SendersReference",
        ),
    ] {
        let answer = form.to(&sender).await;
        assert_eq!(answer.code(), (400, None));
        let errors = &answer.json()["validationErrors"];
        let paths: Vec<_> = errors
            .as_array()
            .unwrap()
            .iter()
            .map(|error| &error["paths"][0])
            .collect();
        assert!(paths.contains(&&json!(path)), "{paths:?}");
    }
}

#[tokio::test]
async fn a_form_is_nothing_else() {
    let sender = Sender::new().await;
    let path = format!("{API}/correspondence/upload");
    let answer = sender.ask(Ask::post(&path, JSON, "{}")).await;
    assert_eq!(answer.status, 415);
    let answer = sender
        .ask(Ask::post(&path, "multipart/form-data", ""))
        .await;
    assert_eq!(answer.code(), (400, None));
    let cut = format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nb");
    let kind = format!("multipart/form-data; boundary={BOUNDARY}");
    let answer = sender.ask(Ask::post(&path, &kind, cut)).await;
    assert_eq!(answer.code(), (400, None));
    let answer = Ask::post(&path, &kind, "").to(&sender.stub).await;
    assert_eq!(answer.status, 401);
}
