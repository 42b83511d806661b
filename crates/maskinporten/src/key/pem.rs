//! Private keys as PEM (RFC 7468) and DER.

use aws_lc_rs::{error::KeyRejected, rsa::KeyPair};
use rustls_pki_types::{PrivateKeyDer, pem::PemObject};

use super::{ClientKey, KeyError};
use crate::Algorithm;

pub(super) fn read(pem: &str, kid: &str) -> Result<ClientKey, KeyError> {
    // A byte order mark is what Windows editors put in front.
    let pem = pem.trim_start_matches('\u{feff}');
    match PrivateKeyDer::from_pem_slice(pem.as_bytes()) {
        Ok(PrivateKeyDer::Pkcs8(der)) => from_der(der.secret_pkcs8_der(), kid),
        Ok(PrivateKeyDer::Pkcs1(der)) => from_der(der.secret_pkcs1_der(), kid),
        Ok(_) => Err(not_rsa()),
        Err(_) => Err(KeyError::new(what_it_is_instead(pem))),
    }
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

fn what_it_is_instead(pem: &str) -> &'static str {
    let has = |label: &str| pem.contains(&format!("-----BEGIN {label}-----"));
    if has("ENCRYPTED PRIVATE KEY") || pem.contains("Proc-Type: 4,ENCRYPTED") {
        "the PEM is encrypted: decrypt it first (`openssl pkcs8 -in key.pem`)"
    } else if has("PUBLIC KEY") || has("RSA PUBLIC KEY") {
        "the PEM holds a public key, and the private key is needed"
    } else if has("CERTIFICATE") {
        "the PEM holds a certificate and no private key"
    } else {
        "there is no private key in the PEM"
    }
}
