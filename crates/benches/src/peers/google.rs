//! google-cloud-auth: credentials of a user, kept by its token cache and its task.

use google_cloud_auth::credentials::{CacheableResource, user_account::Builder};
use http::Extensions;
use serde_json::json;
use tokio::runtime::Runtime;

use super::{Peer, asking::Asking, endpoint::Endpoint};
use crate::harness::Subject;

pub fn peer(runtime: &Runtime, endpoint: &Endpoint) -> Peer {
    let _runtime = runtime.enter();
    let user = json!({
        "type": "authorized_user",
        "client_id": "client",
        "client_secret": "secret",
        "refresh_token": "refresh",
    });
    let credentials = Builder::new(user)
        .with_token_uri(&endpoint.url)
        .build()
        .expect("the credentials are complete");
    runtime
        .block_on(credentials.headers(Extensions::new()))
        .expect("the endpoint answers");
    let subject = Subject::new("google-cloud-auth `Credentials::headers`", move || {
        let credentials = credentials.clone();
        Asking::new(async move |request| {
            let headers = credentials.headers(Extensions::new()).await;
            if let Ok(CacheableResource::New { data, .. }) = headers {
                request.headers_mut().extend(data);
            }
        })
    });
    Peer::new(subject.proven(1))
}
