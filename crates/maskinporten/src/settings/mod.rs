//! The configuration as users already have it.

mod app;
mod builder;
mod client;
mod connect;
mod directory;
mod dotnet;
mod error;
mod exchange;
mod files;
mod given;
mod installation;
mod json;
mod key;
mod key_set;
mod keys;
mod merged;
mod nais;
mod own;
mod unread;
mod variables;
mod watch;

pub use {builder::SettingsBuilder, error::SettingsError, watch::SettingsWatch};

use self::{
    exchange::Exchange, files::Files, installation::Installation, keys::Keys, merged::Merged,
};
use crate::{Environment, Grant, KeyRing};

/// The section of the official client and of Altinn apps.
const DEFAULT_SECTION: &str = "MaskinportenSettings";

/// A client's settings, from JSON, variables and mounted secrets, checked, and with the origin of every value.
///
/// Three vocabularies are understood, with names in any case, as .NET has them:
///
/// - the official .NET client's: the section `MaskinportenSettings` of `appsettings.json`, or variables such as
///   `MaskinportenSettings__ClientId`. Members are `ClientId`, `Scope`, `Resource`, `Environment`, `EncodedJwk`, `Kid`,
///   `EncodedX509`, `CertificatePkcs12Path`, `CertificatePkcs12Password`, `ConsumerOrgNo`, `ExhangeToAltinnToken` (so
///   spelt; `ExchangeToAltinnToken` is read too), `TokenExchangeEnvironment` (a base URL is read too),
///   `UseAltinnTestOrg`, `EnterpriseUserName`, `EnterpriseUserPassword` and `OverwriteAuthorizationHeader`.
///   `CertificateStoreThumbprint` is refused, and `EnableDebugLogging` has no effect;
/// - that of Altinn apps, in the same section: `Authority` for the environment, `Jwk` or `JwkBase64` for the key, and
///   `Jwks`, the set that the operator of Altinn Studio writes: its private key, or beside `Jwk` the fallback;
/// - the variables of NAIS: `MASKINPORTEN_CLIENT_ID`, `_CLIENT_JWK`, `_SCOPES`, `_WELL_KNOWN_URL`, `_ISSUER` and
///   `_TOKEN_ENDPOINT`.
///
/// In the section are also members of our own:
///
/// | member | what it says |
/// |---|---|
/// | `KeyPath` | the file that the key is in, in any form that [`KeyOptions`](crate::KeyOptions) reads |
/// | `KeyPassword` | the password of that key, or of one in `EncodedJwk` that has one |
/// | `KeyCreated` | the day that the key was uploaded, such as `2026-07-01`; then it is known when it ends |
/// | `FallbackEncodedJwk` | a key that signs while Maskinporten does not know the other |
/// | `OnBehalfOf` | `iss_onbehalfof`, in place of `ConsumerOrgNo` |
/// | `ResourceAsString` | whether `Resource` is sent as the official client does, not in an array |
/// | `SystemUserOrgNo`, `SystemUserExternalRef` | the system user to act as by default |
///
/// Certificates and passwords of keys need the feature `certificates`. `EncodedX509` has an empty password; a `Kid`
/// beside a certificate is sent beside it. A path that is relative is so to the working directory.
///
/// A blank value counts as not set. Of several sources, the later overrides the earlier, member by member; but sources
/// that contradict each other about who the client is (its id, key and `kid`) are refused: keep each client's in one
/// place, or in sections of their own. Once built, nothing of a private key is held but a
/// [`ClientKey`](crate::ClientKey), and the password of a file that may be read again.
///
/// ```no_run
/// use maskinporten::Settings;
///
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// let settings = Settings::builder()
///     .json_file("appsettings.json")
///     .env()
///     .build()?;
/// let source = settings.connect().await?;
/// # Ok(())
/// # }
/// ```
///
/// What is missing is an error that says which names it was looked for by:
///
/// ```
/// use maskinporten::Settings;
///
/// let error = Settings::builder()
///     .vars([("MaskinportenSettings__ClientId", "0f1e2d3c"), ("MASKINPORTEN_SCOPE", "a:b")])
///     .build()
///     .unwrap_err()
///     .to_string();
/// assert!(error.contains("MASKINPORTEN_CLIENT_JWK"));
/// ```
#[derive(Clone, Debug)]
pub struct Settings {
    client_id: String,
    keys: Keys,
    grant: Grant,
    installation: Installation,
    exchange: Option<Exchange>,
    overwrite_authorization_header: bool,
    origins: Vec<(&'static str, String)>,
}

impl Settings {
    /// Starts without any source.
    pub fn builder() -> SettingsBuilder {
        SettingsBuilder::new()
    }

