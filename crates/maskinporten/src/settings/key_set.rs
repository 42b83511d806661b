//! A set of keys (RFC 7517 section 5): those of a client that the operator of Altinn Studio looks after.

use serde::{Deserialize, de::IgnoredAny};
use serde_json::value::RawValue;
use zeroize::Zeroizing;

use super::{SettingsError, given::Given};
use crate::{ClientKey, Signer};

#[derive(Deserialize)]
struct Set<'a> {
    #[serde(borrow)]
    keys: Vec<&'a RawValue>,
}

/// What is to be known of a key before it is read.
#[derive(Deserialize)]
struct Outline {
    kid: Option<String>,
    /// Only private keys have it.
    d: Option<IgnoredAny>,
}

/// The private keys of `set`, as an array of them.
pub(super) fn private(set: &Given) -> Result<Zeroizing<Vec<u8>>, SettingsError> {
    let keys = private_keys(set)?;
    if keys.is_empty() {
        return Err(SettingsError::invalid(set, "there is no private key in it"));
    }
    let room = keys.iter().map(|(_, jwk)| jwk.len() + 1).sum::<usize>() + 1;
    let mut array = Zeroizing::new(Vec::with_capacity(room));
    for (_, jwk) in keys {
        let separator = if array.is_empty() { b'[' } else { b',' };
        array.push(separator);
        array.extend_from_slice(jwk.as_bytes());
    }
    array.push(b']');
    Ok(array)
}

/// The first private key of `set` that has another name than `key`.
pub(super) fn other(set: &Given, key: &ClientKey) -> Result<Option<ClientKey>, SettingsError> {
    let keys = private_keys(set)?;
    let mut others = keys.iter().filter(|(kid, _)| kid.as_deref() != key.kid());
    let Some((_, jwk)) = others.next() else {
        return Ok(None);
    };
    ClientKey::from_jwk(jwk)
        .map(Some)
        .map_err(|error| SettingsError::invalid(set, error))
}

fn private_keys(set: &Given) -> Result<Vec<(Option<String>, &str)>, SettingsError> {
    let invalid = |_| SettingsError::invalid(set, "it is not a set of keys in JSON");
    let Set { keys } = serde_json::from_str(set.text()).map_err(invalid)?;
    let mut private = Vec::new();
    for jwk in keys {
        let outline: Outline = serde_json::from_str(jwk.get()).map_err(invalid)?;
        if outline.d.is_some() {
            private.push((outline.kid, jwk.get()));
        }
    }
    Ok(private)
}
