//! Public keys as JSON Web Keys, as clients register them.

use std::{error::Error, fmt};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::Value;

use crate::rsa::PublicKey;

/// Reads what the self-service API would take as a client's key.
pub(crate) fn read_public(jwk: &str) -> Result<(String, PublicKey), KeyError> {
    let jwk: Value = serde_json::from_str(jwk).map_err(|_error| KeyError::new("not JSON"))?;
    let member = |name| jwk.get(name).and_then(Value::as_str);
    if member("kty") != Some("RSA") || member("use") != Some("sig") {
        return Err(KeyError::new("not an RSA key for signatures"));
    }
    if jwk.get("d").is_some() {
        return Err(KeyError::new(
            "a private key; only the public half is registered",
        ));
    }
    if !matches!(member("alg"), Some("RS256" | "RS384" | "RS512")) {
        return Err(KeyError::new("`alg` is not RS256, RS384 or RS512"));
    }
    let number = |name| {
        let text = member(name)?;
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        bytes
            .first()
            .is_some_and(|first| *first != 0)
            .then_some(bytes)
    };
    let kid = member("kid")
        .filter(|kid| !kid.is_empty())
        .ok_or(KeyError::new("`kid` is missing"))?;
    let modulus = number("n").ok_or(KeyError::new("`n` is not an unpadded base64url number"))?;
    let exponent = number("e").ok_or(KeyError::new("`e` is not an unpadded base64url number"))?;
    if modulus.len() < 256 {
        return Err(KeyError::new("shorter than 2048 bits"));
    }
    Ok((kid.to_owned(), PublicKey { modulus, exponent }))
}

/// A key that cannot be registered, made or certified.
#[derive(Clone, Debug)]
pub struct KeyError {
    why: &'static str,
}

impl KeyError {
    pub(crate) const fn new(why: &'static str) -> Self {
        Self { why }
    }
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "unusable key: {}", self.why)
    }
}

impl Error for KeyError {}

#[cfg(test)]
mod tests {
    use crate::{client::Client, rsa::SigningKey};

    #[test]
    fn registers_public_keys_only() {
        let key = SigningKey::generate().unwrap();
        let public = key.public().jwk("a");
        let private = key.private_jwk("a").unwrap();
        let client = Client::new("id", "991825827");
        assert!(client.clone().key(&public.to_string()).is_ok());
        assert!(client.clone().key(&private.to_string()).is_err());
        for member in ["kty", "use", "alg", "kid", "n", "e"] {
            let mut jwk = public.clone();
            jwk[member] = "".into();
            let accepted = client.clone().key(&jwk.to_string()).is_ok();
            assert!(!accepted, "{member}");
        }
    }
}
