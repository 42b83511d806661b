//! A strict stand-in for Maskinporten, Altinn's token exchange and the Altinn Correspondence API.
//!
//! It checks what the real services check and answers as they answer, in process or as a program, on
//! a loopback address. It can be slow, down or hostile on order, and shows what it was asked. It does
//! not talk to the real ones, keeps nothing on disk unless told to, and is not for production.
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
mod builder;
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
mod public_url;
mod recorder;
mod registry;
mod ring;
mod rsa;
mod scenario;
mod secret_file;
mod server;
mod steering;
mod stub;
mod system_user;
mod verify;
mod world;

pub use authority::CertificateAuthority;
pub use builder::StubBuilder;
pub use client::Client;
pub use demo::DemoClient;
pub use enterprise_certificate::EnterpriseCertificate;
pub use fault::{Body, Fault, Route, Unauthorized};
pub use jwk::KeyError;
pub use maskinporten::{Checked, Outcome};
pub use recorder::Recorded;
pub use stub::Stub;
pub use system_user::SystemUser;
