//! Two private keys in every form, generated for this and registered nowhere.

use std::sync::LazyLock;

use aws_lc_rs::signature::{
    RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512,
    RsaPublicKeyComponents, UnparsedPublicKey,
};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD as BASE64, URL_SAFE_NO_PAD as BASE64URL},
};
use maskinporten::{Algorithm, ClientKey, Signer};

use crate::block_on;

/// The key that is in the inputs.
pub static OWN: LazyLock<Key> = LazyLock::new(|| Key::read(include_str!("../keys/own.pem")));
/// Another, whose parts must not pass for the first one's.
pub static OTHER: LazyLock<Key> = LazyLock::new(|| Key::read(include_str!("../keys/other.pem")));

/// What the members of a JWK are called in a template, in the order that PKCS#1 has them.
const MEMBERS: &[u8; 8] = b"nedpqxyi";
/// PKCS#8 has this much before the PKCS#1 that is in it.
const PKCS8_HEADER: usize = 26;

/// A private key.
pub struct Key {
    pem: &'static str,
    pkcs8: Vec<u8>,
    /// `n`, `e`, `d`, `p`, `q`, `dp`, `dq` and `qi`.
    members: Vec<Vec<u8>>,
    /// What a template may have in its gaps.
    values: Vec<(u8, Vec<u8>)>,
}

impl Key {
    fn read(pem: &'static str) -> Self {
        let pkcs8 = BASE64.decode(pem_body(pem)).unwrap();
        let members = integers(&pkcs8[PKCS8_HEADER..]);
        let mut key = Self {
            pem,
            pkcs8,
            members,
            values: Vec::new(),
        };
        key.values = key.values();
        key
    }

    fn values(&self) -> Vec<(u8, Vec<u8>)> {
        let encoded = self
            .members
            .iter()
            .map(|member| BASE64URL.encode(member).into_bytes());
        let mut values: Vec<_> = MEMBERS.iter().copied().zip(encoded).collect();
        let pkcs1 = &self.pkcs8[PKCS8_HEADER..];
        values.extend([
            (b'j', self.jwk().into_bytes()),
            (b'b', BASE64.encode(self.jwk()).into_bytes()),
            (b'm', self.pem.into()),
            (b'8', BASE64.encode(&self.pkcs8).into_bytes()),
            (b'1', BASE64.encode(pkcs1).into_bytes()),
            (b'k', self.pkcs8.clone()),
            (b'r', pkcs1.to_vec()),
        ]);
        values
    }

    /// What gaps are filled with: `$n`, `$e`, `$d`, `$p`, `$q`, `$x` (`dp`), `$y` (`dq`) and `$i` (`qi`) of the key, `$j` the
    /// JWK and `$b` base64 of it, `$m` the PEM, `$8` and `$1` base64 of PKCS#8 and PKCS#1, `$k` and `$r` these two as DER.
    #[must_use]
    pub fn gaps(&self) -> Vec<(u8, &[u8])> {
        self.values
            .iter()
            .map(|(name, value)| (*name, &**value))
            .collect()
    }

    /// The same, and `$N`, `$E`, `$D` and so on for the members of `other`.
    #[must_use]
    pub fn gaps_and_those_of(&self, other: &'static Self) -> Vec<(u8, &[u8])> {
        let others = other.gaps().into_iter();
        let members = others.filter(|(name, _)| MEMBERS.contains(name));
        let capitals = members.map(|(name, value)| (name.to_ascii_uppercase(), value));
        self.gaps().into_iter().chain(capitals).collect()
    }

    fn jwk(&self) -> String {
        let names = ["n", "e", "d", "p", "q", "dp", "dq", "qi"];
        let members: String = names
            .iter()
            .zip(&self.members)
            .map(|(name, value)| format!(r#","{name}":"{}""#, BASE64URL.encode(value)))
            .collect();
        format!(r#"{{"kty":"RSA","kid":"own"{members}}}"#)
    }

    /// Whether `signature` is this key's.
    #[must_use]
    pub fn verifies(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> bool {
        let parameters = match algorithm {
            Algorithm::Rs256 => &RSA_PKCS1_2048_8192_SHA256,
            Algorithm::Rs384 => &RSA_PKCS1_2048_8192_SHA384,
            _ => &RSA_PKCS1_2048_8192_SHA512,
        };
        let public = RsaPublicKeyComponents {
            n: &self.members[0],
            e: &self.members[1],
        };
        public.verify(parameters, message, signature).is_ok()
    }

    /// What nobody may be told, as texts: members in base64url, and the whole in base64.
    #[must_use]
    pub fn secrets(&self) -> Vec<String> {
        let private = self.members[2..]
            .iter()
            .map(|member| BASE64URL.encode(member));
        private
            .chain([BASE64.encode(&self.pkcs8[PKCS8_HEADER + 300..])])
            .collect()
    }
}

/// Whether a key that was read signs, as one of the two that there are.
#[must_use]
pub fn verifies(key: &ClientKey) -> bool {
    const MESSAGE: &[u8] = b"an assertion";
    let signature = block_on(key.sign(MESSAGE)).unwrap();
    let is_of = |pair: &Key| pair.verifies(key.algorithm(), MESSAGE, &signature);
    is_of(&OWN) || is_of(&OTHER)
}

/// Whether the first certificate that a key goes by, if any, is its own.
#[must_use]
pub fn certifies(key: &ClientKey) -> bool {
    const MESSAGE: &[u8] = b"an assertion";
    let Some(first) = key.x5c().first() else {
        return true;
    };
    let der = BASE64.decode(first).unwrap();
    let (_, certificate) = x509_parser::parse_x509_certificate(&der).unwrap();
    let public = &certificate.public_key().subject_public_key.data;
    let signature = block_on(key.sign(MESSAGE)).unwrap();
    UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, public)
        .verify(MESSAGE, &signature)
        .is_ok()
}

/// The base64 of a PEM file of one block.
#[must_use]
pub fn pem_body(pem: &str) -> String {
    pem.lines().filter(|line| !line.starts_with('-')).collect()
}

/// The integers of a PKCS#1 private key, but for the version, which comes first.
fn integers(pkcs1: &[u8]) -> Vec<Vec<u8>> {
    let (_, mut rest, _) = value(pkcs1);
    let mut integers = Vec::new();
    while !rest.is_empty() {
        let (_, integer, after) = value(rest);
        integers.push(
            integer
                .iter()
                .copied()
                .skip_while(|byte| *byte == 0)
                .collect(),
        );
        rest = after;
    }
    integers.split_off(1)
}

/// The tag, the contents, and what follows.
fn value(der: &[u8]) -> (u8, &[u8], &[u8]) {
    let (length, at) = match der[1] {
        short @ ..0x80 => (usize::from(short), 2),
        long => {
            let at = 2 + usize::from(long & 0x7f);
            let length = der[2..at]
                .iter()
                .fold(0, |sum, byte| sum << 8 | usize::from(*byte));
            (length, at)
        }
    };
    (der[0], &der[at..at + length], &der[at + length..])
}
