//! Plain text and Markdown, as far as the server insists on them.
//!
//! The server renders a text and compares. The stub looks for what is certain to change: HTML tags,
//! and in plain text also the common marks of Markdown.

/// Whether a text has no markup.
pub(super) fn is_plain(text: &str) -> bool {
    let heading = text
        .lines()
        .any(|line| line.trim_start_matches('#').starts_with(' ') && line.starts_with('#'));
    !has_tag(text) && !heading && !text.contains("**") && !text.contains("](")
}

/// Whether a text is Markdown without HTML.
pub(super) fn is_markdown(text: &str) -> bool {
    !has_tag(text)
}

/// Whether there is `<` followed by a letter or `/`, and later `>`.
fn has_tag(text: &str) -> bool {
    text.match_indices('<').any(|(at, _bracket)| {
        let rest = text.get(at.saturating_add(1)..).unwrap_or_default();
        let opens = rest.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/');
        opens && rest.contains('>') && !is_autolink(rest)
    })
}

/// `<https://…>` is Markdown, not HTML.
fn is_autolink(rest: &str) -> bool {
    rest.starts_with("https://") || rest.starts_with("http://") || rest.starts_with("mailto:")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_markup() {
        for (text, plain, markdown) in [
            ("Vedtak om tilskudd", true, true),
            ("1 < 2 og 3 > 2", true, true),
            ("Sak #1", true, true),
            ("# Vedtak\n\n**Innvilget**", false, true),
            ("se [her](https://example.no)", false, true),
            ("<https://example.no>", true, true),
            ("<b>Vedtak</b>", false, false),
            ("a<br/>b", false, false),
        ] {
            assert_eq!(is_plain(text), plain, "{text}");
            assert_eq!(is_markdown(text), markdown, "{text}");
        }
    }
}
