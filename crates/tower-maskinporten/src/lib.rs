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
//!
//! # Health
//!
//! [`Tokens::status`] says how it is about each token and about the key: whether a service [is ready](Status::is_ready),
//! and whether somebody [should have a look](Status::is_degraded) although it is.
//!
//! # Events
//!
//! Told with `tracing`, with the fields `client` ([`Tokens::with_name`]) and `grant` (`default` or `other`; never which).
//! What happens to the default grant is always told. Repetitions, and what happens to other grants, are told once a
//! minute for each kind, with the number of those that were not told (`suppressed`): an outage is a line a minute
//! however many grants there are. No event has a token, an assertion or a person in it.
//!
//! | level | event | when |
//! |---|---|---|
//! | INFO | there is a token | the first for a grant |
//! | DEBUG | there is a new token | an ordinary refresh |
//! | WARN | no new token; will try again | a fetch failed (`error`, `class`, `attempts`); there may be a token still |
//! | WARN | no new token: refused | the same, when Maskinporten said why (`oauth_error`, `code`, `trace_id`, `advice`) |
//! | ERROR | requests fail: there is no usable token | once in an outage: when the default token ends, or a request fails for want of a token that there was or that may come |
//! | INFO | there is a token again | the first after failures (`attempts`, `lasted`) |
//! | INFO | an API did not accept the token: refreshing it | a 401 blamed it |
//! | WARN | an API does not accept new tokens either: … | further 401s, which refreshing does not cure (`useless_refreshes`) |
//! | ERROR | the token source panicked; will ask it again | in a `TokenSource` or a `Signer` of your own, usually |
//!
//! [`maskinporten`] tells of keys (new, not accepted, not readable, near their end), of clocks that differ, and of scopes
//! that were asked for and not granted. Each fetch is a span `maskinporten.fetch` (DEBUG), and each request in it, to
//! Maskinporten or to Altinn's exchange, a span `maskinporten.request` with `party`, `status` and `outcome`.
#![cfg_attr(docsrs, feature(doc_cfg))]

mod clock;
mod error;
mod flight;
mod follow;
mod future;
mod grant_change;
mod grant_status;
mod journal;
mod layer;
mod mishap;
mod origins;
mod pace;
mod pool;
mod refresh;
mod replay;
mod schedule;
mod service;
mod slot;
mod snapshot;
mod status;
mod token_state;
mod tokens;
mod unauthorized;
mod waiting;

pub use {
    error::{OriginNotAllowed, TokenUnavailable},
    future::ResponseFuture,
    grant_change::GrantChange,
    grant_status::GrantStatus,
    layer::BearerAuthLayer,
    origins::{Origins, OriginsError},
    replay::{NoReplay, Replay, ReplayClones},
    service::BearerAuth,
    status::Status,
    token_state::TokenState,
    tokens::Tokens,
};
