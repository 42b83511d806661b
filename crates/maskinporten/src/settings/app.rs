//! The vocabulary of Altinn apps (`Altinn.App.Core`): the issuer instead of a name for it, and the key as it is.

use super::{SettingsError, given::Given, installation, merged::Merged};
use crate::Environment;

pub(super) const AUTHORITY: &str = "Authority";
pub(super) const JWK: &str = "Jwk";
pub(super) const JWK_BASE64: &str = "JwkBase64";
/// All keys of the client, which the operator of Altinn Studio writes beside `Jwk`.
pub(super) const JWKS: &str = "Jwks";

pub(super) const NAMES: [&str; 4] = [AUTHORITY, JWK, JWK_BASE64, JWKS];

/// Reads the authority. One that is not known is an issuer that ends in one slash, with its token endpoint beneath.
pub(super) fn environment(merged: &Merged) -> Result<Option<(&Given, Environment)>, SettingsError> {
    let Some(given) = merged.get(AUTHORITY) else {
        return Ok(None);
    };
    if let Some(known) = installation::known(&given.url("the issuer")?) {
        return Ok(Some((given, known)));
    }
    let issuer = format!("{}/", given.text().trim_end_matches('/'));
    let environment = Environment::custom(&issuer, &format!("{issuer}token"))
        .map_err(|error| SettingsError::invalid(given, error))?;
    Ok(Some((given, environment)))
}
