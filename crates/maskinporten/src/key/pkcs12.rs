//! PKCS#12 (RFC 7292), as enterprise certificates are handed out: `.p12` and `.pfx` files.

use p12_keystore::Pkcs12Archive;

use super::{KeyError, KeyOptions, Unnamed, certificates, der};

/// How many parts may be encrypted. A file has two, one for the key and one for its certificates. p12-keystore bounds the
/// work for each, and not how many there are.
const MOST_PARTS: usize = 4;

/// How the ways to encrypt a part begin, as DER: PBES2 (RFC 8018) and those of PKCS#12 itself (`pkcs-12PbeIds`).
const PBES2: [u8; 11] = *b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x05\x0d";
const PKCS12_PBE: [u8; 11] = *b"\x06\x0a\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x01";
/// scrypt (RFC 7914), which nobody has in PKCS#12. p12-keystore allows it a gigabyte, and pkcs5 panics at a cost of 0.
const SCRYPT: [u8; 11] = *b"\x06\x09\x2b\x06\x01\x04\x01\xda\x47\x04\x0b";

/// Reads the private key and its certificates; `None` when it is not PKCS#12.
pub(super) fn read(der: &[u8], options: &KeyOptions) -> Option<Result<Unnamed, KeyError>> {
    if is_pkcs12(der) && !is_worth_it(der) {
        return Some(Err(KeyError::too_much_work()));
    }
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

/// Whether it begins as PKCS#12 does: with its version, 3, after four bytes at most.
fn is_pkcs12(der: &[u8]) -> bool {
    const VERSION: [u8; 3] = [0x02, 0x01, 0x03];
    der.windows(VERSION.len()).take(5).any(|at| at == VERSION)
}

/// Whether it can be decrypted in reasonable time. Only what somebody who knows the password has put inside of an
/// encrypted part can hide from this.
fn is_worth_it(der: &[u8]) -> bool {
    let count = |wanted: [u8; 11]| der.windows(wanted.len()).filter(|at| *at == wanted).count();
    count(SCRYPT) == 0 && count(PBES2) + count(PKCS12_PBE) <= MOST_PARTS
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
