//! Gets [Maskinporten](https://docs.digdir.no/docs/Maskinporten/maskinporten_guide_apikonsument) and
//! [Altinn](https://docs.altinn.studio/api/scenarios/authentication/) access tokens.
//!
//! A service signs a JWT grant with its private key ([`ClientKey`]), gets a short-lived token from [`Maskinporten`],
//! often exchanges it for an Altinn token ([`AltinnExchange`]), and puts that on each request. This crate gets one
//! token when it is asked to. It keeps none: the crate `tower-maskinporten` keeps them fresh and puts them on
//! requests.
//!
//! # Example
//!
//! ```no_run
//! use maskinporten::{
//!     AltinnExchange, AltinnPlatform, ClientKey, Environment, Grant, HttpClient, Maskinporten, Retry, TokenSource,
//! };
//!
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let http = HttpClient::new()?;
//! let key = ClientKey::from_base64(&std::fs::read_to_string("client.jwk.base64")?)?;
//!
//! let maskinporten = Maskinporten::new(Environment::test(), "my-client-id", key, http.clone());
//! let altinn = AltinnExchange::new(Retry::new(maskinporten), &AltinnPlatform::tt02(), http);
//!
//! let token = altinn.fetch(&Grant::new("altinn:correspondence.write")?).await?;
//! println!("good for {} s", token.lifetime().as_secs());
//! # Ok(())
//! # }
//! ```
//!
//! # Features
//!
//! - `http-client` (on by default): `HttpClient`, a client of hyper and rustls with safe limits. Without it, bring
//!   any tower service that sends `http::Request<Full<Bytes>>`.
//! - `certificates`: keys with a password (PKCS#12, encrypted PKCS#8), and certificates in place of a `kid`.
//! - `metrics`: counts requests for tokens and reloads of the key, for any recorder of the crate `metrics`. What there is
//!   is explained in `tower-maskinporten`.
#![cfg_attr(docsrs, feature(doc_cfg))]

mod advice;
mod altinn;
mod altinn_token;
mod asking;
mod assertion;
mod client;
mod clock;
mod consent;
mod discover;
mod environment;
mod error;
mod file;
mod grant;
#[cfg(feature = "http-client")]
mod http_client;
mod key;
mod key_file;
mod key_ring;
mod key_status;
mod meter;
mod organisation;
mod pace;
mod person;
mod platform;
mod refusal;
mod request;
mod response;
mod retry;
mod retry_budget;
mod settings;
mod signer;
mod source;
mod system_user;
mod text;
mod token;
mod unexchanged;
mod url;

#[cfg(feature = "http-client")]
pub use http_client::HttpClient;
pub use {
    altinn::AltinnExchange,
    client::Maskinporten,
    consent::Consent,
    environment::{Environment, EnvironmentError},
    error::Error,
    grant::{Grant, GrantError},
    key::{ClientKey, KeyError, KeyOptions},
    key_ring::KeyRing,
    key_status::KeyStatus,
    organisation::OrganisationNumber,
    person::NationalIdentityNumber,
    platform::AltinnPlatform,
    refusal::Refusal,
    retry::Retry,
    settings::{Settings, SettingsBuilder, SettingsError, SettingsWatch},
    signer::{Algorithm, Signer},
    source::TokenSource,
    system_user::SystemUser,
    token::AccessToken,
};

/// Any error, as tower has it.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// A future whose type is not named; what traits that are used as objects return.
pub type BoxFuture<'a, T> = std::pin::Pin<Box<dyn Future<Output = T> + Send + 'a>>;
