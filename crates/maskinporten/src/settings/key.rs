//! The private key, in whichever form it is given.

use super::{SettingsError, app, dotnet, given::Given, merged::Merged, nais};
use crate::ClientKey;

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
    match merged.get(dotnet::KID) {
        Some(kid) => ClientKey::from_base64_with_kid(given.text(), kid.text()),
        None => ClientKey::from_base64(given.text()),
    }
    .map_err(|error| SettingsError::invalid(given, error))
}
