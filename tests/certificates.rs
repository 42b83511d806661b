//! Clients that go by an enterprise certificate. Numbers are rows of the cases.

#![expect(clippy::unwrap_used, reason = "what cannot be had in a test ends it")]
#![expect(clippy::print_stderr, reason = "a test that is skipped says so")]

use std::{
    process::Command,
    sync::{LazyLock, mpsc},
    time::{Duration, SystemTime},
};

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use maskinporten::{
    ClientKey, Error, Grant, HttpClient, KeyError, KeyOptions, KeyRing, Maskinporten, Signer,
    TokenSource,
};
use maskinporten_stub::{CertificateAuthority, Client, EnterpriseCertificate, Stub};
use tests::environment;

const ORGANISATION: &str = "310702641";
const PASSWORD: &str = "pæssword 1";

static AUTHORITY: LazyLock<CertificateAuthority> =
    LazyLock::new(|| CertificateAuthority::generate().unwrap());
static CERTIFICATE: LazyLock<EnterpriseCertificate> =
    LazyLock::new(|| AUTHORITY.issue(ORGANISATION).unwrap());

/// The key and its certificates as the stub hands them out.
fn pem() -> String {
    CERTIFICATE.private_key_pem() + &CERTIFICATE.chain_pem()
}

/// A stub with a client that has no keys.
async fn stub() -> Stub {
    let stub = Stub::start().await.unwrap();
    stub.trust(&AUTHORITY);
    stub.register(Client::new("certified", ORGANISATION).scopes("a:one"));
    stub
}

async fn fetch(stub: &Stub, key: ClientKey) -> Result<(), Error> {
    let http = HttpClient::new().unwrap();
    let source = Maskinporten::new(environment(stub), "certified", key, http);
    let fetched = source.fetch(&Grant::new("a:one").unwrap()).await;
    fetched.map(drop)
}

/// Checks that a key goes by the whole chain, leaf first, and that Maskinporten accepts it.
async fn works(key: Result<ClientKey, KeyError>) {
    let key = key.unwrap();
    let chain: Vec<_> = CERTIFICATE
        .chain_der()
        .iter()
        .map(|der| BASE64.encode(der))
        .collect();
    assert_eq!(key.x5c(), chain);
    assert_eq!(key.kid(), None);
    fetch(&stub().await, key).await.unwrap();
}

#[tokio::test]
async fn case_6_pkcs12_gives_the_whole_chain_and_no_kid() {
    let file = CERTIFICATE.pkcs12(PASSWORD).unwrap();
    works(KeyOptions::new().password(PASSWORD).read(&file)).await;
    works(
        KeyOptions::new()
            .password(PASSWORD)
            .read(BASE64.encode(&file)),
    )
    .await;
    // As the official client's `EncodedX509` has it.
    let without_password = BASE64.encode(CERTIFICATE.pkcs12("").unwrap());
    works(ClientKey::from_base64(&without_password)).await;
}

#[tokio::test]
async fn case_6_a_pem_file_with_certificates_needs_no_kid() {
    works(KeyOptions::new().read(pem())).await;
    // In whatever order they are.
    let chain = CERTIFICATE.chain_pem();
    let mut blocks: Vec<_> = chain
        .split_inclusive("-----END CERTIFICATE-----\n")
        .collect();
    blocks.reverse();
    let key = CERTIFICATE.private_key_pem();
    works(KeyOptions::new().read(blocks.concat() + &key)).await;
}

#[tokio::test]
async fn case_7_a_kid_is_sent_beside_the_certificate_if_it_is_asked_for() {
    let file = CERTIFICATE.pkcs12(PASSWORD).unwrap();
    let options = KeyOptions::new().password(PASSWORD).kid("registered");
    let key = options.read(&file).unwrap();
    assert_eq!((key.kid(), key.x5c().len()), (Some("registered"), 3));
    let error = fetch(&stub().await, key).await.unwrap_err();
    assert!(
        error.to_string().contains("Unknown key identifier"),
        "{error}"
    );
    // A key that is registered goes by its name, whatever lies beside it.
    let key = ClientKey::from_pem(&pem(), "registered").unwrap();
    assert_eq!((key.kid(), key.x5c().len()), (Some("registered"), 0));
}

#[tokio::test]
async fn a_certificate_of_somebody_else_is_refused_with_advice() {
    let issue = |organisation| AUTHORITY.issue(organisation).unwrap();
    let past = SystemTime::now() - Duration::from_secs(60);
    let expired = AUTHORITY.issue_valid(ORGANISATION, past - Duration::from_secs(60), past);
    let unknown = CertificateAuthority::generate().unwrap();
    for (certificate, code) in [
        (issue("991825827"), "MP-122"),
        (expired.unwrap(), "MP-120"),
        (unknown.issue(ORGANISATION).unwrap(), "MP-120"),
    ] {
        let file = certificate.pkcs12(PASSWORD).unwrap();
        let key = KeyOptions::new().password(PASSWORD).read(&file).unwrap();
        let error = fetch(&stub().await, key).await.unwrap_err();
        let refusal = error.refusal().unwrap();
        assert_eq!(refusal.code(), Some(code), "{error}");
        assert!(refusal.advice().is_some(), "{code}");
    }
}

