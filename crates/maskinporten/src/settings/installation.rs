//! Which Maskinporten is meant.

use bytes::Bytes;
use http::{Request, Uri};
use http_body::Body;
use http_body_util::Full;
use tower_service::Service;

use super::{SettingsError, app, dotnet, merged::Merged, nais};
use crate::{AltinnPlatform, BoxError, Environment, url::origin};

/// A Maskinporten whose addresses are known, or one that publishes them.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Installation {
    Known(Environment),
    Published { url: String, given: String },
}

impl Installation {
    /// The Altinn platform that pairs with it; that of an installation of one's own is nobody's to guess.
    pub(super) fn altinn(&self) -> Option<&AltinnPlatform> {
        match self {
            Self::Known(environment) => environment.altinn(),
            Self::Published { .. } => None,
        }
    }

    /// The same, paired with another Altinn platform.
    pub(super) fn with_altinn(self, altinn: AltinnPlatform) -> Self {
        match self {
            Self::Known(environment) => Self::Known(environment.with_altinn(altinn)),
            Self::Published { .. } => self,
        }
    }

    /// The environment, for which the metadata is read where that is needed.
    pub(super) async fn environment<H, B>(&self, http: &H) -> Result<Environment, SettingsError>
    where
        H: Service<Request<Full<Bytes>>, Response = http::Response<B>> + Clone,
        H::Error: Into<BoxError>,
        B: Body,
        B::Error: Into<BoxError>,
    {
        match self {
            Self::Known(environment) => Ok(environment.clone()),
            Self::Published { url, given } => {
                Environment::discover(url, http).await.map_err(|error| {
                    SettingsError::with_source(
                        format!("{given}: the metadata cannot be had"),
                        error,
                    )
                })
            }
        }
    }
}

/// Reads whatever says which Maskinporten is meant. All of it must agree: which one is asked decides who learns of it.
pub(super) fn read(merged: &Merged) -> Result<Installation, SettingsError> {
    let environments = [
        dotnet::environment(merged)?,
        app::environment(merged)?,
        nais::environment(merged)?,
    ];
    let mut environments = environments.into_iter().flatten();
    let first = environments.next();
    if let Some((given, environment)) = &first
        && let Some((other, _)) = environments.find(|(_, other)| other != environment)
    {
        return Err(SettingsError::differ(given, other, DIFFERENT));
    }
    let Some(given) = merged.get(nais::WELL_KNOWN_URL) else {
        return match first {
            Some((_, environment)) => Ok(Installation::Known(environment)),
            None => Err(merged.missing(
                "environment",
                &[dotnet::ENVIRONMENT, app::AUTHORITY],
                &[nais::WELL_KNOWN_URL, nais::ISSUER, nais::TOKEN_ENDPOINT],
            )),
        };
    };
    let url = given.url("the metadata's address")?;
    match first {
        Some((other, environment)) if origin(environment.token_endpoint()) != origin(&url) => {
            Err(SettingsError::differ(other, given, DIFFERENT))
        }
        Some((_, environment)) => Ok(Installation::Known(environment)),
        None => Ok(match known(&url) {
            Some(environment) => Installation::Known(environment),
            None => Installation::Published {
                url: given.text().to_owned(),
                given: given.to_string(),
            },
        }),
    }
}

const DIFFERENT: &str = "different Maskinportens";

