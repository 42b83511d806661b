//! RSA keys: made, and in their forms of DER.

use aws_lc_rs::{
    encoding::AsDer,
    rsa::{KeyPair, KeySize},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL};
use pkcs1::{RsaPrivateKey, UintRef};
use pkcs8::{
    PrivateKeyInfoRef,
    der::{Decode, Encode},
};
use zeroize::Zeroizing;

use super::jwk::Jwk;
use crate::failure::Failure;

/// What a key is made of, in the order of RFC 8017, and what a JWK calls it.
const NUMBERS: [&str; 8] = ["n", "e", "d", "p", "q", "dp", "dq", "qi"];

/// A new key of that many bits.
pub(super) fn generate(bits: u32) -> Result<Jwk, Failure> {
    let size = match bits {
        2048 => KeySize::Rsa2048,
        3072 => KeySize::Rsa3072,
        4096 => KeySize::Rsa4096,
        8192 => KeySize::Rsa8192,
        _ => {
            return Err(Failure::new(format!(
                "{bits} bits: a key has 2048, 3072, 4096 or 8192."
            )));
        }
    };
    let failed = |_| Failure::new("no key could be made");
    let pair = KeyPair::generate(size).map_err(failed)?;
    let der = pair.as_der().map_err(failed)?;
    from_pkcs8(der.as_ref())
}

/// Reads PKCS#8 (RFC 5208).
pub(super) fn from_pkcs8(der: &[u8]) -> Result<Jwk, Failure> {
    let outer = PrivateKeyInfoRef::from_der(der).map_err(|_| broken())?;
    from_pkcs1(outer.private_key.as_bytes())
}

/// Reads PKCS#1 (RFC 8017, appendix A.1.2).
pub(super) fn from_pkcs1(der: &[u8]) -> Result<Jwk, Failure> {
    let key = RsaPrivateKey::from_der(der).map_err(|_| broken())?;
    let numbers: [UintRef<'_>; 8] = [
        key.modulus,
        key.public_exponent,
        key.private_exponent,
        key.prime1,
        key.prime2,
        key.exponent1,
        key.exponent2,
        key.coefficient,
    ];
    let mut jwk = Jwk::default();
    jwk.set("kty", "RSA");
    for (name, number) in NUMBERS.iter().zip(numbers) {
        jwk.set(name, BASE64URL.encode(number.as_bytes()));
    }
    Ok(jwk)
}

/// Writes PKCS#8.
pub(super) fn to_pkcs8(jwk: &Jwk) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let bytes = |name: &str| {
        let number = jwk.text(name).and_then(|text| BASE64URL.decode(text).ok());
        number
            .map(Zeroizing::new)
            .ok_or_else(|| Failure::new(format!("The key has no `{name}`.")))
    };
    let [n, e, d, p, q, dp, dq, qi] = NUMBERS.map(bytes);
    let (n, e, d, p, q, dp, dq, qi) = (n?, e?, d?, p?, q?, dp?, dq?, qi?);
    let key = RsaPrivateKey {
        modulus: number(&n)?,
        public_exponent: number(&e)?,
        private_exponent: number(&d)?,
        prime1: number(&p)?,
        prime2: number(&q)?,
        exponent1: number(&dp)?,
        exponent2: number(&dq)?,
        coefficient: number(&qi)?,
        other_prime_infos: None,
    };
    let inner = Zeroizing::new(key.to_der().map_err(|_| broken())?);
    let inner = pkcs8::der::asn1::OctetStringRef::new(&inner).map_err(|_| broken())?;
    let outer = PrivateKeyInfoRef::new(pkcs1::ALGORITHM_ID, inner);
    outer.to_der().map(Zeroizing::new).map_err(|_| broken())
}

fn number(bytes: &[u8]) -> Result<UintRef<'_>, Failure> {
    UintRef::new(bytes).map_err(|_| broken())
}

fn broken() -> Failure {
    Failure::new("It is not a private RSA key.")
}
