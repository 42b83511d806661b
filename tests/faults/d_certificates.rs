//! D. TLS: certificates, versions, and whom to trust.

use std::{fs, net::Ipv4Addr, sync::Arc, time::Duration};

use maskinporten::{HttpClient, TokenSource};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd,
};
use rustls::{
    ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer},
    server::Acceptor,
};
use tempfile::TempDir;
use tests::{
    alone,
    clock::Clock,
    grant,
    raw::{Reply, source},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    sync::watch,
};
use tokio_rustls::{LazyConfigAcceptor, TlsAcceptor};
use tower_maskinporten::Tokens;

use crate::d_network::chain;

pub(crate) type Authority = CertifiedIssuer<'static, KeyPair>;

pub(crate) fn authority(name: &str) -> Authority {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// For this host, from and to these years.
pub(crate) fn params(host: &str, from: i32, to: i32) -> CertificateParams {
    let mut params = CertificateParams::new([host.to_owned()]).unwrap();
    params.not_before = date_time_ymd(from, 1, 1);
    params.not_after = date_time_ymd(to, 1, 1);
    params
}

/// What a server knows of its clients.
#[derive(Clone, Copy, Default)]
pub(crate) struct Seen {
    pub(crate) connections: usize,
    /// Those that sent anything after the handshake.
    pub(crate) trusting: usize,
}

/// A token endpoint at this address, with this certificate.
async fn server(
    host: Ipv4Addr,
    certificate: CertificateDer<'static>,
    key: &KeyPair,
) -> (String, watch::Receiver<Seen>) {
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind((host, 0)).await.unwrap();
    let url = format!("https://{}/", listener.local_addr().unwrap());
    let (seen, watched) = watch::channel(Seen::default());
    tokio::spawn(async move {
        loop {
            let (connection, _) = listener.accept().await.unwrap();
            seen.send_modify(|seen| seen.connections += 1);
            let Ok(mut connection) = acceptor.accept(connection).await else {
                continue;
            };
            let mut request = [0; 4096];
            if connection
                .read(&mut request)
                .await
                .is_ok_and(|length| length > 0)
            {
                seen.send_modify(|seen| seen.trusting += 1);
                let Reply::Stay(token) = Reply::token("a") else {
                    unreachable!()
                };
                let _ = connection.write_all(&token).await;
                let _ = connection.shutdown().await;
            }
        }
    });
    (url, watched)
}

/// The same, with a certificate of this authority's.
pub(crate) async fn issued(
    authority: &Authority,
    params: CertificateParams,
) -> (String, watch::Receiver<Seen>) {
    issued_at(Ipv4Addr::LOCALHOST, authority, params).await
}

/// The same at another address.
pub(crate) async fn issued_at(
    host: Ipv4Addr,
    authority: &Authority,
    params: CertificateParams,
) -> (String, watch::Receiver<Seen>) {
    let key = KeyPair::generate().unwrap();
    let certificate = params.signed_by(&key, authority).unwrap();
    server(host, certificate.der().clone(), &key).await
}

/// Has a process take its authorities from this file, and from nowhere else.
pub(crate) fn certificates_from(directory: &TempDir, file: String) -> [(&'static str, String); 2] {
    let nothing = directory.path().join("nothing");
    fs::create_dir(&nothing).unwrap();
    let nothing = nothing.to_str().unwrap().to_owned();
    [("SSL_CERT_FILE", file), ("SSL_CERT_DIR", nothing)]
}

#[tokio::test]
async fn d5_each_certificate_that_is_not_right_is_refused_for_its_own_reason() {
    let ours = authority("ours");
    let other = authority("another one of the same name");
    let own_key = KeyPair::generate().unwrap();
    let own = params("127.0.0.1", 2020, 2120)
        .self_signed(&own_key)
        .unwrap();
    let here = |from, to| params("127.0.0.1", from, to);
    let servers = [
        ("a token", issued(&ours, here(2020, 2120)).await),
        ("expired", issued(&ours, here(2020, 2021)).await),
        ("not valid yet", issued(&ours, here(2119, 2120)).await),
        (
            "not valid for name",
            issued(&ours, params("elsewhere.example", 2020, 2120)).await,
        ),
        ("UnknownIssuer", issued(&other, here(2020, 2120)).await),
        (
            "UnknownIssuer",
            server(Ipv4Addr::LOCALHOST, own.der().clone(), &own_key).await,
        ),
    ];
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("authorities.pem");
    fs::write(&path, ours.pem()).unwrap();
    let variables = certificates_from(&directory, path.to_str().unwrap().to_owned());
    let said = servers
        .iter()
        .map(|(reason, (url, _))| format!("{url} {reason}\n"));
    alone::run(
        "d_certificates::alone_fetches_from_each",
        &variables,
        said.collect(),
    )
    .await;
    for (reason, (_, seen)) in servers {
        let seen = *seen.borrow();
        let expected = usize::from(reason == "a token");
        // One connection each, and not another in the clear.
        assert_eq!((seen.connections, seen.trusting), (1, expected), "{reason}");
    }
}

#[test]
#[ignore = "d5 runs it, in a process of its own"]
fn alone_fetches_from_each() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        for line in alone::told() {
            let (url, reason) = line.split_once(' ').unwrap();
            let outcome = source(url, HttpClient::new().unwrap())
                .fetch(&grant())
                .await;
            if reason == "a token" {
                outcome.unwrap();
                continue;
            }
            let error = outcome.unwrap_err();
            assert!(error.is_transient());
            let causes = chain(&error);
            assert!(causes.contains(reason), "{reason}: {causes}");
        }
    });
}

