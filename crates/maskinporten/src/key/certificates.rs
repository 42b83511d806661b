//! The certificates that vouch for a key (RFC 5280), in the order that `x5c` wants them (RFC 7515 section 4.1.6).

use std::time::SystemTime;

use aws_lc_rs::signature::KeyPair as _;
use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use x509_parser::{certificate::X509Certificate, prelude::FromDer, time::ASN1Time};

use super::{KeyError, Unnamed, age};

/// Gives `key` the certificate of its own and those that lead from it to the authority's, out of all that there are.
pub(super) fn certify<'a>(
    mut key: Unnamed,
    certificates: impl Iterator<Item = &'a [u8]>,
) -> Result<Unnamed, KeyError> {
    let parsed: Result<Vec<_>, _> = certificates
        .map(|der| X509Certificate::from_der(der).map(|(_, certificate)| (der, certificate)))
        .collect();
    let mut rest = parsed.map_err(|_| KeyError::new("a certificate beside it cannot be parsed"))?;
    if rest.is_empty() {
        return Ok(key);
    }
    let public = key.pair.public_key().as_ref();
    let own = |(_, certificate): &(_, X509Certificate<'_>)| {
        certificate.public_key().subject_public_key.data.as_ref() == public
    };
    // Of several, as after a renewal, the one that ends last.
    let Some(leaf) = (0..rest.len())
        .filter(|at| own(&rest[*at]))
        .max_by_key(|at| rest[*at].1.validity().not_after.timestamp())
    else {
        return Err(KeyError::new("none of the certificates is that of the key"));
    };
    let mut next = Some(leaf);
    while let Some(at) = next {
        let (der, certificate) = rest.swap_remove(at);
        if key.x5c.is_empty() {
            let validity = certificate.validity();
            key.created_at = time(validity.not_before);
            key.expires_at = time(validity.not_after);
        }
        key.x5c.push(BASE64.encode(der));
        next = rest
            .iter()
            .position(|(_, issuer)| issuer.subject().as_raw() == certificate.issuer().as_raw());
    }
    Ok(key)
}

fn time(time: ASN1Time) -> Option<SystemTime> {
    age::at(u64::try_from(time.timestamp()).ok()?)
}
