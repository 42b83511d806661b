//! This project's layer, with a token that it got from a source.

use std::time::Duration;

use maskinporten::{AccessToken, BoxFuture, Error, Grant, TokenSource};
use tokio::runtime::Runtime;
use tower_layer::Layer;
use tower_maskinporten::{BearerAuth, BearerAuthLayer, Origins, Tokens};

use super::{OURS, OURS_CLONED};
use crate::harness::{Answers, Calls, CallsOfClones, ORIGIN, Subject, token};

/// Gives one token again and again, as if it had just been issued for a day.
pub struct Fixed(pub String);

impl TokenSource for Fixed {
    fn fetch<'a>(&'a self, _: &'a Grant) -> BoxFuture<'a, Result<AccessToken, Error>> {
        let day = Duration::from_secs(24 * 60 * 60);
        Box::pin(async move { AccessToken::new(&self.0, tokio::time::Instant::now(), day) })
    }
}

/// Tokens of which the default one is there.
pub fn fetched(runtime: &Runtime) -> Tokens {
    let grant = Grant::new("altinn:correspondence.write").expect("the scope is constant");
    let tokens = Tokens::new(Fixed(token(0)), grant);
    runtime
        .block_on(tokens.ready())
        .expect("the source never fails");
    tokens
}

/// The layer as it is used: requests go to the one origin that may see the token.
pub fn layer(tokens: &Tokens) -> BearerAuthLayer {
    let origins = Origins::new([ORIGIN]).expect("the origin is constant");
    BearerAuthLayer::new(tokens.clone(), origins)
}

/// The layer. Each thread has a clone of one service.
pub fn ours(runtime: &Runtime) -> Subject {
    let service = service(runtime);
    Subject::new(OURS, move || Calls::new(service.clone())).proven(1)
}

/// The same, with the service cloned for each request.
pub fn ours_cloned(runtime: &Runtime) -> Subject {
    let service = service(runtime);
    Subject::new(OURS_CLONED, move || CallsOfClones::new(service.clone())).proven(1)
}

fn service(runtime: &Runtime) -> BearerAuth<Answers> {
    layer(&fetched(runtime)).layer(Answers::new())
}
