//! The keys that stubs begin with, and their demo client.
//!
//! Making RSA keys takes a while, so it is done once for all stubs of a process, or once for all
//! starts with the same [key file](crate::StubBuilder::key_file). Stubs stay apart all the same: each
//! has its own issuer and knows which tokens it issued.

use std::{io, sync::Arc};

use aws_lc_rs::{digest, error::Unspecified};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use serde_json::{Value, json};
use tokio::{sync::OnceCell, task::spawn_blocking};

use crate::{demo::DemoClient, rsa::SigningKey};

static KEYS: OnceCell<Arc<Keys>> = OnceCell::const_new();

/// The signing keys of Maskinporten and Altinn, and a client that is always registered.
#[derive(Debug)]
pub(crate) struct Keys {
    pub(crate) maskinporten: Arc<MaskinportenKey>,
    /// The first one signs; the second is published only, as Altinn publishes the next key early.
    pub(crate) altinn: [Arc<AltinnKey>; 2],
    pub(crate) demo: DemoClient,
}

impl Keys {
    /// The keys of this process, made at the first call.
    pub(crate) async fn of_this_process() -> io::Result<Arc<Self>> {
        let keys = KEYS.get_or_try_init(|| async { Self::generate().await.map(Arc::new) });
        keys.await.cloned()
    }

    /// New keys, made side by side.
    pub(crate) async fn generate() -> io::Result<Self> {
        let (maskinporten, altinn, next, demo) =
            tokio::try_join!(new_key(), new_key(), new_key(), new_key())?;
        Self::of(maskinporten, [altinn, next], &demo)
            .map_err(|_unspecified| io::Error::other(NOT_MADE))
    }

    pub(crate) fn of(
        maskinporten: SigningKey,
        [altinn, next]: [SigningKey; 2],
        demo: &SigningKey,
    ) -> Result<Self, Unspecified> {
        Ok(Self {
            maskinporten: Arc::new(MaskinportenKey::new(maskinporten)),
            altinn: [
                Arc::new(AltinnKey::new(altinn)?),
                Arc::new(AltinnKey::new(next)?),
            ],
            demo: DemoClient::with_key(demo)?,
        })
    }
}

const NOT_MADE: &str = "could not generate the stub's keys";

/// Makes a key without holding up the runtime.
pub(crate) async fn new_key() -> io::Result<SigningKey> {
    spawn_blocking(SigningKey::generate)
        .await?
        .map_err(|_unspecified| io::Error::other(NOT_MADE))
}

/// One of Maskinporten's keys with its name.
#[derive(Debug)]
pub(crate) struct MaskinportenKey {
    pub(crate) key: SigningKey,
    /// 43 characters of base64url.
    pub(crate) kid: String,
}

impl MaskinportenKey {
    pub(crate) fn new(key: SigningKey) -> Self {
        Self {
            kid: key.public().thumbprint(),
            key,
        }
    }

    pub(crate) fn jwk(&self) -> Value {
        self.key.public().jwk(&self.kid)
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
    pub(crate) fn new(key: SigningKey) -> Result<Self, Unspecified> {
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
