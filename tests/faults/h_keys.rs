//! Group H: a private key in a file, replaced and spoilt while tokens are fetched, and signers that are elsewhere.

use std::{
    fs,
    path::Path,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    time::Duration,
};

use maskinporten::{
    Algorithm, BoxError, BoxFuture, ClientKey, Grant, HttpClient, KeyOptions, KeyRing,
    Maskinporten, Retry, Signer, TokenSource,
};
use maskinporten_stub::{Client, Stub};
use serde_json::Value;
use tests::{environment, pass};
use tokio::time::timeout;
use tower_maskinporten::Tokens;

const ID: &str = "h";
/// Stops what hangs.
const BOUND: Duration = Duration::from_secs(60);

fn grant() -> Grant {
    Grant::new("a:one").unwrap()
}

/// A client, for its key.
fn key() -> Client {
    Client::generate(ID, "310702641").unwrap().scopes("a:one")
}

fn jwk(client: &Client) -> &str {
    client.private_jwk().unwrap()
}

fn signer(client: &Client) -> ClientKey {
    ClientKey::from_jwk(jwk(client)).unwrap()
}

fn source(stub: &Stub, keys: impl Into<KeyRing>) -> Maskinporten<HttpClient> {
    let http = HttpClient::new().unwrap();
    Maskinporten::new(environment(stub), ID, keys, http)
}

/// Has the file looked at.
async fn look(keys: &KeyRing) {
    let changed = keys.changed();
    tokio::time::pause();
    let _ = timeout(Duration::from_secs(6), changed).await;
    tokio::time::resume();
}

#[cfg(unix)]
#[tokio::test]
async fn h2_what_is_no_regular_file_never_displaces_a_key() {
    use std::os::unix::{fs::symlink, net::UnixListener};

    let stub = Stub::start().await.unwrap();
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    let (path, key) = (at("key.jwk"), key());
    fs::write(&path, jwk(&key)).unwrap();
    stub.register(key);
    let keys = KeyRing::from_file(&path, KeyOptions::new()).unwrap();
    let source = source(&stub, keys.clone());
    fs::create_dir(at("directory")).unwrap();
    let links = ["/dev/zero", "/dev/null", "directory", "nowhere", "key.jwk"];
    let spoil = links.map(|to| {
        (
            to,
            Box::new(move |at: &Path| symlink(to, at).unwrap()) as Spoil,
        )
    });
    let others: [(&str, Spoil); 2] = [
        ("a FIFO", Box::new(fifo)),
        (
            "a socket",
            Box::new(|at| drop(UnixListener::bind(at).unwrap())),
        ),
    ];
    for (what, spoil) in spoil.into_iter().chain(others) {
        fs::remove_file(&path).unwrap();
        spoil(&path);
        timeout(BOUND, look(&keys)).await.expect(what);
        let error = keys.status().reload_error().expect(what).to_string();
        assert!(error.contains("key.jwk"), "{what}: {error}");
        source.fetch(&grant()).await.unwrap();
    }
}

#[cfg(unix)]
type Spoil = Box<dyn Fn(&Path)>;

#[cfg(unix)]
fn fifo(at: &Path) {
    let made = std::process::Command::new("mkfifo").arg(at).status();
    assert!(made.unwrap().success());
}

#[test]
fn h2_a_file_of_64_kib_is_read_and_no_larger_one() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("key.jwk");
    let key = key();
    for (size, is_read) in [(64 * 1024, true), (64 * 1024 + 1, false)] {
        let spaces = " ".repeat(size - jwk(&key).len());
        fs::write(&path, spaces + jwk(&key)).unwrap();
        let read = KeyRing::from_file(&path, KeyOptions::new());
        assert_eq!(read.is_ok(), is_read, "{size}: {read:?}");
    }
}

