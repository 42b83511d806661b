//! The keys all stubs of one process sign with.
//!
//! Making four RSA keys takes a second or more, so it is done once. Stubs stay apart all the same:
//! each has its own issuer and knows which tokens it issued.

use std::io;

use aws_lc_rs::{digest, error::Unspecified};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use serde_json::{Value, json};
use tokio::sync::OnceCell;

use crate::{demo::DemoClient, rsa::SigningKey};

static KEYS: OnceCell<Keys> = OnceCell::const_new();

/// The signing keys of Maskinporten and Altinn, and a client that is always registered.
#[derive(Debug)]
pub(crate) struct Keys {
    pub(crate) maskinporten: SigningKey,
    pub(crate) maskinporten_kid: String,
    /// The first one signs; the second is published only, as Altinn publishes the next key early.
    pub(crate) altinn: [AltinnKey; 2],
    pub(crate) demo: DemoClient,
}

impl Keys {
    /// The keys of this process, made at the first call.
    pub(crate) async fn of_this_process() -> io::Result<&'static Self> {
        KEYS.get_or_try_init(|| async {
            tokio::task::spawn_blocking(Self::generate)
                .await?
                .map_err(|_unspecified| io::Error::other("could not generate the stub's keys"))
        })
        .await
    }

    fn generate() -> Result<Self, Unspecified> {
        let maskinporten = SigningKey::generate()?;
        Ok(Self {
            maskinporten_kid: maskinporten.public().thumbprint(),
            maskinporten,
            altinn: [AltinnKey::generate()?, AltinnKey::generate()?],
            demo: DemoClient::generate()?,
        })
    }
}

/// One of Altinn's keys with its names.
#[derive(Debug)]
pub(crate) struct AltinnKey {
    pub(crate) key: SigningKey,
    /// The hash of the certificate: 40 upper-case hexadecimal digits.
    pub(crate) kid: String,
    /// The same bytes as `kid`, in base64url.
    pub(crate) x5t: String,
    /// In DER.
    certificate: Vec<u8>,
}

impl AltinnKey {
    fn generate() -> Result<Self, Unspecified> {
        let key = SigningKey::generate()?;
        let certificate = key.self_signed("Stub Altinn token signing")?;
        let hash = digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, &certificate);
        let hash = hash.as_ref();
        Ok(Self {
            kid: hash.iter().map(|byte| format!("{byte:02X}")).collect(),
            x5t: URL_SAFE_NO_PAD.encode(hash),
            certificate,
            key,
        })
    }

    /// As Altinn publishes it: the numbers in padded standard base64, and no `alg`.
    pub(crate) fn jwk(&self) -> Value {
        let public = self.key.public();
        json!({
            "kty": "RSA", "use": "sig", "kid": self.kid,
            "n": STANDARD.encode(&public.modulus),
            "e": STANDARD.encode(&public.exponent),
            "x5c": [STANDARD.encode(&self.certificate)],
        })
    }
}