#[test]
fn case_16_an_encrypted_key_needs_its_password() {
    let file = CERTIFICATE.pkcs12(PASSWORD).unwrap();
    for wrong in ["", "another"] {
        let options = KeyOptions::new().password(wrong);
        let error = options.read(&file).unwrap_err().to_string();
        assert!(error.contains("password"), "{error}");
        assert!(!error.contains("another"), "{error}");
    }
    let mut broken = file.clone();
    broken.truncate(file.len() / 2);
    for broken in [broken, vec![0x30, 0x82, 0xff, 0xff, 0x02, 0x01, 0x03]] {
        KeyOptions::new()
            .password(PASSWORD)
            .read(broken)
            .unwrap_err();
    }
    let told = format!(
        "{:?}",
        KeyOptions::new().kid("archive-3").password(PASSWORD)
    );
    assert!(
        told.contains("archive-3") && !told.contains(PASSWORD),
        "{told}"
    );
}

/// DER of something with a tag.
fn der(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let contents = parts.concat();
    let [high, low] = u16::try_from(contents.len()).unwrap().to_be_bytes();
    let length = match (high, low) {
        (0, 0..0x80) => vec![low],
        (0, _) => vec![0x81, low],
        _ => vec![0x82, high, low],
    };
    [vec![tag], length, contents].concat()
}

const SEQUENCE: u8 = 0x30;
const OCTETS: u8 = 0x04;
const PBES2: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x05\x0d";
const PBKDF2: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x05\x0c";
const HMAC_SHA256: &[u8] = b"\x30\x0c\x06\x08\x2a\x86\x48\x86\xf7\x0d\x02\x09\x05\x00";
const SCRYPT: &[u8] = b"\x06\x09\x2b\x06\x01\x04\x01\xda\x47\x04\x0b";
const AES_256_CBC: &[u8] = b"\x06\x09\x60\x86\x48\x01\x65\x03\x04\x01\x2a";

/// A key that is encrypted (RFC 5958) with another that is derived in this way, of which nothing else is right.
fn encrypted(algorithm: &[u8], parameters: &[&[u8]]) -> Vec<u8> {
    let salt = der(OCTETS, &[&[0x5a; 8]]);
    let parameters = der(SEQUENCE, &[&salt, &parameters.concat()]);
    let derivation = der(SEQUENCE, &[algorithm, &parameters]);
    let cipher = der(SEQUENCE, &[AES_256_CBC, &der(OCTETS, &[&[0xa5; 16]])]);
    let scheme = der(SEQUENCE, &[PBES2, &der(SEQUENCE, &[&derivation, &cipher])]);
    der(SEQUENCE, &[&scheme, &der(OCTETS, &[&[0; 32]])])
}

/// What is said of a key with a password, unless it takes for ever to say it.
fn refused_soon(file: Vec<u8>) -> String {
    let (told, said) = mpsc::channel();
    std::thread::spawn(move || {
        let error = KeyOptions::new().kid("k").password(PASSWORD).read(file);
        told.send(error.unwrap_err().to_string())
    });
    said.recv_timeout(Duration::from_secs(120)).unwrap()
}

#[test]
fn h9_a_file_cannot_ask_for_endless_work() {
    // Four thousand million rounds are half an hour and more.
    let rounds: &[&[u8]] = &[b"\x02\x05\x00\xff\xff\xff\xff", HMAC_SHA256];
    let said = refused_soon(encrypted(PBKDF2, rounds));
    assert!(said.contains("too much work"), "{said}");
    for (numbers, why) in [
        (
            &b"\x02\x01\x00\x02\x01\x08\x02\x01\x01"[..],
            "cost 0, which pkcs5 does not expect",
        ),
        (
            b"\x02\x05\x01\x00\x00\x00\x00\x02\x01\x08\x02\x01\x01",
            "4 TiB of memory",
        ),
        (
            b"\x02\x02\x04\x00\x02\x01\x08\x02\x02\x7f\xff",
            "32 767 times over",
        ),
        (
            b"\x02\x02\x04\x00\x02\x02\x7f\xff\x02\x01\x01",
            "blocks of 4 MiB",
        ),
    ] {
        let said = refused_soon(encrypted(SCRYPT, &[numbers]));
        assert!(said.contains("too much work"), "{why}: {said}");
    }
    // What is usual is tried, and found to be no key.
    let rounds: &[&[u8]] = &[b"\x02\x02\x08\x00", HMAC_SHA256];
    assert!(refused_soon(encrypted(PBKDF2, rounds)).contains("password"));
}

