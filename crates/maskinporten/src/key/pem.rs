//! Private keys as PEM (RFC 7468) and DER.

use aws_lc_rs::{error::KeyRejected, rsa::KeyPair};
use zeroize::Zeroizing;

use super::{ClientKey, KeyError, encoded};
use crate::Algorithm;

/// The blocks that hold a key that can be used: PKCS#8 and PKCS#1.
const LABELS: [&str; 2] = ["PRIVATE KEY", "RSA PRIVATE KEY"];

pub(super) fn read(pem: &str, kid: &str) -> Result<ClientKey, KeyError> {
    // Variables often have `\n` where the file had a line break.
    let pem = Zeroizing::new(pem.replace("\\n", "\n"));
    let Some(block) = LABELS.iter().find_map(|label| block(&pem, label)) else {
        return Err(what_it_is_instead(&pem));
    };
    if block.contains("Proc-Type:") {
        return Err(encrypted());
    }
    from_der(&encoded::decode(block)?, kid)
}

/// What stands between the marks of the first block of that kind.
fn block<'a>(pem: &'a str, label: &str) -> Option<&'a str> {
    let (_, rest) = pem.split_once(&format!("-----BEGIN {label}-----"))?;
    let (block, _) = rest.split_once(&format!("-----END {label}-----"))?;
    Some(block)
}

/// Reads the DER of PKCS#8 or PKCS#1, whichever it is.
pub(super) fn from_der(der: &[u8], kid: &str) -> Result<ClientKey, KeyError> {
    let pair = KeyPair::from_pkcs8(der)
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
        })?;
    ClientKey::new(pair, Algorithm::Rs256, kid)
}

/// The object identifier `id-ecPublicKey` (RFC 5480), as DER.
const EC_PUBLIC_KEY: [u8; 9] = [0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];

fn not_rsa() -> KeyError {
    KeyError::new("it is not RSA: Maskinporten accepts no elliptic-curve keys")
}

fn encrypted() -> KeyError {
    KeyError::new("the PEM is encrypted: decrypt it first (`openssl pkey -in key.pem`)")
}

fn what_it_is_instead(pem: &str) -> KeyError {
    let has = |label: &str| pem.contains(&format!("-----BEGIN {label}-----"));
    if has("ENCRYPTED PRIVATE KEY") {
        encrypted()
    } else if has("EC PRIVATE KEY") {
        not_rsa()
    } else if LABELS.into_iter().any(has) {
        KeyError::new("the PEM ends too early")
    } else if has("PUBLIC KEY") || has("RSA PUBLIC KEY") {
        KeyError::new("the PEM holds a public key, and the private key is needed")
    } else if has("CERTIFICATE") {
        KeyError::new("the PEM holds a certificate and no private key")
    } else {
        KeyError::new("there is no private key in the PEM")
    }
}
