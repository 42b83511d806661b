//! Whether and where tokens are exchanged at Altinn.

use std::fmt;

use zeroize::Zeroizing;

use super::{SettingsError, dotnet, given::Given, merged::Merged};
use crate::AltinnPlatform;

/// An exchange that is asked for.
#[derive(Clone, PartialEq)]
pub(super) struct Exchange {
    pub(super) altinn: AltinnPlatform,
    pub(super) test_org: bool,
    pub(super) enterprise_user: Option<(String, Zeroizing<String>)>,
}

/// Reads the platform, if one is named.
pub(super) fn platform(merged: &Merged) -> Result<Option<AltinnPlatform>, SettingsError> {
    let named = merged.get(dotnet::EXCHANGE_ENVIRONMENT);
    named.map(Given::parse).transpose()
}

/// Reads whether tokens are exchanged, and how. `altinn` is the platform, as far as it is known.
pub(super) fn read(
    merged: &Merged,
    altinn: Option<&AltinnPlatform>,
) -> Result<Option<Exchange>, SettingsError> {
    let asked = merged.flag(dotnet::EXCHANGE)?;
    let test_org = merged.flag(dotnet::TEST_ORG)?;
    let enterprise_user = enterprise_user(merged);
    if !asked && enterprise_user.is_none() {
        return Ok(None);
    }
    // A token of an installation of one's own goes nowhere by default, least of all out of a test.
    let Some(altinn) = altinn.cloned() else {
        return Err(merged.missing(
            "Altinn platform that pairs with this Maskinporten",
            &[dotnet::EXCHANGE_ENVIRONMENT],
            &[],
        ));
    };
    Ok(Some(Exchange {
        altinn,
        test_org,
        enterprise_user,
    }))
}

/// As the official client has it, a name without a password counts for nothing.
fn enterprise_user(merged: &Merged) -> Option<(String, Zeroizing<String>)> {
    let name = merged.get(dotnet::ENTERPRISE_USER)?;
    let password = merged.get(dotnet::ENTERPRISE_PASSWORD)?;
    tracing::warn!(
        setting = %name,
        "Altinn has closed enterprise users: the exchange will fail; take the setting out and use a system user"
    );
    Some((
        name.text().to_owned(),
        Zeroizing::new(password.text().to_owned()),
    ))
}

impl fmt::Debug for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exchange")
            .field("altinn", &self.altinn)
            .field("test_org", &self.test_org)
            .field("enterprise_user", &self.enterprise_user.is_some())
            .finish()
    }
}
