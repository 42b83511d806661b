//! What goes wrong with correspondences that have been sent.

use std::time::Duration;

use serde_json::json;

use crate::{
    codes::Codes,
    http::Ask,
    reader::{READ, Reader, token_of},
    sender::{API, Sender, id, new_id, order},
};

pub(crate) const CODES: &[u64] = &[
    1001, 1013, 1014, 1024, 1025, 1026, 1027, 1040, 1041, 2001, 2020, 4001, 4006,
];

async fn of_receipts(sender: &Sender, reader: &Reader<'_>, codes: &mut Codes) {
    let mut order = order();
    order["correspondence"]["isConfirmationNeeded"] = true.into();
    order["correspondence"]["dueDateTime"] = "2100-01-01T00:00:00Z".into();
    let id = sender.sent(&order).await;
    codes.expect(400, 1024, &reader.tell(&id, "markasread").await);
    codes.expect(400, 1025, &reader.tell(&id, "confirm").await);
    codes.expect(400, 1026, &reader.purge(&id).await);
    assert_eq!(reader.look(&id).await.status, 200);
    for (what, code) in [("markasread", 1040), ("confirm", 1041)] {
        let answer = reader.tell(&id, what).await;
        assert_eq!((answer.status, answer.json()), (200, json!(id)));
        sender.stub.advance_clock(Duration::from_secs(4));
        codes.expect(400, code, &reader.tell(&id, what).await);
    }
    assert_eq!(reader.purge(&id).await.status, 200);
    codes.expect(400, 1014, &reader.purge(&id).await);
    codes.expect(404, 1001, &reader.look(&id).await);
    codes.expect(404, 1001, &reader.tell(&id, "confirm").await);
}

async fn of_strangers(sender: &Sender, codes: &mut Codes) {
    let mut order = order();
    order["recipients"] = json!(["25922947409"]);
    let id = sender.sent(&order).await;
    let stub = &sender.stub;
    let stranger = Reader::of(stub).await;
    let stranger_asked = [
        stranger.look(&id).await,
        stranger.tell(&id, "confirm").await,
        stranger.purge(&id).await,
        stranger.download(&id, &new_id()).await,
    ];
    for answer in stranger_asked {
        codes.expect(401, 4001, &answer);
    }
    let path = format!("{API}/correspondence?resourceId=ttd-brev&role=Recipient");
    let nobody = token_of(stub, "not a number", READ).await;
    codes.expect(401, 4006, &Ask::get(path).bearer(&nobody).to(stub).await);
}

async fn of_senders(sender: &Sender, codes: &mut Codes) {
    let id = sender.sent(&order()).await;
    let path = format!("/correspondence/{id}/purge");
    codes.expect(400, 1013, &sender.delete(&path).await);
    codes.expect(
        404,
        1001,
        &sender.get(&format!("/correspondence/{}", new_id())).await,
    );
    let query = "resourceId=ttd-brev&role=Sender&from=2026-02-01&to=2026-01-01T00:00:00Z";
    let query = query.replace("2026-02-01", "2026-02-01T00:00:00Z");
    codes.expect(
        400,
        1027,
        &sender.get(&format!("/correspondence?{query}")).await,
    );
}

async fn of_files(sender: &Sender, reader: &Reader<'_>, codes: &mut Codes) {
    let attachment = id(&sender.attachment(json!({"expirationInDays": 1})).await);
    assert_eq!(sender.upload(&attachment, "a").await.status, 200);
    let mut order = order();
    order["existingAttachments"] = json!([attachment]);
    let id = sender.sent(&order).await;
    codes.expect(404, 1001, &reader.download(&new_id(), &attachment).await);
    codes.expect(404, 2001, &reader.download(&id, &new_id()).await);
    sender.stub.advance_clock(Duration::from_secs(24 * 3600));
    codes.expect(400, 2020, &reader.download(&id, &attachment).await);
}

#[tokio::test]
async fn each_mistake_after_sending_has_its_code() {
    let sender = Sender::with_long_lasting_token().await;
    let reader = Reader::of(&sender.stub).await;
    let mut codes = Codes::default();
    of_receipts(&sender, &reader, &mut codes).await;
    of_senders(&sender, &mut codes).await;
    // Grants are signed by the wall clock, so nobody new comes when a day has passed.
    sender.stub.set_clock_offset(0);
    of_strangers(&sender, &mut codes).await;
    of_files(&sender, &reader, &mut codes).await;
    codes.are(CODES);
}