/// Production or test, if `url` is there: no metadata needs to be read for those, and a slash more or less at the end
/// is no other issuer.
pub(super) fn known(url: &Uri) -> Option<Environment> {
    [Environment::production(), Environment::test()]
        .into_iter()
        .find(|known| origin(known.token_endpoint()) == origin(url))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEST: &str = "https://test.maskinporten.no/";
    const PRODUCTION: &str = "https://maskinporten.no/";
    const SKY: &str = "https://sky.example";
    const SKY_TOKEN: &str = "https://sky.example/t";
    const TEST_METADATA: &str =
        "https://test.maskinporten.no/.well-known/oauth-authorization-server";
    const SKY_METADATA: &str = "https://sky.example/.well-known/oauth-authorization-server";

    /// The issuer and the token endpoint; `None` when it takes metadata to know them.
    fn addresses(members: &[(&'static str, &str)]) -> Option<(String, String)> {
        match read(&Merged::of(members)).unwrap() {
            Installation::Known(known) => Some((
                known.issuer().to_owned(),
                known.token_endpoint().to_string(),
            )),
            Installation::Published { .. } => None,
        }
    }

    #[test]
    fn an_authority_is_an_issuer_that_ends_in_one_slash() {
        for (authority, issuer) in [
            (PRODUCTION, PRODUCTION),
            ("https://maskinporten.no", PRODUCTION),
            ("https://test.maskinporten.no", TEST),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080/"),
            ("http://127.0.0.1:8080//", "http://127.0.0.1:8080/"),
            ("https://idp.example/mp", "https://idp.example/mp/"),
        ] {
            let (read, token_endpoint) = addresses(&[(app::AUTHORITY, authority)]).unwrap();
            assert_eq!(read, issuer);
            assert_eq!(token_endpoint, format!("{issuer}token"));
        }
    }

    #[test]
    fn nais_says_it_in_two_ways() {
        for (members, issuer) in [
            (&[(nais::WELL_KNOWN_URL, TEST_METADATA)][..], Some(TEST)),
            (&[(nais::ISSUER, PRODUCTION)], Some(PRODUCTION)),
            (
                &[(nais::WELL_KNOWN_URL, TEST_METADATA), (nais::ISSUER, TEST)],
                Some(TEST),
            ),
            // An issuer is kept as it is written: Skyporten's has no slash.
            (
                &[(nais::ISSUER, SKY), (nais::TOKEN_ENDPOINT, SKY_TOKEN)],
                Some(SKY),
            ),
            (
                &[
                    (nais::WELL_KNOWN_URL, SKY_METADATA),
                    (nais::ISSUER, SKY),
                    (nais::TOKEN_ENDPOINT, SKY_TOKEN),
                ],
                Some(SKY),
            ),
            (&[(nais::WELL_KNOWN_URL, SKY_METADATA)], None),
            (
                &[(nais::WELL_KNOWN_URL, SKY_METADATA), (nais::ISSUER, SKY)],
                None,
            ),
        ] {
            let read = addresses(members).map(|(issuer, _)| issuer);
            assert_eq!(read.as_deref(), issuer, "{members:?}");
        }
    }

    #[test]
    fn what_contradicts_itself_or_is_not_enough_is_refused() {
        for members in [
            &[][..],
            &[(nais::ISSUER, SKY)],
            &[(nais::WELL_KNOWN_URL, "sky")],
            &[(nais::WELL_KNOWN_URL, "http://sky.example")],
            &[
                (nais::ISSUER, TEST),
                (nais::TOKEN_ENDPOINT, "https://evil.example/token"),
            ],
            &[(dotnet::ENVIRONMENT, "canary")],
            &[(dotnet::ENVIRONMENT, "prod"), (app::AUTHORITY, TEST)],
            &[
                (dotnet::ENVIRONMENT, "prod"),
                (nais::WELL_KNOWN_URL, TEST_METADATA),
            ],
            &[(app::AUTHORITY, TEST), (nais::ISSUER, PRODUCTION)],
            &[(app::AUTHORITY, "http://maskinporten.no/")],
        ] {
            let error = read(&Merged::of(members)).unwrap_err().to_string();
            if let Some((member, value)) = members.last() {
                assert!(error.contains(member), "{error}");
                assert!(!error.contains(value), "{error}");
            }
        }
        let agreeing = [
            (dotnet::ENVIRONMENT, "test"),
            (app::AUTHORITY, "https://test.maskinporten.no"),
            (nais::WELL_KNOWN_URL, TEST_METADATA),
        ];
        assert!(addresses(&agreeing).is_some());
    }

    #[test]
    fn only_the_known_have_an_altinn_platform() {
        for (members, platform) in [
            (
                [(dotnet::ENVIRONMENT, "prod")],
                Some(AltinnPlatform::production()),
            ),
            ([(app::AUTHORITY, TEST)], Some(AltinnPlatform::tt02())),
            ([(app::AUTHORITY, SKY)], None),
            ([(nais::WELL_KNOWN_URL, SKY_METADATA)], None),
        ] {
            let installation = read(&Merged::of(&members)).unwrap();
            assert_eq!(installation.altinn(), platform.as_ref());
        }
    }
}
