//! Private keys as PEM (RFC 7468).

use zeroize::Zeroizing;

use super::{KeyError, KeyOptions, Unnamed, der, encoded};

/// The blocks that hold a private key: PKCS#8 and PKCS#1.
const LABELS: [&str; 2] = ["PRIVATE KEY", "RSA PRIVATE KEY"];
const ENCRYPTED: &str = "ENCRYPTED PRIVATE KEY";
const CERTIFICATE: &str = "CERTIFICATE";

/// Reads the first private key. Where there is no `kid` for it, the certificates that are there vouch for it.
pub(super) fn read(pem: &str, options: &KeyOptions) -> Result<Unnamed, KeyError> {
    let pem = with_line_breaks(pem);
    let Some(block) = LABELS.iter().find_map(|label| blocks(&pem, label).next()) else {
        let Some(block) = blocks(&pem, ENCRYPTED).next() else {
            return Err(what_it_is_instead(&pem));
        };
        let key = der::decrypt(&encoded::decode(block)?, options)?;
        return certify(key, &pem, options);
    };
    if block.contains("Proc-Type:") {
        return Err(KeyError::new(
            "the PEM is encrypted in OpenSSL's old way: convert it (`openssl pkcs8 -topk8 -in key.pem`)",
        ));
    }
    let key = der::read(&encoded::decode(block)?, options)?;
    certify(key, &pem, options)
}

/// Variables often have `\n` where the file had a line break. There is room for all of it, so that growing leaves no
/// copies behind.
fn with_line_breaks(pem: &str) -> Zeroizing<String> {
    let mut broken = Zeroizing::new(String::with_capacity(pem.len()));
    let mut lines = pem.split("\\n");
    broken.extend(lines.next());
    for line in lines {
        broken.push('\n');
        broken.push_str(line);
    }
    broken
}

/// Gives the key the certificates that are in the PEM, unless it goes by a `kid`.
#[cfg(feature = "certificates")]
fn certify(key: Unnamed, pem: &str, options: &KeyOptions) -> Result<Unnamed, KeyError> {
    if options.kid.is_some() {
        return Ok(key);
    }
    let certificates: Result<Vec<_>, _> = blocks(pem, CERTIFICATE).map(encoded::decode).collect();
    let certificates = certificates?;
    super::certificates::certify(key, certificates.iter().map(|der| der.as_slice()))
}

#[cfg(not(feature = "certificates"))]
fn certify(key: Unnamed, pem: &str, options: &KeyOptions) -> Result<Unnamed, KeyError> {
    if options.kid.is_none() && blocks(pem, CERTIFICATE).next().is_some() {
        return Err(KeyError::new(
            "`kid` is missing, and certificates in its place need the feature `certificates` of the crate `maskinporten`",
        ));
    }
    Ok(key)
}

/// What stands between the marks of each block of that kind.
fn blocks<'a>(pem: &'a str, label: &str) -> impl Iterator<Item = &'a str> {
    let (begin, end) = (
        format!("-----BEGIN {label}-----"),
        format!("-----END {label}-----"),
    );
    let mut rest = pem;
    std::iter::from_fn(move || {
        let (_, after) = rest.split_once(&begin)?;
        let (block, after) = after.split_once(&end)?;
        rest = after;
        Some(block)
    })
}

fn what_it_is_instead(pem: &str) -> KeyError {
    let has = |label: &str| pem.contains(&format!("-----BEGIN {label}-----"));
    if has("EC PRIVATE KEY") {
        der::not_rsa()
    } else if LABELS.into_iter().chain([ENCRYPTED]).any(has) {
        KeyError::new("the PEM ends too early")
    } else if has("PUBLIC KEY") || has("RSA PUBLIC KEY") {
        KeyError::new("the PEM holds a public key, and the private key is needed")
    } else if has(CERTIFICATE) {
        KeyError::new("the PEM holds a certificate and no private key")
    } else {
        KeyError::new("there is no private key in the PEM")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_breaks_of_variables_are_put_right_without_growing() {
        for (pem, broken) in [
            ("", ""),
            ("a", "a"),
            ("\\n", "\n"),
            ("\\na\\nb\\n\\n", "\na\nb\n\n"),
            ("a\nb\\c\r\n", "a\nb\\c\r\n"),
        ] {
            let made = with_line_breaks(pem);
            assert_eq!(*made, broken);
            assert_eq!(made.capacity(), pem.len());
        }
    }

    #[cfg(not(feature = "certificates"))]
    #[test]
    fn certificates_stand_in_for_no_kid() {
        use aws_lc_rs::{
            encoding::{AsDer, Pkcs8V1Der},
            rsa::{KeyPair, KeySize},
        };
        use base64::prelude::{BASE64_STANDARD, Engine};

        use crate::Signer;

        let key = KeyPair::generate(KeySize::Rsa2048).unwrap();
        let der = AsDer::<Pkcs8V1Der<'_>>::as_der(&key).unwrap();
        let key = BASE64_STANDARD.encode(der.as_ref());
        let key = format!("-----BEGIN PRIVATE KEY-----\n{key}\n-----END PRIVATE KEY-----\n");
        let certified =
            format!("{key}-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n");
        let (plain, named) = (KeyOptions::new(), KeyOptions::new().kid("archive-3"));

        let needs_the_feature = |pem| {
            let error = plain.read(pem).unwrap_err().to_string();
            error.contains("the feature `certificates`")
        };
        assert!(needs_the_feature(&certified));
        assert!(!needs_the_feature(&key));
        for pem in [&key, &certified] {
            assert_eq!(named.read(pem).unwrap().kid(), Some("archive-3"));
        }
    }
}
