//! Private keys as JSON Web Keys (RFC 7517, RFC 7518 section 6.3).

use aws_lc_rs::{
    rsa::{KeyPair, KeyPairComponents},
    signature::RsaPublicKeyComponents,
};
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;
use serde::Deserialize;
use serde_json::value::RawValue;
use zeroize::Zeroizing;

use super::{KeyError, MODULUS_LENGTHS, Unnamed, age, encoded, factor};
use crate::Algorithm;

type Bytes = Zeroizing<Vec<u8>>;

/// A key, or a set of keys. The numbers of the key are borrowed from the text as they stand there, so that no copies of
/// them stay behind: the parser would leave one of each that has an escape in it, or is of the wrong type.
#[derive(Deserialize)]
struct Jwk<'a> {
    #[serde(borrow)]
    keys: Option<Vec<Self>>,
    kty: Option<String>,
    kid: Option<String>,
    alg: Option<String>,
    #[serde(rename = "use")]
    usage: Option<String>,
    /// `altinn-jwks` writes empty arrays here, which mean nothing.
    key_ops: Option<Vec<String>>,
    /// More than two primes. Nobody makes such keys, and no library here can use them.
    oth: Option<Vec<serde::de::IgnoredAny>>,
    n: Option<&'a RawValue>,
    e: Option<&'a RawValue>,
    d: Option<&'a RawValue>,
    p: Option<&'a RawValue>,
    q: Option<&'a RawValue>,
    dp: Option<&'a RawValue>,
    dq: Option<&'a RawValue>,
    qi: Option<&'a RawValue>,
    /// When it was made and when it ends, in seconds since 1970. No RFC has them in a JWK, but Maskinporten's
    /// self-service API and several generators write them.
    iat: Option<serde_json::Number>,
    exp: Option<serde_json::Number>,
}

/// Reads a key, or the one called `kid` of a set.
pub(super) fn read(json: &str, kid: Option<&str>) -> Result<Unnamed, KeyError> {
    let jwk = pick(parse(json)?, kid)?;
    check_purpose(&jwk)?;
    let seconds = |number: &Option<serde_json::Number>| number.as_ref()?.as_u64();
    Ok(Unnamed {
        pair: key_pair(&jwk)?,
        algorithm: algorithm(jwk.alg.as_deref())?,
        created_at: seconds(&jwk.iat).and_then(age::at),
        expires_at: seconds(&jwk.exp).and_then(age::at),
        kid: jwk.kid,
        x5c: Vec::new(),
    })
}

fn parse(json: &str) -> Result<Vec<Jwk<'_>>, KeyError> {
    let json = json.trim();
    if json.starts_with('[') {
        return serde_json::from_str(json).map_err(|error| KeyError::json(&error));
    }
    let mut document: Jwk<'_> =
        serde_json::from_str(json).map_err(|error| KeyError::json(&error))?;
    Ok(document.keys.take().unwrap_or_else(|| vec![document]))
}

/// The only key, or of several the one that is called `kid`.
fn pick<'a>(mut keys: Vec<Jwk<'a>>, kid: Option<&str>) -> Result<Jwk<'a>, KeyError> {
    match (keys.len(), kid) {
        (1, _) => {}
        (0, _) => return Err(KeyError::new("the set of keys is empty")),
        (count, None) => {
            return Err(KeyError::new(format!(
                "there are {count} keys: say which by its `kid`"
            )));
        }
        (count, Some(kid)) => {
            keys.retain(|jwk| jwk.kid.as_deref() == Some(kid));
            if keys.len() != 1 {
                return Err(KeyError::new(format!(
                    "of {count} keys, {} have the `kid` that was chosen",
                    keys.len()
                )));
            }
        }
    }
    Ok(keys.remove(0))
}

fn check_purpose(jwk: &Jwk<'_>) -> Result<(), KeyError> {
    match jwk.kty.as_deref() {
        Some("RSA") => {}
        Some(_) => {
            return Err(KeyError::new(
                "`kty` must be RSA: Maskinporten accepts no elliptic-curve or symmetric keys",
            ));
        }
        None => return Err(KeyError::new("`kty` is missing: is this a JWK?")),
    }
    if jwk.usage.as_deref().is_some_and(|usage| usage != "sig") {
        return Err(KeyError::new("`use` says that it is not for signing"));
    }
    let operations = jwk.key_ops.as_deref().unwrap_or_default();
    if !operations.is_empty() && !operations.iter().any(|operation| operation == "sign") {
        return Err(KeyError::new("`key_ops` says that it is not for signing"));
    }
    if jwk.oth.as_ref().is_some_and(|others| !others.is_empty()) {
        return Err(KeyError::new(
            "`oth`: keys of more than two primes are not supported",
        ));
    }
    Ok(())
}

fn algorithm(alg: Option<&str>) -> Result<Algorithm, KeyError> {
    match alg {
        None | Some("RS256") => Ok(Algorithm::Rs256),
        Some("RS384") => Ok(Algorithm::Rs384),
        Some("RS512") => Ok(Algorithm::Rs512),
        Some(_) => Err(KeyError::new("`alg` must be RS256, RS384 or RS512")),
    }
}

fn key_pair(jwk: &Jwk<'_>) -> Result<KeyPair, KeyError> {
    let n = member("n", jwk.n)?;
    let e = member("e", jwk.e)?;
    if jwk.d.is_none() {
        return Err(KeyError::new(
            "`d` is missing: this is a public key, and the private key is needed",
        ));
    }
    if !MODULUS_LENGTHS.contains(&n.len()) {
        return Err(KeyError::size(n.len() * 8));
    }
    let d = member("d", jwk.d)?;
    let [p, q, dp, dq, qi] = match (jwk.p, jwk.q, jwk.dp, jwk.dq, jwk.qi) {
        (p @ Some(_), q @ Some(_), dp @ Some(_), dq @ Some(_), qi @ Some(_)) => [
            member("p", p)?,
            member("q", q)?,
            member("dp", dp)?,
            member("dq", dq)?,
            member("qi", qi)?,
        ],
        // RFC 7518 section 6.3.2 allows a key with `d` alone.
        _ => factor::complete(&n, &e, &d)
            .ok_or_else(|| KeyError::new("`n`, `e` and `d` do not belong together"))?,
    };
    KeyPair::from_components(&KeyPairComponents {
        public_key: RsaPublicKeyComponents {
            n: n.as_slice(),
            e: e.as_slice(),
        },
        d: d.as_slice(),
        p: p.as_slice(),
        q: q.as_slice(),
        dP: dp.as_slice(),
        dQ: dq.as_slice(),
        qInv: qi.as_slice(),
    })
    .map_err(|_| KeyError::new("its members do not belong together"))
}

/// An unsigned integer of the JWK, without the leading zeros that RFC 7518 forbids and some write.
fn member(name: &str, value: Option<&RawValue>) -> Result<Bytes, KeyError> {
    let missing = || KeyError::new(format!("`{name}` is missing"));
    let json = value.ok_or_else(missing)?.get();
    let quoted = json
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'));
    let base64 = match quoted {
        Some("") => return Err(missing()),
        Some(text) if !text.contains('\\') => text,
        _ => {
            return Err(KeyError::new(format!(
                "`{name}` is of the wrong type, or has an escape in it"
            )));
        }
    };
    let bytes = encoded::decoded(&BASE64URL, base64.trim_end_matches('='))
        .ok_or_else(|| KeyError::new(format!("`{name}` is not base64url")))?;
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    Ok(Zeroizing::new(bytes[zeros..].to_vec()))
}