    /// Reads the variables of this process and nothing else.
    ///
    /// # Errors
    ///
    /// Those of [`SettingsBuilder::build`].
    pub fn from_env() -> Result<Self, SettingsError> {
        Self::builder().env().build()
    }

    fn read(merged: &Merged, files: &mut Files) -> Result<Self, SettingsError> {
        let client_id = client::id(merged)?;
        let keys = key::read(merged, files)?;
        let grant = client::grant(merged)?;
        let installation = installation::read(merged)?;
        let platform = exchange::platform(merged)?;
        let paired = platform.as_ref().or_else(|| installation.altinn());
        let exchange = exchange::read(merged, paired)?;
        if merged.flag(dotnet::DEBUG_LOGGING)? {
            tracing::warn!("`EnableDebugLogging` has no effect: assertions are never logged");
        }
        Ok(Self {
            client_id,
            keys,
            grant,
            installation: match platform {
                Some(platform) => installation.with_altinn(platform),
                None => installation,
            },
            exchange,
            overwrite_authorization_header: merged.flag(dotnet::OVERWRITE)?,
            origins: merged
                .given
                .iter()
                .map(|given| (given.member, given.origin.clone()))
                .collect(),
        })
    }

    /// Which Maskinporten and which Altinn platform; `None` when its metadata has to be read first
    /// (a `MASKINPORTEN_WELL_KNOWN_URL` that is neither production nor test).
    #[must_use]
    pub fn environment(&self) -> Option<&Environment> {
        match &self.installation {
            Installation::Known(environment) => Some(environment),
            Installation::Published { .. } => None,
        }
    }

    /// The client's id.
    #[must_use]
    pub fn client_id(&self) -> &str {
        &self.client_id
    }

    /// The client's private key, and the fallback if there is one. Clones of the settings share them, and so does
    /// every source that was connected.
    #[must_use]
    pub fn keys(&self) -> &KeyRing {
        &self.keys.ring
    }

    /// What tokens are asked for by default.
    #[must_use]
    pub fn grant(&self) -> &Grant {
        &self.grant
    }

    /// Whether tokens are exchanged for Altinn tokens.
    #[must_use]
    pub fn exchanges(&self) -> bool {
        self.exchange.is_some()
    }

    /// Whether an `Authorization` header that a request has already is to be replaced.
    #[must_use]
    pub fn overwrite_authorization_header(&self) -> bool {
        self.overwrite_authorization_header
    }

    /// Where a member's value came from: `variable X`, or the name of a file. `None` when it is not set.
    ///
    /// `member` is a name of the official client or of Altinn apps; what only NAIS has goes by its variable.
    ///
    /// ```no_run
    /// # fn report(settings: &maskinporten::Settings) {
    /// println!("the client id is from {}", settings.origin_of("ClientId").unwrap_or("nowhere"));
    /// # }
    /// ```
    #[must_use]
    pub fn origin_of(&self, member: &str) -> Option<&str> {
        let member = dotnet::member(member).unwrap_or(member);
        let mut origins = self.origins.iter();
        origins.find_map(|(name, origin)| (*name == member).then_some(origin.as_str()))
    }
}
