//! yup-oauth2: an authenticator of a service account, with its storage in memory.

use http::{HeaderValue, header::AUTHORIZATION};
use tokio::runtime::Runtime;
use yup_oauth2::{ServiceAccountAuthenticator, ServiceAccountKey};

use super::{Peer, asking::Asking, endpoint::Endpoint};
use crate::{harness::Subject, key::Key};

const SCOPES: &[&str] = &["altinn"];

pub fn peer(runtime: &Runtime, endpoint: &Endpoint) -> Peer {
    let key = ServiceAccountKey {
        key_type: Some("service_account".to_owned()),
        project_id: None,
        private_key_id: None,
        private_key: Key::generate().pem(),
        client_email: "client@example.com".to_owned(),
        client_id: None,
        auth_uri: None,
        token_uri: endpoint.url.clone(),
        auth_provider_x509_cert_url: None,
        client_x509_cert_url: None,
    };
    let authenticator = runtime.block_on(async {
        let authenticator = ServiceAccountAuthenticator::builder(key)
            .build()
            .await
            .expect("the key is good");
        authenticator
            .token(SCOPES)
            .await
            .expect("the endpoint answers");
        authenticator
    });
    let subject = Subject::new("yup-oauth2 `Authenticator::token`", move || {
        let authenticator = authenticator.clone();
        Asking::new(async move |request| {
            let token = authenticator.token(SCOPES).await.ok();
            let token = token.as_ref().and_then(|token| token.token());
            let value =
                token.and_then(|token| HeaderValue::try_from(format!("Bearer {token}")).ok());
            if let Some(value) = value {
                request.headers_mut().insert(AUTHORIZATION, value);
            }
        })
    });
    Peer::new(subject.proven(1))
}
