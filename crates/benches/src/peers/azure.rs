//! azure_core: its policy, with a credential that never changes behind the policy's own cache. It has requests of its
//! own, so it is beside a pass-through of its own.

use std::{hint::black_box, sync::Arc};

use async_trait::async_trait;
use azure_core::{
    credentials::{AccessToken, TokenCredential, TokenRequestOptions},
    http::{
        AsyncRawResponse, Context, Method, Request, StatusCode, Url,
        headers::Headers,
        policies::{Policy, PolicyResult, auth::BearerTokenAuthorizationPolicy},
    },
    time::{Duration, OffsetDateTime},
};

use super::Peer;
use crate::harness::{Subject, URI, Worker, drive, token};

pub fn peer() -> Peer {
    let policy = BearerTokenAuthorizationPolicy::new(Arc::new(Static), ["altinn"]);
    let policy: Arc<dyn Policy> = Arc::new(policy);
    let name = "azure_core `BearerTokenAuthorizationPolicy`";
    let subject = Subject::new(name, move || {
        Pipeline::new(vec![Arc::clone(&policy), Arc::new(Answers)])
    });
    let pass_through = Subject::new("pass-through of azure_core's own requests", || {
        Pipeline::new(vec![Arc::new(Answers)])
    });
    Peer {
        pass_through: Some(pass_through.proven(0)),
        ..Peer::new(subject.proven(1))
    }
}

#[derive(Debug)]
struct Static;

#[async_trait]
impl TokenCredential for Static {
    async fn get_token(
        &self,
        _: &[&str],
        _: Option<TokenRequestOptions<'_>>,
    ) -> azure_core::Result<AccessToken> {
        let expires_on = OffsetDateTime::now_utc() + Duration::hours(24);
        Ok(AccessToken::new(token(0), expires_on))
    }
}

/// The inner service, in its terms.
#[derive(Debug)]
struct Answers;

#[expect(
    elided_lifetimes_in_paths,
    reason = "async_trait wants it as the trait has it"
)]
#[async_trait]
impl Policy for Answers {
    async fn send(
        &self,
        _: &Context,
        request: &mut Request,
        _: &[Arc<dyn Policy>],
    ) -> PolicyResult {
        black_box(request);
        Ok(AsyncRawResponse::from_bytes(
            StatusCode::Ok,
            Headers::new(),
            Vec::new(),
        ))
    }
}

struct Pipeline {
    policies: Vec<Arc<dyn Policy>>,
    url: Url,
    context: Context<'static>,
}

impl Pipeline {
    fn new(policies: Vec<Arc<dyn Policy>>) -> Self {
        Self {
            policies,
            url: Url::parse(URI).expect("it is constant"),
            context: Context::new(),
        }
    }
}

impl Worker for Pipeline {
    fn run(&mut self, operations: u64) -> usize {
        let (first, rest) = self.policies.split_first().expect("the last one answers");
        let mut headers = 0;
        for _ in 0..operations {
            let mut request = Request::new(self.url.clone(), Method::Get);
            let response = drive(first.send(&self.context, &mut request, rest));
            headers += response.map_or(0, |_| request.headers().iter().count());
        }
        headers
    }
}
