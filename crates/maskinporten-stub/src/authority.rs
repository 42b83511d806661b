//! An authority of a test's own, which issues enterprise certificates.

use std::{
    fmt,
    time::{SystemTime, UNIX_EPOCH},
};

use jiff::Timestamp;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose,
    PKCS_RSA_SHA256, RsaKeySize,
};

use crate::{
    certificate::Certificate, enterprise_certificate::EnterpriseCertificate, jwk::KeyError,
};

/// An authority that issues enterprise certificates (*virksomhetssertifikater*): a root, and an
/// issuing certificate under it.
///
/// A stub believes its certificates after [`Stub::trust`](crate::Stub::trust). Making one takes
/// two RSA keys, so tests do well to share it; several stubs may trust the same.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use maskinporten_stub::{CertificateAuthority, Client, Stub};
///
/// let authority = CertificateAuthority::generate()?;
/// let certificate = authority.issue("974761076")?;
///
/// let stub = Stub::start().await?;
/// stub.trust(&authority);
/// stub.register(Client::new("certified", "974761076").scopes("a:one"));
/// let key = certificate.private_key_pem(); // signs the client's grants
/// let x5c = certificate.chain_der(); // goes into their header, in base64
/// # Ok(())
/// # }
/// ```
pub struct CertificateAuthority {
    root: CertifiedIssuer<'static, KeyPair>,
    issuing: CertifiedIssuer<'static, KeyPair>,
    /// The same two, as the stub reads them.
    certificates: [Certificate; 2],
}

impl CertificateAuthority {
    /// An authority with new RSA keys, valid from 1975 to 4096.
    ///
    /// # Errors
    ///
    /// When the operating system gives no random numbers.
    pub fn generate() -> Result<Self, KeyError> {
        let root = authority("Stub Root CA", BasicConstraints::Unconstrained);
        let root = CertifiedIssuer::self_signed(root, new_key()?).map_err(not_issued)?;
        let issuing = authority("Stub Issuing CA", BasicConstraints::Constrained(0));
        let issuing = CertifiedIssuer::signed_by(issuing, new_key()?, &root).map_err(not_issued)?;
        let read = |issued: &[u8]| Certificate::read(issued).ok_or(NOT_ISSUED);
        Ok(Self {
            certificates: [read(issuing.der())?, read(root.der())?],
            root,
            issuing,
        })
    }

    /// Issues a certificate with a new RSA-2048 key to the organisation with that number. It is
    /// valid for as long as the authority; real ones are for three years.
    ///
    /// # Errors
    ///
    /// When the operating system gives no random numbers.
    pub fn issue(&self, org_number: &str) -> Result<EnterpriseCertificate, KeyError> {
        self.issue_with(org_number, CertificateParams::default())
    }

    /// Issues a certificate that is valid from one time to another, both included, in whole
    /// seconds of the stub's clock.
    ///
    /// ```
    /// use std::time::{Duration, SystemTime};
    ///
    /// let authority = maskinporten_stub::CertificateAuthority::generate()?;
    /// let yesterday = SystemTime::now() - Duration::from_hours(24);
    /// let expired = authority.issue_valid("974761076", SystemTime::UNIX_EPOCH, yesterday)?;
    /// # Ok::<(), maskinporten_stub::KeyError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// When a time is before 1970 or after 9999, or the operating system gives no random numbers.
    pub fn issue_valid(
        &self,
        org_number: &str,
        from: SystemTime,
        until: SystemTime,
    ) -> Result<EnterpriseCertificate, KeyError> {
        // What jiff can express can be added without an overflow.
        let date = |time: SystemTime| {
            Timestamp::try_from(time).ok()?;
            let since_1970 = time.duration_since(UNIX_EPOCH).ok()?;
            Some(rcgen::date_time_ymd(1970, 1, 1) + since_1970)
        };
        let mut params = CertificateParams::default();
        params.not_before = date(from).ok_or(OUTSIDE)?;
        params.not_after = date(until).ok_or(OUTSIDE)?;
        self.issue_with(org_number, params)
    }

    fn issue_with(
        &self,
        org_number: &str,
        mut params: CertificateParams,
    ) -> Result<EnterpriseCertificate, KeyError> {
        let key = new_key()?;
        let name = &mut params.distinguished_name;
        name.push(DnType::CommonName, "Stub Enterprise");
        name.push(
            DnType::CustomDnType(vec![2, 5, 4, 97]),
            format!("NTRNO-{org_number}"),
        );
        params.is_ca = IsCa::ExplicitNoCa;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.use_authority_key_identifier_extension = true;
        let leaf = params.signed_by(&key, &self.issuing).map_err(not_issued)?;
        let chain = [
            leaf,
            self.issuing.as_ref().clone(),
            self.root.as_ref().clone(),
        ];
        Ok(EnterpriseCertificate::new(org_number, key, chain))
    }

    /// The certificates that a chain may lead to: a client need not send more than its own.
    pub(crate) fn certificates(&self) -> &[Certificate] {
        &self.certificates
    }
}

/// Shows no private key.
impl fmt::Debug for CertificateAuthority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CertificateAuthority")
            .finish_non_exhaustive()
    }
}

fn authority(name: &str, constraints: BasicConstraints) -> CertificateParams {
    // The default validity is long: a test may set the stub's clock to any year.
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(constraints);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.use_authority_key_identifier_extension = true;
    params
}

fn new_key() -> Result<KeyPair, KeyError> {
    KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048)
        .map_err(|_error| KeyError::new("could not be generated"))
}

fn not_issued(_error: rcgen::Error) -> KeyError {
    NOT_ISSUED
}

const NOT_ISSUED: KeyError = KeyError::new("its certificate could not be issued");
const OUTSIDE: KeyError = KeyError::new("its certificate's times are not from 1970 to 9999");
