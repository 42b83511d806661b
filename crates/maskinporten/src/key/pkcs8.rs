//! PKCS#8 with a password (RFC 5958 section 3, RFC 8018).

use pkcs8::{
    EncryptedPrivateKeyInfoRef,
    der::Decode,
    pkcs5::{EncryptionScheme, pbes2::Kdf},
};

use super::{KeyError, KeyOptions, Unnamed, der};

/// The most rounds of PBKDF2: as for PKCS#12, and more than OWASP asks for.
const MOST_ROUNDS: u32 = 1_000_000;
/// The most memory that scrypt may fill, all its passes together, in bytes: OWASP's own choice.
const MOST_MEMORY: u64 = 128 * 1024 * 1024;

/// Reads the private key; `None` when it is not encrypted PKCS#8.
pub(super) fn read(der: &[u8], options: &KeyOptions) -> Option<Result<Unnamed, KeyError>> {
    let encrypted = EncryptedPrivateKeyInfoRef::from_der(der).ok()?;
    let Some(password) = &options.password else {
        return Some(Err(KeyError::new(
            "the key is encrypted: its password is needed",
        )));
    };
    if !is_worth_it(&encrypted.encryption_algorithm) {
        return Some(Err(KeyError::too_much_work()));
    }
    let decrypted = encrypted.decrypt(password.as_bytes());
    Some(match decrypted {
        Ok(key) => der::key_pair(key.as_bytes()).map(Unnamed::new),
        Err(_) => Err(KeyError::new(
            "the key cannot be decrypted: is the password right? (PBES2 is understood, and no older way)",
        )),
    })
}

/// Whether the key that it is encrypted with can be derived in reasonable time. The file says how much work that is:
/// anything up to hours and all of the memory.
fn is_worth_it(scheme: &EncryptionScheme) -> bool {
    let EncryptionScheme::Pbes2(parameters) = scheme else {
        // Not understood, so nothing is derived.
        return true;
    };
    match &parameters.kdf {
        Kdf::Pbkdf2(pbkdf2) => pbkdf2.iteration_count <= MOST_ROUNDS,
        Kdf::Scrypt(scrypt) => {
            let factors = [scrypt.block_size, scrypt.parallelization].map(u64::from);
            let memory = factors
                .iter()
                .try_fold(128, |memory: u64, factor| memory.checked_mul(*factor))
                .and_then(|memory| memory.checked_mul(scrypt.cost_parameter));
            // pkcs5 panics at a cost of 0.
            scrypt.cost_parameter > 0 && memory.is_some_and(|memory| memory <= MOST_MEMORY)
        }
        _ => false,
    }
}