#[test]
fn h9_a_pkcs12_file_cannot_ask_for_endless_work() {
    const DATA: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01";
    const SECRET_BAG: &[u8] = b"\x06\x0b\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x0a\x01\x05";
    const SHROUDED_BAG: &[u8] = b"\x06\x0b\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x0a\x01\x02";
    const CONTEXT: u8 = 0xa0;
    // Without a MAC, so that nobody needs the password to make it.
    let file = |bags: &[Vec<u8>]| {
        let bags: Vec<_> = bags.iter().map(Vec::as_slice).collect();
        let bags = der(OCTETS, &[&der(SEQUENCE, &bags)]);
        let safe = der(SEQUENCE, &[DATA, &der(CONTEXT, &[&bags])]);
        let safes = der(OCTETS, &[&der(SEQUENCE, &[&safe])]);
        let content = der(SEQUENCE, &[DATA, &der(CONTEXT, &[&safes])]);
        der(SEQUENCE, &[b"\x02\x01\x03", &content])
    };
    // A secret that cannot be decrypted is passed over, and the next one tried.
    let secret = |encrypted: Vec<u8>| {
        let secret = der(OCTETS, &[&encrypted]);
        let secret = der(SEQUENCE, &[SHROUDED_BAG, &der(CONTEXT, &[&secret])]);
        der(SEQUENCE, &[SECRET_BAG, &der(CONTEXT, &[&secret])])
    };
    let million: &[&[u8]] = &[b"\x02\x03\x0f\x42\x40", HMAC_SHA256];
    let many = file(&vec![secret(encrypted(PBKDF2, million)); 300]);
    let said = refused_soon(many);
    assert!(said.contains("too much work"), "{said}");
    for numbers in [
        &b"\x02\x01\x00\x02\x01\x08\x02\x01\x01"[..],
        b"\x02\x03\x0f\xff\xff\x02\x01\x08\x02\x01\x01",
    ] {
        let said = refused_soon(file(&[secret(encrypted(SCRYPT, &[numbers]))]));
        assert!(said.contains("too much work"), "{said}");
    }
    let usual = file(&[secret(encrypted(
        PBKDF2,
        &[b"\x02\x02\x08\x00", HMAC_SHA256],
    ))]);
    assert!(refused_soon(usual).contains("0 private keys"));
}

#[test]
fn a_certificate_of_another_key_is_noticed() {
    let other = AUTHORITY.issue(ORGANISATION).unwrap();
    let mixed = other.private_key_pem() + &CERTIFICATE.chain_pem();
    let error = KeyOptions::new().read(mixed).unwrap_err().to_string();
    assert!(error.contains("none of the certificates"), "{error}");
    let garbage = "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n";
    let error = KeyOptions::new().read(other.private_key_pem() + garbage);
    assert!(error.unwrap_err().to_string().contains("cannot be parsed"));
}

#[test]
fn a_certificate_says_when_the_key_ends() {
    const DAY: Duration = Duration::from_secs(24 * 60 * 60);
    let now = SystemTime::now();
    let certificate = AUTHORITY
        .issue_valid(ORGANISATION, now - 10 * DAY, now + 20 * DAY)
        .unwrap();
    let pem = certificate.private_key_pem() + &certificate.chain_pem();
    let status = KeyRing::new(KeyOptions::new().read(pem).unwrap()).status();
    assert_eq!(status.days_left(now - Duration::from_secs(5)), Some(20));
    assert_eq!(status.age(now).unwrap().as_secs() / DAY.as_secs(), 10);
}

/// What OpenSSL makes of the certificate's key, with these arguments; `None` where there is no OpenSSL.
fn openssl(arguments: &[&str]) -> Option<Vec<u8>> {
    let directory = tempfile::tempdir().unwrap();
    let (input, output) = (directory.path().join("in"), directory.path().join("out"));
    std::fs::write(&input, pem()).unwrap();
    let run = Command::new("openssl")
        .args(arguments)
        .arg("-in")
        .arg(&input)
        .arg("-out")
        .arg(&output)
        .output();
    let Ok(run) = run else {
        eprintln!("SKIPPED: there is no `openssl` to make a file with");
        return None;
    };
    let said = String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success(), "openssl {arguments:?}: {said}");
    Some(std::fs::read(output).unwrap())
}

#[tokio::test]
async fn case_16_what_openssl_writes_is_read() {
    let export = ["pkcs12", "-export", "-passout", "pass:secret"];
    for cipher in [
        &[][..],
        &["-legacy"],
        &[
            "-keypbe",
            "PBE-SHA1-3DES",
            "-certpbe",
            "PBE-SHA1-3DES",
            "-macalg",
            "sha1",
        ],
    ] {
        let Some(file) = openssl(&[&export[..], cipher].concat()) else {
            return;
        };
        works(KeyOptions::new().password("secret").read(file)).await;
    }
    let encrypt = ["pkcs8", "-topk8", "-passout", "pass:secret"];
    for form in ["PEM", "DER"] {
        for cipher in [&[][..], &["-v2", "aes-128-cbc"], &["-scrypt"]] {
            let Some(file) = openssl(&[&encrypt[..], &["-outform", form], cipher].concat()) else {
                return;
            };
            let options = KeyOptions::new().kid("k");
            let key = options.clone().password("secret").read(&file).unwrap();
            assert_eq!(key.kid(), Some("k"));
            for wrong in [options.clone(), options.password("wrong")] {
                let error = wrong.read(&file).unwrap_err().to_string();
                assert!(error.contains("password"), "{error}");
            }
        }
    }
}
