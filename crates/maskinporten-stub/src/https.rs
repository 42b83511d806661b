//! A certificate of the stub's own, for clients that insist on https.

use std::{io, net::SocketAddr, sync::Arc};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose,
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{ServerConfig, crypto::aws_lc_rs, pki_types::PrivateKeyDer},
};

/// What a listener needs, and what its clients must trust.
pub(crate) struct Https {
    pub(crate) acceptor: TlsAcceptor,
    pub(crate) ca_pem: String,
}

impl Https {
    /// A new authority, and a certificate of it for loopback names, the address and the host.
    pub(crate) fn generate(address: SocketAddr, host: Option<&str>) -> io::Result<Self> {
        let mut names = vec![
            "localhost".to_owned(),
            "127.0.0.1".to_owned(),
            "::1".to_owned(),
        ];
        names.push(address.ip().to_string());
        let host = host.map(|host| host.trim_matches(['[', ']']).to_owned());
        names.extend(host);
        names.sort();
        names.dedup();
        let (authority, leaf, key) = issue(names).map_err(io::Error::other)?;
        let key = PrivateKeyDer::try_from(key.serialize_der()).map_err(io::Error::other)?;
        let provider = Arc::new(aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .and_then(|config| {
                let config = config.with_no_client_auth();
                config.with_single_cert(vec![leaf.der().clone()], key)
            })
            .map_err(io::Error::other)?;
        Ok(Self {
            acceptor: Arc::new(config).into(),
            ca_pem: authority.pem(),
        })
    }
}

type Issued = (
    CertifiedIssuer<'static, KeyPair>,
    rcgen::Certificate,
    KeyPair,
);

fn issue(names: Vec<String>) -> Result<Issued, rcgen::Error> {
    let mut authority = CertificateParams::default();
    let name = &mut authority.distinguished_name;
    name.push(DnType::CommonName, "maskinporten-stub");
    authority.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    authority.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate()?)?;
    let mut leaf = CertificateParams::new(names)?;
    let name = &mut leaf.distinguished_name;
    name.push(DnType::CommonName, "maskinporten-stub on loopback");
    leaf.use_authority_key_identifier_extension = true;
    let key = KeyPair::generate()?;
    let leaf = leaf.signed_by(&key, &authority)?;
    Ok((authority, leaf, key))
}
