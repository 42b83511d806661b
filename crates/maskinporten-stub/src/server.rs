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
#[cfg(feature = "https")]
use tokio::net::TcpStream;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpListener,
    sync::watch,
    task::JoinSet,
};
#[cfg(feature = "https")]
use tokio_rustls::TlsAcceptor;
use tower_service::Service;

use crate::{
    altinn, clock, controls, correspondence, fault, fault::Reset, maskinporten, recorder,
    self_service, system_users, world::World,
};

/// How long to wait after a failed `accept`, which fails again at once when files run out.
const ACCEPT_PAUSE: Duration = Duration::from_millis(10);

/// All services, with what every answer has in common around them.
pub(crate) fn router(world: Arc<World>) -> Router {
    Router::new()
        .merge(maskinporten::routes())
        .merge(altinn::routes())
        .merge(correspondence::routes())
        .merge(system_users::routes())
        .merge(self_service::routes())
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

/// Where connections come from, and how they are secured.
pub(crate) struct Door {
    pub(crate) listener: TcpListener,
    #[cfg(feature = "https")]
    pub(crate) tls: Option<TlsAcceptor>,
}

/// Serves until `stop` changes, then lets open requests finish.
///
/// Dropping the future ends everything at once: the connections are tasks of its own.
pub(crate) async fn serve(door: Door, router: Router, mut stop: watch::Receiver<bool>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            _ = stop.changed() => break,
            Some(_ended) = connections.join_next() => {}
            accepted = door.listener.accept() => match accepted {
                Ok((stream, _peer)) => {
                    // Only a matter of speed; nothing to do if it fails.
                    let _ = stream.set_nodelay(true);
                    #[cfg(feature = "https")]
                    if let Some(tls) = door.tls.clone() {
                        connections.spawn(secured(tls, stream, router.clone(), stop.clone()));
                        continue;
                    }
                    connections.spawn(connection(stream, router.clone(), stop.clone()));
                }
                Err(_error) => tokio::time::sleep(ACCEPT_PAUSE).await,
            },
        }
    }
    drop(door);
    while connections.join_next().await.is_some() {}
}

#[cfg(feature = "https")]
async fn secured(
    tls: TlsAcceptor,
    stream: TcpStream,
    router: Router,
    mut stop: watch::Receiver<bool>,
) {
    let secured = tokio::select! {
        secured = tls.accept(stream) => secured,
        _ = stop.changed() => return,
    };
    // Who does not trust the certificate goes away; that is the client's to tell.
    if let Ok(stream) = secured {
        connection(stream, router, stop).await;
    }
}

async fn connection(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    router: Router,
    mut stop: watch::Receiver<bool>,
) {
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
