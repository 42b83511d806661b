//! However many requests begin at once, the endpoint is asked once; and those who give up do not stop the rest.

#![expect(clippy::unwrap_used, reason = "what cannot be had in a test ends it")]

use std::{convert::Infallible, time::Duration};

use bytes::Bytes;
use http::{Request, Response, header};
use http_body_util::Full;
use maskinporten_stub::{Fault, Route, Stub};
use tests::{altinn, grant, layer};
use tokio::task::JoinSet;
use tower::{Layer, ServiceExt};
use tower_maskinporten::Tokens;

/// An API that answers at once, if it is called with a token.
async fn api(request: Request<Full<Bytes>>) -> Result<Response<()>, Infallible> {
    assert!(request.headers()[header::AUTHORIZATION].is_sensitive());
    Ok(Response::new(()))
}

fn request(stub: &Stub) -> Request<Full<Bytes>> {
    Request::get(stub.base_url()).body(Full::default()).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a1_ten_thousand_requests_on_a_cold_layer_make_one_call_each() {
    let stub = Stub::start().await.unwrap();
    let tokens = Tokens::new(altinn(&stub), grant());
    let client = layer(&stub, &tokens).layer(tower::service_fn(api));
    let mut requests = JoinSet::new();
    for _ in 0..10_000 {
        requests.spawn(client.clone().oneshot(request(&stub)));
    }
    while let Some(answer) = requests.join_next().await {
        answer.unwrap().unwrap();
    }
    assert_eq!((stub.token_requests(), stub.exchanges()), (1, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a2_callers_that_give_up_do_not_stop_the_rest() {
    let stub = Stub::start().await.unwrap();
    stub.inject(Route::Token, Fault::delay(Duration::from_millis(150)));
    let tokens = Tokens::new(altinn(&stub), grant());
    let client = layer(&stub, &tokens).layer(tower::service_fn(api));
    let mut impatient = JoinSet::new();
    for _ in 0..1_000 {
        let call = client.clone().oneshot(request(&stub));
        impatient.spawn(tokio::time::timeout(Duration::from_millis(50), call));
    }
    let patient = tokio::spawn(client.clone().oneshot(request(&stub)));
    while let Some(answer) = impatient.join_next().await {
        answer.unwrap().unwrap_err();
    }
    patient.await.unwrap().unwrap();
    client.oneshot(request(&stub)).await.unwrap();
    assert_eq!((stub.token_requests(), stub.exchanges()), (1, 1));
}
