//! aws-smithy-runtime: its lazy identity cache over a token that never changes.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use aws_smithy_async::{rt::sleep::TokioSleep, time::SystemTimeSource};
use aws_smithy_runtime::client::identity::IdentityCache;
use aws_smithy_runtime_api::client::{
    identity::{ResolveCachedIdentity, SharedIdentityResolver, http::Token},
    runtime_components::RuntimeComponentsBuilder,
};
use aws_smithy_types::config_bag::ConfigBag;
use http::{HeaderValue, header::AUTHORIZATION};

use super::{Peer, asking::Asking};
use crate::harness::{Subject, token};

pub fn peer() -> Peer {
    let expiry = SystemTime::now() + Duration::from_secs(24 * 60 * 60);
    let resolver = SharedIdentityResolver::new(Token::new(token(0), Some(expiry)));
    let cache = IdentityCache::lazy().build();
    let components = RuntimeComponentsBuilder::for_tests()
        .with_time_source(Some(SystemTimeSource::new()))
        .with_sleep_impl(Some(TokioSleep::new()))
        .build()
        .expect("what it needs is there");
    let components = Arc::new(components);
    let subject = Subject::new("aws-smithy-runtime `LazyCache`", move || {
        let (cache, resolver) = (cache.clone(), resolver.clone());
        let components = Arc::clone(&components);
        let config = ConfigBag::base();
        Asking::new(async move |request| {
            let identity = cache
                .resolve_cached_identity(resolver.clone(), &components, &config)
                .await
                .ok();
            let token = identity
                .as_ref()
                .and_then(|identity| identity.data::<Token>());
            let value = token
                .and_then(|token| HeaderValue::try_from(format!("Bearer {}", token.token())).ok());
            if let Some(value) = value {
                request.headers_mut().insert(AUTHORIZATION, value);
            }
        })
    });
    Peer::new(subject.proven(1))
}
