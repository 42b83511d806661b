//! The private key, in whichever form it is given.

use std::path::Path;

use zeroize::Zeroizing;

use super::{
    SettingsError, app, dotnet,
    files::Files,
    given::Given,
    key_set,
    keys::{KeyPath, Keys},
    merged::Merged,
    nais, own,
};
use crate::{ClientKey, KeyOptions, Signer, key::age, key_file};

/// The members that a key can be read from.
const KEYS: [&str; 6] = [
    dotnet::ENCODED_JWK,
    app::JWK,
    app::JWK_BASE64,
    own::KEY_PATH,
    dotnet::ENCODED_X509,
    dotnet::PKCS12_PATH,
];

/// Whether `member` is the key. The set that may stand beside a `Jwk` is not.
pub(super) fn is_key(member: &str) -> bool {
    KEYS.contains(&member) || [nais::CLIENT_JWK, dotnet::STORE_THUMBPRINT].contains(&member)
}

/// Checks that one source gives at most one key. The official client would take one of them and not say which.
pub(super) fn check_single(given: &[Given]) -> Result<(), SettingsError> {
    let mut keys = given.iter().filter(|given| is_key(given.member));
    match (keys.next(), keys.next()) {
        (Some(one), Some(other)) => Err(several(one, other)),
        _ => Ok(()),
    }
}

pub(super) fn read(merged: &Merged, files: &mut Files) -> Result<Keys, SettingsError> {
    let set = merged.get(app::JWKS);
    let key = merged.given.iter().find(|given| is_key(given.member));
    let Some(given) = key.or(set) else {
        return Err(merged.missing("private key", &KEYS, &[nais::CLIENT_JWK]));
    };
    check_supported(given)?;
    let contents = contents(given, files)?;
    let options = options(merged, given, &contents)?;
    let key = options
        .read(&*contents)
        .map_err(|error| SettingsError::invalid(given, error))?;
    let fallback = match (merged.get(own::FALLBACK_JWK), set) {
        (Some(given), _) => {
            let fallback = ClientKey::from_base64(given.text());
            Some(fallback.map_err(|error| SettingsError::invalid(given, error))?)
        }
        (None, Some(set)) if given.member == app::JWK => key_set::other(set, &key)?,
        (None, Some(set)) if given.member != app::JWKS => return Err(several(given, set)),
        _ => None,
    };
    let path = is_path(given).then(|| KeyPath {
        given: given.to_string(),
        path: given.text().into(),
        options,
    });
    Ok(Keys::new(key, fallback, path))
}

fn several(one: &Given, other: &Given) -> SettingsError {
    SettingsError::differ(one, other, "a private key each")
}

fn is_path(given: &Given) -> bool {
    [own::KEY_PATH, dotnet::PKCS12_PATH].contains(&given.member)
}

fn check_supported(given: &Given) -> Result<(), SettingsError> {
    if given.member == dotnet::STORE_THUMBPRINT {
        return Err(SettingsError::invalid(
            given,
            "the certificate store of Windows is not read: export the certificate with its private key as PKCS#12, \
             and say where that is in `CertificatePkcs12Path`",
        ));
    }
    let is_certificate = [dotnet::ENCODED_X509, dotnet::PKCS12_PATH].contains(&given.member);
    if is_certificate && cfg!(not(feature = "certificates")) {
        return Err(SettingsError::invalid(given, NEEDS_FEATURE));
    }
    Ok(())
}

const NEEDS_FEATURE: &str = "it needs the feature `certificates` of the crate `maskinporten`";

/// What is to be read as a key.
fn contents(given: &Given, files: &mut Files) -> Result<Zeroizing<Vec<u8>>, SettingsError> {
    if given.member == app::JWKS {
        return key_set::private(given);
    }
    if !is_path(given) {
        return Ok(given.text().as_bytes().to_vec().into());
    }
    // The path is not in the error: some put the key itself there.
    files
        .read(Path::new(given.text()), key_file::SIZE_LIMIT)
        .map_err(|error| {
            SettingsError::with_source(format!("{given}: the file cannot be read"), error)
        })
}

/// What the other members say of the key.
fn options(merged: &Merged, given: &Given, contents: &[u8]) -> Result<KeyOptions, SettingsError> {
    let mut options = KeyOptions::new();
    let password = match given.member {
        // Its password is empty.
        dotnet::ENCODED_X509 => None,
        dotnet::PKCS12_PATH => merged.get(dotnet::PKCS12_PASSWORD),
        _ => merged.get(own::KEY_PASSWORD),
    };
    if let Some(password) = password {
        options = with_password(options, password)?;
    }
    if let Some(created) = merged.get(own::KEY_CREATED) {
        let date = age::of_date(created.text());
        let invalid =
            || SettingsError::invalid(created, "it is not a date in the form `2026-07-01`");
        options = options.created_at(date.ok_or_else(invalid)?);
    }
    let Some(kid) = merged.get(dotnet::KID) else {
        return Ok(options);
    };
    // A `Kid` beside the key or after it renames it. One from an earlier source names a key that has no name of its
    // own; of a key that has another, it is a left-over of the key before.
    if kid.source < given.source
        && let Ok(key) = options.read(contents)
        && key.kid().is_some_and(|own| own != kid.text())
    {
        return Err(SettingsError::differ(kid, given, "different keys"));
    }
    Ok(options.kid(kid.text()))
}

#[cfg(feature = "certificates")]
fn with_password(options: KeyOptions, password: &Given) -> Result<KeyOptions, SettingsError> {
    Ok(options.password(password.text()))
}

#[cfg(not(feature = "certificates"))]
fn with_password(_: KeyOptions, password: &Given) -> Result<KeyOptions, SettingsError> {
    Err(SettingsError::invalid(password, NEEDS_FEATURE))
}
