//! cf-gears-toolkit-auth: its tower layer, the closest relative of ours.

use std::time::Duration;

use tokio::runtime::Runtime;
use toolkit_auth::oauth2::{BearerAuthLayer, OAuthClientConfig, SecretString, TokenProvider};
use toolkit_http::HttpError;
use tower_layer::Layer;

use super::{Peer, endpoint::Endpoint};
use crate::harness::{Answers, Calls, Subject};

pub fn peer(runtime: &Runtime, endpoint: &Endpoint) -> Peer {
    let config = OAuthClientConfig {
        token_endpoint: Some(endpoint.url.parse().expect("it is a URL")),
        client_id: "client".into(),
        client_secret: SecretString::new("secret"),
        jitter_max: Duration::ZERO,
        ..OAuthClientConfig::default()
    };
    let provider = runtime.block_on(async {
        let provider = TokenProvider::new(config).expect("the configuration is complete");
        provider.get().await.expect("the endpoint answers");
        provider
    });
    let service = BearerAuthLayer::new(provider).layer(Answers::<HttpError>::new());
    let subject = Subject::new("cf-gears-toolkit-auth `BearerAuthLayer`", move || {
        Calls::new(service.clone())
    });
    Peer::new(subject.proven(1))
}
