//! The same request, with the layer and its settings.

use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use hyper_rustls::HttpsConnectorBuilder;
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use maskinporten::Settings;
use tower_layer::Layer;
use tower_maskinporten::{BearerAuthLayer, Origins, Tokens};
use tower_service::Service;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let provider = rustls::crypto::aws_lc_rs::default_provider();
    let connector = HttpsConnectorBuilder::new()
        .with_provider_and_platform_verifier(provider)?
        .https_or_http()
        .enable_http1()
        .build();
    let client = Client::builder(TokioExecutor::new()).build::<_, Full<Bytes>>(connector);

    let settings = Settings::from_env()?;
    let tokens = Tokens::new(settings.connect().await?, settings.grant().clone());
    let origins = Origins::new(["https://platform.tt02.altinn.no"])?;
    let mut client = BearerAuthLayer::new(tokens, origins).layer(client);

    let url = std::env::args().nth(1).unwrap_or_default();
    let response = client.call(Request::get(url).body(Full::default())?).await?;
    println!("{}", response.status());
    Ok(())
}
