//! File names: the rules, and the media type that a name implies.

use super::problem::Problem;

const TYPES: [(&str, &str); 20] = [
    ("doc", "application/msword"),
    ("xls", "application/vnd.ms-excel"),
    (
        "docx",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ),
    (
        "xlsx",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ),
    ("ppt", "application/vnd.ms-powerpoint"),
    ("pps", "application/vnd.ms-powerpoint"),
    ("zip", "application/zip"),
    ("pdf", "application/pdf"),
    ("html", "text/html"),
    ("txt", "text/plain"),
    ("xml", "application/xml"),
    ("jpg", "image/jpeg"),
    ("jpeg", "image/jpeg"),
    ("gif", "image/gif"),
    ("bmp", "image/bmp"),
    ("png", "image/png"),
    ("json", "application/json"),
    ("csv", "text/csv"),
    ("dcm", UNKNOWN),
    ("dicom", UNKNOWN),
];
const UNKNOWN: &str = "binary_octet_stream";

/// Checks a name in the server's order: there, type, characters, reserved. Its length is checked
/// with the shape of the request, before.
pub(super) fn check(name: &str) -> Result<(), Problem> {
    if name.trim().is_empty() {
        return Err(Problem::new(2010, "The file name is missing"));
    }
    let (stem, extension) = name.rsplit_once('.').unwrap_or((name, ""));
    if extension.is_empty() || media_type_of(extension).is_none() {
        return Err(Problem::new(2013, "The file type is not allowed"));
    }
    let forbidden = |c: char| c.is_control() || r#"<>:"/\|?*"#.contains(c);
    if name.contains(forbidden) {
        return Err(Problem::new(
            2012,
            "The file name has characters that are not allowed",
        ));
    }
    if is_reserved(stem) {
        return Err(Problem::new(2021, "The file name is reserved"));
    }
    Ok(())
}

/// The media type of a file, by the extension of its name.
pub(super) fn media_type(name: &str) -> &'static str {
    let (_stem, extension) = name.rsplit_once('.').unwrap_or((name, ""));
    media_type_of(extension).unwrap_or(UNKNOWN)
}

/// The same as a header takes it.
pub(super) fn content_type(name: &str) -> &'static str {
    match media_type(name) {
        UNKNOWN => "application/octet-stream",
        known => known,
    }
}

fn media_type_of(extension: &str) -> Option<&'static str> {
    TYPES
        .iter()
        .find(|(known, _type)| known.eq_ignore_ascii_case(extension))
        .map(|(_known, media_type)| *media_type)
}

/// The names of devices on Windows.
fn is_reserved(stem: &str) -> bool {
    let stem = stem.to_ascii_uppercase();
    let numbered = stem
        .strip_prefix("COM")
        .or_else(|| stem.strip_prefix("LPT"));
    ["CON", "PRN", "AUX", "NUL"].contains(&stem.as_str())
        || numbered.is_some_and(|number| matches!(number.as_bytes(), [b'1'..=b'9']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_broken_rule_is_reported() {
        for (name, code) in [
            ("vedtak.pdf", None),
            ("Vedtak nr. 2.PDF", None),
            (" ", Some(2010)),
            ("a<b.exe", Some(2013)),
            ("vedtak", Some(2013)),
            ("vedtak.", Some(2013)),
            ("a/b.pdf", Some(2012)),
            ("a\u{7}.pdf", Some(2012)),
            ("con.txt", Some(2021)),
            ("LPT9.txt", Some(2021)),
            ("COM10.txt", None),
        ] {
            let found = check(name).err().map(|problem| problem.code());
            assert_eq!(found, code, "{name}");
        }
    }

    #[test]
    fn the_extension_implies_the_type() {
        assert_eq!(media_type("a.PDF"), "application/pdf");
        assert_eq!(media_type("a.dcm"), UNKNOWN);
    }
}
