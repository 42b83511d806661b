//! A header that never changes: the least that a layer can do.

use tower_http::auth::AddAuthorizationLayer;
use tower_layer::Layer;

use super::{CONSTANT, CONSTANT_CLONED};
use crate::harness::{Answers, Calls, CallsOfClones, Subject, token};

/// tower-http's layer. Each thread has a clone of one service.
pub fn constant() -> Subject {
    let service = AddAuthorizationLayer::bearer(&token(0)).layer(Answers::<()>::new());
    Subject::new(CONSTANT, move || Calls::new(service.clone())).proven(1)
}

/// The same, with the service cloned for each request.
pub fn constant_cloned() -> Subject {
    let service = AddAuthorizationLayer::bearer(&token(0)).layer(Answers::<()>::new());
    Subject::new(CONSTANT_CLONED, move || CallsOfClones::new(service.clone())).proven(1)
}
