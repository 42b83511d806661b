//! The variables that NAIS puts into a pod (Digdirator), which Texas reads too.

use super::{
    SettingsError, dotnet,
    given::{Given, Source},
    installation,
    merged::Merged,
    variables::Variable,
};
use crate::Environment;

pub(super) const CLIENT_ID: &str = "MASKINPORTEN_CLIENT_ID";
pub(super) const CLIENT_JWK: &str = "MASKINPORTEN_CLIENT_JWK";
pub(super) const SCOPES: &str = "MASKINPORTEN_SCOPES";
pub(super) const WELL_KNOWN_URL: &str = "MASKINPORTEN_WELL_KNOWN_URL";
pub(super) const ISSUER: &str = "MASKINPORTEN_ISSUER";
pub(super) const TOKEN_ENDPOINT: &str = "MASKINPORTEN_TOKEN_ENDPOINT";

/// Each variable, and the member it is. What has no counterpart in the other vocabularies goes by its own name.
/// `MASKINPORTEN_JWKS_URI` is for those who verify tokens.
const MEMBERS: [(&str, &str); 6] = [
    (CLIENT_ID, dotnet::CLIENT_ID),
    (CLIENT_JWK, CLIENT_JWK),
    (SCOPES, dotnet::SCOPE),
    (WELL_KNOWN_URL, WELL_KNOWN_URL),
    (ISSUER, ISSUER),
    (TOKEN_ENDPOINT, TOKEN_ENDPOINT),
];

/// The member that a variable called `name` is.
pub(super) fn member(name: &str) -> Option<&'static str> {
    let mut members = MEMBERS.into_iter();
    members.find_map(|(variable, member)| variable.eq_ignore_ascii_case(name).then_some(member))
}

pub(super) fn read(variables: &[Variable]) -> Result<Source, SettingsError> {
    let mut source = Source::default();
    for variable in variables {
        if let Some(member) = member(&variable.name) {
            source.add(variable.given(member))?;
        }
    }
    Ok(source)
}

/// Reads the issuer and its token endpoint; `None` when there is only the metadata to take them from.
pub(super) fn environment(merged: &Merged) -> Result<Option<(&Given, Environment)>, SettingsError> {
    let Some(issuer) = merged.get(ISSUER) else {
        return Ok(None);
    };
    let known = installation::known(&issuer.url("the issuer")?);
    let Some(token_endpoint) = merged.get(TOKEN_ENDPOINT) else {
        if known.is_none() && merged.get(WELL_KNOWN_URL).is_none() {
            return Err(SettingsError::invalid(
                issuer,
                format!("`{TOKEN_ENDPOINT}` or `{WELL_KNOWN_URL}` is needed beside it"),
            ));
        }
        return Ok(known.map(|environment| (issuer, environment)));
    };
    let custom = Environment::custom(issuer.text(), token_endpoint.text())
        .map_err(|error| SettingsError::invalid(token_endpoint, error))?;
    Ok(Some((issuer, known.unwrap_or(custom))))
}
