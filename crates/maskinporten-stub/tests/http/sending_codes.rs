//! What is wrong with a correspondence, one mistake at a time, and of two the first.

use std::time::Duration;

use maskinporten_stub::{Recipient, Resource};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    codes::Codes,
    http::{Ask, JSON},
    reader::token_of,
    sender::{API, Sender, id, new_id, order, sent},
};

pub(crate) const CODES: &[u64] = &[
    1002, 1003, 1005, 1006, 1007, 1008, 1009, 1016, 1017, 1018, 1023, 1029, 1030, 1032, 1033, 1034,
    1035, 1036, 1038, 1039, 1044, 1045, 1047, 1048, 1052, 1053, 1054, 1055, 1060, 1061, 4001, 4002,
    4010,
];

const PERSON: &str = "25922947409";

/// An order with one thing changed.
fn changed(place: &str, value: Value) -> Value {
    let mut order = order();
    let (parent, name) = place.rsplit_once('/').unwrap();
    order.pointer_mut(parent).unwrap()[name] = value;
    order
}

async fn expect_each(sender: &Sender, codes: &mut Codes, cases: Vec<(&str, Value, u16, u64)>) {
    for (place, value, status, code) in cases {
        codes.expect(status, code, &sender.send(&changed(place, value)).await);
    }
}

async fn of_the_correspondence(sender: &Sender, codes: &mut Codes) {
    sender.stub.register_resource("another", "974761076");
    for resource in [
        Resource::new("app", "991825827").of_another_type(),
        Resource::new("secret", "991825827").confidential(),
    ] {
        sender.stub.add_resource(resource);
    }
    let dialog = |kind: u8, value: &str| json!({"referenceType": kind, "referenceValue": value});
    let (of_type, nil) = (dialog(6, "x"), Uuid::nil().to_string());
    let due = json!("2020-01-01T00:00:00Z");
    let references = "/correspondence/externalReferences";
    let cases = vec![
        ("/correspondence/resourceId", json!("unknown"), 400, 1036),
        ("/correspondence/resourceId", json!("another"), 401, 4001),
        ("/correspondence/resourceId", json!("app"), 400, 4010),
        ("/correspondence/resourceId", json!("secret"), 400, 1061),
        ("/correspondence/isConfidential", json!(true), 400, 1060),
        (
            "/correspondence/isConfirmationNeeded",
            json!(true),
            400,
            1016,
        ),
        ("/correspondence/dueDateTime", due, 400, 1008),
        (
            "/correspondence/content/messageTitle",
            json!("<b>Vedtak</b>"),
            400,
            1002,
        ),
        (
            "/correspondence/content/messageBody",
            json!("<b>Vedtak</b>"),
            400,
            1003,
        ),
        ("/correspondence/content/language", json!("de"), 400, 1023),
        ("/correspondence/messageSender", json!("**Dep**"), 400, 1039),
        (references, json!([of_type, of_type]), 400, 1052),
        (references, json!([of_type]), 400, 1053),
        (references, json!([of_type, dialog(3, &nil)]), 400, 1048),
        (
            references,
            json!([of_type, dialog(3, &new_id())]),
            404,
            1054,
        ),
        (
            "/correspondence/replyOptions",
            json!([{"linkURL": "http://example.no"}]),
            400,
            1035,
        ),
    ];
    expect_each(sender, codes, cases).await;
    let mut transmissions = changed(references, json!([of_type, dialog(3, &new_id())]));
    transmissions["recipients"] = json!(["0192:310244007", PERSON]);
    codes.expect(400, 1045, &sender.send(&transmissions).await);
    let mut late = changed("/correspondence/dueDateTime", json!("2100-01-01T00:00:00Z"));
    late["correspondence"]["requestedPublishTime"] = "2100-01-02T00:00:00Z".into();
    codes.expect(400, 1009, &sender.send(&late).await);
}

async fn of_recipients(sender: &Sender, codes: &mut Codes) {
    let send_to = |recipients: &[&str]| {
        let order = changed("/recipients", json!(recipients));
        async move { sender.send(&order).await }
    };
    let twice = [
        "0192:310244007",
        "urn:altinn:organization:identifier-no:310244007",
    ];
    codes.expect(400, 1006, &send_to(&twice).await);
    for (recipient, status, code) in [
        (Recipient::unknown(PERSON), 404, 1029),
        (Recipient::without_roles(PERSON), 400, 1044),
        (Recipient::reserved(PERSON), 422, 1030),
        (Recipient::uncertain(PERSON), 500, 1032),
    ] {
        sender.stub.register_recipient(recipient);
        codes.expect(status, code, &send_to(&[PERSON]).await);
    }
    sender.stub.register_recipient(Recipient::reachable(PERSON));
    sent(&send_to(&[PERSON]).await);
    sender
        .stub
        .register_recipient(Recipient::unknown("991825827"));
    codes.expect(400, 4002, &send_to(&[PERSON]).await);
    sender
        .stub
        .register_recipient(Recipient::reachable("991825827"));
}

