//! A [tower](https://docs.rs/tower) layer that puts [Maskinporten] and [Altinn] tokens on outgoing requests.
//!
//! [`Tokens`] keeps a token fresh in the background; [`BearerAuthLayer`] puts it on each request, to the [`Origins`]
//! that may see it. A request never waits while there is a usable token, and a service never sees one. Getting tokens
//! is the crate [`maskinporten`]'s business.
//!
//! [Maskinporten]: https://docs.digdir.no/docs/Maskinporten/maskinporten_guide_apikonsument
//! [Altinn]: https://docs.altinn.studio/api/scenarios/authentication/
//!
//! # Example
//!
//! ```no_run
//! use maskinporten::{ClientKey, Environment, Grant, HttpClient, Maskinporten, Retry};
//! use tower::{Layer, Service, ServiceExt};
//! use tower_maskinporten::{BearerAuthLayer, Origins, Tokens};
//!
//! # async fn run() -> Result<(), maskinporten::BoxError> {
//! let key = ClientKey::from_base64(&std::fs::read_to_string("client.jwk.base64")?)?;
//! let http = HttpClient::new()?;
//! let maskinporten = Maskinporten::new(Environment::test(), "my-client-id", key, http.clone());
//! let tokens = Tokens::new(Retry::new(maskinporten), Grant::new("altinn:serviceowner")?);
//!
//! let origins = Origins::new(["https://platform.tt02.altinn.no"])?;
//! let mut client = BearerAuthLayer::new(tokens, origins).layer(http);
//!
//! let request = http::Request::get("https://platform.tt02.altinn.no/storage/api/v1/applications")
//!     .body(http_body_util::Full::default())?;
//! let response = client.ready().await?.call(request).await?;
//! println!("{}", response.status());
//! # Ok(())
//! # }
//! ```
#![cfg_attr(docsrs, feature(doc_cfg))]

mod clock;
mod error;
mod flight;
mod follow;
mod future;
mod grant_change;
mod layer;
mod origins;
mod pool;
mod refresh;
mod replay;
mod schedule;
mod service;
mod slot;
mod snapshot;
mod tokens;
mod unauthorized;
mod waiting;

pub use {
    error::{OriginNotAllowed, TokenUnavailable},
    future::ResponseFuture,
    grant_change::GrantChange,
    layer::BearerAuthLayer,
    origins::{Origins, OriginsError},
    replay::{NoReplay, Replay, ReplayClones},
    service::BearerAuth,
    tokens::Tokens,
};
