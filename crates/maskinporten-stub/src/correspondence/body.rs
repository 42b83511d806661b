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
    read_value(serde_json::from_slice(body).map_err(unreadable)?, names)
}

/// The same, of a body that has been parsed already.
pub(super) fn read_value<T: DeserializeOwned>(value: Value, names: &[&str]) -> Result<T, Findings> {
    serde_json::from_value(proper_case(value, names)).map_err(unreadable)
}

fn unreadable(error: serde_json::Error) -> Findings {
    let message = format!("The JSON value could not be converted: {error}");
    Findings::one("$", message)
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

/// An enum's name, given by its text in any case or by its number; the first one if not given.
pub(super) fn one_of<'a>(value: Option<&Value>, names: &[&'a str]) -> Option<&'a str> {
    let numbered = |index: usize| names.get(index).copied();
    match value {
        None | Some(Value::Null) => names.first().copied(),
        Some(Value::String(given)) => {
            let mut all = names.iter().copied();
            all.find(|name| name.eq_ignore_ascii_case(given))
                .or_else(|| numbered(given.parse().ok()?))
        }
        Some(Value::Number(number)) => numbered(usize::try_from(number.as_u64()?).ok()?),
        Some(_other) => None,
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
