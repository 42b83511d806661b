//! Assertions signed here, by a reading of the specification that is not the stub's.

use std::sync::Arc;

use aws_lc_rs::{
    rand::SystemRandom,
    rsa::{KeyPair, KeyPairComponents},
    signature::{KeyPair as _, RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RsaEncoding},
};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use maskinporten_stub::{Client, EnterpriseCertificate, Stub};
use serde_json::{Value, json};
use uuid::Uuid;

/// Signs with a client's private key.
#[derive(Clone)]
pub(crate) struct Signer {
    client_id: String,
    header: Value,
    key: Arc<KeyPair>,
}

impl Signer {
    pub(crate) fn demo(stub: &Stub) -> Self {
        let client = stub.demo_client();
        Self::with_jwk(client.client_id(), client.private_jwk())
    }

    pub(crate) fn of(client: &Client) -> Self {
        Self::with_jwk(client.client_id(), client.private_jwk().unwrap())
    }

    fn with_jwk(client_id: &str, jwk: &str) -> Self {
        let jwk: Value = serde_json::from_str(jwk).unwrap();
        let number = |name: &str| URL_SAFE_NO_PAD.decode(jwk[name].as_str().unwrap()).unwrap();
        let key = KeyPair::from_components(&KeyPairComponents {
            public_key: aws_lc_rs::rsa::PublicKeyComponents {
                n: number("n"),
                e: number("e"),
            },
            d: number("d"),
            p: number("p"),
            q: number("q"),
            dP: number("dp"),
            dQ: number("dq"),
            qInv: number("qi"),
        });
        Self {
            client_id: client_id.to_owned(),
            header: json!({"alg": "RS256", "kid": jwk["kid"]}),
            key: Arc::new(key.unwrap()),
        }
    }

    /// Signs with a certificate's key, and sends its whole chain.
    pub(crate) fn certified(client_id: &str, certificate: &EnterpriseCertificate) -> Self {
        let chain = certificate.chain_der();
        let chain: Vec<String> = chain.iter().map(|der| STANDARD.encode(der)).collect();
        let pem = certificate.private_key_pem();
        let base64: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
        let key = KeyPair::from_pkcs8(&STANDARD.decode(base64).unwrap());
        Self {
            client_id: client_id.to_owned(),
            header: json!({"alg": "RS256", "x5c": chain}),
            key: Arc::new(key.unwrap()),
        }
    }

    /// The name of the key.
    pub(crate) fn kid(&self) -> &str {
        self.header["kid"].as_str().unwrap()
    }

    /// The same key and name of the key, for another client.
    pub(crate) fn for_client(&self, client_id: &str) -> Self {
        Self {
            client_id: client_id.to_owned(),
            ..self.clone()
        }
    }

    /// The public half of the key, to be registered under that name.
    pub(crate) fn public_jwk(&self, kid: &str) -> String {
        let public = self.key.public_key();
        let number = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let n = number(public.modulus().big_endian_without_leading_zero());
        let e = number(public.exponent().big_endian_without_leading_zero());
        json!({"kty": "RSA", "use": "sig", "alg": "RS256", "kid": kid, "n": n, "e": e}).to_string()
    }

    /// A grant that is right in everything, to be spoilt.
    pub(crate) fn grant(&self, stub: &Stub, scope: &str) -> Grant {
        let now = now();
        Grant {
            signer: self.clone(),
            header: self.header.clone(),
            claims: json!({
                "aud": stub.issuer(), "iss": self.client_id, "scope": scope,
                "iat": now, "exp": now + 100, "jti": Uuid::new_v4().to_string(),
            }),
        }
    }

    fn sign(&self, alg: &str, message: &[u8]) -> Vec<u8> {
        let padding: &'static dyn RsaEncoding = match alg {
            "RS384" => &RSA_PKCS1_SHA384,
            "RS512" => &RSA_PKCS1_SHA512,
            _ => &RSA_PKCS1_SHA256,
        };
        let mut signature = vec![0; self.key.public_modulus_len()];
        self.key
            .sign(padding, &SystemRandom::new(), message, &mut signature)
            .unwrap();
        signature
    }
}

/// What a client asks for, before it is signed.
#[derive(Clone)]
pub(crate) struct Grant {
    signer: Signer,
    pub(crate) header: Value,
    pub(crate) claims: Value,
}

impl Grant {
    pub(crate) fn claim(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.claims[name] = value.into();
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.claims.as_object_mut().unwrap().remove(name);
        self
    }

    pub(crate) fn header(mut self, header: Value) -> Self {
        self.header = header;
        self
    }

    /// Makes somebody else sign it.
    pub(crate) fn signed_by(mut self, signer: &Signer) -> Self {
        self.signer = signer.clone();
        self
    }

    pub(crate) fn sign(self) -> String {
        let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", encode(&self.header), encode(&self.claims));
        let alg = self.header["alg"].as_str().unwrap_or_default();
        let signature = self.signer.sign(alg, signed.as_bytes());
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

/// Seconds since 1970.
pub(crate) fn now() -> i64 {
    jiff::Timestamp::now().as_second()
}
