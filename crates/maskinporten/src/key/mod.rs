//! The client's private key: read from what users have, tried once, and ready to sign.

pub(crate) mod age;
#[cfg(feature = "certificates")]
mod certificates;
mod der;
mod encoded;
mod error;
mod factor;
mod jwk;
mod options;
mod pem;
#[cfg(feature = "certificates")]
mod pkcs12;
#[cfg(feature = "certificates")]
mod pkcs8;

pub use {error::KeyError, options::KeyOptions};

use std::{fmt, sync::Arc, time::SystemTime};

use aws_lc_rs::{
    encoding::AsDer,
    rand::SystemRandom,
    rsa::KeyPair,
    signature::{self, KeyPair as _, RsaEncoding, UnparsedPublicKey, VerificationAlgorithm},
};

use crate::{Algorithm, BoxError, BoxFuture, Signer};

/// The sizes of modulus that are accepted, in bytes: 2048 to 8192 bits.
const MODULUS_LENGTHS: std::ops::RangeInclusive<usize> = 256..=1024;

/// The client's private RSA key, and what it is known by: the id under which its public half is registered (`kid`), or
/// the certificates that vouch for it (`x5c`). Cheap to clone.
///
/// Read from a JWK, from base64 of one (`EncodedJwk`, what `altinn-jwks export key --base64` prints), or from PEM;
/// [`KeyOptions`] reads other forms. It is parsed once and tried once, so that a key that does not work fails at
/// start-up. A key that was read is held by aws-lc; the buffers of our own that it came through are wiped.
///
/// ```
/// use maskinporten::{ClientKey, Signer};
///
/// match ClientKey::from_jwk(r#"{"kty":"EC","crv":"P-256"}"#) {
///     Ok(key) => println!("signs as {:?}", key.kid()),
///     Err(error) => assert!(error.to_string().contains("RSA")),
/// }
/// ```
#[derive(Clone)]
pub struct ClientKey {
    pair: Arc<KeyPair>,
    algorithm: Algorithm,
    kid: Option<Arc<str>>,
    x5c: Arc<[String]>,
    created_at: Option<SystemTime>,
    expires_at: Option<SystemTime>,
}

/// A key that was parsed, and what came with it.
struct Unnamed {
    pair: KeyPair,
    algorithm: Algorithm,
    kid: Option<String>,
    x5c: Vec<String>,
    created_at: Option<SystemTime>,
    expires_at: Option<SystemTime>,
}

impl Unnamed {
    /// A key alone, which says nothing of itself.
    fn new(pair: KeyPair) -> Self {
        Self {
            pair,
            algorithm: Algorithm::Rs256,
            kid: None,
            x5c: Vec::new(),
            created_at: None,
            expires_at: None,
        }
    }
}

impl ClientKey {
    /// Reads a private JWK (RFC 7517): an object, an array of one, or a set of one. `n`, `e` and `d` suffice; the
    /// rest is computed. What `altinn-jwks` writes beside them (`key_ops`, `oth` and `x5c`, empty) is accepted.
    ///
    /// # Errors
    ///
    /// When it is not a private RSA key of 2048 to 8192 bits for `RS256`, `RS384` or `RS512`, when it has no `kid`,
    /// when there are several keys, or when it does not sign what its public half verifies.
    pub fn from_jwk(json: &str) -> Result<Self, KeyError> {
        KeyOptions::new().name(jwk::read(json, None)?)
    }

