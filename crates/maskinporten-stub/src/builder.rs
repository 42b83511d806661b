//! A stub yet to start.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use jiff::SignedDuration;
use tokio::{net::TcpListener, sync::watch};

use crate::{
    clock::Clock,
    correspondence::{Resource, Store},
    fault::Faults,
    issued::Issued,
    keys::Keys,
    lifetime::Lifetime,
    maskinporten::Replays,
    recorder::Recorder,
    registry::Registry,
    server,
    stub::Stub,
    system_users::SystemUsers,
    world::World,
};

/// A resource that every stub has registered from the start.
const DEMO_RESOURCE: &str = "ttd-brev";

/// What can be chosen before a stub starts; get one from [`Stub::builder`].
#[derive(Clone, Debug)]
pub struct StubBuilder {
    address: SocketAddr,
    token_lifetime: Duration,
    altinn_token_lifetime: Duration,
    scan_time: Duration,
}

impl Default for StubBuilder {
    /// A free port of 127.0.0.1, and the lifetimes of the real services.
    fn default() -> Self {
        Self {
            address: (Ipv4Addr::LOCALHOST, 0).into(),
            token_lifetime: Duration::from_secs(120),
            altinn_token_lifetime: Duration::from_secs(1800),
            scan_time: Duration::ZERO,
        }
    }
}

impl StubBuilder {
    /// Listens on this address, which must be a loopback address.
    #[must_use]
    pub fn listen(mut self, address: SocketAddr) -> Self {
        self.address = address;
        self
    }

    /// The lifetime of Maskinporten tokens; 120 s when not set.
    #[must_use]
    pub fn token_lifetime(mut self, lifetime: Duration) -> Self {
        self.token_lifetime = lifetime;
        self
    }

    /// The lifetime of Altinn tokens; 1800 s when not set.
    #[must_use]
    pub fn altinn_token_lifetime(mut self, lifetime: Duration) -> Self {
        self.altinn_token_lifetime = lifetime;
        self
    }

    /// How long attachments are scanned after their upload, on the stub's clock; not at all when
    /// not set: then they are published when somebody next looks.
    #[must_use]
    pub fn scan_time(mut self, scan_time: Duration) -> Self {
        self.scan_time = scan_time;
        self
    }

    /// Starts the stub. It listens when this returns.
    ///
    /// # Errors
    ///
    /// When the address is not a loopback address or cannot be bound, or no keys can be made.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime with I/O and time enabled: it spawns a task.
    pub async fn start(self) -> io::Result<Stub> {
        if !self.address.ip().is_loopback() {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "the stub issues tokens to anybody, so it listens on loopback addresses only",
            ));
        }
        let keys = Keys::of_this_process().await?;
        let listener = TcpListener::bind(self.address).await?;
        let clock = Clock::default();
        let registry = Registry::default();
        let at_once = SignedDuration::ZERO;
        registry.add_client(keys.demo.client.clone(), clock.now(), at_once);
        registry.add_resource(Resource::new(DEMO_RESOURCE, keys.demo.org_number()));
        let world = Arc::new(World {
            base_url: format!("http://{}", listener.local_addr()?),
            keys,
            clock,
            token_lifetime: Lifetime::new(self.token_lifetime),
            altinn_token_lifetime: Lifetime::new(self.altinn_token_lifetime),
            key_propagation: Lifetime::new(Duration::ZERO),
            registry,
            replays: Replays::default(),
            issued: Issued::default(),
            faults: Faults::default(),
            recorder: Recorder::default(),
            store: Store::new(self.scan_time),
            system_users: SystemUsers::default(),
        });
        let (stop, stopped) = watch::channel(false);
        let router = server::router(world.clone());
        let server = tokio::spawn(server::serve(listener, router, stopped));
        Ok(Stub::running(world, stop, server))
    }
}
