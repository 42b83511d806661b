//! Private keys as DER: PKCS#8, PKCS#1, and what has a password.

use aws_lc_rs::{error::KeyRejected, rsa::KeyPair};

use super::{KeyError, KeyOptions, Unnamed};

/// Reads whichever it is.
pub(super) fn read(der: &[u8], options: &KeyOptions) -> Result<Unnamed, KeyError> {
    let plain = key_pair(der).map(Unnamed::new);
    if plain.is_ok() {
        return plain;
    }
    let protected = protected(der, options);
    protected.unwrap_or(plain)
}

/// Reads the DER of PKCS#8 or PKCS#1.
pub(super) fn key_pair(der: &[u8]) -> Result<KeyPair, KeyError> {
    KeyPair::from_pkcs8(der)
        .or_else(|as_pkcs8| KeyPair::from_der(der).map_err(|as_pkcs1| [as_pkcs8, as_pkcs1]))
        .map_err(|rejections| {
            // aws-lc-rs tells the size apart, the commonest mistake that has nothing to do with the format.
            let size = |rejected: &KeyRejected| {
                matches!(rejected.to_string().as_str(), "TooSmall" | "TooLarge")
            };
            if rejections.iter().any(size) {
                KeyError::new("its size is not 2048 to 8192 bits")
            } else if der
                .windows(EC_PUBLIC_KEY.len())
                .any(|oid| oid == EC_PUBLIC_KEY)
            {
                not_rsa()
            } else {
                KeyError::new("it is not a private RSA key in PKCS#8 or PKCS#1")
            }
        })
}

/// Reads what has a password; `None` when it is no such thing.
#[cfg(feature = "certificates")]
fn protected(der: &[u8], options: &KeyOptions) -> Option<Result<Unnamed, KeyError>> {
    super::pkcs12::read(der, options).or_else(|| super::pkcs8::read(der, options))
}

/// Reads PKCS#8 with a password.
#[cfg(feature = "certificates")]
pub(super) fn decrypt(der: &[u8], options: &KeyOptions) -> Result<Unnamed, KeyError> {
    let broken = || KeyError::new("it is encrypted, but not as PKCS#8 is");
    super::pkcs8::read(der, options).ok_or_else(broken)?
}

#[cfg(not(feature = "certificates"))]
fn protected(der: &[u8], options: &KeyOptions) -> Option<Result<Unnamed, KeyError>> {
    // PKCS#12 begins with its version, 3; an encrypted key with the way it is encrypted.
    let after_length = match der.get(1)? {
        0x82 => 4,
        0x81 => 3,
        _ => 2,
    };
    let begins = der.get(after_length..after_length + 3)?;
    (begins == [0x02, 0x01, 0x03] || begins[0] == 0x30).then(|| decrypt(der, options))
}

#[cfg(not(feature = "certificates"))]
pub(super) fn decrypt(_: &[u8], _: &KeyOptions) -> Result<Unnamed, KeyError> {
    Err(KeyError::new(
        "it is encrypted or in PKCS#12, which needs the feature `certificates` of the crate `maskinporten`",
    ))
}

/// The object identifier `id-ecPublicKey` (RFC 5480), as DER.
const EC_PUBLIC_KEY: [u8; 9] = [0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];

pub(super) fn not_rsa() -> KeyError {
    KeyError::new("it is not RSA: Maskinporten accepts no elliptic-curve keys")
}

#[cfg(test)]
#[cfg(not(feature = "certificates"))]
mod tests {
    use super::*;

    fn refused(der: &[u8]) -> String {
        let outcome = read(der, &KeyOptions::new());
        outcome.map(|_| ()).unwrap_err().to_string()
    }

    #[test]
    fn what_has_a_password_is_told_from_what_is_no_key() {
        // A sequence of any length, and what PKCS#12 and an encrypted key begin with.
        let lengths: [&[u8]; 3] = [&[0x30, 0x82, 1, 0], &[0x30, 0x81, 200], &[0x30, 100]];
        for length in lengths {
            for begins in [[0x02, 0x01, 0x03], [0x30, 0x0d, 0x06]] {
                let error = refused(&[length, &begins].concat());
                assert!(error.contains("the feature `certificates`"), "{error}");
            }
            let plain = refused(&[length, &[0x02, 0x01, 0x00]].concat());
            assert!(plain.contains("in PKCS#8 or PKCS#1"), "{plain}");
            assert_eq!(refused(length), plain);
        }
        assert!(refused(&[]).contains("in PKCS#8 or PKCS#1"));
    }
}
