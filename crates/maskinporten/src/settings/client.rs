//! Who asks, and for what.

use super::{SettingsError, dotnet, merged::Merged, nais, own};
use crate::{Grant, SystemUser};

pub(super) fn id(merged: &Merged) -> Result<String, SettingsError> {
    let given = merged.need("client id", dotnet::CLIENT_ID, nais::CLIENT_ID)?;
    let id = given.text();
    if id.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return Err(SettingsError::invalid(given, "there is white space in it"));
    }
    Ok(id.to_owned())
}

pub(super) fn grant(merged: &Merged) -> Result<Grant, SettingsError> {
    let given = merged.need("scope", dotnet::SCOPE, nais::SCOPES)?;
    let grant = Grant::new(given.text()).map_err(|error| SettingsError::invalid(given, error))?;
    let grant = for_resource(grant, merged)?;
    let grant = acting_for(grant, merged)?;
    as_system_user(grant, merged)
}

fn for_resource(grant: Grant, merged: &Merged) -> Result<Grant, SettingsError> {
    let as_string = merged.flag(own::RESOURCE_AS_STRING)?;
    let Some(given) = merged.get(dotnet::RESOURCE) else {
        return Ok(grant);
    };
    let grant = if as_string {
        grant.for_resource_as_string(given.text())
    } else {
        grant.for_resource(given.text())
    };
    grant.map_err(|error| SettingsError::invalid(given, error))
}

fn acting_for(grant: Grant, merged: &Merged) -> Result<Grant, SettingsError> {
    match (
        merged.get(dotnet::CONSUMER_ORG),
        merged.get(own::ON_BEHALF_OF),
    ) {
        (None, None) => Ok(grant),
        (Some(given), None) => Ok(grant.with_consumer_org(given.parse()?)),
        (None, Some(given)) => grant
            .on_behalf_of(given.text())
            .map_err(|error| SettingsError::invalid(given, error)),
        (Some(one), Some(other)) => Err(SettingsError::differ(one, other, "whom to act for, each")),
    }
}

fn as_system_user(grant: Grant, merged: &Merged) -> Result<Grant, SettingsError> {
    let reference = merged.get(own::SYSTEM_USER_REF);
    let Some(organisation) = merged.get(own::SYSTEM_USER_ORG) else {
        return match reference {
            None => Ok(grant),
            Some(given) => Err(SettingsError::invalid(
                given,
                format!("`{}` is needed beside it", own::SYSTEM_USER_ORG),
            )),
        };
    };
    let mut user = SystemUser::new(organisation.parse()?);
    if let Some(given) = reference {
        user = user
            .for_external_ref(given.text())
            .map_err(|error| SettingsError::invalid(given, error))?;
    }
    Ok(grant.with_system_user(user))
}
