//! How ASP.NET chooses between its formatters for a text: raw, or as a JSON string.

use axum::http::{HeaderMap, header::ACCEPT};

/// Whether the caller gets JSON. `*/*` anywhere counts as no header at all, and so does a header
/// that no formatter fits: then the first formatter answers, which is the one for plain text.
pub(super) fn prefers_json(headers: &HeaderMap) -> bool {
    let headers = headers.get_all(ACCEPT).iter();
    let values = headers.filter_map(|value| value.to_str().ok());
    let mut ranges: Vec<Range<'_>> = values
        .flat_map(|value| value.split(','))
        .map(Range::read)
        .collect();
    if ranges.iter().any(|range| range.name == "*/*") {
        return false;
    }
    // A stable sort: of equal ones the first counts.
    ranges.sort_by(|a, b| b.quality.total_cmp(&a.quality));
    ranges.iter().find_map(Range::is_json).unwrap_or(false)
}

struct Range<'a> {
    name: &'a str,
    quality: f32,
}

impl<'a> Range<'a> {
    fn read(text: &'a str) -> Self {
        let mut parts = text.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default();
        let quality = parts.find_map(|part| part.strip_prefix("q=")?.parse().ok());
        Self {
            name,
            quality: quality.unwrap_or(1.0),
        }
    }

    /// Which formatter fits: the one for JSON, or the one for text, if any.
    fn is_json(&self) -> Option<bool> {
        match self.name.to_ascii_lowercase().as_str() {
            "text/plain" | "text/*" => Some(false),
            "application/json" | "application/*" | "text/json" => Some(true),
            _ => None,
        }
    }
}
