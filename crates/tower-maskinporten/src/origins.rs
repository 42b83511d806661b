//! Where a token may go.

use std::{error, fmt, sync::Arc};

use http::{
    Uri,
    uri::{Authority, Scheme},
};

/// The origins that may see the token: exact scheme, host and port (RFC 6454). Never empty, no wildcards. Cheap to
/// clone.
///
/// ```
/// use tower_maskinporten::Origins;
///
/// let origins = Origins::new(["https://platform.tt02.altinn.no"])?;
/// assert!(origins.allow(&"https://platform.tt02.altinn.no/correspondence/api/v1".parse()?));
/// assert!(!origins.allow(&"https://platform.tt02.altinn.no.evil.example/".parse()?));
/// assert!(!origins.allow(&"http://platform.tt02.altinn.no/".parse()?));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Origins(Arc<[Origin]>);

#[derive(Debug)]
struct Origin {
    scheme: Scheme,
    /// With the port, always.
    authority: Box<str>,
    /// How much of it may stand alone: the host, when the port is the scheme's own.
    host: Option<usize>,
}

impl Origins {
    /// Allows each of `origins`, written as `https://host` or `https://host:port`. Plain `http` is for loopback.
    ///
    /// # Errors
    ///
    /// When there are none, or one is not an origin: relative, with a path, a user name or a wildcard, or plain
    /// `http` to another machine. Names outside ASCII must be written as they are in DNS (`xn--…`).
    pub fn new<I>(origins: I) -> Result<Self, OriginsError>
    where
        I: IntoIterator,
        I::Item: AsRef<str>,
    {
        let origins: Arc<[Origin]> = origins
            .into_iter()
            .map(|origin| Origin::parse(origin.as_ref()))
            .collect::<Result<_, _>>()?;
        if origins.is_empty() {
            return Err(OriginsError::new("", "at least one origin is needed"));
        }
        Ok(Self(origins))
    }

    /// Whether a request to `uri` may carry the token. The comparison is literal, but for the case of the host and
    /// the scheme's own port: what is written in any other way is not allowed.
    #[must_use]
    pub fn allow(&self, uri: &Uri) -> bool {
        let (Some(scheme), Some(authority)) = (uri.scheme(), uri.authority()) else {
            return false;
        };
        self.0
            .iter()
            .any(|origin| origin.scheme == *scheme && origin.is(authority))
    }
}

impl Origin {
    fn parse(text: &str) -> Result<Self, OriginsError> {
        let refuse = |reason| Err(OriginsError::new(text, reason));
        let Ok(uri) = text.parse::<Uri>() else {
            return refuse("is not a URL (names outside ASCII are written `xn--…`)");
        };
        let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
            return refuse("has no scheme or host");
        };
        if uri.path_and_query().is_some_and(|rest| rest != "/") {
            return refuse("has a path: an origin is scheme, host and port");
        }
        if authority.as_str().contains(['@', '*', '%']) {
            return refuse("has a user name, a wildcard or an escape in it");
        }
        let (scheme, default_port) = match scheme {
            "https" => (Scheme::HTTPS, 443),
            "http" if is_loopback(authority.host()) => (Scheme::HTTP, 80),
            "http" => return refuse("is plain http, which is for loopback only"),
            _ => return refuse("is neither https nor http"),
        };
        let host = authority.host();
        // `http` passes over what follows an IPv6 address.
        let port = match authority.as_str().strip_prefix(host) {
            Some("") => default_port,
            rest => match rest.and_then(port) {
                Some(port) => port,
                None => return refuse("has something else than a port after its host"),
            },
        };
        Ok(Self {
            scheme,
            authority: format!("{host}:{port}").into(),
            host: (port == default_port).then_some(host.len()),
        })
    }

    /// Compares the whole authority, so that user names and odd ports cannot slip by.
    fn is(&self, authority: &Authority) -> bool {
        let authority = authority.as_str();
        let host = self.host.map(|end| &self.authority[..end]);
        // Nearly always it is written as it was here.
        host == Some(authority)
            || host.is_some_and(|host| authority.eq_ignore_ascii_case(host))
            || authority.eq_ignore_ascii_case(&self.authority)
    }
}

