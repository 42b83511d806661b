//! The peers: what others put on requests, or hand out to be put there.
//!
//! Each has a token that it got in its own way from something that stands in for its token endpoint, and keeps in its
//! own cache; which is what is measured. None is asked to refresh it meanwhile.

mod asking;
mod azure;
mod cf_gears;
mod endpoint;
mod gcp;
mod google;
mod kube;
mod smithy;
mod yup;

use tokio::runtime::Runtime;

use crate::harness::Subject;

/// A peer, and the requests of its own kind that it takes, if it takes no `http::Request`.
pub struct Peer {
    pub subject: Subject,
    pub pass_through: Option<Subject>,
}

impl Peer {
    fn new(subject: Subject) -> Self {
        Self {
            subject,
            pass_through: None,
        }
    }
}

/// All of them, with tokens.
pub fn all(runtime: &Runtime) -> Vec<Peer> {
    let endpoint = endpoint::Endpoint::start();
    vec![
        google::peer(runtime, &endpoint),
        kube::peer(),
        azure::peer(),
        yup::peer(runtime, &endpoint),
        gcp::peer(runtime, &endpoint),
        smithy::peer(),
        cf_gears::peer(runtime, &endpoint),
    ]
}
