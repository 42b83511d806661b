//! `maskinporten proxy`: the layer, for programs in any language.

mod client;
mod forward;
mod guard;
mod texas;

use std::{net::SocketAddr, pin::pin, sync::Arc, time::Duration};

use clap::Args;
use http::{Method, Request, Response, StatusCode, Uri, header};
use hyper::{body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{conn::auto, graceful::GracefulShutdown},
};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tokio::net::TcpListener;
use tower_maskinporten::Tokens;

use self::{
    forward::{Body, Forward, text},
    guard::Guard,
};
use crate::{
    configuration::{Configuration, Wanted},
    failure::Failure,
    signals,
};

/// How long requests under way have to end after the program was told to.
const DRAIN: Duration = Duration::from_secs(30);
const UPKEEP: Duration = Duration::from_secs(60);

/// Sends requests on to an API, with a token
///
/// It adds the token to whatever it is sent, so whoever can reach it can act for you: it listens on this machine
/// only, and refuses what browsers send on behalf of web pages.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  maskinporten proxy --listen 127.0.0.1:8080 --to https://platform.tt02.altinn.no
  curl http://127.0.0.1:8080/correspondence/api/v1/…")]
pub(crate) struct Proxy {
    /// Where to listen, on loopback; port 0 is any free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// The API's origin, such as https://platform.tt02.altinn.no. The token goes nowhere else
    #[arg(long, value_name = "URL")]
    to: Uri,
    /// Answers POST /api/v1/token, too, as Texas does
    #[arg(long)]
    token_endpoint: bool,
    /// Lets others on the network act for you
    #[arg(long)]
    dangerously_listen_beyond_loopback: bool,
    #[command(flatten)]
    wanted: Wanted,
    #[command(flatten)]
    configuration: Configuration,
}

/// What every request needs.
struct Gate {
    guard: Guard,
    forward: Forward,
    tokens: Tokens,
    metrics: PrometheusHandle,
    with_token_endpoint: bool,
    exchanges: bool,
}

impl Proxy {
    pub(crate) async fn run(self) -> Result<(), Failure> {
        if !self.listen.ip().is_loopback() && !self.dangerously_listen_beyond_loopback {
            return Err(Failure::new(
                "It listens on loopback only: whoever can reach it can act for you.",
            ));
        }
        let watch = self.configuration.builder(&self.wanted, false)?.watch()?;
        let settings = watch.settings();
        let exchanges = settings.exchanges();
        let tokens = Tokens::new(settings.connect().await?, settings.grant().clone());
        // A key or a secret that is replaced is taken while requests go on.
        tokens.follow(watch, async |settings| settings.connect().await);
        let recorder = PrometheusBuilder::new().build_recorder();
        let metrics = recorder.handle();
        metrics::set_global_recorder(recorder)?;
        let upkeep = metrics.clone();
        tokio::spawn(async move {
            // What was measured is kept one by one until somebody asks, or this.
            let mut interval = tokio::time::interval(UPKEEP);
            loop {
                interval.tick().await;
                upkeep.run_upkeep();
            }
        });
        let listener = TcpListener::bind(self.listen).await;
        let listener =
            listener.map_err(|error| Failure::new(format!("{}: {error}", self.listen)))?;
        let address = listener.local_addr()?;
        let gate = Arc::new(Gate {
            guard: Guard::new(address),
            forward: Forward::new(tokens.clone(), &self.to)?,
            tokens,
            metrics,
            with_token_endpoint: self.token_endpoint,
            exchanges,
        });
        println!("listening on http://{address}");
        serve(listener, gate).await
    }
}

async fn serve(listener: TcpListener, gate: Arc<Gate>) -> Result<(), Failure> {
    let graceful = GracefulShutdown::new();
    let mut server = auto::Builder::new(TokioExecutor::new());
    server
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(Duration::from_secs(30));
    let mut end = pin!(signals::told_to_end());
    loop {
        let stream = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                // Too many files are open, perhaps: those that end will close theirs.
                Err(_) => {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                }
            },
            () = &mut end => break,
        };
        let _ = stream.set_nodelay(true);
        let gate = Arc::clone(&gate);
        let service = service_fn(move |request| {
            let gate = Arc::clone(&gate);
            async move { Ok::<_, std::convert::Infallible>(gate.answer(request).await) }
        });
        let connection = server.serve_connection(TokioIo::new(stream), service);
        let connection = graceful.watch(connection.into_owned());
        tokio::spawn(async move {
            // Whoever is at the other end has gone, or speaks no HTTP.
            let _ = connection.await;
        });
    }
    drop(listener);
    let _ = tokio::time::timeout(DRAIN, graceful.shutdown()).await;
    Ok(())
}

impl Gate {
    async fn answer(&self, request: Request<Incoming>) -> Response<Body> {
        if let Err(why) = self.guard.check(&request) {
            return text(StatusCode::FORBIDDEN, why);
        }
        match (request.method(), request.uri().path()) {
            (&Method::GET, "/healthz") => {
                let status = if self.tokens.ready().await.is_ok() {
                    StatusCode::OK
                } else {
                    StatusCode::SERVICE_UNAVAILABLE
                };
                text(status, status.canonical_reason().unwrap_or_default())
            }
            (&Method::GET, "/metrics") => {
                let mut answer = text(StatusCode::OK, &self.metrics.render());
                let kind = header::HeaderValue::from_static("text/plain; version=0.0.4");
                answer.headers_mut().insert(header::CONTENT_TYPE, kind);
                answer
            }
            (&Method::POST, "/api/v1/token") if self.with_token_endpoint => {
                texas::token(&self.tokens, self.exchanges, request).await
            }
            // That asks for a connection of its own, past all that is looked at here.
            (&Method::CONNECT, _) => {
                text(StatusCode::METHOD_NOT_ALLOWED, "It is no forward proxy.")
            }
            _ => self.forward.send(request).await,
        }
    }
}