#[tokio::test]
async fn h3_no_request_fails_while_a_new_key_is_not_known() {
    let stub = Stub::start().await.unwrap();
    // Much shorter than it takes for a key to be known.
    stub.set_token_lifetime(Duration::from_secs(30));
    let old = key();
    stub.register(old.clone());
    let keys = KeyRing::new(signer(&old));
    let tokens = Tokens::new(Retry::new(source(&stub, keys.clone())), grant());
    tokens.ready().await.unwrap();

    let new = key();
    let both = new
        .public_jwks()
        .fold(old, |old, jwk| old.key(&jwk).unwrap());
    stub.set_key_propagation(Duration::from_secs(120));
    stub.register(both);
    keys.replace(signer(&new));
    let mut refreshed_with = Vec::new();
    for second in (0..200).step_by(10) {
        stub.advance_clock(Duration::from_secs(10));
        pass(Duration::from_secs(10)).await;
        tokens.ready().await.unwrap();
        timeout(BOUND, settled(&tokens)).await.unwrap();
        let works = keys.status().works();
        assert!(!works || second > 100, "{second}");
        refreshed_with.push(works);
    }
    assert!(refreshed_with.contains(&false) && keys.status().works());
}

/// Waits until nothing is being fetched.
async fn settled(tokens: &Tokens) {
    while tokens.status().default_grant().is_fetching() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn h4_a_key_is_known_by_itself_and_by_its_name() {
    let stub = Stub::start().await.unwrap();
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("key.jwk");
    let (first, second) = (key(), key());
    let named = |client: &Client, kid: &str| {
        let mut jwk: Value = serde_json::from_str(jwk(client)).unwrap();
        jwk["kid"] = kid.into();
        jwk
    };
    let public = |jwk: &Value| tests::configuration::public_jwk(jwk).to_string();
    let register = |jwk: &Value| {
        let client = Client::new(ID, "310702641").scopes("a:one");
        stub.register(client.key(&public(jwk)).unwrap());
    };
    let asked_with = || {
        let asked = stub.requests();
        let header = asked.last().unwrap().header().unwrap();
        header["kid"].as_str().unwrap().to_owned()
    };
    let one = named(&first, "one");
    fs::write(&path, one.to_string()).unwrap();
    register(&one);
    let keys = KeyRing::from_file(&path, KeyOptions::new()).unwrap();
    let source = source(&stub, keys.clone());
    source.fetch(&grant()).await.unwrap();
    assert_eq!(asked_with(), "one");

    // The same in another form is the same.
    fs::write(&path, tests::configuration::encoded(&one)).unwrap();
    look(&keys).await;
    assert!(!keys.status().has_fallback());
    // The same key under another name is another: that is what Maskinporten looks for.
    let two = named(&first, "two");
    fs::write(&path, two.to_string()).unwrap();
    register(&two);
    look(&keys).await;
    stub.clear_requests();
    source.fetch(&grant()).await.unwrap();
    assert_eq!((stub.token_requests(), asked_with()), (1, "two".to_owned()));
    // And so is another key under the same name.
    let three = named(&second, "two");
    fs::write(&path, three.to_string()).unwrap();
    register(&three);
    look(&keys).await;
    stub.clear_requests();
    source.fetch(&grant()).await.unwrap();
    assert_eq!((stub.token_requests(), asked_with()), (1, "two".to_owned()));
}

#[cfg(unix)]
#[tokio::test]
async fn h14_a_key_that_others_may_read_is_refused_if_that_is_asked_for() {
    use std::os::unix::fs::{PermissionsExt, symlink};

    let directory = tempfile::tempdir().unwrap();
    let (target, path) = (
        directory.path().join("target"),
        directory.path().join("key.jwk"),
    );
    let open_to = |mode| fs::set_permissions(&target, fs::Permissions::from_mode(mode)).unwrap();
    let key = key();
    fs::write(&target, jwk(&key)).unwrap();
    // What counts is the file, not the link that leads to it.
    symlink("target", &path).unwrap();
    let strict = KeyOptions::new().only_owner_may_read();
    for mode in [0o640, 0o604, 0o620, 0o601, 0o444, 0o777] {
        open_to(mode);
        let error = KeyRing::from_file(&path, strict.clone())
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("key.jwk") && error.contains("chmod 600"),
            "{mode:o}: {error}"
        );
        assert!(!error.contains(&jwk(&key)[40..60]), "{mode:o}: {error}");
        KeyRing::from_file(&path, KeyOptions::new()).unwrap();
    }
    for mode in [0o600, 0o400, 0o700] {
        open_to(mode);
        KeyRing::from_file(&path, strict.clone()).unwrap();
    }

    let keys = KeyRing::from_file(&path, strict).unwrap();
    let kid = keys.status().kid().unwrap().to_owned();
    for (mode, other) in [(0o644, &key), (0o644, &self::key())] {
        fs::write(&target, jwk(other)).unwrap();
        open_to(mode);
        look(&keys).await;
        let status = keys.status();
        assert_eq!(status.kid(), Some(&*kid));
        let error = status.reload_error().unwrap().to_string();
        assert!(error.contains("others may read it"), "{error}");
    }
    open_to(0o600);
    look(&keys).await;
    assert!(keys.status().reload_error().is_none() && keys.status().kid() != Some(&*kid));
}

