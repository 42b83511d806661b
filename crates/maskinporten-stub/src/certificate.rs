//! X.509 certificates (RFC 5280): what the stub reads in one.

use std::ops::RangeInclusive;

use jiff::Timestamp;
use x509_parser::{
    asn1_rs::{Oid, oid},
    oid_registry::{OID_PKCS1_SHA256WITHRSA, OID_PKCS1_SHA384WITHRSA, OID_PKCS1_SHA512WITHRSA},
    parse_x509_certificate, public_key,
    x509::{SubjectPublicKeyInfo, X509Name},
};

use crate::rsa::{Algorithm, PublicKey};

/// A certificate that nobody has believed yet.
#[derive(Clone, Debug)]
pub(crate) struct Certificate {
    /// The number of the organisation that it names.
    pub(crate) organisation: Option<String>,
    /// Nothing when it is not an RSA key.
    pub(crate) key: Option<PublicKey>,
    subject: Vec<u8>,
    issuer: Vec<u8>,
    is_authority: bool,
    /// Seconds since 1970.
    validity: RangeInclusive<i64>,
    algorithm: Option<Algorithm>,
    signed: Vec<u8>,
    signature: Vec<u8>,
}

impl Certificate {
    /// Reads a certificate in DER, and nothing after it.
    pub(crate) fn read(der: &[u8]) -> Option<Self> {
        let (rest, certificate) = parse_x509_certificate(der).ok()?;
        let validity = certificate.validity();
        let read = Self {
            organisation: organisation(certificate.subject()),
            key: rsa_key(certificate.public_key()),
            subject: certificate.subject().as_raw().to_vec(),
            issuer: certificate.issuer().as_raw().to_vec(),
            is_authority: certificate.is_ca(),
            validity: validity.not_before.timestamp()..=validity.not_after.timestamp(),
            algorithm: algorithm(&certificate.signature_algorithm.algorithm),
            signed: certificate.tbs_certificate.as_ref().to_vec(),
            signature: certificate.signature_value.data.to_vec(),
        };
        rest.is_empty().then_some(read)
    }

    pub(crate) fn is_valid_at(&self, time: Timestamp) -> bool {
        self.validity.contains(&time.as_second())
    }

    pub(crate) fn is_signed_by(&self, issuer: &Self) -> bool {
        let (Some(algorithm), Some(key)) = (self.algorithm, &issuer.key) else {
            return false;
        };
        issuer.is_authority
            && issuer.subject == self.issuer
            && key.verifies(algorithm, &self.signed, &self.signature)
    }
}

/// Certificates name an organisation by its `organizationIdentifier` (ETSI EN 319 412-1), older
/// Norwegian ones by a `serialNumber` that is the bare organisation number.
fn organisation(subject: &X509Name<'_>) -> Option<String> {
    let attribute = |oid: Oid<'static>| {
        let mut attributes = subject.iter_attributes();
        attributes.find(|attribute| *attribute.attr_type() == oid)
    };
    let number = match attribute(oid!(2.5.4.97)) {
        Some(identifier) => identifier.as_str().ok()?.strip_prefix("NTRNO-")?,
        None => attribute(oid!(2.5.4.5))?.as_str().ok()?,
    };
    Some(number.to_owned())
}

fn rsa_key(key: &SubjectPublicKeyInfo<'_>) -> Option<PublicKey> {
    let Ok(public_key::PublicKey::RSA(key)) = key.parsed() else {
        return None;
    };
    let number = |bytes: &[u8]| {
        let digits = bytes.iter().skip_while(|byte| **byte == 0);
        digits.copied().collect()
    };
    Some(PublicKey {
        modulus: number(key.modulus),
        exponent: number(key.exponent),
    })
}

fn algorithm(oid: &Oid<'_>) -> Option<Algorithm> {
    [
        (OID_PKCS1_SHA256WITHRSA, Algorithm::Rs256),
        (OID_PKCS1_SHA384WITHRSA, Algorithm::Rs384),
        (OID_PKCS1_SHA512WITHRSA, Algorithm::Rs512),
    ]
    .into_iter()
    .find_map(|(known, algorithm)| (known == *oid).then_some(algorithm))
}

#[cfg(test)]
mod tests {
    use rcgen::{
        BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, PKCS_RSA_SHA384,
        RsaKeySize,
    };

    use super::*;

    #[test]
    fn the_organisation_has_two_places() {
        let key = KeyPair::generate().unwrap();
        let identifier = DnType::CustomDnType(vec![2, 5, 4, 97]);
        let serial_number = DnType::CustomDnType(vec![2, 5, 4, 5]);
        let cases = [
            (vec![(&identifier, "NTRNO-991825827")], Some("991825827")),
            (vec![(&serial_number, "991825827")], Some("991825827")),
            (
                vec![(&serial_number, "1-2"), (&identifier, "NTRNO-991825827")],
                Some("991825827"),
            ),
            (vec![(&identifier, "VATNO-991825827")], None),
            (vec![(&identifier, "991825827")], None),
            (vec![], None),
        ];
        for (names, expected) in cases {
            let mut params = CertificateParams::default();
            for (name, value) in &names {
                params.distinguished_name.push((*name).clone(), *value);
            }
            let certificate = params.self_signed(&key).unwrap();
            let read = Certificate::read(certificate.der()).unwrap();
            assert_eq!(read.organisation.as_deref(), expected, "{names:?}");
        }
    }

    #[test]
    fn an_authority_signs_by_its_name_and_its_key() {
        let key = || KeyPair::generate_rsa_for(&PKCS_RSA_SHA384, RsaKeySize::_2048).unwrap();
        let (key, other) = (key(), key());
        let params = |name: &str, is_ca: IsCa| {
            let mut params = CertificateParams::default();
            params.distinguished_name.push(DnType::CommonName, name);
            params.is_ca = is_ca;
            params
        };
        let authority = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = Issuer::new(params("issuer", authority), &key);
        let issued = params("issued", IsCa::NoCa).signed_by(&other, &issuer);
        let issued = Certificate::read(issued.unwrap().der()).unwrap();
        for (name, is_ca, key, signed) in [
            ("issuer", authority, &key, true),
            ("somebody", authority, &key, false),
            ("issuer", IsCa::ExplicitNoCa, &key, false),
            ("issuer", IsCa::NoCa, &key, false),
            ("issuer", authority, &other, false),
        ] {
            let issuer = params(name, is_ca).self_signed(key).unwrap();
            let issuer = Certificate::read(issuer.der()).unwrap();
            assert_eq!(issued.is_signed_by(&issuer), signed, "{name} {is_ca:?}");
        }
    }
}
