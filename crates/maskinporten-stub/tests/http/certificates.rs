//! Clients that authenticate with an enterprise certificate.

use std::{
    sync::LazyLock,
    time::{Duration, SystemTime},
};

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use maskinporten_stub::{CertificateAuthority, Client, EnterpriseCertificate, Stub};
use serde_json::{Value, json};

use crate::{
    assertion::{Grant, Signer},
    http::{claims, post_assertion},
    refusals::{Expected, assert_refused},
};

const ORGANISATION: &str = "974761076";
const SCOPE: &str = "a:one";
const DAY: Duration = Duration::from_hours(24);

const MALFORMED: Expected = refused(Some("MP-123"), "Invalid JWT header x5c");
const INVALID: Expected = refused(Some("MP-120"), "signed with an invalid certificate.");
const OTHER_ORGANISATION: Expected = refused(Some("MP-122"), "Does not match certificate orgno");
const SIGNATURE: Expected = refused(Some("MP-124"), "Invalid JWT signature");
const NO_KID: Expected = refused(
    None,
    "The client requires pre-registered jwk and no key identifier (kid) provided",
);

static AUTHORITY: LazyLock<CertificateAuthority> =
    LazyLock::new(|| CertificateAuthority::generate().unwrap());
static CERTIFICATE: LazyLock<EnterpriseCertificate> =
    LazyLock::new(|| AUTHORITY.issue(ORGANISATION).unwrap());
static STRANGER: LazyLock<CertificateAuthority> =
    LazyLock::new(|| CertificateAuthority::generate().unwrap());

const fn refused(number: Option<&'static str>, text: &'static str) -> Expected {
    (400, "invalid_grant", number, text)
}

/// A stub that trusts the authority, with a client that has no keys.
async fn stub() -> Stub {
    let stub = Stub::start().await.unwrap();
    stub.trust(&AUTHORITY);
    stub.register(Client::new("certified", ORGANISATION).scopes(SCOPE));
    stub
}

fn certified(certificate: &EnterpriseCertificate) -> Signer {
    Signer::certified("certified", certificate)
}

fn x5c(grant: &Grant) -> Vec<Value> {
    grant.header["x5c"].as_array().unwrap().clone()
}

fn with_x5c(mut grant: Grant, x5c: impl Into<Value>) -> Grant {
    grant.header["x5c"] = x5c.into();
    grant
}

/// The claims of the token that the grant gives.
async fn granted(stub: &Stub, grant: Grant, case: &str) -> Value {
    let answer = post_assertion(stub, &grant.sign()).await;
    assert_eq!(answer.status, 200, "{case}: {}", answer.text());
    claims(answer.json()["access_token"].as_str().unwrap())
}

async fn not_granted(stub: &Stub, grant: Grant, expected: Expected, case: &str) {
    let answer = post_assertion(stub, &grant.sign()).await;
    assert_refused(stub, &answer, expected, case);
}

#[tokio::test]
async fn a_certificate_authenticates_a_client_without_keys() {
    let stub = stub().await;
    let signer = certified(&CERTIFICATE);
    for alg in ["RS256", "RS384", "RS512"] {
        let mut grant = signer.grant(&stub, SCOPE);
        grant.header["alg"] = alg.into();
        let claims = granted(&stub, grant, alg).await;
        assert_eq!(claims["client_amr"], "virksomhetssertifikat");
        assert_eq!(claims["client_id"], "certified");
        assert_eq!(claims["consumer"]["ID"], format!("0192:{ORGANISATION}"));
    }
}

#[tokio::test]
async fn a_chain_may_stop_where_the_authority_is_known() {
    let stub = stub().await;
    for sent in 1..=3 {
        let grant = certified(&CERTIFICATE).grant(&stub, SCOPE);
        let chain = x5c(&grant);
        granted(&stub, with_x5c(grant, &chain[..sent]), "shorter").await;
    }
}

#[tokio::test]
async fn x5c_is_an_array_of_certificates_in_standard_base64() {
    let stub = stub().await;
    let grant = || certified(&CERTIFICATE).grant(&stub, SCOPE);
    let chain = x5c(&grant());
    let leaf = CERTIFICATE.chain_der().remove(0);
    let longer = [leaf.as_slice(), b"\0"].concat();
    for x5c in [
        chain[0].clone(),
        json!(null),
        json!({}),
        json!([]),
        json!([1]),
        json!([chain]),
        json!([""]),
        json!(["MII="]),
        json!([chain[0], "MII="]),
        json!([STANDARD.encode(&leaf[1..])]),
        json!([STANDARD.encode(longer)]),
        json!([URL_SAFE_NO_PAD.encode(&leaf)]),
        json!([CERTIFICATE.chain_pem()]),
    ] {
        let case = x5c.to_string();
        not_granted(&stub, with_x5c(grant(), x5c), MALFORMED, &case).await;
    }
    let demo = Signer::demo(&stub).grant(&stub, SCOPE);
    not_granted(&stub, with_x5c(demo, "MII="), MALFORMED, "beside kid").await;
}

