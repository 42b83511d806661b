//! JSON documents such as `appsettings.json` and `maskinporten-settings.json`.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::value::RawValue;
use zeroize::Zeroizing;

use super::{
    SettingsError, app, dotnet,
    given::{Given, Source},
};

/// How large a file may be, in bytes.
pub(super) const SIZE_LIMIT: u64 = 1024 * 1024;

/// Reads `section` out of `text`, a document called `name`. A document without that section gives nothing.
pub(super) fn read(name: &str, text: &str, section: &str) -> Result<Source, SettingsError> {
    let mut source = Source::default();
    // Windows editors begin a file with a byte order mark.
    let mut text = Zeroizing::new(text.trim_start_matches('\u{feff}').to_owned());
    // .NET reads comments and trailing commas, so the files that people have are full of them. They become white
    // space, which leaves the positions in errors right.
    json_strip_comments::strip(&mut text)
        .map_err(|_| SettingsError::new(format!("{name} has a `/` that begins no comment")))?;
    let mut object: Object<'_> =
        serde_json::from_str(&text).map_err(|error| SettingsError::json(name, &error))?;
    for part in section.split(':') {
        let mut found = object
            .0
            .iter()
            .filter(|(key, json)| key.eq_ignore_ascii_case(part) && json.get() != "null");
        object = match (found.next(), found.next()) {
            (None, _) => return Ok(source),
            (Some((_, json)), None) => serde_json::from_str(json.get()).map_err(|_| {
                SettingsError::new(format!("{name}: `{part}` is not a JSON object"))
            })?,
            _ => {
                return Err(SettingsError::new(format!(
                    "{name}: `{part}` is there twice"
                )));
            }
        };
    }
    for (key, json) in object.0 {
        let Some(member) = dotnet::member(&key) else {
            source.unknown.push(format!("`{key}` ({name})"));
            continue;
        };
        let value = value(member, json)
            .ok_or_else(|| SettingsError::new(format!("`{member}` ({name}): it is not text")))?;
        source.add(Given::new(member, name.to_owned(), value))?;
    }
    Ok(source)
}

/// A member's value as text, which is what .NET makes of numbers and booleans too. `None` when there is no such text.
fn value(member: &str, json: &RawValue) -> Option<Zeroizing<String>> {
    let json = json.get();
    match json.as_bytes().first()? {
        b'"' => unescaped(json),
        b'n' => Some(Zeroizing::default()),
        b'{' | b'[' if ![app::JWK, app::JWKS].contains(&member) => None,
        _ => Some(Zeroizing::new(json.to_owned())),
    }
}

/// The text of a string. It is put together here, because the parser would leave copies of what has escapes in it.
fn unescaped(json: &str) -> Option<Zeroizing<String>> {
    let mut rest = json.strip_prefix('"')?.strip_suffix('"')?;
    // What an escape stands for is never longer.
    let mut text = Zeroizing::new(String::with_capacity(rest.len()));
    while let Some((plain, escape)) = rest.split_once('\\') {
        text.push_str(plain);
        let (character, after) = character(escape)?;
        text.push(character);
        rest = after;
    }
    text.push_str(rest);
    Some(text)
}

/// The character that an escape stands for (RFC 8259 section 7), without its backslash, and what comes after it.
fn character(escape: &str) -> Option<(char, &str)> {
    let mut characters = escape.chars();
    let character = match characters.next()? {
        same @ ('"' | '\\' | '/') => same,
        'b' => '\u{8}',
        'f' => '\u{c}',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'u' => return from_utf16(characters.as_str()),
        _ => return None,
    };
    Some((character, characters.as_str()))
}

/// The character whose number in UTF-16 the text begins with, and what comes after that. It may take a second escape.
fn from_utf16(digits: &str) -> Option<(char, &str)> {
    let (first, rest) = code_unit(digits)?;
    if let Some(character) = char::from_u32(first.into()) {
        return Some((character, rest));
    }
    let (second, rest) = code_unit(rest.strip_prefix("\\u")?)?;
    let character = char::decode_utf16([first, second]).next()?.ok()?;
    Some((character, rest))
}

fn code_unit(digits: &str) -> Option<(u16, &str)> {
    let (digits, rest) = digits.split_at_checked(4)?;
    Some((u16::from_str_radix(digits, 16).ok()?, rest))
}

