//! A key is replaced while the service runs.

#![expect(clippy::unwrap_used, reason = "what cannot be had in a test ends it")]

use std::{fs, path::Path, time::Duration};

use maskinporten::{ClientKey, Grant, HttpClient, KeyOptions, KeyRing, Maskinporten, TokenSource};
use maskinporten_stub::{Client, Stub};
use tests::{environment, mount::Mount, pass};
use tokio::time::Instant;

const ID: &str = "rotating";

/// A client with these clients' keys and no others.
fn with_keys(keys: &[&Client]) -> Client {
    let client = Client::new(ID, "310702641").scopes("a:one");
    let public = keys.iter().flat_map(|client| client.public_jwks());
    public.fold(client, |client, jwk| client.key(&jwk).unwrap())
}

fn grant() -> Grant {
    Grant::new("a:one").unwrap()
}

/// A client, for its key.
fn key() -> Client {
    Client::generate(ID, "310702641").unwrap()
}

fn jwk(client: &Client) -> &str {
    client.private_jwk().unwrap()
}

fn signer(client: &Client) -> ClientKey {
    ClientKey::from_jwk(jwk(client)).unwrap()
}

fn source(stub: &Stub, keys: &KeyRing) -> impl TokenSource + use<> {
    let http = HttpClient::new().unwrap();
    Maskinporten::new(environment(stub), ID, keys.clone(), http)
}

#[tokio::test]
async fn b9_the_old_key_signs_while_the_new_one_is_not_known() {
    let stub = Stub::start().await.unwrap();
    let (old, new) = (key(), key());
    stub.register(with_keys(&[&old]));
    let keys = KeyRing::new(signer(&new)).with_fallback(signer(&old));
    let source = source(&stub, &keys);
    source.fetch(&grant()).await.unwrap();
    assert_eq!(stub.token_requests(), 2);
    stub.register(with_keys(&[&old, &new]));
    pass(Duration::from_secs(15)).await;
    source.fetch(&grant()).await.unwrap();
    assert_eq!(stub.token_requests(), 3);
    // The old one is taken away, and nobody notices.
    stub.register(with_keys(&[&new]));
    source.fetch(&grant()).await.unwrap();
    assert_eq!(stub.token_requests(), 4);
}

#[tokio::test]
async fn case_58_h3_a_key_that_takes_two_minutes_to_be_known_costs_no_token() {
    let stub = Stub::start().await.unwrap();
    let (old, new) = (key(), key());
    stub.register(with_keys(&[&old]));
    let keys = KeyRing::new(signer(&old));
    let source = source(&stub, &keys);
    source.fetch(&grant()).await.unwrap();
    stub.set_key_propagation(Duration::from_secs(120));
    stub.register(with_keys(&[&old, &new]));
    keys.replace(signer(&new));
    for _ in 0..4 {
        source.fetch(&grant()).await.unwrap();
        assert!(!keys.status().works());
        pass(Duration::from_secs(30)).await;
    }
    stub.advance_clock(Duration::from_secs(120));
    // The stub's clock is ahead now, as far as the client can tell. That is learnt first.
    source.fetch(&grant()).await.unwrap_err();
    pass(Duration::from_secs(15)).await;
    source.fetch(&grant()).await.unwrap();
    assert!(keys.status().works());
}

/// Fetches with a key that is in a file, and gives how many requests that took.
async fn fetches(stub: &Stub, source: &impl TokenSource) -> usize {
    stub.clear_requests();
    source.fetch(&grant()).await.unwrap();
    stub.token_requests()
}

#[tokio::test]
async fn h1_case_17_a_key_is_live_within_ten_seconds_however_often_its_mount_is_replaced() {
    let stub = Stub::start().await.unwrap();
    let mut mount = Mount::new().unwrap();
    let first = key();
    mount.replace(&[("key.jwk", jwk(&first))]).unwrap();
    stub.register(with_keys(&[&first]));
    let keys = KeyRing::from_file(mount.file("key.jwk"), KeyOptions::new()).unwrap();
    let source = source(&stub, &keys);
    assert_eq!(fetches(&stub, &source).await, 1);
    for _ in 0..3 {
        let next = key();
        mount.replace(&[("key.jwk", jwk(&next))]).unwrap();
        // Nobody but the new one would be let in.
        stub.register(with_keys(&[&next]));
        pass(Duration::from_secs(5)).await;
        assert_eq!(fetches(&stub, &source).await, 1);
    }
}