/// The port, of `:port`.
fn port(rest: &str) -> Option<u16> {
    let digits = rest.strip_prefix(':')?;
    let are_digits = digits.bytes().all(|byte| byte.is_ascii_digit());
    are_digits.then(|| digits.parse().ok())?
}

fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || address
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

/// Why [`Origins`] could not be made.
#[derive(Clone, Debug)]
pub struct OriginsError {
    origin: Box<str>,
    reason: &'static str,
}

impl OriginsError {
    fn new(origin: &str, reason: &'static str) -> Self {
        Self {
            // A password may stand before the `@`.
            origin: origin.rsplit('@').next().unwrap_or_default().into(),
            reason,
        }
    }
}

impl fmt::Display for OriginsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.origin.is_empty() {
            write!(f, "the origin {:?} ", self.origin)?;
        }
        f.write_str(self.reason)
    }
}

impl error::Error for OriginsError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_exact_origins_are_allowed() {
        let origins = Origins::new([
            "https://platform.altinn.no",
            "https://api.example:8443/",
            "http://127.0.0.1:5000",
            "http://[::1]:5000",
        ])
        .unwrap();
        for yes in [
            "https://platform.altinn.no",
            "https://platform.altinn.no/a/b?c=d",
            "https://platform.altinn.no:443/",
            "HTTPS://Platform.ALTINN.no/",
            "https://api.example:8443/x",
            "http://127.0.0.1:5000/",
            "http://[::1]:5000/",
        ] {
            assert!(origins.allow(&yes.parse().unwrap()), "{yes}");
        }
        for no in [
            "http://platform.altinn.no/",
            "https://platform.altinn.no:444/",
            "https://platform.altinn.no:99999/",
            "https://platform.altinn.no.:443/",
            "https://platform.altinn.no.evil.example/",
            "https://evil.example/platform.altinn.no",
            "https://evil.example?platform.altinn.no",
            "https://platform.altinn.no@evil.example/",
            "https://user@platform.altinn.no/",
            "https://user:pass@platform.altinn.no:443/",
            "https://altinn.no/",
            "https://x.platform.altinn.no/",
            "https://api.example/",
            "https://api.example:443/",
            "https://127.0.0.1:5000/",
            "http://127.0.0.1/",
            "http://localhost:5000/",
            "ftp://platform.altinn.no/",
            "/relative",
            "platform.altinn.no:443",
        ] {
            assert!(!origins.allow(&no.parse().unwrap()), "{no}");
        }
    }

    #[test]
    fn what_is_no_origin_is_refused() {
        assert!(Origins::new::<[&str; 0]>([]).is_err());
        for bad in [
            "",
            "platform.altinn.no",
            "/relative",
            "https://platform.altinn.no/path",
            "https://platform.altinn.no?query",
            "https://*.altinn.no",
            "https://u:secret@platform.altinn.no",
            "https://platform.altinn.no:",
            "https://platform.altinn.no:99999",
            "http://platform.altinn.no",
            "http://127.0.0.1.evil.example",
            "ftp://platform.altinn.no",
            "https://blåbær.example",
            "https://",
            // What comes after an address, `http` passes over.
            "http://[::1]z:5000",
            "http://[::1].evil.example",
            "https://platform.altinn.no:+443",
        ] {
            let error = Origins::new([bad]).expect_err(bad);
            assert!(!error.to_string().contains("secret"), "{error}");
        }
    }

    #[test]
    fn an_error_says_which_origin_and_why() {
        let said = |origins: &[&str]| Origins::new(origins).unwrap_err().to_string();
        assert_eq!(said(&[]), "at least one origin is needed");
        assert_eq!(
            said(&["https://platform.altinn.no", "http://platform.altinn.no"]),
            r#"the origin "http://platform.altinn.no" is plain http, which is for loopback only"#
        );
    }
}
