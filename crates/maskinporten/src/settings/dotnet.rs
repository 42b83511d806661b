//! The vocabulary of the official .NET client, `Altinn.ApiClients.Maskinporten`.

use super::{
    SettingsError, app,
    given::{Given, Source},
    merged::Merged,
    own,
    variables::Variable,
};
use crate::Environment;

pub(super) const CLIENT_ID: &str = "ClientId";
pub(super) const SCOPE: &str = "Scope";
pub(super) const RESOURCE: &str = "Resource";
pub(super) const ENVIRONMENT: &str = "Environment";
pub(super) const ENCODED_JWK: &str = "EncodedJwk";
pub(super) const KID: &str = "Kid";
pub(super) const ENCODED_X509: &str = "EncodedX509";
pub(super) const PKCS12_PATH: &str = "CertificatePkcs12Path";
pub(super) const PKCS12_PASSWORD: &str = "CertificatePkcs12Password";
pub(super) const STORE_THUMBPRINT: &str = "CertificateStoreThumbprint";
pub(super) const CONSUMER_ORG: &str = "ConsumerOrgNo";
pub(super) const ENTERPRISE_USER: &str = "EnterpriseUserName";
pub(super) const ENTERPRISE_PASSWORD: &str = "EnterpriseUserPassword";
/// Misspelt in the original, and in everybody's deployments.
pub(super) const EXCHANGE: &str = "ExhangeToAltinnToken";
const EXCHANGE_SPELT_RIGHT: &str = "ExchangeToAltinnToken";
pub(super) const EXCHANGE_ENVIRONMENT: &str = "TokenExchangeEnvironment";
pub(super) const TEST_ORG: &str = "UseAltinnTestOrg";
pub(super) const DEBUG_LOGGING: &str = "EnableDebugLogging";
pub(super) const OVERWRITE: &str = "OverwriteAuthorizationHeader";

const NAMES: [&str; 18] = [
    CLIENT_ID,
    SCOPE,
    RESOURCE,
    ENVIRONMENT,
    ENCODED_JWK,
    KID,
    ENCODED_X509,
    PKCS12_PATH,
    PKCS12_PASSWORD,
    STORE_THUMBPRINT,
    CONSUMER_ORG,
    ENTERPRISE_USER,
    ENTERPRISE_PASSWORD,
    EXCHANGE,
    EXCHANGE_ENVIRONMENT,
    TEST_ORG,
    DEBUG_LOGGING,
    OVERWRITE,
];

/// The member of the section that is called `name`. App.Core has its section under the same name, so its members
/// are among them, and so are our own.
pub(super) fn member(name: &str) -> Option<&'static str> {
    if name.eq_ignore_ascii_case(EXCHANGE_SPELT_RIGHT) {
        return Some(EXCHANGE);
    }
    let mut names = NAMES.into_iter().chain(app::NAMES).chain(own::NAMES);
    names.find(|known| known.eq_ignore_ascii_case(name))
}

/// What a variable called `name` is called within `section`, if it belongs there. .NET writes `__` for the `:` of a
/// path.
pub(super) fn name_in(section: &str, name: &str) -> Option<String> {
    let path = name.replace("__", ":");
    let (start, rest) = path.split_at_checked(section.len())?;
    let name = rest.strip_prefix(':')?;
    start.eq_ignore_ascii_case(section).then(|| name.to_owned())
}

/// Reads `section` out of the variables.
pub(super) fn read(variables: &[Variable], section: &str) -> Result<Source, SettingsError> {
    let mut source = Source::default();
    for variable in variables {
        let Some(name) = name_in(section, &variable.name) else {
            continue;
        };
        match member(&name) {
            Some(member) => source.add(variable.given(member))?,
            None => source
                .unknown
                .push(format!("`{name}` ({})", variable.origin)),
        }
    }
    Ok(source)
}

/// Reads the environment's name.
pub(super) fn environment(merged: &Merged) -> Result<Option<(&Given, Environment)>, SettingsError> {
    let named = merged.get(ENVIRONMENT);
    named.map(|given| Ok((given, given.parse()?))).transpose()
}
