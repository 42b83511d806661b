//! Recipients: the forms they may come in, and the one they are kept in.

use super::caller::organisation_urn;
use crate::identifiers;

/// The party's URN in lower case, if it is a well-formed recipient.
pub(super) fn normalise(recipient: &str) -> Option<String> {
    let lower = recipient.trim().to_lowercase();
    let after = |prefix| lower.strip_prefix(prefix);
    let organisation = after("0192:").or_else(|| after("urn:altinn:organization:identifier-no:"));
    if let Some(number) = organisation {
        return identifiers::is_org_number(number).then(|| organisation_urn(number));
    }
    let person = after("urn:altinn:person:identifier-no:").unwrap_or(&lower);
    if identifiers::is_national_identity_number(person) {
        return Some(format!("urn:altinn:person:identifier-no:{person}"));
    }
    let self_identified = after("urn:altinn:person:idporten-email:")
        .or_else(|| after("urn:altinn:person:legacy-selfidentified:"));
    self_identified
        .is_some_and(|name| !name.is_empty())
        .then(|| lower.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brings_recipients_into_one_form() {
        let organisation = Some("urn:altinn:organization:identifier-no:310244007");
        let person = Some("urn:altinn:person:identifier-no:25922947409");
        for (given, expected) in [
            ("0192:310244007", organisation),
            (
                "urn:altinn:organization:identifier-no:310244007",
                organisation,
            ),
            (
                "URN:ALTINN:Organization:identifier-no:310244007",
                organisation,
            ),
            ("310244007", None),
            ("0192:31024400", None),
            ("25922947409", person),
            ("urn:altinn:person:identifier-no:25922947409", person),
            ("25922947408", None),
            (
                "urn:altinn:person:idporten-email:Kari@Example.no",
                Some("urn:altinn:person:idporten-email:kari@example.no"),
            ),
            ("urn:altinn:person:idporten-email:", None),
            ("", None),
        ] {
            assert_eq!(normalise(given).as_deref(), expected, "{given}");
        }
    }
}
