//! Whether a token is signed by whoever it says has issued it.

use aws_lc_rs::signature::{
    RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512,
    RsaPublicKeyComponents,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::Value;

use super::jwt::Jwt;
use crate::{failure::Failure, http};

/// Where issuers publish their metadata: RFC 8414 as Maskinporten has it, and OpenID Connect Discovery.
const METADATA: [&str; 2] = [
    ".well-known/oauth-authorization-server",
    ".well-known/openid-configuration",
];

/// What became of it.
pub(super) async fn signature(jwt: &Jwt) -> Result<String, Failure> {
    let text = |name: &str| jwt.header.get(name).and_then(Value::as_str);
    let algorithm = match text("alg") {
        Some("RS256") => &RSA_PKCS1_2048_8192_SHA256,
        Some("RS384") => &RSA_PKCS1_2048_8192_SHA384,
        Some("RS512") => &RSA_PKCS1_2048_8192_SHA512,
        other => {
            let alg = other.unwrap_or("none");
            return Err(Failure::new(format!(
                "`alg` is {alg}, which no issuer uses."
            )));
        }
    };
    let issuer = jwt
        .text("iss")
        .ok_or_else(|| Failure::new("The token has no `iss`."))?;
    // Keys of Altinn's are named by `x5t` in tokens, and by `kid` in the set.
    let kid = text("kid").or_else(|| text("x5t"));
    let kid = kid.ok_or_else(|| Failure::new("The token has neither `kid` nor `x5t`."))?;
    let keys = keys(issuer).await?;
    let named = keys
        .iter()
        .filter(|key| key["kid"] == kid || key["x5t"] == kid);
    let mut is_known = false;
    for key in named {
        is_known = true;
        let (Some(n), Some(e)) = (number(&key["n"]), number(&key["e"])) else {
            continue;
        };
        let key = RsaPublicKeyComponents { n: &n, e: &e };
        let verified = key.verify(algorithm, jwt.signed.as_bytes(), &jwt.signature);
        if verified.is_ok() {
            return Ok(format!("good, by the key {kid} of {issuer}"));
        }
    }
    Err(Failure::new(if is_known {
        format!("The signature is not that of the key {kid} of {issuer}.")
    } else {
        format!("{issuer} has no key {kid}: is the token from another environment?")
    }))
}

async fn keys(issuer: &str) -> Result<Vec<Value>, Failure> {
    let issuer = issuer.trim_end_matches('/');
    let mut failure = None;
    for path in METADATA {
        match http::json(&format!("{issuer}/{path}")).await {
            Ok(metadata) => {
                let uri = metadata["jwks_uri"].as_str();
                let uri =
                    uri.ok_or_else(|| Failure::new(format!("{issuer} has no `jwks_uri`.")))?;
                let mut set = http::json(uri).await?;
                return match set["keys"].take() {
                    Value::Array(keys) => Ok(keys),
                    _ => Err(Failure::new(format!("{uri} is no JWKS."))),
                };
            }
            Err(error) => failure = failure.or(Some(error)),
        }
    }
    Err(failure.unwrap_or_else(|| Failure::new("no metadata")))
}

/// Altinn's are in the standard alphabet.
fn number(member: &Value) -> Option<Vec<u8>> {
    let text = member.as_str()?.trim_end_matches('=');
    let text = text.replace('+', "-").replace('/', "_");
    URL_SAFE_NO_PAD.decode(text).ok()
}
