//! Other people's code, which panics where it is told to.

use std::{
    cell::Cell,
    panic::resume_unwind,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
    thread,
    time::Duration,
};

use bytes::Bytes;
use http::{Request, Response, header};
use http_body_util::Full;
use maskinporten::{
    AccessToken, Algorithm, BoxError, BoxFuture, Environment, Error, Grant, KeyRing, Maskinporten,
    Retry, Signer, TokenSource,
};
use tokio::time::sleep;
use tower::service_fn;
use tracing::{
    Dispatch, Event, Id, Metadata, Subscriber, span,
    subscriber::{DefaultGuard, Interest, NoSubscriber},
};

/// Where other people's code is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Place {
    Fetch,
    FetchPoll,
    FetchDrop,
    Keys,
    Kid,
    Sign,
    SignPoll,
    Http,
    HttpPoll,
    Enabled,
    NewSpan,
    Enter,
    Exit,
    CloseSpan,
    Event,
    CopyBody,
    Api,
    ApiPoll,
    Wake,
}

pub(crate) const PLACES: [Place; 19] = [
    Place::Fetch,
    Place::FetchPoll,
    Place::FetchDrop,
    Place::Keys,
    Place::Kid,
    Place::Sign,
    Place::SignPoll,
    Place::Http,
    Place::HttpPoll,
    Place::Enabled,
    Place::NewSpan,
    Place::Enter,
    Place::Exit,
    Place::CloseSpan,
    Place::Event,
    Place::CopyBody,
    Place::Api,
    Place::ApiPoll,
    Place::Wake,
];

thread_local! {
    /// Where the next panic is, and how many calls there pass first.
    pub(crate) static TRAP: Cell<Option<(Place, usize)>> = const { Cell::new(None) };
}

/// Panics if this is where. Unwinds without the hook, which would print a page each time.
pub(crate) fn trap(place: Place) {
    match TRAP.get() {
        // A second panic while one unwinds would end the process, whatever was written below.
        Some((at, 0)) if at == place && !thread::panicking() => {
            TRAP.set(None);
            resume_unwind(Box::new("a bug of somebody else's"));
        }
        Some((at, calls @ 1..)) if at == place => TRAP.set(Some((at, calls - 1))),
        _ => {}
    }
}

/// A future that may panic when it is polled or dropped.
pub(crate) struct Trapped<F>(
    pub(crate) Pin<Box<F>>,
    pub(crate) Place,
    pub(crate) Option<Place>,
);

impl<F: Future> Future for Trapped<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        trap(self.1);
        self.0.as_mut().poll(cx)
    }
}

impl<F> Drop for Trapped<F> {
    fn drop(&mut self) {
        if let Some(place) = self.2 {
            trap(place);
        }
    }
}

struct Signing;

impl Signer for Signing {
    fn algorithm(&self) -> Algorithm {
        Algorithm::Rs256
    }

    fn kid(&self) -> Option<&str> {
        trap(Place::Kid);
        Some("k")
    }

    fn sign<'a>(&'a self, _: &'a [u8]) -> BoxFuture<'a, Result<Vec<u8>, BoxError>> {
        trap(Place::Sign);
        let signature = async { Ok(Vec::new()) };
        Box::pin(Trapped(Box::pin(signature), Place::SignPoll, None))
    }
}

/// A source around a source, of somebody else's.
struct Around<S>(S);

impl<S: TokenSource> TokenSource for Around<S> {
    fn fetch<'a>(&'a self, grant: &'a Grant) -> BoxFuture<'a, Result<AccessToken, Error>> {
        trap(Place::Fetch);
        let token = Box::pin(async {
            sleep(Duration::from_millis(10)).await;
            self.0.fetch(grant).await
        });
        Box::pin(Trapped(token, Place::FetchPoll, Some(Place::FetchDrop)))
    }

    fn keys(&self) -> Option<&KeyRing> {
        trap(Place::Keys);
        self.0.keys()
    }
}

/// Maskinporten, over a client of somebody else's; each token is another.
pub(crate) fn source() -> impl TokenSource {
    let count = Arc::new(AtomicUsize::new(0));
    let http = service_fn(move |_: Request<Full<Bytes>>| {
        trap(Place::Http);
        let n = count.fetch_add(1, Ordering::Relaxed);
        let answer = async move {
            let body =
                format!(r#"{{"access_token":"t{n}","token_type":"Bearer","expires_in":119}}"#);
            let answer = Response::builder().header(header::CONTENT_TYPE, "application/json");
            Ok::<_, BoxError>(answer.body(Full::<Bytes>::from(body))?)
        };
        Trapped(Box::pin(answer), Place::HttpPoll, None)
    });
    Around(Retry::new(Maskinporten::new(
        Environment::test(),
        "c",
        Signing,
        http,
    )))
}

/// A subscriber of somebody else's.
pub(crate) struct Listening;

impl Subscriber for Listening {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        trap(Place::Enabled);
        true
    }

    fn register_callsite(&self, _: &'static Metadata<'static>) -> Interest {
        // So that it is asked each time.
        Interest::sometimes()
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> Id {
        trap(Place::NewSpan);
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, _: &Event<'_>) {
        trap(Place::Event);
    }

    fn enter(&self, _: &Id) {
        trap(Place::Enter);
    }

    fn exit(&self, _: &Id) {
        trap(Place::Exit);
    }

    fn try_close(&self, _: Id) -> bool {
        trap(Place::CloseSpan);
        true
    }
}

/// Has `subscriber` hear of what happens in this thread, until both are dropped.
///
/// While there is only one in the process, `tracing` asks the subscriber of whichever thread comes first whether it is
/// interested, which may be another test's, and none. So there are two.
pub(crate) fn listen(subscriber: impl Subscriber + Send + Sync) -> (DefaultGuard, Dispatch) {
    let listening = tracing::subscriber::set_default(subscriber);
    (listening, Dispatch::new(NoSubscriber::new()))
}

/// A waker of somebody else's.
struct Alarm(Waker);

impl Wake for Alarm {
    fn wake(self: Arc<Self>) {
        // Whoever is woken is woken all the same, or nobody could say anything of it.
        self.0.wake_by_ref();
        trap(Place::Wake);
    }
}

/// Polls a future with a waker of somebody else's.
pub(crate) async fn alarmed<F: Future + Unpin>(mut future: F) -> F::Output {
    std::future::poll_fn(move |cx| {
        let alarm = Waker::from(Arc::new(Alarm(cx.waker().clone())));
        Pin::new(&mut future).poll(&mut Context::from_waker(&alarm))
    })
    .await
}
