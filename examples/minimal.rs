//! The smallest useful program: one request with a token that takes care of itself.
//!
//! Runs on a stub. On the real thing, the first paragraph is `Settings::from_env()?` and its `connect().await?`.

use maskinporten::{BoxError, ClientKey, Environment, Grant, HttpClient, Maskinporten, Retry};
use maskinporten_stub::Stub;
use tower::{Layer, ServiceExt};
use tower_maskinporten::{BearerAuthLayer, Origins, Tokens};

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let stub = Stub::start().await?;
    let environment = Environment::discover(&stub.issuer(), &HttpClient::new()?).await?;
    let key = ClientKey::from_jwk(stub.demo_client().private_jwk())?;
    let id = stub.demo_client().client_id();

    let http = HttpClient::new()?;
    let source = Retry::new(Maskinporten::new(environment, id, key, http.clone()));
    let grant = Grant::new("altinn:serviceowner altinn:correspondence.write")?;
    let layer = BearerAuthLayer::new(Tokens::new(source, grant), Origins::new([stub.base_url()])?);
    let client = layer.layer(http);

    let url = format!(
        "{}/correspondence/api/v1/correspondence/0198c9f0-1111-7000-8000-000000000001",
        stub.base_url()
    );
    let request = http::Request::get(url).body(http_body_util::Full::default())?;
    let response = client.oneshot(request).await?;
    examples::say("answer", response.status());
    Ok(())
}
