//! `GET /_stub/`: the same for people, live.

use std::sync::LazyLock;

use aws_lc_rs::digest;
use axum::{
    http::header::{
        CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
    },
    response::{Html, IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::STANDARD};

const PAGE: &str = include_str!("page.html");

/// Nothing but the page's own script and style, known by their hashes, and nothing from elsewhere.
/// Trusted Types make the browser refuse to turn any text into markup.
static POLICY: LazyLock<String> = LazyLock::new(|| {
    let script = hash(between(PAGE, "<script>", "</script>"));
    let style = hash(between(PAGE, "<style>", "</style>"));
    format!(
        "default-src 'none'; script-src {script}; style-src {style}; connect-src 'self'; \
         img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
         require-trusted-types-for 'script'; trusted-types 'none'"
    )
});

pub(super) async fn page() -> Response {
    let headers = [
        (CONTENT_SECURITY_POLICY, POLICY.as_str()),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "no-referrer"),
        (CACHE_CONTROL, "no-store"),
    ];
    (headers, Html(PAGE)).into_response()
}

fn between<'a>(text: &'a str, begin: &str, end: &str) -> &'a str {
    let after = text.split_once(begin).map(|(_before, after)| after);
    let inside = after.and_then(|after| after.split_once(end));
    inside.map(|(inside, _after)| inside).unwrap_or_default()
}

fn hash(text: &str) -> String {
    let hash = digest::digest(&digest::SHA256, text.as_bytes());
    format!("'sha256-{}'", STANDARD.encode(hash))
}
