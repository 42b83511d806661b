//! The layer around a service that does as the test says.

use std::{pin::Pin, sync::Arc};

use http::{Request, Response, StatusCode, header};
use maskinporten::BoxError;
use tokio_test::assert_ready_ok;
use tower::Service;
use tower_maskinporten::{BearerAuth, BearerAuthLayer, Origins, Tokens};
use tower_test::mock::{self, Handle};

use crate::common::{Script, grant, secs};

pub(crate) const API: &str = "https://platform.tt02.altinn.no";
pub(crate) const INVALID_TOKEN: &str = "Bearer error=\"invalid_token\"";

pub(crate) type Mock<R> = mock::Spawn<BearerAuth<mock::Mock<Request<String>, Response<String>>, R>>;
pub(crate) type Inner = Pin<Box<Handle<Request<String>, Response<String>>>>;

pub(crate) fn layer(script: &Arc<Script>) -> BearerAuthLayer {
    let tokens = Tokens::new(script.clone(), grant());
    BearerAuthLayer::new(tokens, Origins::new([API]).unwrap())
}

pub(crate) fn spawn<R: Clone>(layer: BearerAuthLayer<R>) -> (Mock<R>, Inner) {
    let (service, handle) = mock::spawn_layer(layer);
    (service, Box::pin(handle))
}

pub(crate) fn request(uri: &str) -> Request<String> {
    Request::post(uri).body("the body".into()).unwrap()
}

pub(crate) fn unauthorized(challenge: &str) -> Response<String> {
    Response::builder()
        .status(StatusCode::UNAUTHORIZED)
        .header(header::WWW_AUTHENTICATE, challenge)
        .body("why".into())
        .unwrap()
}

pub(crate) fn token(request: &Request<String>) -> &str {
    request.headers()[header::AUTHORIZATION].to_str().unwrap()
}

/// Sends one request through, answering each that reaches the inner service with the next of `answers`. Gives what
/// came back and the tokens that were seen.
pub(crate) async fn exchange<R>(
    (service, inner): &mut (Mock<R>, Inner),
    answers: Vec<Response<String>>,
) -> (Response<String>, Vec<String>)
where
    R: tower_maskinporten::Replay<String> + Clone,
{
    inner.as_mut().get_mut().allow(answers.len() as u64);
    assert_ready_ok!(service.poll_ready());
    let response = service.call(request(API));
    let serve = async {
        let mut seen = Vec::new();
        for answer in answers {
            let (request, send) = inner.as_mut().next_request().await.unwrap();
            assert_eq!(request.body(), "the body");
            seen.push(token(&request).to_owned());
            send.send_response(answer);
        }
        seen
    };
    let both = async { tokio::join!(response, serve) };
    let bound = tokio::time::timeout(secs(3600), both);
    let (response, seen) = bound.await.expect("as many requests as answers");
    (response.unwrap(), seen)
}

/// An API that says 401 to tokens that are not `accepted`.
pub(crate) fn api(
    accepted: impl Fn(&str) -> bool + Clone + Send + 'static,
) -> impl Service<Request<String>, Response = Response<String>, Error = BoxError, Future: Send> + Clone
{
    tower::service_fn(move |request: Request<String>| {
        let accepted = accepted(token(&request));
        async move {
            Ok(if accepted {
                Response::new(String::new())
            } else {
                unauthorized(INVALID_TOKEN)
            })
        }
    })
}

pub(crate) async fn all<F: Future + Send + 'static>(
    futures: impl Iterator<Item = F>,
) -> Vec<F::Output>
where
    F::Output: Send,
{
    let mut set = tokio::task::JoinSet::new();
    for future in futures {
        set.spawn(future);
    }
    set.join_all().await
}
