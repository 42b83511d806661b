//! What is wrong with an attachment.

use std::time::Duration;

use maskinporten_stub::{Recipient, Resource};
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::{
    codes::Codes,
    http::Answer,
    sender::{API, Sender, id, new_id, order, sent},
};

pub(crate) const CODES: &[u64] = &[
    1036, 2001, 2002, 2003, 2004, 2005, 2006, 2007, 2008, 2010, 2012, 2013, 2016, 2017, 2018, 2019,
    2020, 2021, 4001, 4002, 4009,
];

async fn when_announced(sender: &Sender, codes: &mut Codes) {
    sender.stub.register_resource("theirs", "974761076");
    let app = Resource::new("app", "991825827").of_another_type();
    sender.stub.add_resource(app);
    for (change, status, code) in [
        (json!({"resourceId": "unknown"}), 400, 1036),
        (json!({"resourceId": "theirs"}), 401, 4001),
        (json!({"resourceId": "app"}), 400, 4009),
        (json!({"fileName": ""}), 400, 2010),
        (json!({"fileName": "a.exe"}), 400, 2013),
        (json!({"fileName": "a?.pdf"}), 400, 2012),
        (json!({"fileName": "nul.pdf"}), 400, 2021),
        (json!({"expirationInDays": 0}), 400, 2017),
    ] {
        codes.expect(status, code, &sender.attachment(change).await);
    }
    let nobody = Recipient::unknown("991825827");
    sender.stub.register_recipient(nobody);
    codes.expect(400, 4002, &sender.attachment(json!({})).await);
    let known = Recipient::reachable("0192:991825827");
    sender.stub.register_recipient(known);
}

async fn when_uploaded(sender: &Sender, codes: &mut Codes) {
    let checksum = "5eb63bbbe01eeed093cb22bb8f5acdc3";
    let attachment = id(&sender.attachment(json!({"checksum": checksum})).await);
    codes.expect(404, 2001, &sender.upload(&new_id(), "a").await);
    let empty = id(&sender.attachment(json!({})).await);
    codes.expect(400, 2004, &sender.upload(&empty, "").await);
    codes.expect(400, 2008, &sender.upload(&attachment, "not hello").await);
    codes.expect(400, 2005, &sender.upload(&attachment, "hello world").await);
    let broken_off = id(&sender.attachment(json!({})).await);
    codes.expect(502, 2002, &broken_upload(sender, &broken_off).await);
}

/// An upload whose second chunk is none.
async fn broken_upload(sender: &Sender, id: &str) -> Answer {
    let host = sender.stub.base_url().strip_prefix("http://").unwrap();
    let request = format!(
        "POST {API}/attachment/{id}/upload HTTP/1.1\r\nHost: {host}\r\n\
         Authorization: Bearer {}\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nbroken\r\n",
        sender.token
    );
    let mut stream = TcpStream::connect(host).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    Answer {
        status: head.split(' ').nth(1).unwrap().parse().unwrap(),
        headers: hyper::HeaderMap::new(),
        body: body.to_owned().into(),
    }
}

async fn when_it_is_on_a_correspondence(sender: &Sender, codes: &mut Codes) {
    let attachment = sender.uploaded().await;
    let path = format!("/attachment/{attachment}");
    let mut later = order();
    later["existingAttachments"] = json!([attachment]);
    later["correspondence"]["requestedPublishTime"] = "2100-01-01T00:00:00Z".into();
    let correspondence = sent(&sender.send(&later).await);
    codes.expect(400, 2003, &sender.upload(&attachment, "again").await);
    codes.expect(400, 2007, &sender.delete(&path).await);
    let download = format!("{path}/download");
    assert_eq!(sender.get(&download).await.text(), "hello world");

    let mut now = order();
    now["existingAttachments"] = json!([attachment]);
    sent(&sender.send(&now).await);
    codes.expect(400, 2016, &sender.get(&download).await);
    let purge = format!("/correspondence/{correspondence}/purge");
    assert_eq!(sender.delete(&purge).await.status, 200);
    codes.expect(400, 2007, &sender.delete(&path).await);
}

async fn when_it_is_gone(sender: &Sender, codes: &mut Codes) {
    let purged = format!("/attachment/{}", sender.uploaded().await);
    assert_eq!(sender.delete(&purged).await.status, 204);
    codes.expect(400, 2006, &sender.delete(&purged).await);
    codes.expect(400, 2019, &sender.get(&format!("{purged}/download")).await);

    let expiring = id(&sender.attachment(json!({"expirationInDays": 1})).await);
    assert_eq!(sender.upload(&expiring, "a").await.status, 200);
    sender.stub.advance_clock(Duration::from_secs(24 * 3600));
    let expired = format!("/attachment/{expiring}");
    codes.expect(400, 2018, &sender.delete(&expired).await);
    codes.expect(400, 2020, &sender.get(&format!("{expired}/download")).await);
    assert_eq!(sender.get(&expired).await.json()["status"], "Expired");
    assert_eq!(sender.stub.attachment_bytes(&expiring), None);
}

#[tokio::test]
async fn each_mistake_with_an_attachment_has_its_code() {
    let sender = Sender::with_long_lasting_token().await;
    let mut codes = Codes::default();
    when_announced(&sender, &mut codes).await;
    when_uploaded(&sender, &mut codes).await;
    when_it_is_on_a_correspondence(&sender, &mut codes).await;
    when_it_is_gone(&sender, &mut codes).await;
    codes.are(CODES);
}
