//! What the program says once it listens: to who started it, and to scripts.

use std::io::{self, Write};

use crate::Stub;
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::json;

use super::Program;
use crate::secret_file;

/// Writes the files first, so that they are there for who waits for the first line.
pub(super) fn announce(
    program: &Program,
    stub: &Stub,
    client_ids: &[String],
    has_demo_client: bool,
) -> io::Result<()> {
    if let (Some(path), Some(pem)) = (&program.ca_file, stub.ca_pem()) {
        secret_file::write(path, pem.as_bytes())?;
    }
    if let Some(path) = &program.ready_file {
        let ready = json!({
            "address": stub.address(),
            "base_url": stub.base_url(),
            "issuer": stub.issuer(),
            "client_ids": client_ids,
        });
        secret_file::write(path, ready.to_string().as_bytes())?;
    }
    let mut text = format!("listening on {}\n", stub.base_url());
    if has_demo_client {
        text += &environment(stub);
    }
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}

/// The demo client's settings. Its key was made for the stub and is worth nothing elsewhere.
fn environment(stub: &Stub) -> String {
    let demo = stub.demo_client();
    let key = STANDARD.encode(demo.private_jwk());
    [
        ("Authority", stub.issuer()),
        ("ClientId", demo.client_id().to_owned()),
        ("EncodedJwk", key),
        ("Scope", demo.scopes()),
        // So spelt in the official .NET client.
        ("ExhangeToAltinnToken", "true".to_owned()),
        ("TokenExchangeEnvironment", stub.base_url().to_owned()),
    ]
    .iter()
    .map(|(name, value)| format!("export MaskinportenSettings__{name}='{value}'\n"))
    .collect()
}