/// An object whose values are left where they are in the text, so that no copies of secrets stay behind.
struct Object<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Object<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;

        // A map would keep one of two members of the same name, and nobody would know which.
        impl<'de> Visitor<'de> for Members {
            type Value = Object<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object<'de>, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Object(members))
            }
        }

        deserializer.deserialize_map(Members)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn members(text: &str, section: &str) -> Vec<(&'static str, String)> {
        let source = read("a.json", text, section).unwrap();
        let members = source.given.iter();
        members
            .map(|given| (given.member, given.text().to_owned()))
            .collect()
    }

    #[test]
    fn values_become_text_as_in_dotnet() {
        let text = r#"{"Clients": {"PROD": {
            "clientid": "a\u002db", "ConsumerOrgNo": 910753614, "UseAltinnTestOrg": true, "Kid": null, "Resource": "",
            "Jwk": {"kty": "RSA"}, "Unknown": {"x": [1]}
        }}}"#;
        let expected = [
            ("ClientId", "a-b"),
            ("ConsumerOrgNo", "910753614"),
            ("UseAltinnTestOrg", "true"),
            ("Jwk", r#"{"kty": "RSA"}"#),
        ]
        .map(|(member, value)| (member, value.to_owned()));
        assert_eq!(members(text, "clients:Prod"), expected);
        assert_eq!(
            members(&format!("\u{feff}{text}"), "clients:prod"),
            expected
        );
        for other in ["", "Clients:Test", "Clients:Prod:Unknown", "Other"] {
            assert_eq!(members(text, other), [], "{other}");
        }
        assert_eq!(members(r#"{"Clients":null}"#, "Clients"), []);
    }

    #[test]
    fn comments_and_trailing_commas_are_read_as_dotnet_does() {
        let text = r#"// Ours.
        {
            /* The client of the archive. */
            "S": {
                "ClientId": "a//b", // Not a comment in there.
                "Jwk": {"kty": "RSA", /* , */ },
            },
        }"#;
        assert_eq!(members(text, "S")[0], ("ClientId", "a//b".to_owned()));
        let jwk: serde_json::Value = serde_json::from_str(&members(text, "S")[1].1).unwrap();
        assert_eq!(jwk["kty"], "RSA");
    }

    #[test]
    fn strings_are_what_the_parser_makes_of_them() {
        for json in [
            r#""""#,
            r#""plain \u00e6\u00c6 æ""#,
            r#""\"\\\/\b\f\n\r\t""#,
            r#""a\nb\\nc\\""#,
            r#""\ud83d\ude00 and \uD83D\uDE00""#,
            r#""\u002B\u0000\uffff""#,
            r#""\ud83d""#,
            r#""\ud83d\u0041""#,
            r#""\ud83d\n""#,
            r#""\ude00""#,
            r#""\ude00\ud83d""#,
        ] {
            let raw: &RawValue = serde_json::from_str(json).unwrap();
            let parsed: Option<String> = serde_json::from_str(json).ok();
            let read = unescaped(raw.get());
            assert_eq!(read.as_deref(), parsed.as_ref(), "{json}");
            // It does not grow, which would leave copies.
            assert!(read.is_none_or(|text| text.capacity() == json.len() - 2));
        }
    }

    #[test]
    fn errors_say_where_and_do_not_quote() {
        for (text, place) in [
            (
                "{\n\"S\": \"canary\" canary // canary\n}",
                "line 2, column 15",
            ),
            (r#"{"S":{"Scope":"canary",,}}"#, "line 1, column 24"),
            (r#"{"S":{"Scope":"canary"} /* canary"#, "ends too early"),
            (r#"{"S":{"Scope":"canary"} / 2}"#, "begins no comment"),
            (r#"{"canary": "#, "ends too early"),
            (r#""canary""#, "not a JSON object"),
            ("", "ends too early"),
            (r#"{"S":"canary"}"#, "`S`"),
            (r#"{"S":{},"s":{}}"#, "`S`"),
            (r#"{"S":{"Scope":["canary"]}}"#, "`Scope`"),
            (r#"{"S":{"EncodedJwk":{"d":"canary"}}}"#, "`EncodedJwk`"),
            (r#"{"S":{"Scope":"canary","Scope":"canary-2"}}"#, "`Scope`"),
            (r#"{"S":{"Scope":"canary","scope":"canary-2"}}"#, "`Scope`"),
        ] {
            let Err(error) = read("a.json", text, "S") else {
                panic!("{text} was read");
            };
            let error = error.to_string();
            assert!(error.contains("a.json") && error.contains(place), "{error}");
            assert!(!error.contains("canary"), "{error}");
        }
    }
}
