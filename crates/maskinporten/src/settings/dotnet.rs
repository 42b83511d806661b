//! The vocabulary of the official .NET client, `Altinn.ApiClients.Maskinporten`.

use zeroize::Zeroizing;

use super::{
    SettingsError, app,
    given::{Given, Source},
    merged::Merged,
    own,
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

/// Reads `section` out of the variables, in whose names .NET writes `__` for the `:` of a path.
pub(super) fn read(
    variables: &[(String, Zeroizing<String>)],
    section: &str,
) -> Result<Source, SettingsError> {
    let mut source = Source::default();
    for (name, value) in variables {
        let path = name.replace("__", ":");
        let Some((start, rest)) = path.split_at_checked(section.len()) else {
            continue;
        };
        let Some(key) = rest.strip_prefix(':') else {
            continue;
        };
        if !start.eq_ignore_ascii_case(section) {
            continue;
        }
        let origin = format!("variable {name}");
        match member(key) {
            Some(member) => source.add(Given::new(member, origin, value.clone()))?,
            None => source.unknown.push(format!("`{key}` ({origin})")),
        }
    }
    Ok(source)
}

/// Reads the environment's name.
pub(super) fn environment(merged: &Merged) -> Result<Option<(&Given, Environment)>, SettingsError> {
    let named = merged.get(ENVIRONMENT);
    named.map(|given| Ok((given, given.parse()?))).transpose()
}
