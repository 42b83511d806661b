//! Keys that need to be told something about.

use std::{fmt, time::SystemTime};

use zeroize::Zeroizing;

use super::{ClientKey, KeyError, Unnamed, encoded};

/// Reads private keys in every form: what the key does not say of itself is said here.
///
/// Understood are a JWK or a set of them, PEM (PKCS#8 or PKCS#1), DER, and base64 of each, in any alphabet, padded or
/// not, with white space or quotes. With the feature `certificates` also PKCS#12, encrypted PKCS#8, and the
/// certificates of a PEM file.
///
/// ```
/// use maskinporten::KeyOptions;
///
/// let set = r#"{"keys":[{"kty":"RSA","kid":"old"},{"kty":"RSA","kid":"new"}]}"#;
/// let error = KeyOptions::new().kid("new").read(set).unwrap_err();
/// assert!(error.to_string().contains("`n` is missing"));
/// ```
#[derive(Clone, Default)]
#[must_use = "a key is read by `read`"]
pub struct KeyOptions {
    pub(super) kid: Option<String>,
    pub(super) password: Option<Zeroizing<String>>,
    created_at: Option<SystemTime>,
    only_owner_may_read: bool,
}

impl KeyOptions {
    /// Says nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// The id under which the key is registered. Keys in PEM and DER have none of their own; a JWK is renamed; of a
    /// set of several the one of that name is taken.
    ///
    /// A key with certificates goes by them alone, unless a `kid` is said here: then the assertion has both.
    pub fn kid(mut self, kid: impl Into<String>) -> Self {
        self.kid = Some(kid.into());
        self
    }

    /// The password of PKCS#12 or of an encrypted key. None is as good as an empty one.
    ///
    /// A file says itself how much work it is to decrypt. One is refused that asks for more than a million rounds of
    /// PBKDF2 or 128 MiB of scrypt, or is PKCS#12 of more than four encrypted parts.
    ///
    /// ```no_run
    /// use maskinporten::KeyOptions;
    ///
    /// let password = std::fs::read_to_string("enterprise.password")?;
    /// let key = KeyOptions::new()
    ///     .password(password.trim())
    ///     .read(std::fs::read("enterprise.p12")?)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[cfg(feature = "certificates")]
    pub fn password(mut self, password: impl Into<String>) -> Self {
        self.password = Some(Zeroizing::new(password.into()));
        self
    }

    /// When the key was uploaded to Maskinporten, which keeps it for a year. Without it, a certificate says so, or a
    /// JWK's `exp` or `iat`, or a `kid` as `altinn-jwks` makes them (`name-PROD.BKBQ`).
    ///
    /// ```
    /// use maskinporten::KeyOptions;
    ///
    /// let options = KeyOptions::new().kid("archive-3").created_at(std::time::SystemTime::now());
    /// ```
    pub fn created_at(mut self, created_at: SystemTime) -> Self {
        self.created_at = Some(created_at);
        self
    }

    /// Refuses a file that others than its owner may read, for [`KeyRing::from_file`](crate::KeyRing::from_file), which
    /// otherwise warns of it when it is read first. When that comes to be so later, the last good key stays, as whenever
    /// the file cannot be read. Secrets that Kubernetes mounts are open to others unless their `defaultMode` says
    /// otherwise.
    ///
    /// Only Unix tells who may read a file. On other systems, all are refused.
    ///
    /// ```
    /// use maskinporten::{KeyError, KeyOptions, KeyRing};
    ///
    /// fn from_a_home_directory() -> Result<KeyRing, KeyError> {
    ///     KeyRing::from_file("/home/archive/client.jwk", KeyOptions::new().only_owner_may_read())
    /// }
    /// ```
    pub fn only_owner_may_read(mut self) -> Self {
        self.only_owner_may_read = true;
        self
    }

    /// Whether a file that others may read is refused.
    pub(crate) fn must_be_closed(&self) -> bool {
        self.only_owner_may_read
    }

    /// Reads a key.
    ///
    /// # Errors
    ///
    /// When it is in none of the forms that are understood, when it is not a private RSA key of 2048 to 8192 bits,
    /// when it has neither a `kid` nor certificates, when the password is wrong, or when it does not sign what its
    /// public half verifies.
    pub fn read(&self, contents: impl AsRef<[u8]>) -> Result<ClientKey, KeyError> {
        self.name(encoded::read(contents.as_ref(), self)?)
    }

    /// Takes a key that was parsed for one that goes by what is said here.
    pub(super) fn name(&self, mut key: Unnamed) -> Result<ClientKey, KeyError> {
        if let Some(kid) = &self.kid {
            key.kid = Some(kid.clone());
        }
        if let Some(created_at) = self.created_at {
            key.created_at = Some(created_at);
            // A year later, unless a certificate says otherwise.
            if key.x5c.is_empty() {
                key.expires_at = None;
            }
        }
        ClientKey::new(key)
    }
}

impl fmt::Debug for KeyOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyOptions")
            .field("kid", &self.kid)
            .field("password", &self.password.is_some())
            .field("created_at", &self.created_at)
            .field("only_owner_may_read", &self.only_owner_may_read)
            .finish()
    }
}
