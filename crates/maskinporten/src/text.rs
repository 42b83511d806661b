//! Texts of the other side, made fit for a log.

/// The longest run of the alphabet of tokens that is kept, in characters: longer than a UUID, a thumbprint and a trace
/// id, shorter than the claims or the signature of an assertion.
const LONGEST_RUN: usize = 64;

/// Takes out what could forge lines of a log or turn them around, and puts `…` for what may be part of a token or of an
/// assertion that came back. The rest is bounded to `limit` characters.
pub(crate) fn clean(text: &str, limit: usize) -> Box<str> {
    let harmless: String = text.chars().filter(|c| !is_forging(*c)).collect();
    let mut kept = String::new();
    for run in harmless.split_inclusive(|c| !is_base64url(c)) {
        let end = run.trim_end_matches(|c| !is_base64url(c));
        if end.len() > LONGEST_RUN {
            kept.push('…');
            kept.push_str(&run[end.len()..]);
        } else {
            kept.push_str(run);
        }
    }
    kept.chars().take(limit).collect::<String>().into()
}

fn is_base64url(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_')
}

/// Control characters, other line breaks, and what changes the direction of the text (UAX #9).
fn is_forging(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_long_runs_are_left_out() {
        let longest = "a".repeat(LONGEST_RUN);
        for (text, kept) in [
            ("", ""),
            ("Invalid scope a:b-c_d/e.", "Invalid scope a:b-c_d/e."),
            (&longest, &*longest),
            (&format!("{longest}a"), "…"),
            (
                &format!("jwt {longest}a.{longest}-. is bad"),
                "jwt ….…. is bad",
            ),
            // Folded into lines, it is as long.
            (&format!("{longest}\r\n{longest}"), "…"),
            ("a\0b\u{1b}[2J\u{202e}c\u{2028}d", "ab[2Jcd"),
            ("æøå", "æøå"),
        ] {
            assert_eq!(&*clean(text, 512), kept, "{text:?}");
        }
        assert_eq!(&*clean("æøå", 2), "æø");
    }
}
