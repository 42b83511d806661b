//! Texts of the other side, made fit for a log: a server may repeat what it was sent.

use crate::NationalIdentityNumber;

/// The longest word that is kept, in characters: longer than a UUID, a thumbprint and a trace id, shorter than a token or
/// an assertion.
const LONGEST_WORD: usize = 64;

/// Takes out what could forge lines of a log or turn them around, and bounds the rest to `limit` characters.
pub(crate) fn bounded(text: &str, limit: usize) -> Box<str> {
    let harmless = text.chars().filter(|c| !is_forging(*c));
    harmless.take(limit).collect::<String>().into()
}

/// The same, with `…` for each word that may be part of a token or of an assertion, and for each national identity
/// number.
pub(crate) fn clean(text: &str, limit: usize) -> Box<str> {
    // Before it is cut: half of a secret is one, and looks like a word.
    let harmless = bounded(text, usize::MAX);
    let mut kept = String::new();
    for piece in harmless.split_inclusive(|c| !is_of_word(c)) {
        let word = piece.trim_end_matches(|c| !is_of_word(c));
        kept.push_str(if may_be_secret(word) { "…" } else { word });
        kept.push_str(&piece[word.len()..]);
    }
    kept.chars().take(limit).collect::<String>().into()
}

/// The characters of JWTs, and of the base64 that they are made of.
fn is_of_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '+' | '~')
}

fn may_be_secret(word: &str) -> bool {
    let word = word.trim_matches('.');
    word.len() > LONGEST_WORD || word.parse::<NationalIdentityNumber>().is_ok()
}

/// Control characters, other line breaks, and what changes the direction of the text (UAX #9).
fn is_forging(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_a_secret_is_not_shown() {
        let longest = "a".repeat(LONGEST_WORD);
        for (text, kept) in [
            ("", ""),
            ("Invalid scope a:b-c_d/e.", "Invalid scope a:b-c_d/e."),
            (&longest, &*longest),
            (&format!("{longest}."), &*format!("{longest}.")),
            (&format!("{longest}a"), "…"),
            // The header of a JWT is short.
            (
                &format!("jwt e30.{longest}.{longest} is bad"),
                "jwt … is bad",
            ),
            (
                &format!("assertion=e30.{longest}&x=\"1\""),
                "assertion=…&x=\"1\"",
            ),
            // Folded into lines, it is as long.
            (&format!("{longest}\r\n{longest}"), "…"),
            ("a\0b\u{1b}[2J\u{202e}c\u{2028}d", "ab[2Jcd"),
            ("æøå", "æøå"),
            ("pid 25922947409.", "pid …"),
            (
                "urn:altinn:person:identifier-no:25922947409",
                "urn:altinn:person:identifier-no:…",
            ),
        ] {
            assert_eq!(&*clean(text, 512), kept, "{text:?}");
        }
        assert_eq!(&*clean("æøå", 2), "æø");
    }

    #[test]
    fn what_helps_is_shown() {
        for text in [
            "Expired key. (trace_id: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01)",
            "client_id=0f1e2d3c-4b5a-4968-8776-a5b4c3d2e1f0, org 991825827",
        ] {
            assert_eq!(&*clean(text, 512), text);
        }
    }
}
