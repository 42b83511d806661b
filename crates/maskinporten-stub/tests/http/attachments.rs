//! Attachments: announced, uploaded, scanned.

use std::time::Duration;

use maskinporten_stub::Stub;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use uuid::Uuid;

use crate::{
    http::{Ask, JSON},
    sender::{API, Sender, id},
};

const HELLO_MD5: &str = "5eb63bbbe01eeed093cb22bb8f5acdc3";

#[tokio::test]
async fn an_attachment_is_uploaded_scanned_and_published() {
    let builder = Stub::builder().scan_time(Duration::from_secs(30));
    let sender = Sender::of(builder.start().await.unwrap()).await;
    let id = id(&sender.attachment(json!({"checksum": HELLO_MD5})).await);
    let path = format!("/attachment/{id}");
    assert_eq!(sender.get(&path).await.json()["status"], "Initialized");
    assert_eq!(sender.stub.attachment_bytes(&id), None);

    let answer = sender.upload(&id, "hello world").await;
    assert_eq!(answer.json()["status"], "UploadProcessing");
    assert_eq!(answer.json()["dataType"], "application/pdf");
    assert_eq!(sender.stub.attachment_bytes(&id).unwrap(), "hello world");
    assert_eq!(sender.get(&path).await.json()["status"], "UploadProcessing");
    assert_eq!(sender.upload(&id, "again").await.code(), (400, Some(2005)));

    sender.stub.advance_clock(Duration::from_secs(30));
    let details = sender.get(&format!("{path}/details")).await.json();
    assert_eq!(details["status"], "Published");
    assert_eq!(details["checksum"], HELLO_MD5);
    let history = details["statusHistory"].as_array().unwrap();
    let statuses: Vec<&Value> = history.iter().map(|event| &event["status"]).collect();
    assert_eq!(statuses, ["Initialized", "UploadProcessing", "Published"]);
}

#[tokio::test]
async fn an_upload_gives_the_checksum_and_is_tried_once() {
    let sender = Sender::new().await;
    let without = id(&sender.attachment(json!({})).await);
    assert_eq!(
        sender.upload(&without, "hello world").await.json()["checksum"],
        HELLO_MD5
    );

    let with = id(&sender.attachment(json!({"checksum": HELLO_MD5})).await);
    assert_eq!(
        sender.upload(&with, "hello").await.code(),
        (400, Some(2008))
    );
    let answer = sender.get(&format!("/attachment/{with}")).await;
    assert_eq!(answer.json()["status"], "Failed");
    assert_eq!(
        sender.upload(&with, "hello world").await.code(),
        (400, Some(2005))
    );

    let empty = id(&sender.attachment(json!({})).await);
    assert_eq!(sender.upload(&empty, "").await.code(), (400, Some(2004)));
    assert_eq!(
        sender.upload(&Uuid::new_v4().to_string(), "a").await.code(),
        (404, Some(2001))
    );
    let ask = Ask::post(format!("{API}/attachment/{empty}/upload"), JSON, "{}");
    assert_eq!(ask.bearer(&sender.token).to(&sender.stub).await.status, 415);
}

#[tokio::test]
async fn an_upload_may_be_chunked() {
    let sender = Sender::new().await;
    let id = id(&sender.attachment(json!({"checksum": HELLO_MD5})).await);
    let host = sender.stub.base_url().strip_prefix("http://").unwrap();
    let request = format!(
        "POST {API}/attachment/{id}/upload HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\
         Authorization: Bearer {}\r\nTransfer-Encoding: chunked\r\n\r\n\
         6\r\nhello \r\n5\r\nworld\r\n0\r\n\r\n",
        sender.token
    );
    let mut stream = TcpStream::connect(host).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    assert_eq!(sender.stub.attachment_bytes(&id).unwrap(), "hello world");
}

#[tokio::test]
async fn an_upload_that_breaks_off_fails() {
    let sender = Sender::new().await;
    let id = id(&sender.attachment(json!({})).await);
    let host = sender.stub.base_url().strip_prefix("http://").unwrap();
    let request = format!(
        "POST {API}/attachment/{id}/upload HTTP/1.1\r\nHost: {host}\r\n\
         Authorization: Bearer {}\r\nContent-Length: 100\r\n\r\nhello",
        sender.token
    );
    let mut stream = TcpStream::connect(host).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    drop(stream);
    // The server learns of it when the operating system says so.
    for _look in 0..1000 {
        let seen = sender.get(&format!("/attachment/{id}")).await.json();
        if seen["status"] == "Failed" {
            assert_eq!(seen["statusText"], "Upload failed");
            return;
        }
    }
    panic!("it never failed");
}

#[tokio::test]
async fn a_large_upload_is_refused_with_an_answer() {
    let sender = Sender::new().await;
    let id = id(&sender.attachment(json!({})).await);
    sender.stub.revoke_tokens();
    assert_eq!(sender.upload(&id, vec![0; 16 << 20]).await.status, 401);
    let sender = Sender::of(sender.stub).await;
    assert_eq!(
        sender.upload(&id, "small").await.status,
        200,
        "the id is still good"
    );
}

#[tokio::test]
async fn attachments_are_checked_when_they_are_announced() {
    let sender = Sender::new().await;
    for (change, expected) in [
        (json!({"resourceId": "unknown"}), (400, Some(1036))),
        (json!({"fileName": ""}), (400, Some(2010))),
        (json!({"fileName": "a.exe"}), (400, Some(2013))),
        (json!({"fileName": "a?.pdf"}), (400, Some(2012))),
        (json!({"fileName": "nul.pdf"}), (400, Some(2021))),
        (json!({"expirationInDays": 0}), (400, Some(2017))),
        (json!({"sendersReference": ""}), (400, None)),
        (
            json!({"expirationInDays": 30, "displayName": "Vedtak"}),
            (200, None),
        ),
    ] {
        let answer = sender.attachment(change.clone()).await;
        assert_eq!(answer.code(), expected, "{change}");
    }
    let answer = sender.attachment(json!({"checksum": "x"})).await.json();
    assert_eq!(answer["code"], "STD-00000");
    assert_eq!(answer["validationErrors"][0]["paths"], json!(["Checksum"]));
    assert!(answer["errors"]["Checksum"].is_array());
}
