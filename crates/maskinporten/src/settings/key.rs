//! The private key, in whichever form it is given.

use super::{SettingsError, app, dotnet, given::Given, merged::Merged, nais};
use crate::{ClientKey, KeyOptions, Signer};

/// The members that hold a key that can be used.
const JWKS: [&str; 3] = [dotnet::ENCODED_JWK, app::JWK, app::JWK_BASE64];
/// The members that mean a certificate, which is a key all the same.
const CERTIFICATES: [&str; 3] = [
    dotnet::ENCODED_X509,
    dotnet::PKCS12_PATH,
    dotnet::STORE_THUMBPRINT,
];

pub(super) fn is_key(member: &str) -> bool {
    member == nais::CLIENT_JWK || JWKS.contains(&member) || CERTIFICATES.contains(&member)
}

/// Checks that one source gives at most one key. The official client would take one of them and not say which.
pub(super) fn check_single(given: &[Given]) -> Result<(), SettingsError> {
    let mut keys = given.iter().filter(|given| is_key(given.member));
    match (keys.next(), keys.next()) {
        (Some(one), Some(other)) => Err(SettingsError::differ(one, other, "a private key each")),
        _ => Ok(()),
    }
}

pub(super) fn read(merged: &Merged) -> Result<ClientKey, SettingsError> {
    let Some(given) = merged.given.iter().find(|given| is_key(given.member)) else {
        return Err(merged.missing("private key", &JWKS, &[nais::CLIENT_JWK]));
    };
    if CERTIFICATES.contains(&given.member) {
        return Err(SettingsError::invalid(
            given,
            "certificates are not supported yet: register a JWK on the client, and give it as `EncodedJwk`",
        ));
    }
    let Some(kid) = merged.get(dotnet::KID) else {
        return ClientKey::from_base64(given.text())
            .map_err(|error| SettingsError::invalid(given, error));
    };
    // A `Kid` beside the key or after it renames it. One from an earlier source names a key that has no name of its
    // own; of a key that has another, it is a left-over of the key before.
    if kid.source < given.source
        && let Ok(key) = ClientKey::from_base64(given.text())
        && key.kid() != Some(kid.text())
    {
        return Err(SettingsError::differ(kid, given, "different keys"));
    }
    KeyOptions::new()
        .kid(kid.text())
        .read(given.text())
        .map_err(|error| SettingsError::invalid(given, error))
}