async fn of_attachments(sender: &Sender, codes: &mut Codes) {
    let stub = &sender.stub;
    stub.register_resource("theirs", "974761076");
    let announcement =
        json!({"resourceId": "theirs", "fileName": "a.pdf", "sendersReference": "1"});
    let token = token_of(stub, "974761076", "altinn:correspondence.write").await;
    let ask = Ask::post(format!("{API}/attachment"), JSON, announcement.to_string());
    let foreign = id(&ask.bearer(&token).to(stub).await);
    let unpublished = id(&sender.attachment(json!({})).await);
    let ending = id(&sender.attachment(json!({"expirationInDays": 1})).await);
    assert_eq!(sender.upload(&ending, "a").await.status, 200);
    stub.advance_clock(Duration::from_secs(19 * 3600));
    let many: Vec<String> = (0..101).map(|_index| ending.clone()).collect();
    let existing = "/existingAttachments";
    let new_file = json!([{"fileName": "a.pdf", "sendersReference": "1"}]);
    let cases = vec![
        (existing, json!([new_id(), foreign]), 400, 1017),
        (existing, json!([new_id(), unpublished]), 400, 1007),
        (existing, json!(many), 400, 1038),
        (existing, json!([unpublished]), 400, 1018),
        ("/correspondence/content/attachments", new_file, 400, 1005),
        (existing, json!([ending]), 400, 1055),
    ];
    expect_each(sender, codes, cases).await;
}

async fn of_keys(sender: &Sender, codes: &mut Codes) {
    let mut order = changed("/idempotentKey", json!(new_id()));
    sent(&sender.send(&order).await);
    // Before anything else that is wrong.
    order["correspondence"]["resourceId"] = "unknown".into();
    codes.expect(409, 1034, &sender.send(&order).await);
    order["recipients"] = json!(["0192:310244007", PERSON]);
    codes.expect(400, 1047, &sender.send(&order).await);
    order["idempotentKey"] = Uuid::nil().to_string().into();
    codes.expect(400, 1033, &sender.send(&order).await);
}

#[tokio::test]
async fn each_broken_rule_has_its_code() {
    let sender = Sender::with_long_lasting_token().await;
    let mut codes = Codes::default();
    of_the_correspondence(&sender, &mut codes).await;
    of_recipients(&sender, &mut codes).await;
    of_keys(&sender, &mut codes).await;
    of_attachments(&sender, &mut codes).await;
    codes.are(CODES);
}

#[tokio::test]
async fn the_first_broken_rule_is_reported() {
    let sender = Sender::new().await;
    sender.stub.register_recipient(Recipient::reserved(PERSON));
    // Everything is wrong; what is reported is put right.
    let mut order = changed("/idempotentKey", json!(Uuid::nil().to_string()));
    order["recipients"] = json!([PERSON]);
    order["existingAttachments"] = json!([new_id()]);
    let wrong = [
        ("/idempotentKey", json!(null), None, 1033),
        (
            "/correspondence/resourceId",
            json!("ttd-brev"),
            Some(json!("unknown")),
            1036,
        ),
        (
            "/correspondence/isConfidential",
            json!(false),
            Some(json!(true)),
            1060,
        ),
        (
            "/correspondence/dueDateTime",
            json!("2020-01-01T00:00:00Z"),
            None,
            1016,
        ),
        ("/correspondence/ignoreReservation", json!(true), None, 1030),
        (
            "/correspondence/dueDateTime",
            json!("2100-01-01T00:00:00Z"),
            None,
            1008,
        ),
        (
            "/correspondence/content/messageTitle",
            json!("Vedtak"),
            Some(json!("**V**")),
            1002,
        ),
        (
            "/correspondence/content/messageBody",
            json!("Vedtak"),
            Some(json!("<i>V</i>")),
            1003,
        ),
        (
            "/correspondence/content/language",
            json!("nn"),
            Some(json!("fr")),
            1023,
        ),
        (
            "/correspondence/messageSender",
            json!("Dep"),
            Some(json!("# Dep")),
            1039,
        ),
        (
            "/correspondence/externalReferences",
            json!([]),
            Some(json!([{"referenceType": 6, "referenceValue": "x"}])),
            1053,
        ),
        ("/existingAttachments", json!([]), None, 1007),
        (
            "/correspondence/content/attachments",
            json!([{"fileName": "a.pdf", "sendersReference": "1", "expirationInDays": 0}]),
            Some(json!([{"fileName": "a.exe", "sendersReference": "1"}])),
            2013,
        ),
        ("/correspondence/content/attachments", json!([]), None, 1005),
        (
            "/correspondence/replyOptions",
            json!([{"linkURL": "https://example.no/svar"}]),
            Some(json!([{"linkURL": "ftp://example.no"}])),
            1035,
        ),
        (
            "/correspondence/notification",
            json!(null),
            Some(json!({"notificationChannel": "Sms"})),
            3004,
        ),
    ];
    order["correspondence"]["isConfirmationNeeded"] = true.into();
    let place = |order: &mut Value, place: &str, value: Value| {
        let (parent, name) = place.rsplit_once('/').unwrap();
        order.pointer_mut(parent).unwrap()[name] = value;
    };
    for (pointer, _right, wrong, _code) in wrong.clone() {
        if let Some(wrong) = wrong {
            place(&mut order, pointer, wrong);
        }
    }
    for (pointer, right, _wrong, code) in wrong {
        assert_eq!(sender.send(&order).await.code().1, Some(code), "{pointer}");
        place(&mut order, pointer, right);
    }
    sent(&sender.send(&order).await);
}
