//! JSON bodies as ASP.NET reads them: names in any case, unknown members ignored.

use jiff::{Timestamp, civil, tz::Offset};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;

use super::validation::Findings;

/// A member that must be there, though it may be null: null is found later, with a better message.
#[derive(Debug, Deserialize)]
pub(super) struct Required<T>(pub(super) Option<T>);

/// Reads a body. `names` are all members of the model, in their proper case.
pub(super) fn read<T: DeserializeOwned>(body: &[u8], names: &[&str]) -> Result<T, Findings> {
    let unreadable = |error: serde_json::Error| {
        Findings::one(
            "$",
            format!("The JSON value could not be converted: {error}"),
        )
    };
    let value: Value = serde_json::from_slice(body).map_err(unreadable)?;
    serde_json::from_value(proper_case(value, names)).map_err(unreadable)
}

fn proper_case(value: Value, names: &[&str]) -> Value {
    match value {
        Value::Array(items) => items
            .into_iter()
            .map(|item| proper_case(item, names))
            .collect(),
        Value::Object(members) => {
            let rename = |(name, value): (String, Value)| {
                let known = names.iter().find(|known| known.eq_ignore_ascii_case(&name));
                match known {
                    // Its keys are the sender's own.
                    Some(&"propertyList") => ("propertyList".to_owned(), value),
                    Some(known) => ((*known).to_owned(), proper_case(value, names)),
                    None => (name, value),
                }
            };
            members.into_iter().map(rename).collect()
        }
        scalar => scalar,
    }
}

/// Reads a date and time; without an offset it is taken as UTC.
pub(super) fn time(key: &str, text: Option<&str>) -> Result<Option<Timestamp>, Findings> {
    let Some(text) = text else {
        return Ok(None);
    };
    let without_offset = || {
        let civil: civil::DateTime = text.parse().ok()?;
        Offset::UTC.to_timestamp(civil).ok()
    };
    match text.parse().ok().or_else(without_offset) {
        Some(time) => Ok(Some(time)),
        None => Err(Findings::one(key, "The JSON value is not a date and time.")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_times_with_and_without_offset() {
        let expected: Timestamp = "2026-08-21T10:05:00Z".parse().unwrap();
        for text in [
            "2026-08-21T10:05:00Z",
            "2026-08-21T12:05:00+02:00",
            "2026-08-21T10:05:00.0000000+00:00",
            "2026-08-21T10:05:00",
        ] {
            assert_eq!(time("$", Some(text)), Ok(Some(expected)), "{text}");
        }
        assert!(time("$", Some("i morgen")).is_err());
        assert_eq!(time("$", None), Ok(None));
    }
}
