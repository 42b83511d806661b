//! PKCS#8 with a password (RFC 5958 section 3, RFC 8018).

use pkcs8::{EncryptedPrivateKeyInfoRef, der::Decode};

use super::{KeyError, KeyOptions, Unnamed, der};

/// Reads the private key; `None` when it is not encrypted PKCS#8.
pub(super) fn read(der: &[u8], options: &KeyOptions) -> Option<Result<Unnamed, KeyError>> {
    let encrypted = EncryptedPrivateKeyInfoRef::from_der(der).ok()?;
    let Some(password) = &options.password else {
        return Some(Err(KeyError::new(
            "the key is encrypted: its password is needed",
        )));
    };
    let decrypted = encrypted.decrypt(password.as_bytes());
    Some(match decrypted {
        Ok(key) => der::key_pair(key.as_bytes()).map(Unnamed::new),
        Err(_) => Err(KeyError::new(
            "the key cannot be decrypted: is the password right? (PBES2 is understood, and no older way)",
        )),
    })
}
