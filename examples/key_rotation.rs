//! A private key is replaced while the service runs: its file is swapped, Maskinporten takes a while to know the new
//! key, and no request fails.
//!
//! It runs on a stub, in half a minute. `cargo run --example key_rotation`

use std::{fs, process::ExitCode, time::Duration};

use examples::{end, say, send_until};
use maskinporten::{
    BoxError, Environment, Grant, HttpClient, KeyOptions, KeyRing, Maskinporten, Retry,
};
use maskinporten_stub::{Client, Stub};
use tokio::time::Instant;
use tower::Layer;
use tower_maskinporten::{BearerAuthLayer, Origins, Tokens};

const ID: &str = "rotating";
const SCOPES: &str = "altinn:serviceowner altinn:correspondence.write";

#[tokio::main]
async fn main() -> ExitCode {
    end(run().await)
}

async fn run() -> Result<(), BoxError> {
    let stub = Stub::start().await?;
    // So that a token is needed every few seconds.
    stub.set_token_lifetime(Duration::from_secs(6));
    let old = Client::generate(ID, "991825827")?.scopes(SCOPES);
    stub.register(old.clone());
    let directory = tempfile::tempdir()?;
    let file = directory.path().join("client.jwk");
    fs::write(&file, old.private_jwk().unwrap_or_default())?;

    // What the service does: it names the file.
    let keys = KeyRing::from_file(&file, KeyOptions::new())?;
    let environment = Environment::discover(&stub.issuer(), &HttpClient::new()?).await?;
    let source = Maskinporten::new(environment, ID, keys.clone(), HttpClient::new()?);
    let tokens = Tokens::new(Retry::new(source), Grant::new(SCOPES)?);
    let layer = BearerAuthLayer::new(tokens, Origins::new([stub.base_url()])?);
    let client = layer.layer(HttpClient::new()?);

    let api = stub.base_url();
    let began = Instant::now();
    let tell = |what| say(&format!("after {:.1?}", began.elapsed()), what);
    tell("the old key signs");
    let mut served = send_until(&client, api, || began.elapsed().as_secs() >= 2).await?;

    // What whoever rotates the key does: upload the new one beside the old, and replace the file.
    let new = Client::generate(ID, "991825827")?.scopes(SCOPES);
    stub.set_key_propagation(Duration::from_secs(15));
    let both = old
        .public_jwks()
        .try_fold(new.clone(), |new, old| new.key(&old))?;
    stub.register(both);
    fs::write(
        file.with_extension("new"),
        new.private_jwk().unwrap_or_default(),
    )?;
    fs::rename(file.with_extension("new"), &file)?;
    tell("the new key is uploaded and in the file");

    let is_tried = || keys.status().has_fallback() && !keys.status().works();
    served += send_until(&client, api, is_tried).await?;
    tell("the new key is read, but not known to Maskinporten: the old one signs");
    served += send_until(&client, api, || keys.status().works()).await?;
    tell("the new key signs");

    stub.register(new);
    let deleted = Instant::now();
    tell("the old key is deleted at Maskinporten");
    served += send_until(&client, api, || deleted.elapsed().as_secs() >= 8).await?;
    tell(&format!(
        "{served} requests served, none failed, with {} token requests",
        stub.token_requests()
    ));
    Ok(())
}
