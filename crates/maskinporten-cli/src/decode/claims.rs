//! What the members of a token mean.

use jiff::{Timestamp, Unit, tz::TimeZone};
use serde_json::{Map, Value};

/// Those that Maskinporten and Altinn use.
const MEANINGS: [(&str, &str); 34] = [
    ("actual_iss", "who issued the token that was exchanged"),
    ("alg", "what it is signed with"),
    ("amr", "how the user was authenticated"),
    ("aud", "who it is for"),
    (
        "authorization_details",
        "whom it acts for, in detail (RFC 9396)",
    ),
    ("client_amr", "how the client was authenticated"),
    ("client_id", "the client"),
    ("client_orgno", "the organisation that owns the client"),
    ("consumer", "the organisation that it acts for"),
    (
        "consumer_org",
        "the organisation that the client wants to act for",
    ),
    ("delegation_source", "where the delegation is registered"),
    ("exp", "it ends"),
    ("iat", "it was made"),
    ("iss", "who issued it"),
    ("iss_onbehalfof", "whom it was issued on behalf of"),
    ("jku", "where its key is"),
    ("jti", "its own id"),
    ("kid", "which key it is signed with"),
    ("nbf", "it is not valid before"),
    ("org", "the service owner, as Altinn calls it"),
    ("orgNumber", "the organisation"),
    ("pid", "a person"),
    ("resource", "the API that it is asked for"),
    ("scope", "what it gives access to"),
    ("sub", "whom it is about"),
    ("supplier", "the organisation that acts as supplier"),
    ("token_type", "how it is sent"),
    ("typ", "what it is"),
    (
        "urn:altinn:authenticatemethod",
        "how the user was authenticated",
    ),
    ("urn:altinn:authlevel", "the level of security, 0 to 4"),
    ("urn:altinn:org", "the service owner"),
    ("urn:altinn:orgNumber", "the organisation"),
    ("x5c", "the certificate of its key"),
    ("x5t", "which certificate it is signed with"),
];

/// One line for each member.
pub(super) fn shown(title: &str, members: &Map<String, Value>, now: Timestamp) -> String {
    let width = members.keys().map(|name| name.len()).max().unwrap_or(0);
    let mut text = format!("{title}:");
    for (name, value) in members {
        let shown = match value {
            Value::Number(seconds) if ["exp", "iat", "nbf"].contains(&name.as_str()) => seconds
                .as_f64()
                .map_or_else(|| value.to_string(), |seconds| time(seconds, now)),
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let meaning = MEANINGS.iter().find(|(known, _)| known == name);
        let meaning = meaning.map_or(String::new(), |(_, meaning)| format!("  ({meaning})"));
        text += &format!("\n  {name:width$}  {shown}{meaning}");
    }
    text
}

/// `2026-07-01 12:00:00 +02:00, in 93 s`.
fn time(seconds: f64, now: Timestamp) -> String {
    let Ok(time) = Timestamp::from_second(seconds as i64) else {
        return format!("{seconds}");
    };
    let local = time.to_zoned(TimeZone::system()).strftime("%F %T %:z");
    let away = (time - now).total(Unit::Second).unwrap_or(0.0).round();
    if away >= 0.0 {
        format!("{local}, in {}", length(away))
    } else {
        format!("{local}, {} ago", length(-away))
    }
}

/// In the unit that fits.
fn length(seconds: f64) -> String {
    match seconds {
        ..600.0 => format!("{seconds} s"),
        ..7_200.0 => format!("{:.0} min", seconds / 60.0),
        ..172_800.0 => format!("{:.0} h", seconds / 3_600.0),
        _ => format!("{:.0} days", seconds / 86_400.0),
    }
}