/// A key elsewhere, which can be out of order.
struct Elsewhere {
    key: ClientKey,
    is_down: AtomicBool,
    asked: AtomicUsize,
}

impl Signer for &'static Elsewhere {
    fn algorithm(&self) -> Algorithm {
        self.key.algorithm()
    }

    fn kid(&self) -> Option<&str> {
        self.key.kid()
    }

    fn sign<'a>(&'a self, message: &'a [u8]) -> BoxFuture<'a, Result<Vec<u8>, BoxError>> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        if self.is_down.load(Ordering::Relaxed) {
            return Box::pin(async { Err("the vault is sealed".into()) });
        }
        self.key.sign(message)
    }
}

#[tokio::test]
async fn h15_a_vault_that_is_down_costs_no_request_while_there_is_a_token() {
    let stub = Stub::start().await.unwrap();
    let client = key();
    let vault: &'static Elsewhere = Box::leak(Box::new(Elsewhere {
        key: signer(&client),
        is_down: AtomicBool::new(false),
        asked: AtomicUsize::new(0),
    }));
    stub.register(client);
    let tokens = Tokens::new(Retry::new(source(&stub, vault)), grant());
    tokens.ready().await.unwrap();
    assert_eq!(vault.asked.load(Ordering::Relaxed), 1);

    // Past the time of its refresh, and still good.
    vault.is_down.store(true, Ordering::Relaxed);
    for _ in 0..11 {
        pass(Duration::from_secs(10)).await;
        tokens.ready().await.unwrap();
        timeout(BOUND, settled(&tokens)).await.unwrap();
    }
    let failed = tokens.status().default_grant().failed_attempts();
    assert!(failed > 0);
    assert_eq!(stub.token_requests(), 1);
    // Then it is told at once, with the vault's own words as the last cause.
    pass(Duration::from_secs(30)).await;
    let error = tokens.ready().await.unwrap_err();
    let error = error.last_error().unwrap();
    assert_eq!(error.class(), "sign");
    let cause = std::error::Error::source(error).unwrap();
    assert_eq!(cause.to_string(), "the vault is sealed");

    // Each token is signed for anew.
    vault.is_down.store(false, Ordering::Relaxed);
    pass(Duration::from_secs(30)).await;
    // In an outage nobody waits for the attempt under way, which ends it.
    let served = async {
        while tokens.ready().await.is_err() {
            tokio::task::yield_now().await;
        }
    };
    timeout(BOUND, served).await.unwrap();
    let source = source(&stub, vault);
    let asked = vault.asked.load(Ordering::Relaxed);
    for _ in 0..3 {
        source.fetch(&grant()).await.unwrap();
    }
    assert_eq!(vault.asked.load(Ordering::Relaxed), asked + 3);
}
