//! Altinn's platforms.

use std::str::FromStr;

use crate::{EnvironmentError, url::secure_url};

/// An Altinn platform: where Maskinporten tokens are exchanged and the APIs live.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AltinnPlatform {
    base_url: Box<str>,
}

impl AltinnPlatform {
    /// `https://platform.altinn.no`.
    #[must_use]
    pub fn production() -> Self {
        Self::at("https://platform.altinn.no")
    }

    /// `https://platform.tt02.altinn.no`, the customers' test environment.
    #[must_use]
    pub fn tt02() -> Self {
        Self::at("https://platform.tt02.altinn.no")
    }

    /// A platform at another address, such as a stand-in for tests.
    ///
    /// # Errors
    ///
    /// When it is not an absolute `https` URL (plain `http` is allowed to loopback only), or has a query.
    ///
    /// ```
    /// use maskinporten::AltinnPlatform;
    ///
    /// assert!(AltinnPlatform::custom("http://127.0.0.1:5101").is_ok());
    /// assert!(AltinnPlatform::custom("http://platform.example").is_err());
    /// ```
    pub fn custom(base_url: &str) -> Result<Self, EnvironmentError> {
        secure_url(base_url, "the Altinn platform")?;
        if base_url.contains(['?', '#']) {
            return Err(EnvironmentError::new("the Altinn platform has a query"));
        }
        Ok(Self::at(base_url.trim_end_matches('/')))
    }

    fn at(base_url: &str) -> Self {
        Self {
            base_url: base_url.into(),
        }
    }

    /// The platform's address, without a slash at the end.
    #[must_use]
    pub fn base_url(&self) -> &str {
        &self.base_url
    }
}

impl FromStr for AltinnPlatform {
    type Err = EnvironmentError;

    /// Reads the names that the official .NET client has for `TokenExchangeEnvironment` (`prod`, `tt02`, `at21` to
    /// `at24`, `yt01`; `test`, `ver1` and `ver2` mean TT02), in any case, and addresses.
    fn from_str(name: &str) -> Result<Self, EnvironmentError> {
        let name = name.trim();
        match name.to_ascii_lowercase().as_str() {
            "prod" | "production" => Ok(Self::production()),
            "tt02" | "test" | "ver1" | "ver2" => Ok(Self::tt02()),
            cloud @ ("at21" | "at22" | "at23" | "at24" | "yt01") => {
                Ok(Self::at(&format!("https://platform.{cloud}.altinn.cloud")))
            }
            _ if name.contains("://") => Self::custom(name),
            _ => Err(EnvironmentError::new(
                "an Altinn platform is `prod`, `tt02`, `at21` to `at24`, `yt01` or an address",
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_official_client() {
        for (name, base) in [
            ("prod", "https://platform.altinn.no"),
            ("TT02", "https://platform.tt02.altinn.no"),
            ("test", "https://platform.tt02.altinn.no"),
            ("at21", "https://platform.at21.altinn.cloud"),
            ("at24", "https://platform.at24.altinn.cloud"),
            ("yt01", "https://platform.yt01.altinn.cloud"),
            ("http://127.0.0.1:8080/", "http://127.0.0.1:8080"),
        ] {
            assert_eq!(name.parse::<AltinnPlatform>().unwrap().base_url(), base);
        }
        assert!("at25".parse::<AltinnPlatform>().is_err());
    }
}
