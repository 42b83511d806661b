//! PKCS#12 (RFC 7292), as enterprise certificates are handed out: `.p12` and `.pfx` files.

use p12_keystore::Pkcs12Archive;

use super::{KeyError, KeyOptions, Unnamed, certificates, der};

/// Reads the private key and its certificates; `None` when it is not PKCS#12.
pub(super) fn read(der: &[u8], options: &KeyOptions) -> Option<Result<Unnamed, KeyError>> {
    let password = options.password.as_deref().map_or("", String::as_str);
    let archive = match Pkcs12Archive::from_pkcs12(der, password) {
        Ok(archive) => archive,
        Err(error) => return refusal(&error).map(Err),
    };
    Some(key(&archive))
}

fn key(archive: &Pkcs12Archive) -> Result<Unnamed, KeyError> {
    let [bag] = archive.keys.as_slice() else {
        let keys = archive.keys.len();
        return Err(KeyError::new(format!(
            "the PKCS#12 file holds {keys} private keys, and exactly one is needed"
        )));
    };
    let key = Unnamed::new(der::key_pair(bag.key.as_der())?);
    let chain = archive.certs.iter().map(|bag| bag.cert.as_der());
    certificates::certify(key, chain)
}

/// Why it could not be read; `None` when it is something else altogether.
fn refusal(error: &p12_keystore::error::Error) -> Option<KeyError> {
    use p12_keystore::error::Error;
    Some(match error {
        Error::DerError(_) | Error::InvalidVersion => return None,
        Error::MacError(_) | Error::UnpadError | Error::Pkcs5Error(_) => {
            KeyError::new("the PKCS#12 file cannot be decrypted: is the password right?")
        }
        _ => {
            KeyError::new("the PKCS#12 file is broken, or protected in a way that is not supported")
        }
    })
}
