//! Members of our own, in the same section as those of the official client, for what it cannot say.

pub(super) const KEY_PATH: &str = "KeyPath";
pub(super) const KEY_PASSWORD: &str = "KeyPassword";
pub(super) const KEY_CREATED: &str = "KeyCreated";
pub(super) const FALLBACK_JWK: &str = "FallbackEncodedJwk";
pub(super) const ON_BEHALF_OF: &str = "OnBehalfOf";
pub(super) const RESOURCE_AS_STRING: &str = "ResourceAsString";
pub(super) const SYSTEM_USER_ORG: &str = "SystemUserOrgNo";
pub(super) const SYSTEM_USER_REF: &str = "SystemUserExternalRef";

pub(super) const NAMES: [&str; 8] = [
    KEY_PATH,
    KEY_PASSWORD,
    KEY_CREATED,
    FALLBACK_JWK,
    ON_BEHALF_OF,
    RESOURCE_AS_STRING,
    SYSTEM_USER_ORG,
    SYSTEM_USER_REF,
];
