//! PKCS#12 (RFC 7292): a key with its certificates.

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use p12_keystore::{
    Certificate, KeyStore, KeyStoreEntry, Pkcs12Archive, PrivateKey, PrivateKeyChain,
};
use rcgen::{CertificateParams, DistinguishedName, DnType};
use zeroize::Zeroizing;

use super::{jwk::Jwk, rsa};
use crate::failure::Failure;

/// Encrypts a key and its certificates.
pub(super) fn write(key: &Jwk, password: &str) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let failed = |_| {
        Failure::new(
            "It cannot be written as PKCS#12: has the password other characters than those of a keyboard?",
        )
    };
    let der = rsa::to_pkcs8(key)?;
    let mut chain = Vec::new();
    for certificate in key.list("x5c") {
        chain.extend(BASE64.decode(certificate).ok());
    }
    let name = key.kid().unwrap_or("key");
    if chain.is_empty() {
        chain.push(self_signed(&der, name)?);
    }
    let chain: Result<Vec<_>, _> = chain.iter().map(|der| Certificate::from_der(der)).collect();
    let private = PrivateKey::from_der(&der).map_err(failed)?;
    let chain = PrivateKeyChain::new(name, private, chain.map_err(failed)?);
    let mut store = KeyStore::new();
    store.add_entry(name, KeyStoreEntry::PrivateKeyChain(chain));
    store
        .writer(password)
        .write()
        .map(Zeroizing::new)
        .map_err(failed)
}

/// Reads the only key and its certificates; `None` when it is something else.
pub(super) fn read(bytes: &[u8], password: &str) -> Option<Result<Jwk, Failure>> {
    use p12_keystore::error::Error;
    let archive = match Pkcs12Archive::from_pkcs12(bytes, password) {
        Ok(archive) => archive,
        Err(Error::DerError(_) | Error::InvalidVersion) => return None,
        Err(_) => {
            return Some(Err(Failure::new(
                "The PKCS#12 file cannot be decrypted: is the password right?",
            )));
        }
    };
    Some(key(&archive))
}

fn key(archive: &Pkcs12Archive) -> Result<Jwk, Failure> {
    let [bag] = archive.keys.as_slice() else {
        let keys = archive.keys.len();
        return Err(Failure::new(format!(
            "The PKCS#12 file holds {keys} private keys, and one is needed."
        )));
    };
    let mut key = rsa::from_pkcs8(bag.key.as_der())?;
    let chain = archive
        .certs
        .iter()
        .map(|bag| BASE64.encode(bag.cert.as_der()));
    key.set_list("x5c", chain.collect());
    Ok(key)
}

fn self_signed(der: &[u8], name: &str) -> Result<Vec<u8>, Failure> {
    let failed = |_| Failure::new("The key cannot sign a certificate.");
    let pair = rcgen::KeyPair::try_from(der).map_err(failed)?;
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    Ok(params.self_signed(&pair).map_err(failed)?.der().to_vec())
}
