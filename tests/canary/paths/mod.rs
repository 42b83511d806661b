//! The paths, and what most of them need.

mod answers;
mod changes;
mod echoes;
mod files;
mod keys;
mod settings;
mod strange;
mod tokens;
mod types;

use std::{future::Future, pin::Pin};

use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use maskinporten::{
    AltinnExchange, AltinnPlatform, ClientKey, Grant, HttpClient, KeyRing, Maskinporten, Retry,
    TokenSource,
};
use maskinporten_stub::{Client, Stub};
use serde_json::Value;
use tests::wiretap::Wiretap;
use tokio::task::JoinHandle;
use tower::ServiceExt;
use tower_maskinporten::Tokens;

use crate::{
    capture::{Channel, print, print_error, tell},
    search::{PIECE, secrets},
};

/// Something that programs do, or that happens to them.
pub(crate) struct Path {
    pub(crate) name: &'static str,
    pub(crate) run: fn() -> Pin<Box<dyn Future<Output = ()>>>,
}

fn path(name: &'static str, run: fn() -> Pin<Box<dyn Future<Output = ()>>>) -> Path {
    Path { name, run }
}

pub(crate) fn all() -> Vec<Path> {
    let all = [
        tokens::paths(),
        answers::paths(),
        echoes::paths(),
        keys::paths(),
        files::paths(),
        settings::paths(),
        changes::paths(),
        strange::paths(),
        types::paths(),
    ];
    all.into_iter().flatten().collect()
}

pub(crate) const PERSON: &str = "25922947409";
pub(crate) const CONSENT: &str = "f70542a8-d97a-40a8-9ef7-221603ffd5e6";

/// A stub, a client that is listened to, and whoever watches the stub.
pub(crate) struct Scene {
    pub(crate) stub: Stub,
    pub(crate) http: Wiretap,
    events: JoinHandle<String>,
}

impl Scene {
    pub(crate) async fn begin() -> Self {
        let stub = Stub::start().await.unwrap();
        note_key(stub.demo_client().private_jwk());
        let events = tokio::spawn(read(format!("{}/_stub/events", stub.base_url())));
        Self {
            stub,
            http: Wiretap::new(),
            events,
        }
    }

    /// A new client of the stub's, whose key is secret.
    pub(crate) fn client(&self, id: &str, scopes: &str) -> Client {
        let client = Client::generate(id, "310702641").unwrap().scopes(scopes);
        note_key(client.private_jwk().unwrap());
        self.stub.register(client.clone());
        client
    }

    /// The source of Maskinporten tokens of the client with these keys.
    pub(crate) fn source(
        &self,
        id: &str,
        keys: impl Into<KeyRing>,
    ) -> Retry<Maskinporten<Wiretap>> {
        let environment = tests::environment(&self.stub);
        Retry::new(Maskinporten::new(environment, id, keys, self.http.clone()))
    }

    /// That of the demo client.
    pub(crate) fn maskinporten(&self) -> Retry<Maskinporten<Wiretap>> {
        let demo = self.stub.demo_client();
        let key = ClientKey::from_jwk(demo.private_jwk()).unwrap();
        self.source(demo.client_id(), key)
    }

    /// The demo client's source of Altinn tokens.
    pub(crate) fn altinn(&self) -> AltinnExchange<Retry<Maskinporten<Wiretap>>, Wiretap> {
        let platform = AltinnPlatform::custom(self.stub.base_url()).unwrap();
        AltinnExchange::new(self.maskinporten(), &platform, self.http.clone())
    }

    /// The demo client's Altinn tokens.
    pub(crate) fn tokens(&self) -> Tokens {
        Tokens::new(self.altinn(), tests::grant())
    }

    /// A request to the API.
    pub(crate) fn request(&self) -> Request<Full<bytes::Bytes>> {
        let id = "0198c9f0-1111-7000-8000-000000000001";
        let base = self.stub.base_url();
        let url = format!("{base}/correspondence/api/v1/attachment/{id}");
        Request::get(url).body(Full::default()).unwrap()
    }

    /// Asks for a token, which is refused or cannot be had, and prints why.
    pub(crate) async fn refused(&self, source: impl TokenSource, grant: &Grant) {
        print_error(&source.fetch(grant).await.unwrap_err());
    }

    /// Notes what was secret, and reads everything that the stub shows.
    pub(crate) async fn end(self) {
        for heard in self.http.heard() {
            for (name, secret) in heard.secrets() {
                // What a fault has put in the place of a token is none.
                if secret.len() > PIECE {
                    secrets().text(name, &secret);
                }
            }
        }
        for page in ["", "state", "requests", "faults"] {
            let url = format!("{}/_stub/{page}", self.stub.base_url());
            tell(Channel::Stub, page, read(url).await);
        }
        for request in self.stub.requests() {
            tell(
                Channel::Stub,
                "a request",
                format!("{request:?}\n{request:#?}"),
            );
        }
        print(&self.stub);
        // Whoever watches is told until then.
        self.stub.stop().await;
        tell(Channel::Stub, "events", self.events.await.unwrap());
    }
}

async fn read(url: String) -> String {
    let request = Request::get(url).body(Full::default()).unwrap();
    let http = HttpClient::new().unwrap();
    let Ok(response) = http.oneshot(request).await else {
        return String::new();
    };
    let mut body = Response::into_body(response);
    let mut read = Vec::new();
    while let Some(Ok(frame)) = body.frame().await {
        read.extend_from_slice(frame.data_ref().map_or(&[], |data| data));
    }
    String::from_utf8_lossy(&read).into_owned()
}

/// Notes a private key.
pub(crate) fn note_key(jwk: &str) -> Value {
    let jwk = serde_json::from_str(jwk).unwrap();
    secrets().key(&jwk);
    jwk
}

/// Waits until it is so.
pub(crate) async fn until(mut is_so: impl FnMut() -> bool) {
    while !is_so() {
        tokio::task::yield_now().await;
    }
}
