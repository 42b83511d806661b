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
//! | INFO | tokens are from another source now | `Tokens::replace`, or settings that are followed (no `grant`) |
//! | ERROR | the new settings give no token; the old ones stay in use | settings that are followed (no `grant`) |
//!
//! [`maskinporten`] tells of settings and keys (new, not accepted, not readable, near their end), of clocks that differ, and of scopes
//! that were asked for and not granted. Each fetch is a span `maskinporten.fetch` (DEBUG), and each request in it, to
//! Maskinporten or to Altinn's exchange, a span `maskinporten.request` with `party`, `status` and `outcome`.
//!
//! # Metrics
//!
//! With the feature `metrics`, for any recorder of the crate [`metrics`](https://docs.rs/metrics). `client` is the name
//! from [`Tokens::with_name`]; no label grows with the number of grants.
//!
//! | name | type | unit | labels | meaning |
//! |---|---|---|---|---|
//! | `mp_token_requests_total` | counter | requests | `party`: `maskinporten`, `altinn`; `outcome`: `token`, `abandoned` (nobody waited for the answer any more), or an [`Error::class`](maskinporten::Error::class) | requests for a token, each attempt by itself |
//! | `mp_token_fetch_seconds` | histogram | seconds | `client` | how long fetches took, with all attempts and the exchange, however they ended |
//! | `mp_token_refresh_failures_total` | counter | fetches | `client`; `class`: `panic`, `timeout`, or an [`Error::class`](maskinporten::Error::class) | fetches that brought no token |
//! | `mp_token_seconds_to_expiry` | gauge | seconds | `client` | how long the default grant's token will still be put on requests; 0 without one |
//! | `mp_token_state` | gauge | 0 or 1 | `client`; `state`: `empty`, `fresh`, `stale`, `doubtful`, `expired` | 1 for the [state](TokenState) that the default grant's token is in |
//! | `mp_token_slots` | gauge | grants | `client` | grants that are kept, the default one among them |
//! | `mp_token_waiters` | gauge | requests | `client` | requests that wait for a token, of any grant |
//! | `mp_401_total` | counter | answers | `client`; `action`: `refreshed`, `joined` (there is a newer token, or it is on its way), `passed_on` (nothing was done: too soon after the last time, or fetching fails) | 401s that blamed the token |
//! | `mp_origin_rejected_total` | counter | requests | `client` | requests that were not sent, because their origin is none of the [`Origins`] |
//! | `mp_task_panics_total` | counter | panics | `client` | fetches in which the token source panicked |
//! | `mp_key_seconds_to_expiry` | gauge | seconds | `client` | how long Maskinporten will still accept the key; negative afterwards, NaN when it is not known |
//! | `mp_key_reload_total` | counter | reads | `outcome`: `replaced`, `failed` | readings of the key's file that found another key, or failed |
//! | `mp_clock_skew_seconds` | gauge | seconds | | how far Maskinporten's clock is ahead of this machine's, once that was learnt |
//! | `mp_retry_bucket_tokens` | gauge | attempts | | how many broken connections may be tried again at once; shown when one was |
//!
//! Gauges are set when things change, and every 30 s at least.
//!
//! # Features
//!
//! - `metrics`: counts and measures, as above.
#![cfg_attr(docsrs, feature(doc_cfg))]

mod cached;
mod changes;
mod clock;
#[cfg(test)]
mod clock_walk;
mod error;
mod failure;
mod flight;
mod follow;
mod future;
mod grant_change;
mod grant_status;
mod journal;
mod layer;
mod live;
mod meter;
mod mishap;
mod origins;
mod pace;
mod pool;
mod refresh;
mod replace;
mod replay;
mod schedule;
mod service;
mod slot;
#[cfg(test)]
mod slot_steps;
mod snapshot;
mod status;
mod sync;
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