#[tokio::test]
async fn d5_a_certificate_that_is_not_trusted_is_looked_at_again_as_in_any_outage() {
    let stranger = authority("a stranger");
    let (url, seen) = issued(&stranger, params("127.0.0.1", 2020, 2120)).await;
    let clock = Clock::stop();
    let tokens = Tokens::new(source(&url, HttpClient::new().unwrap()), grant());
    let impatient = tokens.clone().with_cold_wait(Duration::ZERO);
    impatient.ready().await.unwrap_err();
    let mut connections = 0;
    for _ in 0..20 {
        clock.pass_for(&tokens, Duration::from_secs(60)).await;
        let now = seen.borrow().connections;
        assert!(now > connections, "it is not asked any more");
        connections = now;
    }
    // Every 30 s, give or take half, when they have grown to that.
    assert!(connections <= 60, "{connections}");
    assert_eq!(seen.borrow().trusting, 0);
}

#[tokio::test]
async fn d6_nothing_older_than_tls_1_2_and_no_weak_suite_is_offered() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}/", listener.local_addr().unwrap());
    let client = Arc::new(source(&url, HttpClient::new().unwrap()));
    let fetch = || {
        let client = Arc::clone(&client);
        tokio::spawn(async move { client.fetch(&grant()).await })
    };
    let asking = fetch();
    let (connection, _) = listener.accept().await.unwrap();
    let hello = LazyConfigAcceptor::new(Acceptor::default(), connection);
    let hello = hello.await.unwrap();
    let suites = hello.client_hello().cipher_suites().to_vec();
    assert!(suites.len() > 3);
    for suite in suites {
        let name = format!("{suite:?}");
        let is_aead = name.contains("_GCM_") || name.contains("_CHACHA20_POLY1305_");
        let is_forward_secret = name.starts_with("TLS13_") || name.starts_with("TLS_ECDHE_");
        let is_signal = name == "TLS_EMPTY_RENEGOTIATION_INFO_SCSV";
        assert!(is_signal || is_aead && is_forward_secret, "{name}");
    }
    drop(hello);
    asking.await.unwrap().unwrap_err();

    // A server that knows TLS 1.0 or 1.1 only, and picks it.
    for minor in [1, 2] {
        let asking = fetch();
        let (mut connection, _) = listener.accept().await.unwrap();
        let mut hello = [0; 4096];
        assert!(connection.read(&mut hello).await.unwrap() > 0);
        let mut answer = vec![0x16, 3, minor, 0, 42, 2, 0, 0, 38, 3, minor];
        answer.extend([7; 32]);
        // No session, TLS_RSA_WITH_AES_128_CBC_SHA, no compression.
        answer.extend([0, 0, 0x2f, 0]);
        connection.write_all(&answer).await.unwrap();
        let mut alert = Vec::new();
        connection.read_to_end(&mut alert).await.unwrap();
        // A fatal alert, and nothing else.
        assert!(
            alert.len() == 7 && alert[0] == 0x15 && alert[5] == 2,
            "{alert:?}"
        );
        let error = asking.await.unwrap().unwrap_err();
        assert_eq!((error.class(), error.is_transient()), ("transport", true));
    }
}

#[tokio::test]
async fn d7_without_authorities_no_client_is_built_and_new_ones_are_read_with_the_next() {
    let (first, second) = (authority("first"), authority("second"));
    let here = || params("127.0.0.1", 2020, 2120);
    let (at_first, _) = issued(&first, here()).await;
    let (at_second, _) = issued(&second, here()).await;
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("authorities.pem");
    fs::write(&path, "").unwrap();
    let said = [first.pem(), second.pem()].map(|pem| pem.replace('\n', "\\"));
    let path = path.to_str().unwrap().to_owned();
    let said = format!(
        "{path}\n{}\n{}\n{at_first}\n{at_second}\n",
        said[0], said[1]
    );
    let variables = certificates_from(&directory, path);
    alone::run("d_certificates::alone_reads_authorities", &variables, said).await;
}

#[test]
#[ignore = "d7 runs it, in a process of its own"]
fn alone_reads_authorities() {
    let said = alone::told();
    let [path, first, second, at_first, at_second] = said.as_slice() else {
        assert!(said.is_empty());
        return;
    };
    let error = HttpClient::new().unwrap_err().to_string();
    assert!(
        error.to_ascii_lowercase().contains("certificates"),
        "{error}"
    );
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let trusts = |http: &HttpClient, url: &str| {
        let client = source(url, http.clone());
        runtime.block_on(async { client.fetch(&grant()).await.is_ok() })
    };
    fs::write(path, first.replace('\\', "\n")).unwrap();
    let old = HttpClient::new().unwrap();
    assert!(trusts(&old, at_first) && !trusts(&old, at_second));
    fs::write(path, second.replace('\\', "\n")).unwrap();
    let new = HttpClient::new().unwrap();
    assert!(!trusts(&new, at_first) && trusts(&new, at_second));
    // One that is there keeps to what it was built with.
    assert!(!trusts(&old, at_second));
}