#[tokio::test]
async fn a_chain_leads_to_a_trusted_authority_link_by_link() {
    let stub = stub().await;
    let ours = certified(&CERTIFICATE).grant(&stub, SCOPE);
    let [leaf, issuing, root] = x5c(&ours).try_into().unwrap();
    let colleague = certified(&AUTHORITY.issue(ORGANISATION).unwrap()).grant(&stub, SCOPE);
    let colleague = x5c(&colleague).remove(0);
    let signer = certified(&STRANGER.issue(ORGANISATION).unwrap());
    let [their_leaf, their_issuing, their_root] =
        x5c(&signer.grant(&stub, SCOPE)).try_into().unwrap();
    for (case, x5c) in [
        (
            "another authority",
            vec![&their_leaf, &their_issuing, &their_root],
        ),
        ("another authority, leaf alone", vec![&their_leaf]),
        (
            "another authority with ours",
            vec![&their_leaf, &issuing, &root],
        ),
        (
            "another authority under ours",
            vec![&their_leaf, &their_issuing, &root],
        ),
        ("no issuing certificate", vec![&leaf, &root]),
        ("root before issuing", vec![&leaf, &root, &issuing]),
        (
            "something after the root",
            vec![&leaf, &issuing, &root, &their_root],
        ),
        (
            "a certificate that is no authority",
            vec![&leaf, &colleague],
        ),
    ] {
        let grant = with_x5c(ours.clone(), json!(x5c));
        not_granted(&stub, grant, INVALID, case).await;
    }
    let self_signed = rcgen::generate_simple_self_signed([]).unwrap().cert;
    let self_signed = [STANDARD.encode(self_signed.der())];
    not_granted(
        &stub,
        with_x5c(ours, &self_signed[..]),
        INVALID,
        "self-signed",
    )
    .await;

    stub.trust(&STRANGER);
    granted(&stub, signer.grant(&stub, SCOPE), "trusted now").await;
}

#[tokio::test]
async fn every_certificate_is_valid_by_the_clock_of_the_stub() {
    let stub = stub().await;
    let now = SystemTime::now();
    let issue = |from, until| {
        let certificate = AUTHORITY.issue_valid(ORGANISATION, from, until).unwrap();
        certified(&certificate)
    };
    let expired = issue(now - 2 * DAY, now - DAY).grant(&stub, SCOPE);
    not_granted(&stub, expired, INVALID, "expired").await;
    let early = issue(now + DAY, now + 2 * DAY).grant(&stub, SCOPE);
    not_granted(&stub, early, INVALID, "not valid yet").await;

    let signer = issue(now - DAY, now + 2200 * 365 * DAY);
    granted(&stub, signer.grant(&stub, SCOPE), "valid").await;
    let at = |clock: Duration| {
        let seconds = i64::try_from(clock.as_secs()).unwrap();
        stub.set_clock_offset(seconds);
        let grant = signer.grant(&stub, SCOPE);
        let moved = |claim: &str| grant.claims[claim].as_i64().unwrap() + seconds;
        let (iat, exp) = (moved("iat"), moved("exp"));
        grant.claim("iat", iat).claim("exp", exp)
    };
    granted(&stub, at(2000 * 365 * DAY), "in 2000 years").await;
    let late = at(2100 * 365 * DAY);
    let leaf = x5c(&late).remove(0);
    not_granted(&stub, late.clone(), INVALID, "the authority has expired").await;
    let alone = with_x5c(late, json!([leaf]));
    not_granted(&stub, alone, INVALID, "the authority that is not sent").await;
}

#[tokio::test]
async fn a_certificate_has_times_that_x509_can_express() {
    let before = SystemTime::UNIX_EPOCH - DAY;
    let after = SystemTime::UNIX_EPOCH + 8100 * 365 * DAY;
    for (from, until) in [
        (before, after),
        (before, SystemTime::now()),
        (SystemTime::now(), after),
    ] {
        let refused = AUTHORITY
            .issue_valid(ORGANISATION, from, until)
            .unwrap_err();
        assert!(
            refused.to_string().contains("from 1970 to 9999"),
            "{refused}"
        );
    }
}

#[tokio::test]
async fn the_certificate_belongs_to_the_organisation_of_the_client() {
    let stub = stub().await;
    let grant = certified(&AUTHORITY.issue("991825827").unwrap()).grant(&stub, SCOPE);
    not_granted(&stub, grant, OTHER_ORGANISATION, "another organisation").await;
}

