//! Notifications: which texts and recipients a channel needs. The stub sends none.

use serde_json::{Map, Value};

use super::{problem::Problem, validation::Findings};

const KEY: &str = "Correspondence.Notification";
const TEMPLATES: [&str; 2] = ["CustomMessage", "GenericAltinnMessage"];
const CHANNELS: [&str; 5] = [
    "Email",
    "Sms",
    "EmailPreferred",
    "SmsPreferred",
    "EmailAndSms",
];
const IDENTIFIERS: [&str; 4] = [
    "emailAddress",
    "mobileNumber",
    "organizationNumber",
    "nationalIdentityNumber",
];

/// Checks the shape: what is a known template or channel, and how long texts may be.
pub(super) fn check_shape(
    notification: &Map<String, Value>,
    findings: &mut Findings,
) -> Result<(), Findings> {
    for (member, names) in [
        ("notificationTemplate", TEMPLATES.as_slice()),
        ("notificationChannel", CHANNELS.as_slice()),
        ("reminderNotificationChannel", CHANNELS.as_slice()),
    ] {
        if one_of(notification.get(member), names).is_none() {
            let message = format!("The JSON value of {member} is not one of {names:?}.");
            return Err(Findings::one("$", message));
        }
    }
    for (member, name, max) in [
        ("emailSubject", "EmailSubject", 512),
        ("emailBody", "EmailBody", 10_000),
        ("smsBody", "SmsBody", 2144),
        ("reminderEmailSubject", "ReminderEmailSubject", 512),
        ("reminderEmailBody", "ReminderEmailBody", 10_000),
        ("reminderSmsBody", "ReminderSmsBody", 2144),
    ] {
        let text = notification.get(member).and_then(Value::as_str);
        findings.optional_text(&format!("{KEY}.{name}"), text, max);
    }
    Ok(())
}

/// Checks that the texts are there, and whom custom recipients name.
pub(super) fn check(notification: &Map<String, Value>) -> Result<(), Problem> {
    check_recipients(notification)?;
    if one_of(notification.get("notificationTemplate"), &TEMPLATES) != Some("CustomMessage") {
        return Ok(());
    }
    let channel = one_of(notification.get("notificationChannel"), &CHANNELS);
    let has = |name| has_text(notification, name);
    let email = has("emailSubject") && has("emailBody");
    check_texts(channel, email, has("smsBody"), [3002, 3004, 3006, 3024])?;
    if notification.get("sendReminder") != Some(&Value::Bool(true)) {
        return Ok(());
    }
    let reminder = notification.get("reminderNotificationChannel");
    let channel = match reminder {
        None | Some(Value::Null) => channel,
        given => one_of(given, &CHANNELS),
    };
    let email = has("reminderEmailSubject") && has("reminderEmailBody");
    check_texts(
        channel,
        email,
        has("reminderSmsBody"),
        [3003, 3005, 3007, 3025],
    )
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

fn check_recipients(notification: &Map<String, Value>) -> Result<(), Problem> {
    let recipients = notification
        .get("customRecipients")
        .and_then(Value::as_array);
    for recipient in recipients
        .into_iter()
        .flatten()
        .filter_map(Value::as_object)
    {
        let named = IDENTIFIERS.iter().filter(|name| has_text(recipient, name));
        match named.count() {
            0 => return Err(Problem::new(3019, "A custom recipient has no identifier")),
            1 => {}
            _ => {
                return Err(Problem::new(
                    3018,
                    "A custom recipient has several identifiers",
                ));
            }
        }
    }
    Ok(())
}

fn has_text(object: &Map<String, Value>, name: &str) -> bool {
    let text = object.get(name).and_then(Value::as_str);
    text.is_some_and(|text| !text.trim().is_empty())
}

/// An enum's name, given by its text in any case or by its number; the first one if not given.
fn one_of<'a>(value: Option<&Value>, names: &[&'a str]) -> Option<&'a str> {
    match value {
        None | Some(Value::Null) => names.first().copied(),
        Some(Value::String(given)) => {
            let mut names = names.iter().copied();
            names.find(|name| name.eq_ignore_ascii_case(given))
        }
        Some(Value::Number(number)) => {
            let index = usize::try_from(number.as_u64()?).ok()?;
            names.get(index).copied()
        }
        Some(_other) => None,
    }
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
            (json!({"notificationChannel": "Sms"}), Some(3004)),
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
            (
                json!({"notificationTemplate": 1, "customRecipients": [{}]}),
                Some(3019),
            ),
            (
                json!({"notificationTemplate": 1, "customRecipients": [{"emailAddress": "a", "mobileNumber": "1"}]}),
                Some(3018),
            ),
        ] {
            let found = check(notification.as_object().unwrap());
            let found = found.err().map(|problem| problem.code());
            assert_eq!(found, code, "{notification}");
        }
    }
}
