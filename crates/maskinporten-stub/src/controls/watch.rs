//! `GET /_stub/events`: what happens, as server-sent events.
//!
//! `request` comes with a request's JSON when it is read and when it is answered; `changed` when
//! anything else is not as it was, or when so much happened that some of it was left out.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    body::Body,
    extract::State,
    http::header::{CACHE_CONTROL, CONTENT_TYPE},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use hyper::body::{Body as HttpBody, Frame};
use tokio::sync::{
    broadcast::{self, error::RecvError},
    mpsc, watch,
};

use crate::{events::Event, world::World};

/// A comment is sent as often, so that neither side takes the other for dead.
const HEARTBEAT: Duration = Duration::from_secs(15);

pub(super) async fn events(State(world): State<Arc<World>>) -> Response {
    let (happened, over) = world.events.watch();
    let (to, lines) = mpsc::channel(16);
    // Ends with the client, or with the stub.
    tokio::spawn(tell(happened, over, to));
    let headers = [
        (CONTENT_TYPE, "text/event-stream"),
        (CACHE_CONTROL, "no-store"),
    ];
    (headers, Body::new(Lines { lines })).into_response()
}

async fn tell(
    mut happened: broadcast::Receiver<Event>,
    mut over: watch::Receiver<bool>,
    to: mpsc::Sender<Bytes>,
) {
    // The first one tells that nothing is missed from here on.
    let mut text = CHANGED.to_owned();
    while to.send(Bytes::from(text)).await.is_ok() {
        text = tokio::select! {
            _ = over.wait_for(|over| *over) => return,
            () = to.closed() => return,
            () = tokio::time::sleep(HEARTBEAT) => ":\n\n".to_owned(),
            event = happened.recv() => match event {
                Ok(Event::Asked(json)) => format!("event: request\ndata: {json}\n\n"),
                Ok(Event::Changed) | Err(RecvError::Lagged(_)) => CHANGED.to_owned(),
                Err(RecvError::Closed) => return,
            },
        };
    }
}

const CHANGED: &str = "event: changed\ndata: {}\n\n";

struct Lines {
    lines: mpsc::Receiver<Bytes>,
}

impl HttpBody for Lines {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let line = self.lines.poll_recv(context);
        line.map(|line| line.map(|line| Ok(Frame::data(line))))
    }
}