    /// Reads base64 of a JWK, as it is pasted into secrets: of the standard or the URL-safe alphabet, padded or not,
    /// with white space or quotes around or inside it. A JWK as it is, is read too.
    ///
    /// # Errors
    ///
    /// When it is neither base64 nor JSON, and those of [`from_jwk`](Self::from_jwk).
    ///
    /// ```no_run
    /// use maskinporten::ClientKey;
    ///
    /// let key = ClientKey::from_base64(&std::env::var("MASKINPORTEN_KEY")?)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn from_base64(text: &str) -> Result<Self, KeyError> {
        KeyOptions::new().read(text)
    }

    /// Reads the first private key of a PEM file: PKCS#8 (`PRIVATE KEY`) or PKCS#1 (`RSA PRIVATE KEY`). It signs
    /// with `RS256`. Line breaks may be written `\n`, as they often are in variables.
    ///
    /// # Errors
    ///
    /// When there is no such key in it, when it is encrypted, not RSA or not of 2048 to 8192 bits.
    ///
    /// ```no_run
    /// use maskinporten::ClientKey;
    ///
    /// let pem = std::fs::read_to_string("client.pem")?;
    /// let key = ClientKey::from_pem(&pem, "the-kid-it-is-registered-under")?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn from_pem(pem: &str, kid: &str) -> Result<Self, KeyError> {
        let options = KeyOptions::new().kid(kid);
        options.name(pem::read(pem, &options)?)
    }

    /// Takes a parsed key into use, if its size is allowed and it signs what its own public half verifies. A pair
    /// that does not would sign assertions that nobody accepts, or give away its factors (a fault in the CRT values).
    fn new(parsed: Unnamed) -> Result<Self, KeyError> {
        let pair = parsed.pair;
        if !MODULUS_LENGTHS.contains(&pair.public_modulus_len()) {
            return Err(KeyError::size(pair.public_modulus_len() * 8));
        }
        if pair
            .public_key()
            .exponent()
            .big_endian_without_leading_zero()
            != [1, 0, 1]
        {
            return Err(KeyError::new("the public exponent `e` is not 65537"));
        }
        let kid = parsed.kid.as_deref().map(str::trim);
        match kid {
            Some("") => return Err(KeyError::new("`kid` is empty")),
            None if parsed.x5c.is_empty() => {
                return Err(KeyError::new(
                    "`kid` is missing: it is the id that the key is registered under",
                ));
            }
            _ => {}
        }
        let created_at = parsed.created_at.or_else(|| kid.and_then(age::of_kid));
        let a_year_later = || created_at?.checked_add(age::LIFETIME);
        let key = Self {
            pair: Arc::new(pair),
            algorithm: parsed.algorithm,
            kid: kid.map(Arc::from),
            x5c: parsed.x5c.into(),
            created_at,
            expires_at: parsed.expires_at.or_else(a_year_later),
        };
        key.try_out()?;
        Ok(key)
    }

    /// What it is called in a log.
    pub(crate) fn name(&self) -> &str {
        self.kid.as_deref().unwrap_or("(its certificate)")
    }

    /// Whether it is the other, under the same name.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.pair.public_key().as_ref() == other.pair.public_key().as_ref()
            && self.algorithm == other.algorithm
            && self.kid == other.kid
            && self.x5c == other.x5c
    }

    fn try_out(&self) -> Result<(), KeyError> {
        const MESSAGE: &[u8] = b"tower-maskinporten";
        let unusable = || KeyError::new("it does not sign what its public half verifies");
        let signature = self.signature(MESSAGE).map_err(|_| unusable())?;
        let public = self.pair.public_key().as_der().map_err(|_| unusable())?;
        UnparsedPublicKey::new(verification(self.algorithm), public.as_ref())
            .verify(MESSAGE, &signature)
            .map_err(|_| unusable())
    }

    fn signature(&self, message: &[u8]) -> Result<Vec<u8>, aws_lc_rs::error::Unspecified> {
        let mut signature = vec![0; self.pair.public_modulus_len()];
        self.pair.sign(
            encoding(self.algorithm),
            &SystemRandom::new(),
            message,
            &mut signature,
        )?;
        Ok(signature)
    }
}

fn encoding(algorithm: Algorithm) -> &'static dyn RsaEncoding {
    match algorithm {
        Algorithm::Rs256 => &signature::RSA_PKCS1_SHA256,
        Algorithm::Rs384 => &signature::RSA_PKCS1_SHA384,
        Algorithm::Rs512 => &signature::RSA_PKCS1_SHA512,
    }
}

fn verification(algorithm: Algorithm) -> &'static dyn VerificationAlgorithm {
    match algorithm {
        Algorithm::Rs256 => &signature::RSA_PKCS1_2048_8192_SHA256,
        Algorithm::Rs384 => &signature::RSA_PKCS1_2048_8192_SHA384,
        Algorithm::Rs512 => &signature::RSA_PKCS1_2048_8192_SHA512,
    }
}

impl Signer for ClientKey {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    fn x5c(&self) -> &[String] {
        &self.x5c
    }

    fn created_at(&self) -> Option<SystemTime> {
        self.created_at
    }

    fn expires_at(&self) -> Option<SystemTime> {
        self.expires_at
    }

    fn sign<'a>(&'a self, message: &'a [u8]) -> BoxFuture<'a, Result<Vec<u8>, BoxError>> {
        // A quarter of a millisecond, once per token: not worth another thread.
        Box::pin(async move { Ok(self.signature(message)?) })
    }
}

impl fmt::Debug for ClientKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientKey")
            .field("kid", &self.kid)
            .field("certificates", &self.x5c.len())
            .field("algorithm", &self.algorithm)
            .field("bits", &(self.pair.public_modulus_len() * 8))
            .finish_non_exhaustive()
    }
}
