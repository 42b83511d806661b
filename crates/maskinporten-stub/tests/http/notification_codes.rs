//! What is wrong with a notification.

use serde_json::json;

use crate::{
    codes::Codes,
    sender::{Sender, order},
};

pub(crate) const CODES: &[u64] = &[
    3002, 3003, 3004, 3005, 3006, 3007, 3011, 3012, 3015, 3017, 3018, 3019, 3022, 3024, 3025,
];

#[tokio::test]
async fn a_notification_needs_its_texts_and_proper_contacts() {
    let sender = Sender::new().await;
    let mut codes = Codes::default();
    let generic = json!({"notificationTemplate": "GenericAltinnMessage"});
    let complete = json!({
        "emailSubject": "a", "emailBody": "b", "smsBody": "c", "sendReminder": true,
        "notificationTemplate": "CustomMessage", "notificationChannel": "EmailAndSms",
    });
    let with = |base: &serde_json::Value, change: serde_json::Value| {
        let mut notification = base.clone();
        for (name, value) in change.as_object().unwrap() {
            notification[name] = value.clone();
        }
        notification
    };
    let contact =
        |contact: serde_json::Value| with(&generic, json!({"customRecipients": [contact]}));
    for (notification, code) in [
        (
            json!({"notificationChannel": "Email", "emailSubject": "a"}),
            3002,
        ),
        (
            with(&complete, json!({"reminderNotificationChannel": "Email"})),
            3003,
        ),
        (json!({"notificationChannel": "Sms"}), 3004),
        (
            with(&complete, json!({"reminderNotificationChannel": "Sms"})),
            3005,
        ),
        (
            json!({"notificationChannel": "EmailPreferred", "smsBody": "c"}),
            3006,
        ),
        (
            with(&complete, json!({"reminderNotificationChannel": 3})),
            3007,
        ),
        (contact(json!({"emailAddress": "kari"})), 3011),
        (contact(json!({"mobileNumber": "+47 987"})), 3012),
        (
            with(
                &contact(json!({"emailAddress": "kari@example.no"})),
                json!({"emailBody": "Hei, $recipientName$!"}),
            ),
            3015,
        ),
        (
            with(
                &generic,
                json!({"customNotificationRecipients": [{
                    "recipientToOverride": "0192:310244007",
                    "recipients": [
                        {"organizationNumber": "310244007"}, {"organizationNumber": "991825827"},
                    ],
                }]}),
            ),
            3017,
        ),
        (
            contact(json!({"emailAddress": "kari@example.no", "organizationNumber": "310244007"})),
            3018,
        ),
        (contact(json!({"emailAddress": " "})), 3019),
        (with(&generic, json!({"customRecipient": {}})), 3019),
        (
            with(
                &generic,
                json!({"overrideRegisteredContactInformation": true}),
            ),
            3022,
        ),
        (
            json!({"notificationChannel": "EmailAndSms", "smsBody": "c"}),
            3024,
        ),
        (complete, 3025),
    ] {
        let mut order = order();
        order["correspondence"]["notification"] = notification;
        codes.expect(400, code, &sender.send(&order).await);
    }
    codes.are(CODES);

    for (notification, status) in [
        (generic.clone(), 200),
        (contact(json!({"mobileNumber": "+4798765432"})), 200),
        (
            contact(json!({"nationalIdentityNumber": "25922947409"})),
            200,
        ),
        (json!({"notificationChannel": "Pigeon"}), 400),
        (
            json!({"notificationTemplate": 1, "sendReminder": "yes"}),
            400,
        ),
        (with(&generic, json!({"emailContentType": "Rtf"})), 400),
        (with(&generic, json!({"smsBody": "a".repeat(2145)})), 400),
    ] {
        let mut order = order();
        order["correspondence"]["notification"] = notification.clone();
        assert_eq!(
            sender.send(&order).await.code(),
            (status, None),
            "{notification}"
        );
    }
}
