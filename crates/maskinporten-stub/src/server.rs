//! The accept loop: one listener, and a task for each connection.

use std::{convert::Infallible, io, sync::Arc, time::Duration};

use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    http::{HeaderValue, header::DATE},
    middleware::{self, Next},
    response::Response,
};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinSet,
};
use tower_service::Service;

use crate::{
    altinn, clock, controls, correspondence, fault, fault::Reset, maskinporten, recorder,
    world::World,
};

/// How long to wait after a failed `accept`, which fails again at once when files run out.
const ACCEPT_PAUSE: Duration = Duration::from_millis(10);

/// All services, with what every answer has in common around them.
pub(crate) fn router(world: Arc<World>) -> Router {
    Router::new()
        .merge(maskinporten::routes())
        .merge(altinn::routes())
        .merge(correspondence::routes())
        .merge(controls::routes())
        .layer(middleware::from_fn_with_state(world.clone(), fault::strike))
        .layer(middleware::from_fn_with_state(
            world.clone(),
            recorder::record,
        ))
        .layer(middleware::from_fn_with_state(
            world.clone(),
            controls::check_host,
        ))
        .layer(middleware::from_fn_with_state(world.clone(), date))
        .with_state(world)
}

/// Dates answers by the stub's clock; clients may learn their skew from it.
async fn date(State(world): State<Arc<World>>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    if let Ok(date) = HeaderValue::try_from(clock::http_date(world.clock.now())) {
        response.headers_mut().insert(DATE, date);
    }
    response
}

/// Serves until `stop` changes, then lets open requests finish.
///
/// Dropping the future ends everything at once: the connections are tasks of its own.
pub(crate) async fn serve(listener: TcpListener, router: Router, mut stop: watch::Receiver<bool>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            _ = stop.changed() => break,
            Some(_ended) = connections.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, _peer)) => {
                    connections.spawn(connection(stream, router.clone(), stop.clone()));
                }
                Err(_error) => tokio::time::sleep(ACCEPT_PAUSE).await,
            },
        }
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
}

async fn connection(stream: TcpStream, router: Router, mut stop: watch::Receiver<bool>) {
    // Only a matter of speed; nothing to do if it fails.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request| answer(router.clone(), request));
    let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    let mut connection = std::pin::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        _ = stop.changed() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    // A client that went away, or an injected reset: both are the test's business.
    drop(ended);
}

async fn answer(mut router: Router, request: hyper::Request<Incoming>) -> io::Result<Response> {
    let answered: Result<Response, Infallible> = router.call(request.map(Body::new)).await;
    match answered {
        Ok(response) if response.extensions().get::<Reset>().is_some() => {
            Err(io::ErrorKind::ConnectionReset.into())
        }
        Ok(response) => Ok(response),
        Err(never) => match never {},
    }
}