#[tokio::test]
async fn the_key_of_the_certificate_has_signed() {
    let stub = stub().await;
    let other = certified(&AUTHORITY.issue(ORGANISATION).unwrap());
    let grant = certified(&CERTIFICATE)
        .grant(&stub, SCOPE)
        .signed_by(&other);
    not_granted(&stub, grant, SIGNATURE, "another key").await;
}

#[tokio::test]
async fn a_certificate_does_not_stand_for_registered_keys() {
    let stub = stub().await;
    stub.register(
        Client::generate("certified", ORGANISATION)
            .unwrap()
            .scopes(SCOPE),
    );
    let grant = certified(&CERTIFICATE).grant(&stub, SCOPE);
    not_granted(&stub, grant, NO_KID, "x5c alone").await;
}

#[tokio::test]
async fn a_registered_key_may_come_with_its_certificate() {
    let stub = stub().await;
    let now = SystemTime::now();
    let register = |certificate: &EnterpriseCertificate| {
        let signer = certified(certificate);
        let client = Client::new("certified", ORGANISATION).scopes(SCOPE);
        stub.register(client.key(&signer.public_jwk("k")).unwrap());
        let mut grant = signer.grant(&stub, SCOPE);
        grant.header["kid"] = "k".into();
        grant
    };
    for (case, certificate, expected) in [
        ("untrusted", STRANGER.issue(ORGANISATION), INVALID),
        (
            "expired",
            AUTHORITY.issue_valid(ORGANISATION, now - 2 * DAY, now - DAY),
            INVALID,
        ),
        (
            "another organisation",
            AUTHORITY.issue("991825827"),
            OTHER_ORGANISATION,
        ),
    ] {
        let grant = register(&certificate.unwrap());
        not_granted(&stub, grant, expected, case).await;
    }

    let grant = register(&CERTIFICATE);
    let claims = granted(&stub, grant.clone(), "kid and x5c").await;
    assert_eq!(claims["client_amr"], "private_key_jwt");

    let mut unknown = grant.clone();
    unknown.header["kid"] = "other".into();
    let unknown_kid = refused(None, "Unknown key identifier (kid) for client.");
    not_granted(&stub, unknown, unknown_kid, "unknown kid").await;

    let other = certified(&AUTHORITY.issue(ORGANISATION).unwrap());
    let other_chain = x5c(&other.grant(&stub, SCOPE));
    let grant = with_x5c(grant, other_chain);
    not_granted(
        &stub,
        grant.clone(),
        INVALID,
        "a certificate of another key",
    )
    .await;
    not_granted(
        &stub,
        grant.signed_by(&other),
        INVALID,
        "signed by that key",
    )
    .await;
}

#[tokio::test]
async fn a_kid_is_unknown_when_nothing_is_registered() {
    let stub = stub().await;
    let mut grant = certified(&CERTIFICATE).grant(&stub, SCOPE);
    grant.header["kid"] = "thumbprint".into();
    let unknown_kid = refused(None, "Unknown key identifier (kid) for client.");
    not_granted(&stub, grant, unknown_kid, "kid and x5c").await;
}

#[tokio::test]
async fn a_grant_with_a_certificate_is_for_one_use() {
    let stub = stub().await;
    let grant = certified(&CERTIFICATE).grant(&stub, SCOPE);
    granted(&stub, grant.clone(), "first").await;
    let used = refused(Some("MP-012"), "Grant is used before");
    not_granted(&stub, grant, used, "second").await;
}

#[test]
fn pkcs12_holds_the_key_and_the_whole_chain() {
    use p12_keystore::{KeyStore, Pkcs12ImportPolicy};

    let file = CERTIFICATE.pkcs12("pæssword").unwrap();
    let read = |password| KeyStore::from_pkcs12(&file, password, Pkcs12ImportPolicy::Strict);
    assert!(read("password").is_err());
    let store = read("pæssword").unwrap();
    let (_name, entry) = store.private_key_chain().unwrap();
    let chain: Vec<_> = entry
        .certs()
        .iter()
        .map(|certificate| certificate.as_der().to_vec())
        .collect();
    assert_eq!(chain, CERTIFICATE.chain_der());
    let key = STANDARD.encode(entry.key().as_der());
    assert_eq!(
        CERTIFICATE
            .private_key_pem()
            .lines()
            .filter(|line| !line.starts_with('-'))
            .collect::<String>(),
        key
    );
}

#[test]
fn debug_shows_no_private_key() {
    let pem = CERTIFICATE.private_key_pem();
    let shown = format!("{:?} {:?}", *CERTIFICATE, *AUTHORITY);
    assert!(shown.contains(ORGANISATION));
    for line in pem.lines() {
        assert!(!shown.contains(line));
    }
    assert!(shown.len() < 200, "numbers of a key take more");
}
