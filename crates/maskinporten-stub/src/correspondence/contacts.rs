//! Whom a notification names besides the recipient's registered contacts.

use super::{
    notification::has,
    problem::Problem,
    raw::{RawContact, RawNotification},
};

/// Stands for the recipient's name in a text.
const NAME: &str = "$recipientName$";

/// Checks that each contact is one and can be reached, and that their names can be looked up.
pub(super) fn check(notification: &RawNotification) -> Result<(), Problem> {
    let older = notification.custom_notification_recipients.iter().flatten();
    let mut contacts: Vec<&RawContact> = Vec::new();
    for older in older {
        if older.recipients.len() > 1 {
            let detail = "A custom notification recipient has several recipients";
            return Err(Problem::new(3017, detail));
        }
        contacts.extend(&older.recipients);
    }
    contacts.extend(notification.custom_recipients.iter().flatten());
    contacts.extend(&notification.custom_recipient);
    if contacts.is_empty() && notification.override_registered_contact_information {
        let detail = "There is no custom recipient instead of the registered contacts";
        return Err(Problem::new(3022, detail));
    }
    let named = uses_name(notification);
    contacts
        .into_iter()
        .try_for_each(|contact| check_one(contact, named))
}

fn check_one(contact: &RawContact, named: bool) -> Result<(), Problem> {
    let by_address = [&contact.email_address, &contact.mobile_number];
    let by_identity = [
        &contact.organization_number,
        &contact.national_identity_number,
    ];
    let given = by_address.iter().chain(&by_identity);
    match given.filter(|identifier| has(identifier)).count() {
        0 => return Err(Problem::new(3019, "A custom recipient has no identifier")),
        1 => {}
        _ => {
            let detail = "A custom recipient has several identifiers";
            return Err(Problem::new(3018, detail));
        }
    }
    let text = |text: &Option<String>| text.clone().filter(|text| !text.trim().is_empty());
    if text(&contact.email_address).is_some_and(|address| !is_email(&address)) {
        return Err(Problem::new(
            3011,
            "A custom recipient's e-mail address is invalid",
        ));
    }
    if text(&contact.mobile_number).is_some_and(|number| !is_mobile(&number)) {
        let detail = "A custom recipient's mobile number is not one of E.164";
        return Err(Problem::new(3012, detail));
    }
    if named && by_address.iter().any(|identifier| has(identifier)) {
        let detail = "An address has no name to put into the texts";
        return Err(Problem::new(3015, detail));
    }
    Ok(())
}

fn uses_name(notification: &RawNotification) -> bool {
    [
        &notification.email_subject,
        &notification.email_body,
        &notification.sms_body,
        &notification.reminder_email_subject,
        &notification.reminder_email_body,
        &notification.reminder_sms_body,
    ]
    .into_iter()
    .flatten()
    .any(|text| text.contains(NAME))
}

/// Something on both sides of one `@`, and a dot in the domain; the server is somewhat stricter.
fn is_email(address: &str) -> bool {
    let Some((local, domain)) = address.split_once('@') else {
        return false;
    };
    let labels = domain.split('.').filter(|label| !label.is_empty());
    let dots = domain.matches('.').count();
    !local.is_empty()
        && !address.contains(char::is_whitespace)
        && !domain.contains('@')
        && dots > 0
        && labels.count() == dots.saturating_add(1)
}

/// Digits, with `+` and a country code or without: then it is Norwegian.
fn is_mobile(number: &str) -> bool {
    let digits = number.strip_prefix('+').unwrap_or(number);
    let international = digits.len() < number.len();
    digits.bytes().all(|byte| byte.is_ascii_digit())
        && if international {
            (7..=15).contains(&digits.len()) && !digits.starts_with('0')
        } else {
            digits.len() == 8
        }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_addresses_from_other_text() {
        for (text, email, mobile) in [
            ("kari@example.no", true, false),
            ("kari@example", false, false),
            ("kari@@example.no", false, false),
            ("@example.no", false, false),
            ("kari nordmann@example.no", false, false),
            ("kari@example..no", false, false),
            ("+4798765432", false, true),
            ("98765432", false, true),
            ("+47 98765432", false, false),
            ("1234", false, false),
            ("+", false, false),
            ("", false, false),
        ] {
            assert_eq!(is_email(text), email, "{text}");
            assert_eq!(is_mobile(text), mobile, "{text}");
        }
    }
}
