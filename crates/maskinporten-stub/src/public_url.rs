//! The name that a stub goes by, if it is to have another than its address.

use std::io;

use axum::http::Uri;

/// Hosts whose names no stub may take: a token of its own must never look like one of theirs.
const REAL: [&str; 2] = ["maskinporten.no", "altinn.no"];

/// A base URL without a slash at its end.
#[derive(Debug)]
pub(crate) struct PublicUrl {
    pub(crate) base: String,
    pub(crate) host: String,
}

impl PublicUrl {
    pub(crate) fn read(url: &str) -> io::Result<Self> {
        let wrong = |why| io::Error::new(io::ErrorKind::InvalidInput, why);
        let lower = url.to_ascii_lowercase();
        if REAL.iter().any(|real| lower.contains(real)) {
            return Err(wrong("a stub does not take the name of a real service"));
        }
        let base = url.strip_suffix('/').unwrap_or(url);
        let parsed: Option<Uri> = base.parse().ok();
        let host = parsed.filter(|uri| {
            let scheme = uri.scheme_str();
            matches!(scheme, Some("http" | "https"))
                && uri.path() == "/"
                && uri.query().is_none()
                && !base.ends_with('/')
        });
        let host = host.and_then(|uri| uri.host().map(str::to_owned));
        let host = host.ok_or_else(|| {
            wrong("the public URL is not http:// or https:// with a host, a port and nothing else")
        })?;
        Ok(Self {
            base: base.to_owned(),
            host,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_bases_that_are_nobody_elses() {
        for (url, host) in [
            ("http://stub.test:8080", Some("stub.test")),
            ("https://stub.test/", Some("stub.test")),
            ("http://[::1]:1", Some("[::1]")),
            ("https://maskinporten.no", None),
            ("https://TEST.Maskinporten.no/", None),
            ("http://platform.altinn.no.localhost", None),
            ("stub.test", None),
            ("ftp://stub.test", None),
            ("http://stub.test/path", None),
            ("http://stub.test//", None),
            ("http://stub.test?x", None),
            ("", None),
        ] {
            let read = PublicUrl::read(url).ok().map(|url| url.host);
            assert_eq!(read.as_deref(), host, "{url}");
        }
    }
}
