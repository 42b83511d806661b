//! A strict stand-in for Maskinporten, Altinn's token exchange and the Altinn Correspondence API.
//!
//! It checks what the real services check and answers as they answer, in process or as a program, on
//! a loopback address. It can be slow, down or hostile on order, and shows what it was asked. It does
//! not talk to the real ones, keeps nothing on disk unless told to, and is not for production.
//!
//! # Services
//!
//! All at [`Stub::base_url`]:
//!
//! - Maskinporten: `/.well-known/oauth-authorization-server`, `/jwk`, `/token`, `/errors/{code}`
//! - its self-service API, under `/`, `/api/v1` and `/external/api/v1`: `/clients`,
//!   `/clients/{id}/jwks`, `/scopes`, `/scopes/access`, `/delegationsources`; its callers are
//!   [clients](Client) with the scopes `idporten:dcr.*` and `idporten:scopes.write`
//! - Altinn, under `/authentication/api/v1`: `/exchange/{provider}`, `/openid`, the vendors'
//!   `/systemregister/vendor`, and `/systemuser` with the requests for system users, which the
//!   portal's endpoints or [`Stub::approve_request`] approve
//! - the sending half of the Correspondence API, under `/correspondence/api/v1`
//!
//! They share their registers: what a test registers is there over HTTP, and the other way round.
//! What can be registered over HTTP is bounded: 1000 clients, scopes, consumers of a scope and
//! systems (64 KiB for each), and 10 000 requests for system users (16 KiB). Who asks for more gets
//! 507, or 413.
//!
//! # Example
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> std::io::Result<()> {
//! use maskinporten_stub::{Fault, Route, Stub};
//!
//! let stub = Stub::start().await?;
//! println!("audience:  {}", stub.issuer());
//! println!("client id: {}", stub.demo_client().client_id());
//! stub.inject(Route::Token, Fault::status(503).times(1));
//! # Ok(())
//! # }
//! ```
//!
//! # The Correspondence API
//!
//! Everything of its public document is served, and answers as the API answers in fact where the
//! document is wrong, with two exceptions: `forward` and `downloadall` answer 404, as does what only
//! Altinn uses. Time passes for attachments and correspondences on the stub's own clock, which
//! [`Stub::advance_clock`] moves: scans, publishing, confirmations, expiry.
//!
//! - Senders are the organisations that own a resource; [`Stub::register_resource`] adds one.
//!   Recipients are the organisations of tokens, which a system user's is too. Everybody is known
//!   and reachable, until [`Stub::register_recipient`] says otherwise.
//! - A file that begins with the EICAR test string is malware. No other file is.
//! - There are no notifications, events or dialogs: notifications are checked and not sent, and a
//!   correspondence cannot belong to a transmission (1054).
//! - Memory is bounded: 10 000 attachments, 10 000 correspondences, 100 000 idempotency keys, and
//!   256 MiB of files. What is oldest goes first, and is then unknown.
//! - Errors that come from inside Altinn are not imitated (2000, 2009, 2014, 2022 and others);
//!   a [`Fault`] stands for them.
//! # Features
//!
//! - `https`: [`StubBuilder::https`].
//! - `standalone`, on by default: the program, and `https` with it. Without it there is no clap.
//!
//! The services are described at <https://docs.digdir.no/docs/Maskinporten/> and
//! <https://docs.altinn.studio/>.
#![doc = include_str!("../README.md")]

mod altinn;
mod authority;
mod body;
mod builder;
mod caller;
mod certificate;
mod client;
mod clock;
mod controls;
mod correspondence;
mod demo;
mod drain;
mod enterprise_certificate;
mod events;
mod fault;
#[cfg(feature = "https")]
mod https;
mod identifiers;
mod issued;
mod jwk;
mod jws;
mod key_file;
mod keys;
mod lifetime;
mod maskinporten;
mod problem;
#[cfg(feature = "standalone")]
mod program;
mod public_url;
mod recorder;
mod refused;
mod registered;
mod registry;
mod ring;
mod rsa;
mod scenario;
mod secret_file;
mod self_service;
mod server;
mod steering;
mod stub;
mod system_user;
mod system_users;
mod verify;
mod world;

pub use authority::CertificateAuthority;
pub use builder::StubBuilder;
pub use client::Client;
pub use correspondence::{Recipient, Resource};
pub use demo::DemoClient;
pub use enterprise_certificate::EnterpriseCertificate;
pub use fault::{Body, Fault, Route, Unauthorized};
pub use jwk::KeyError;
pub use maskinporten::{Checked, Outcome};
#[cfg(feature = "standalone")]
pub use program::Program;
pub use recorder::Recorded;
pub use stub::Stub;
pub use system_user::SystemUser;
