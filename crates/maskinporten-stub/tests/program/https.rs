//! The program with a certificate of its own.

use std::{fs, sync::Arc};

use rustls::{
    ClientConfig, RootCertStore,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::running::{Program, exchange};

#[tokio::test]
async fn https_works_for_who_trusts_the_certificate() {
    let directory = tempfile::tempdir().unwrap();
    let ca = directory.path().join("ca.pem");
    let arguments = ["--https", "--ca-file", ca.to_str().unwrap()];
    let mut program = Program::start(&arguments).await;
    let base = program.base().await;
    let address = base.strip_prefix("https://").unwrap();
    let mut roots = RootCertStore::empty();
    let pem = fs::read(ca).unwrap();
    roots
        .add(CertificateDer::from_pem_slice(&pem).unwrap())
        .unwrap();
    for (roots, trusted) in [(roots, true), (RootCertStore::empty(), false)] {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let connector = TlsConnector::from(Arc::new(config));
        for name in ["127.0.0.1", "localhost"] {
            let stream = TcpStream::connect(address).await.unwrap();
            let name = ServerName::try_from(name).unwrap();
            let connected = connector.connect(name, stream).await;
            assert_eq!(connected.is_ok(), trusted);
            if let Ok(mut stream) = connected {
                let (status, body) = exchange(&mut stream, "GET", "/jwk", address).await;
                assert!(status == 200 && body.contains("keys"));
            }
        }
    }
    assert_eq!(program.end("TERM").await, Some(0));
}
