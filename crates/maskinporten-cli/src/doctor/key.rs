//! Whether the key can be used, and for how long.

use std::time::SystemTime;

use maskinporten::Settings;

use super::report::{Finding, Stage};

/// The members that a key is in.
const MEMBERS: [&str; 9] = [
    "KeyPath",
    "KeyPassword",
    "EncodedJwk",
    "JwkBase64",
    "`Jwk`",
    "EncodedX509",
    "CertificatePkcs12",
    "CertificateStoreThumbprint",
    "CLIENT_JWK",
];

/// Whether it is the key that is wrong with the settings.
pub(super) fn is_meant(what_is_wrong: &str) -> bool {
    MEMBERS.iter().any(|member| what_is_wrong.contains(member))
}

pub(super) fn examine(settings: &Settings, now: SystemTime) -> (Stage, Finding) {
    let status = settings.keys().status();
    let name = status.kid().unwrap_or("goes by its certificate");
    let age = status.age(now).map_or_else(String::new, |age| {
        format!("{} days old; ", age.as_secs() / (24 * 60 * 60))
    });
    let finding = match status.days_left(now) {
        Some(days) if days < 0 => Finding::bad(
            format!("{name}: it ended {} days ago", -days),
            "make another (`maskinporten keys create`) and register it",
        ),
        Some(days) if status.ends_soon(now) => Finding::good(format!(
            "{name}: {age}it ends in {days} days; replace it soon"
        )),
        Some(days) => Finding::good(format!("{name}: {age}it ends in {days} days")),
        None => Finding::good(format!("{name}: its name does not say when it ends")),
    };
    (Stage::Key, finding)
}
