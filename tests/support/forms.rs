//! One private key, in every form that people have it in.

use std::time::{Duration, SystemTime};

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use maskinporten_stub::{CertificateAuthority, EnterpriseCertificate};
use pkcs8::{PrivateKeyInfoRef, pkcs5::pbes2};
use serde_json::{Value, json};

use crate::keys::der_integers;

/// The members of a JWK that are secret, in the order that PKCS#1 has their numbers in after `n` and `e`.
const SECRET_MEMBERS: [&str; 6] = ["d", "p", "q", "dp", "dq", "qi"];

/// A private key of an organisation that has a certificate for it.
#[derive(Debug)]
pub struct Forms {
    certificate: EnterpriseCertificate,
    jwk: Value,
}

impl Forms {
    /// A new key.
    #[must_use]
    pub fn generate() -> Self {
        let authority = CertificateAuthority::generate().unwrap();
        let now = SystemTime::now();
        let year = Duration::from_secs(365 * 24 * 60 * 60);
        let certificate = authority.issue_valid("310702641", now - year / 2, now + year / 2);
        let certificate = certificate.unwrap();
        let integers = der_integers(&pkcs8(&certificate)[26..]);
        let member = |at: usize| Value::from(URL_SAFE_NO_PAD.encode(&integers[at]));
        let mut jwk =
            json!({"kty": "RSA", "alg": "RS256", "kid": "forms", "n": member(1), "e": member(2)});
        for (at, name) in (3..).zip(SECRET_MEMBERS) {
            jwk[name] = member(at);
        }
        Self { certificate, jwk }
    }

    /// The secret numbers, big-endian, by their names in a JWK.
    #[must_use]
    pub fn numbers(&self) -> Vec<(&'static str, Vec<u8>)> {
        let value = |name: &str| self.jwk[name].as_str().unwrap();
        let numbers = SECRET_MEMBERS.iter();
        numbers
            .map(|name| (*name, URL_SAFE_NO_PAD.decode(value(name)).unwrap()))
            .collect()
    }

    /// The JWK, with all its members. It is called `forms`.
    #[must_use]
    pub fn jwk(&self) -> &Value {
        &self.jwk
    }

    /// PKCS#8, in DER.
    #[must_use]
    pub fn pkcs8(&self) -> Vec<u8> {
        pkcs8(&self.certificate)
    }

    /// PKCS#8, in PEM.
    #[must_use]
    pub fn pkcs8_pem(&self) -> String {
        pem("PRIVATE KEY", &self.pkcs8())
    }

    /// PKCS#1, in PEM. It is what PKCS#8 has in its last member, after 26 bytes of version, algorithm and length.
    #[must_use]
    pub fn pkcs1_pem(&self) -> String {
        pem("RSA PRIVATE KEY", &self.pkcs8()[26..])
    }

    /// PKCS#8 with a password, in PEM.
    #[must_use]
    pub fn encrypted_pem(&self, password: &str) -> String {
        let der = self.pkcs8();
        let key = PrivateKeyInfoRef::try_from(&*der).unwrap();
        let cipher = pbes2::Parameters::generate_pbkdf2_sha256_aes256cbc(1000, b"salt", [7; 16]);
        let encrypted = key.encrypt_with_params(cipher.unwrap(), password).unwrap();
        pem("ENCRYPTED PRIVATE KEY", encrypted.as_bytes())
    }

    /// The certificate, and those that lead from it to the authority's, in PEM.
    #[must_use]
    pub fn certificates_pem(&self) -> String {
        self.certificate.chain_pem()
    }

    /// PKCS#12 with the certificates.
    #[must_use]
    pub fn pkcs12(&self, password: &str) -> Vec<u8> {
        self.certificate.pkcs12(password).unwrap()
    }
}

/// DER as PEM, in lines of 64 characters.
#[must_use]
pub fn pem(label: &str, der: &[u8]) -> String {
    let base64 = STANDARD.encode(der).into_bytes();
    let lines = base64.chunks(64).map(|line| str::from_utf8(line).unwrap());
    let lines: Vec<_> = lines.collect();
    let lines = lines.join("\n");
    format!("-----BEGIN {label}-----\n{lines}\n-----END {label}-----\n")
}

fn pkcs8(certificate: &EnterpriseCertificate) -> Vec<u8> {
    let pem = certificate.private_key_pem();
    let lines = pem.lines().filter(|line| !line.starts_with('-'));
    STANDARD.decode(lines.collect::<String>()).unwrap()
}
