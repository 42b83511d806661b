//! A strict stand-in for Maskinporten, Altinn's token exchange and the Altinn Correspondence API.
//!
//! It checks what the real services check and answers as they answer, in process and on a loopback
//! address. It does not talk to them, keeps nothing on disk, and is not for production.
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
//! The services are described at <https://docs.digdir.no/docs/Maskinporten/> and
//! <https://docs.altinn.studio/>.

mod altinn;
mod authority;
mod body;
mod builder;
mod caller;
mod certificate;
mod client;
mod clock;
mod correspondence;
mod demo;
mod drain;
mod enterprise_certificate;
mod fault;
mod identifiers;
mod issued;
mod jwk;
mod jws;
mod keys;
mod lifetime;
mod maskinporten;
mod problem;
mod recorder;
mod refused;
mod registered;
mod registry;
mod rsa;
mod self_service;
mod server;
mod stub;
mod system_user;
mod system_users;
mod verify;
mod world;

pub use authority::CertificateAuthority;
pub use builder::StubBuilder;
pub use client::Client;
pub use demo::DemoClient;
pub use enterprise_certificate::EnterpriseCertificate;
pub use fault::{Fault, Route};
pub use jwk::KeyError;
pub use recorder::Recorded;
pub use stub::Stub;
pub use system_user::SystemUser;
