//! gcp_auth: a token provider for a service account, with its cache by scopes.

use std::sync::Arc;

use gcp_auth::{CustomServiceAccount, TokenProvider};
use http::{HeaderValue, header::AUTHORIZATION};
use serde_json::json;
use tokio::runtime::Runtime;

use super::{Peer, asking::Asking, endpoint::Endpoint};
use crate::{harness::Subject, key::Key};

const SCOPES: &[&str] = &["altinn"];

pub fn peer(runtime: &Runtime, endpoint: &Endpoint) -> Peer {
    let account = json!({
        "private_key": Key::generate().pem(),
        "client_email": "client@example.com",
        "token_uri": endpoint.url,
    });
    let account = CustomServiceAccount::from_json(&account.to_string()).expect("the key is good");
    let provider: Arc<dyn TokenProvider> = Arc::new(account);
    runtime
        .block_on(provider.token(SCOPES))
        .expect("the endpoint answers");
    let subject = Subject::new("gcp_auth `TokenProvider::token`", move || {
        let provider = Arc::clone(&provider);
        Asking::new(async move |request| {
            let token = provider.token(SCOPES).await.ok();
            let value = token
                .and_then(|token| HeaderValue::try_from(format!("Bearer {}", token.as_str())).ok());
            if let Some(value) = value {
                request.headers_mut().insert(AUTHORIZATION, value);
            }
        })
    });
    Peer::new(subject.proven(1))
}
