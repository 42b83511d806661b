//! Group K: what somebody else could make of this: a tenant, a server, a stub in the wrong place, a guess.

use std::collections::HashSet;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use bytes::Bytes;
use http::{Request, Response, header};
use http_body_util::{BodyExt, Full};
use maskinporten::{
    Algorithm, AltinnPlatform, BoxError, BoxFuture, Environment, Grant, Maskinporten, Signer,
    SystemUser, TokenSource,
};
use maskinporten_stub::Stub;
use proptest::{prelude::*, sample::select};
use serde_json::Value;
use tests::{grant, maskinporten};
use tokio::{runtime::Builder, sync::mpsc};
use tower::service_fn;
use tower_maskinporten::Origins;

fn quiet() -> ProptestConfig {
    ProptestConfig {
        cases: 256,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

/// An origin, and what it is compared by: `None` when no secret may be sent there.
fn origin() -> impl Strategy<Value = (String, Option<String>)> {
    let scheme = select(vec!["https", "http", "ftp", "HTTPS"]);
    let user = select(vec!["", "", "", "user@", "user:password@"]);
    let host = select(vec![
        "sky.example",
        "SKY.example",
        "sky.example.evil.example",
        "evil.example",
        "127.0.0.1",
        "localhost",
        "[::1]",
    ]);
    let port = select(vec!["", ":443", ":80", ":8443"]);
    (scheme, user, host, port).prop_map(|(scheme, user, host, port)| {
        let text = format!("{scheme}://{user}{host}{port}");
        let scheme = scheme.to_ascii_lowercase();
        let is_loopback = ["127.0.0.1", "localhost", "[::1]"].contains(&host);
        let is_secure = scheme == "https" || scheme == "http" && is_loopback;
        let standard = if scheme == "https" { ":443" } else { ":80" };
        let port = if port.is_empty() { standard } else { port };
        let key = format!("{scheme}://{}{port}", host.to_ascii_lowercase());
        (text, (is_secure && user.is_empty()).then_some(key))
    })
}

proptest! {
    #![proptest_config(quiet())]

    #[test]
    fn k5_an_issuer_and_its_token_endpoint_are_of_one_secure_origin(
        (issuer, of_issuer) in origin(),
        (endpoint, of_endpoint) in origin(),
        path in select(vec!["", "/", "/token", "/a/b?c=d"]),
    ) {
        let is_right = of_issuer.is_some() && of_issuer == of_endpoint;
        let made = Environment::custom(&issuer, &format!("{endpoint}{path}"));
        prop_assert_eq!(made.is_ok(), is_right, "{} {}", issuer, endpoint);
    }

    #[test]
    fn k5_nothing_that_a_tenant_chooses_leads_elsewhere(
        resource in "(https?://)?[!-~]{1,60}",
        behalf in "[!-~]{1,40}",
        reference in "[a-zA-Z0-9_-]{0,40}",
        scope in "[!#-\\[\\]-~]{1,60}",
    ) {
        let customer = SystemUser::new("310702641".parse().unwrap());
        let customer = customer.for_external_ref(&reference).unwrap();
        let grant = Grant::new(&scope).unwrap();
        let grant = grant.for_resource(&resource).unwrap().on_behalf_of(&behalf).unwrap();
        let asked = asked(&grant.with_system_user(customer));
        prop_assert_eq!(asked.uri().to_string(), "https://test.maskinporten.no/token");
        let headers: HashSet<_> = asked.headers().keys().map(header::HeaderName::as_str).collect();
        let known = HashSet::from(["content-type", "accept", "accept-encoding"]);
        prop_assert_eq!(headers, known);
        // What is sent is one form of two fields, whatever is in the grant.
        let fields = asked.body().split('&').map(|field| field.split_once('=').unwrap().0);
        prop_assert_eq!(fields.collect::<Vec<_>>(), ["grant_type", "assertion"]);
    }
}

/// What Maskinporten is asked for a grant.
fn asked(grant: &Grant) -> Request<String> {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let (sender, mut receiver) = mpsc::unbounded_channel();
    let http = service_fn(move |request: Request<Full<Bytes>>| {
        let sender = sender.clone();
        async move {
            let (head, body) = request.into_parts();
            let body = body.collect().await?.to_bytes();
            let body = String::from_utf8(body.to_vec())?;
            sender.send(Request::from_parts(head, body))?;
            Ok::<_, BoxError>(Response::new(Full::<Bytes>::default()))
        }
    });
    let key = tests::keys::read(&tests::keys::JWK).unwrap();
    let source = Maskinporten::new(Environment::test(), "me", key, http);
    runtime.block_on(source.fetch(grant)).unwrap_err();
    receiver.try_recv().unwrap()
}

#[tokio::test]
async fn k6_a_stub_and_the_real_ones_cannot_be_taken_for_each_other() {
    let stub = Stub::start().await.unwrap();
    assert!(stub.address().ip().is_loopback());
    assert!(stub.issuer().starts_with("http://127.0.0.1:"));
    let beyond = Stub::builder().listen("0.0.0.0:0".parse().unwrap());
    assert!(beyond.start().await.is_err());
    for real in [
        "https://maskinporten.no",
        "https://test.maskinporten.no",
        "https://platform.altinn.no",
    ] {
        assert!(
            Stub::builder().public_url(real).start().await.is_err(),
            "{real}"
        );
        // Nor are the real ones asked where anybody could answer for them.
        let in_the_clear = real.replace("https", "http");
        let token = format!("{in_the_clear}/token");
        assert!(Environment::custom(&in_the_clear, &token).is_err());
        assert!(AltinnPlatform::custom(&in_the_clear).is_err());
        assert!(Origins::new([&in_the_clear]).is_err());
        assert!(Environment::custom(real, &format!("{}token", stub.issuer())).is_err());
    }
    // What is signed for the one is of no use to the other.
    maskinporten(&stub).fetch(&grant()).await.unwrap();
    let asked = stub.requests();
    assert_eq!(asked[0].claims().unwrap()["aud"], stub.issuer());
}

fn claims(jwt: &str) -> Value {
    let payload = jwt.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}

#[test]
fn k7_the_only_rsa_is_that_of_aws_lc() {
    let lock = include_str!("../../Cargo.lock");
    // RUSTSEC-2023-0071, and other libraries that would sign.
    for package in ["rsa", "openssl", "native-tls"] {
        assert!(
            !lock.contains(&format!("name = \"{package}\"\n")),
            "{package}"
        );
    }
    assert!(lock.contains("name = \"aws-lc-rs\"\n"));
    let policy = include_str!("../../deny.toml");
    for banned in ["rsa", "openssl", "native-tls", "ring"] {
        assert!(
            policy.contains(&format!("{{ crate = \"{banned}\" }}")),
            "{banned}"
        );
    }
}

/// A key that signs nothing, and takes no time for it.
struct Unsigned;

impl Signer for Unsigned {
    fn algorithm(&self) -> Algorithm {
        Algorithm::Rs256
    }

    fn kid(&self) -> Option<&str> {
        Some("k")
    }

    fn sign<'a>(&'a self, _: &'a [u8]) -> BoxFuture<'a, Result<Vec<u8>, BoxError>> {
        Box::pin(async { Ok(b"signature".to_vec()) })
    }
}

#[tokio::test]
async fn k10_no_id_of_an_assertion_comes_twice_or_can_be_guessed() {
    const ASSERTIONS: usize = 10_000;
    let (sender, mut receiver) = mpsc::unbounded_channel();
    let http = service_fn(move |request: Request<Full<Bytes>>| {
        let sender = sender.clone();
        async move {
            let form = request.into_body().collect().await?.to_bytes();
            let form = String::from_utf8(form.to_vec())?;
            let id = claims(form.rsplit_once('=').unwrap().1)["jti"].clone();
            sender.send(id)?;
            Ok::<_, BoxError>(Response::new(Full::<Bytes>::default()))
        }
    });
    // Two clients know nothing of each other.
    let sources = ["one", "other"]
        .map(|id| Maskinporten::new(Environment::test(), id, Unsigned, http.clone()));
    let (mut seen, mut ones) = (HashSet::new(), [0; 128]);
    for at in 0..ASSERTIONS {
        sources[at % 2].fetch(&grant()).await.unwrap_err();
        let id = receiver.recv().await.unwrap();
        let id: [u8; 16] = URL_SAFE_NO_PAD
            .decode(id.as_str().unwrap())
            .unwrap()
            .try_into()
            .unwrap();
        let id = u128::from_be_bytes(id);
        assert!(seen.insert(id), "{at}");
        for (bit, ones) in ones.iter_mut().enumerate() {
            *ones += usize::from(id >> bit & 1 == 1);
        }
    }
    // Each of the 128 bits is as often 1 as 0: ten times the standard deviation is allowed.
    assert!(
        ones.iter().all(|ones| ones.abs_diff(ASSERTIONS / 2) < 500),
        "{ones:?}"
    );
}
