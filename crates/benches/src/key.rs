//! A private key that both sides of a comparison sign with.

use aws_lc_rs::{
    encoding::{AsDer, Pkcs8V1Der},
    rand::SystemRandom,
    rsa::{KeyPair, KeySize},
    signature::{KeyPair as _, RSA_PKCS1_SHA256, RsaEncoding},
};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use maskinporten::ClientKey;

/// The id that the key is registered under.
pub const KID: &str = "bench";

/// RSA of 2048 bits, parsed once.
pub struct Key(KeyPair);

impl Key {
    pub fn generate() -> Self {
        let key = KeyPair::generate(KeySize::Rsa2048).expect("random numbers");
        // Read from its bytes, as the layer's own will be.
        let der: Pkcs8V1Der<'_> = key.as_der().expect("PKCS#8 of a good key");
        Self(KeyPair::from_pkcs8(der.as_ref()).expect("a good key"))
    }

    /// The same key, as the layer has it.
    pub fn client_key(&self) -> ClientKey {
        ClientKey::from_pem(&self.pem(), KID).expect("a good key")
    }

    /// The same key, as a file has it.
    pub fn pem(&self) -> String {
        let der: Pkcs8V1Der<'_> = self.0.as_der().expect("PKCS#8 of a good key");
        let text = STANDARD.encode(der.as_ref());
        let lines = text.as_bytes().chunks(64).map(String::from_utf8_lossy);
        let lines: Vec<_> = lines.collect();
        format!(
            "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
            lines.join("\n")
        )
    }

    /// Its public half, as it is registered.
    pub fn public_jwk(&self) -> String {
        let public = self.0.public_key();
        let modulus = public.modulus();
        let exponent = public.exponent();
        serde_json::json!({
            "kty": "RSA", "use": "sig", "alg": "RS256", "kid": KID,
            "n": URL_SAFE_NO_PAD.encode(modulus.big_endian_without_leading_zero()),
            "e": URL_SAFE_NO_PAD.encode(exponent.big_endian_without_leading_zero()),
        })
        .to_string()
    }

    /// What RS256 costs at the least: nothing but the signature.
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        let padding: &'static dyn RsaEncoding = &RSA_PKCS1_SHA256;
        let mut signature = vec![0; self.0.public_modulus_len()];
        self.0
            .sign(padding, &SystemRandom::new(), message, &mut signature)
            .expect("a signature");
        signature
    }
}