#[tokio::test(start_paused = true)]
async fn h1_a_service_that_fetches_nothing_is_told_of_a_new_key() {
    let mut mount = Mount::new().unwrap();
    mount.replace(&[("key.jwk", jwk(&key()))]).unwrap();
    let keys = KeyRing::from_file(mount.file("key.jwk"), KeyOptions::new()).unwrap();
    for _ in 0..2 {
        let before = keys.status();
        mount.replace(&[("key.jwk", jwk(&key()))]).unwrap();
        let began = Instant::now();
        keys.changed().await;
        assert!(began.elapsed() <= Duration::from_secs(10));
        assert_ne!(keys.status().kid(), before.kid());
    }
}

#[tokio::test]
async fn case_17_a_file_that_is_mounted_alone_is_read_again_too() {
    let stub = Stub::start().await.unwrap();
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("key.jwk");
    let put: [fn(&Path, &str); 2] = [
        |path, key| fs::write(path, key).unwrap(),
        |path, key| {
            let new = path.with_extension("new");
            fs::write(&new, key).unwrap();
            fs::rename(new, path).unwrap();
        },
    ];
    put[0](&path, jwk(&key()));
    let keys = KeyRing::from_file(&path, KeyOptions::new()).unwrap();
    let source = source(&stub, &keys);
    for put in put {
        let next = key();
        put(&path, jwk(&next));
        stub.register(with_keys(&[&next]));
        pass(Duration::from_secs(5)).await;
        assert_eq!(fetches(&stub, &source).await, 1);
    }
}

#[tokio::test]
async fn h2_while_the_file_is_no_key_the_last_good_one_stays() {
    let stub = Stub::start().await.unwrap();
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("key.jwk");
    let (first, second) = (key(), key());
    fs::write(&path, jwk(&first)).unwrap();
    stub.register(with_keys(&[&first]));
    let keys = KeyRing::from_file(&path, KeyOptions::new()).unwrap();
    let source = source(&stub, &keys);
    let next = jwk(&second);
    let spoil: [(&str, &dyn Fn()); 6] = [
        ("missing", &|| {}),
        ("empty", &|| fs::write(&path, "").unwrap()),
        ("half", &|| {
            fs::write(&path, &next[..next.len() / 2]).unwrap();
        }),
        ("public", &|| {
            fs::write(&path, r#"{"kty":"RSA","n":"AQAB","e":"AQAB"}"#).unwrap();
        }),
        ("a directory", &|| fs::create_dir(&path).unwrap()),
        ("a gibibyte", &|| {
            let file = fs::File::create(&path).unwrap();
            file.set_len(1 << 30).unwrap();
        }),
    ];
    for (what, spoil) in spoil {
        fs::remove_file(&path)
            .or_else(|_| fs::remove_dir(&path))
            .unwrap_or_default();
        spoil();
        pass(Duration::from_secs(5)).await;
        assert_eq!(fetches(&stub, &source).await, 1, "{what}");
        let error = keys.status().reload_error().unwrap().to_string();
        assert!(error.contains("key.jwk"), "{what}: {error}");
        assert!(!error.contains(&next[40..60]), "{what}: {error}");
    }
    fs::write(&path, jwk(&second)).unwrap();
    stub.register(with_keys(&[&second]));
    pass(Duration::from_secs(5)).await;
    assert_eq!(fetches(&stub, &source).await, 1);
    assert!(keys.status().reload_error().is_none());
}

#[cfg(unix)]
#[tokio::test]
async fn h2_nobody_waits_for_a_fifo() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("key.jwk");
    let made = std::process::Command::new("mkfifo").arg(&path).status();
    assert!(made.unwrap().success());
    let error = KeyRing::from_file(&path, KeyOptions::new()).unwrap_err();
    assert!(error.to_string().contains("regular file"), "{error}");
}

#[tokio::test]
async fn b9_a_key_that_is_not_known_is_given_time() {
    let stub = Stub::start().await.unwrap();
    let (old, new) = (key(), key());
    stub.register(with_keys(&[&old]));
    let http = HttpClient::new().unwrap();
    let source = Maskinporten::new(environment(&stub), ID, signer(&new), http);
    let error = source.fetch(&grant()).await.unwrap_err();
    assert!(error.is_transient());
    assert_eq!(error.retry_after(), Some(Duration::from_secs(15)));
    assert!(
        error
            .refusal()
            .unwrap()
            .advice()
            .unwrap()
            .contains("two minutes")
    );
}
