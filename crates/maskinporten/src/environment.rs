//! Which Maskinporten is asked, and which Altinn platform goes with it.

use std::{error, fmt, str::FromStr};

use http::Uri;

use crate::{
    AltinnPlatform,
    url::{origin, secure_url},
};

/// A Maskinporten installation and the Altinn platform that trusts it. Cheap enough to clone.
///
/// [`production`](Self::production) and [`test`](Self::test) are the two that customers use; names parse as the
/// official .NET client writes them.
///
/// ```
/// use maskinporten::Environment;
///
/// let test: Environment = "test".parse()?;
/// assert_eq!(test.issuer(), "https://test.maskinporten.no/");
/// assert_eq!(test.altinn().unwrap().base_url(), "https://platform.tt02.altinn.no");
/// # Ok::<(), maskinporten::EnvironmentError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Environment {
    issuer: Box<str>,
    token_endpoint: Uri,
    altinn: Option<AltinnPlatform>,
}

impl Environment {
    /// `https://maskinporten.no/`, with Altinn's production platform.
    #[must_use]
    pub fn production() -> Self {
        Self {
            issuer: "https://maskinporten.no/".into(),
            token_endpoint: Uri::from_static("https://maskinporten.no/token"),
            altinn: Some(AltinnPlatform::production()),
        }
    }

    /// `https://test.maskinporten.no/`, with Altinn's TT02.
    #[must_use]
    pub fn test() -> Self {
        Self {
            issuer: "https://test.maskinporten.no/".into(),
            token_endpoint: Uri::from_static("https://test.maskinporten.no/token"),
            altinn: Some(AltinnPlatform::tt02()),
        }
    }

    /// Another installation. `issuer` becomes the assertion's `aud` exactly as it is written here: a trailing slash
    /// is significant. Where the installation publishes metadata, [`discover`](Self::discover) is safer. It pairs
    /// with no Altinn platform until [`with_altinn`](Self::with_altinn) says with which.
    ///
    /// # Errors
    ///
    /// When either is not an absolute `https` URL (plain `http` is allowed to loopback only), or when the two do not
    /// have the same origin: a token endpoint elsewhere would receive what was signed for the issuer (RFC 9700
    /// section 4.4).
    ///
    /// ```
    /// use maskinporten::Environment;
    ///
    /// let sky = Environment::custom("https://test.sky.maskinporten.no", "https://test.sky.maskinporten.no/token")?;
    /// assert_eq!(sky.issuer(), "https://test.sky.maskinporten.no");
    /// # Ok::<(), maskinporten::EnvironmentError>(())
    /// ```
    pub fn custom(issuer: &str, token_endpoint: &str) -> Result<Self, EnvironmentError> {
        let issuer_uri = secure_url(issuer, "the issuer")?;
        let token_endpoint = secure_url(token_endpoint, "the token endpoint")?;
        if origin(&issuer_uri) != origin(&token_endpoint) {
            return Err(EnvironmentError::new(
                "the token endpoint is not at the issuer's own scheme, host and port",
            ));
        }
        Ok(Self {
            issuer: issuer.into(),
            token_endpoint,
            altinn: None,
        })
    }

    /// Pairs this Maskinporten with another platform than it has by default.
    ///
    /// ```
    /// use maskinporten::{AltinnPlatform, Environment};
    ///
    /// let at23 = Environment::test().with_altinn("at23".parse::<AltinnPlatform>()?);
    /// assert_eq!(at23.altinn().unwrap().base_url(), "https://platform.at23.altinn.cloud");
    /// # Ok::<(), maskinporten::EnvironmentError>(())
    /// ```
    #[must_use]
    pub fn with_altinn(mut self, altinn: AltinnPlatform) -> Self {
        self.altinn = Some(altinn);
        self
    }

    /// The issuer identifier, verbatim: what assertions have as `aud`.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Where assertions are posted.
    #[must_use]
    pub fn token_endpoint(&self) -> &Uri {
        &self.token_endpoint
    }

    /// The Altinn platform where tokens of this Maskinporten are exchanged, if it is known.
    #[must_use]
    pub fn altinn(&self) -> Option<&AltinnPlatform> {
        self.altinn.as_ref()
    }
}

impl FromStr for Environment {
    type Err = EnvironmentError;

    /// Reads `prod` (or `production`) and `test`, in any case.
    fn from_str(name: &str) -> Result<Self, EnvironmentError> {
        match name.trim().to_ascii_lowercase().as_str() {
            "prod" | "production" => Ok(Self::production()),
            "test" => Ok(Self::test()),
            "ver1" | "ver2" => Err(EnvironmentError::new(
                "`ver1` and `ver2` were closed by 2024: use `test`",
            )),
            _ => Err(EnvironmentError::new(
                "an environment is `prod` or `test`; give the issuer (`Authority`) for any other",
            )),
        }
    }
}

/// Why an [`Environment`] or an [`AltinnPlatform`] could not be made.
#[derive(Clone, Debug)]
pub struct EnvironmentError {
    what: &'static str,
    reason: &'static str,
}

impl EnvironmentError {
    pub(crate) fn new(reason: &'static str) -> Self {
        Self { what: "", reason }
    }

    pub(crate) fn about(what: &'static str, reason: &'static str) -> Self {
        Self { what, reason }
    }
}

impl fmt::Display for EnvironmentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.what.is_empty() {
            write!(f, "{} ", self.what)?;
        }
        f.write_str(self.reason)
    }
}

impl error::Error for EnvironmentError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_official_client() {
        assert_eq!(
            "PROD".parse::<Environment>().unwrap(),
            Environment::production()
        );
        assert_eq!(
            " test ".parse::<Environment>().unwrap(),
            Environment::test()
        );
        for closed in ["ver1", "VER2"] {
            let error = closed.parse::<Environment>().unwrap_err().to_string();
            assert!(error.contains("use `test`"), "{error}");
        }
        assert!("tt02".parse::<Environment>().is_err());
    }

    #[test]
    fn a_custom_environment_must_be_secure_and_of_one_origin() {
        let accepted = [
            ("https://a.example", "https://a.example/token"),
            ("https://a.example/", "https://A.example:443/token"),
            ("http://127.0.0.1:8080/", "http://127.0.0.1:8080/token"),
            ("http://[::1]:8080/", "http://[::1]:8080/token"),
            ("http://localhost/", "http://localhost:80/token"),
        ];
        for (issuer, endpoint) in accepted {
            let custom = Environment::custom(issuer, endpoint).unwrap();
            assert_eq!(custom.issuer(), issuer);
        }
        let refused = [
            ("", "https://a.example/token"),
            ("/relative", "https://a.example/token"),
            ("http://a.example/", "http://a.example/token"),
            ("https://a.example/", "https://b.example/token"),
            ("https://a.example/", "https://a.example:444/token"),
            ("https://a.example/", "http://127.0.0.1/token"),
            ("https://u:p@a.example/", "https://a.example/token"),
            ("http://127.0.0.1.evil.example/", "http://127.0.0.1/token"),
            ("ftp://a.example/", "ftp://a.example/token"),
            // What comes after an address, `http` passes over; a port that is none, it takes for the usual one.
            ("http://[::1].evil.example/", "http://[::1]/token"),
            ("http://[::1]/", "http://[::1]z:80/token"),
            ("https://a.example/", "https://a.example:99999/token"),
            ("https://a.example:/", "https://a.example/token"),
        ];
        for (issuer, endpoint) in refused {
            assert!(
                Environment::custom(issuer, endpoint).is_err(),
                "{issuer} {endpoint}"
            );
        }
    }
}
