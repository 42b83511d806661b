//! RSA keys: sign, verify, and their forms as JSON Web Keys.

use std::fmt;

use aws_lc_rs::{
    digest,
    encoding::AsDer,
    error::Unspecified,
    rand::SystemRandom,
    rsa::{KeyPair, KeySize, PublicKeyComponents},
    signature::{self, KeyPair as _, RsaEncoding, RsaParameters},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use pkcs8::der::Decode;
use rcgen::{CertificateParams, DistinguishedName, DnType};
use serde_json::{Value, json};

/// The signature algorithms Maskinporten knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Algorithm {
    Rs256,
    Rs384,
    Rs512,
}

impl Algorithm {
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        match name {
            "RS256" => Some(Self::Rs256),
            "RS384" => Some(Self::Rs384),
            "RS512" => Some(Self::Rs512),
            _ => None,
        }
    }

    fn verification(self) -> &'static RsaParameters {
        match self {
            Self::Rs256 => &signature::RSA_PKCS1_2048_8192_SHA256,
            Self::Rs384 => &signature::RSA_PKCS1_2048_8192_SHA384,
            Self::Rs512 => &signature::RSA_PKCS1_2048_8192_SHA512,
        }
    }
}

/// A public key, as big-endian numbers without leading zeros.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct PublicKey {
    pub(crate) modulus: Vec<u8>,
    pub(crate) exponent: Vec<u8>,
}

impl PublicKey {
    pub(crate) fn verifies(&self, algorithm: Algorithm, signed: &[u8], signature: &[u8]) -> bool {
        PublicKeyComponents {
            n: &self.modulus,
            e: &self.exponent,
        }
        .verify(algorithm.verification(), signed, signature)
        .is_ok()
    }

    /// The key's own name (RFC 7638): 43 characters, as Maskinporten's key ids are.
    pub(crate) fn thumbprint(&self) -> String {
        let canonical = format!(
            r#"{{"e":"{}","kty":"RSA","n":"{}"}}"#,
            URL_SAFE_NO_PAD.encode(&self.exponent),
            URL_SAFE_NO_PAD.encode(&self.modulus)
        );
        let hash = digest::digest(&digest::SHA256, canonical.as_bytes());
        URL_SAFE_NO_PAD.encode(hash)
    }

    pub(crate) fn jwk(&self, kid: &str) -> Value {
        json!({
            "kty": "RSA", "use": "sig", "alg": "RS256", "kid": kid,
            "n": URL_SAFE_NO_PAD.encode(&self.modulus),
            "e": URL_SAFE_NO_PAD.encode(&self.exponent),
        })
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PublicKey")
            .field(&self.thumbprint())
            .finish()
    }
}

/// A private key, parsed once; `Debug` shows its public half.
pub(crate) struct SigningKey {
    pair: KeyPair,
    public: PublicKey,
}

impl SigningKey {
    pub(crate) fn generate() -> Result<Self, Unspecified> {
        Ok(Self::of(KeyPair::generate(KeySize::Rsa2048)?))
    }

    /// Reads a private key of PKCS#8 in DER.
    pub(crate) fn from_pkcs8(der: &[u8]) -> Result<Self, Unspecified> {
        let pair = KeyPair::from_pkcs8(der).map_err(|_rejected| Unspecified)?;
        Ok(Self::of(pair))
    }

    fn of(pair: KeyPair) -> Self {
        let public = pair.public_key();
        let public = PublicKey {
            modulus: public.modulus().big_endian_without_leading_zero().to_vec(),
            exponent: public.exponent().big_endian_without_leading_zero().to_vec(),
        };
        Self { pair, public }
    }

    pub(crate) fn public(&self) -> &PublicKey {
        &self.public
    }

    /// Signs with RS256.
    pub(crate) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Unspecified> {
        let padding: &'static dyn RsaEncoding = &signature::RSA_PKCS1_SHA256;
        let mut signature = vec![0; self.pair.public_modulus_len()];
        self.pair
            .sign(padding, &SystemRandom::new(), message, &mut signature)?;
        Ok(signature)
    }

    /// A certificate in DER that the key has issued to itself. It is valid from 1975 to 4096.
    pub(crate) fn self_signed(&self, name: &str) -> Result<Vec<u8>, Unspecified> {
        let der = self.pair.as_der()?;
        let pair = rcgen::KeyPair::try_from(der.as_ref()).map_err(|_rcgen| Unspecified)?;
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, name);
        let certificate = params.self_signed(&pair).map_err(|_rcgen| Unspecified)?;
        Ok(certificate.der().to_vec())
    }

    /// The private key as PKCS#8 in DER.
    pub(crate) fn pkcs8(&self) -> Result<Vec<u8>, Unspecified> {
        Ok(self.pair.as_der()?.as_ref().to_vec())
    }

    /// The whole key as a JSON Web Key, with every member RFC 7518 knows for two primes.
    pub(crate) fn private_jwk(&self, kid: &str) -> Result<Value, Unspecified> {
        let der = self.pkcs8()?;
        let outer = pkcs8::PrivateKeyInfoRef::from_der(&der).map_err(|_der| Unspecified)?;
        let key = pkcs1::RsaPrivateKeyRef::from_der(outer.private_key.as_bytes())
            .map_err(|_der| Unspecified)?;
        let mut jwk = self.public.jwk(kid);
        for (member, number) in [
            ("d", key.private_exponent),
            ("p", key.prime1),
            ("q", key.prime2),
            ("dp", key.exponent1),
            ("dq", key.exponent2),
            ("qi", key.coefficient),
        ] {
            jwk[member] = URL_SAFE_NO_PAD.encode(number.as_bytes()).into();
        }
        Ok(jwk)
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SigningKey").field(&self.public).finish()
    }
}
