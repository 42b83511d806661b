//! An API on a loopback address, served by hyper in a thread of its own, that answers at once.

use std::{
    convert::Infallible,
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc,
    },
    thread::{self, JoinHandle},
};

use bytes::Bytes;
use http::{Request, Response, header};
use http_body_util::Full;
use hyper::{
    body::Incoming,
    server::conn::{http1, http2},
    service::service_fn,
};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::{
    net::{TcpListener, TcpStream},
    runtime::Builder,
    sync::oneshot,
};

/// What a connection speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    Http1,
    Http2,
}

/// The API. It stops when it is dropped.
pub struct Loopback {
    address: SocketAddr,
    authorized: Arc<AtomicU64>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Loopback {
    pub fn start(protocol: Protocol) -> Self {
        let authorized = Arc::new(AtomicU64::new(0));
        let (stop, stopped) = oneshot::channel();
        let (tell, told) = mpsc::channel();
        let counter = Arc::clone(&authorized);
        let thread = thread::spawn(move || {
            let mut runtime = Builder::new_current_thread();
            let runtime = runtime.enable_io().build().expect("a runtime");
            runtime.block_on(async move {
                let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
                let listener = listener.expect("a free port");
                tell.send(listener.local_addr().expect("its address"))
                    .expect("somebody who asked");
                tokio::select! {
                    () = serve(listener, protocol, counter) => {}
                    _ = stopped => {}
                }
            });
        });
        Self {
            address: told.recv().expect("an address"),
            authorized,
            stop: Some(stop),
            thread: Some(thread),
        }
    }

    /// Scheme, host and port.
    pub fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// How many requests came with a token.
    pub fn authorized(&self) -> u64 {
        self.authorized.load(Ordering::Relaxed)
    }
}

impl Drop for Loopback {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

async fn serve(listener: TcpListener, protocol: Protocol, authorized: Arc<AtomicU64>) {
    loop {
        let (stream, _) = listener.accept().await.expect("a connection");
        tokio::spawn(converse(stream, protocol, Arc::clone(&authorized)));
    }
}

async fn converse(stream: TcpStream, protocol: Protocol, authorized: Arc<AtomicU64>) {
    let _ = stream.set_nodelay(true);
    let stream = TokioIo::new(stream);
    let answer = service_fn(move |request: Request<Incoming>| {
        if request.headers().contains_key(header::AUTHORIZATION) {
            authorized.fetch_add(1, Ordering::Relaxed);
        }
        let answer = Bytes::from_static(br#"{"status":"published"}"#);
        async { Ok::<_, Infallible>(Response::new(Full::new(answer))) }
    });
    // Whoever goes without saying so is no concern of ours.
    let _ = match protocol {
        Protocol::Http1 => http1::Builder::new().serve_connection(stream, answer).await,
        Protocol::Http2 => {
            let server = http2::Builder::new(TokioExecutor::new());
            server.serve_connection(stream, answer).await
        }
    };
}
