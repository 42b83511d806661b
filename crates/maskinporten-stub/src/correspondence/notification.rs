//! Notifications: which texts a channel needs. The stub sends none.

use serde_json::Value;

use super::{body::one_of, contacts, problem::Problem, raw::RawNotification, validation::Findings};

const KEY: &str = "Correspondence.Notification";
const TEMPLATES: [&str; 2] = ["CustomMessage", "GenericAltinnMessage"];
const CONTENT_TYPES: [&str; 2] = ["Plain", "Html"];
const CHANNELS: [&str; 5] = [
    "Email",
    "Sms",
    "EmailPreferred",
    "SmsPreferred",
    "EmailAndSms",
];

/// Checks the shape: what is a known template or channel, and how long texts may be.
pub(super) fn check_shape(
    notification: &RawNotification,
    findings: &mut Findings,
) -> Result<(), Findings> {
    for (value, names) in [
        (&notification.notification_template, TEMPLATES.as_slice()),
        (&notification.notification_channel, &CHANNELS),
        (&notification.reminder_notification_channel, &CHANNELS),
        (&notification.email_content_type, &CONTENT_TYPES),
        (&notification.reminder_email_content_type, &CONTENT_TYPES),
    ] {
        if one_of(value.as_ref(), names).is_none() {
            let message = format!("The JSON value is not one of {names:?}.");
            return Err(Findings::one("$", message));
        }
    }
    for (text, name, max) in [
        (&notification.email_subject, "EmailSubject", 512),
        (&notification.email_body, "EmailBody", 10_000),
        (&notification.sms_body, "SmsBody", 2144),
        (
            &notification.reminder_email_subject,
            "ReminderEmailSubject",
            512,
        ),
        (
            &notification.reminder_email_body,
            "ReminderEmailBody",
            10_000,
        ),
        (&notification.reminder_sms_body, "ReminderSmsBody", 2144),
    ] {
        findings.optional_text(&format!("{KEY}.{name}"), text.as_deref(), max);
    }
    Ok(())
}

/// Checks whom it names besides the recipient, and that the texts are there.
pub(super) fn check(notification: &RawNotification) -> Result<(), Problem> {
    contacts::check(notification)?;
    let template = one_of(notification.notification_template.as_ref(), &TEMPLATES);
    if template != Some("CustomMessage") {
        return Ok(());
    }
    let channel = |value: Option<&Value>| one_of(value, &CHANNELS);
    let main = channel(notification.notification_channel.as_ref());
    let email = has(&notification.email_subject) && has(&notification.email_body);
    let sms = has(&notification.sms_body);
    check_texts(main, email, sms, [3002, 3004, 3006, 3024])?;
    if !notification.send_reminder {
        return Ok(());
    }
    let reminder = notification.reminder_notification_channel.as_ref();
    let reminder = match reminder {
        None | Some(Value::Null) => main,
        given => channel(given),
    };
    let email = has(&notification.reminder_email_subject) && has(&notification.reminder_email_body);
    let sms = has(&notification.reminder_sms_body);
    check_texts(reminder, email, sms, [3003, 3005, 3007, 3025])
}

/// `codes` are for e-mail, SMS, either preferred, and both.
fn check_texts(
    channel: Option<&str>,
    email: bool,
    sms: bool,
    codes: [u16; 4],
) -> Result<(), Problem> {
    let [for_email, for_sms, for_preferred, for_both] = codes;
    let (complete, code) = match channel {
        Some("Email") => (email, for_email),
        Some("Sms") => (sms, for_sms),
        Some("EmailAndSms") => (email && sms, for_both),
        _ => (email && sms, for_preferred),
    };
    if complete {
        return Ok(());
    }
    Err(Problem::new(
        code,
        "The notification lacks a text that its channel needs",
    ))
}

/// Whether a text is there and not blank.
pub(super) fn has(text: &Option<String>) -> bool {
    text.as_deref().is_some_and(|text| !text.trim().is_empty())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_channel_needs_its_texts() {
        for (notification, code) in [
            (
                json!({"notificationTemplate": "GenericAltinnMessage"}),
                None,
            ),
            (
                json!({"notificationChannel": "email", "emailSubject": "a", "emailBody": "b"}),
                None,
            ),
            (
                json!({"notificationChannel": "Email", "emailSubject": "a"}),
                Some(3002),
            ),
            (
                json!({"notificationChannel": "Sms", "smsBody": " "}),
                Some(3004),
            ),
            (
                json!({"notificationChannel": "SmsPreferred", "smsBody": "a"}),
                Some(3006),
            ),
            (
                json!({"notificationChannel": 4, "smsBody": "a"}),
                Some(3024),
            ),
            (
                json!({"notificationChannel": "Sms", "smsBody": "a", "sendReminder": true}),
                Some(3005),
            ),
        ] {
            let read: RawNotification = serde_json::from_value(notification.clone()).unwrap();
            let found = check(&read).err().map(|problem| problem.code());
            assert_eq!(found, code, "{notification}");
        }
    }
}
