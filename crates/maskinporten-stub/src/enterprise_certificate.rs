//! An enterprise certificate with its private key, in the forms that clients read.

use std::fmt;

use p12_keystore::{KeyStore, KeyStoreEntry, PrivateKey, PrivateKeyChain};
use rcgen::KeyPair;

use crate::jwk::KeyError;

/// An enterprise certificate (*virksomhetssertifikat*) with its private key and its chain; get one
/// from [`CertificateAuthority::issue`](crate::CertificateAuthority::issue).
///
/// ```
/// let authority = maskinporten_stub::CertificateAuthority::generate()?;
/// let certificate = authority.issue("974761076")?;
/// assert_eq!(certificate.chain_der().len(), 3);
/// assert_eq!(certificate.chain_pem().matches("BEGIN CERTIFICATE").count(), 3);
/// assert!(!certificate.pkcs12("a password")?.is_empty());
/// # Ok::<(), maskinporten_stub::KeyError>(())
/// ```
pub struct EnterpriseCertificate {
    org_number: String,
    key: KeyPair,
    chain: [rcgen::Certificate; 3],
}

impl EnterpriseCertificate {
    pub(crate) fn new(org_number: &str, key: KeyPair, chain: [rcgen::Certificate; 3]) -> Self {
        Self {
            org_number: org_number.to_owned(),
            key,
            chain,
        }
    }

    /// The private key as unencrypted PKCS#8 in PEM.
    #[must_use]
    pub fn private_key_pem(&self) -> String {
        self.key.serialize_pem()
    }

    /// The certificate, the issuing one and the root, in PEM.
    #[must_use]
    pub fn chain_pem(&self) -> String {
        self.chain.iter().map(rcgen::Certificate::pem).collect()
    }

    /// The certificate, the issuing one and the root, in DER: what `x5c` holds in base64.
    #[must_use]
    pub fn chain_der(&self) -> Vec<Vec<u8>> {
        let der = |certificate: &rcgen::Certificate| certificate.der().to_vec();
        self.chain.iter().map(der).collect()
    }

    /// The private key and the whole chain as a PKCS#12 file, encrypted with AES-256 (PBES2).
    ///
    /// # Errors
    ///
    /// When the password has characters that PKCS#12 has no place for.
    pub fn pkcs12(&self, password: &str) -> Result<Vec<u8>, KeyError> {
        self.key_store()
            .and_then(|store| store.writer(password).write())
            .map_err(|_error| KeyError::new("could not be written as PKCS#12"))
    }

    fn key_store(&self) -> p12_keystore::Result<KeyStore> {
        let key = PrivateKey::from_der(self.key.serialized_der())?;
        let chain: Vec<_> = self
            .chain
            .iter()
            .map(|certificate| p12_keystore::Certificate::from_der(certificate.der()))
            .collect::<p12_keystore::Result<_>>()?;
        let chain = PrivateKeyChain::new("1", key, chain);
        let mut store = KeyStore::new();
        store.add_entry("enterprise", KeyStoreEntry::PrivateKeyChain(chain));
        Ok(store)
    }
}

/// Shows the organisation alone, not the private key.
impl fmt::Debug for EnterpriseCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EnterpriseCertificate")
            .field("org_number", &self.org_number)
            .finish_non_exhaustive()
    }
}
