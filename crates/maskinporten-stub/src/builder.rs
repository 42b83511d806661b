//! A stub yet to start.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use jiff::SignedDuration;
use tokio::{net::TcpListener, sync::watch};

#[cfg(feature = "https")]
use crate::https::Https;
use crate::{
    clock::Clock,
    controls::Hosts,
    correspondence::{Resource, Store},
    events::Events,
    fault::Faults,
    issued::Issued,
    key_file,
    keys::Keys,
    lifetime::Lifetime,
    maskinporten::Replays,
    public_url::PublicUrl,
    recorder::Recorder,
    registry::Registry,
    ring::KeyRing,
    scenario::Scenario,
    server::{self, Door},
    stub::Stub,
    system_users::SystemUsers,
    world::{Beginning, World},
};

/// A resource that every stub has registered from the start.
const DEMO_RESOURCE: &str = "ttd-brev";

/// What can be chosen before a stub starts; get one from [`Stub::builder`].
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// use std::time::Duration;
/// use maskinporten_stub::Stub;
///
/// let stub = Stub::builder()
///     .token_lifetime(Duration::from_secs(5))
///     .public_url("http://stub.test:8080")
///     .start()
///     .await?;
/// assert_eq!(stub.issuer(), "http://stub.test:8080/");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct StubBuilder {
    address: SocketAddr,
    token_lifetime: Duration,
    altinn_token_lifetime: Duration,
    scan_time: Duration,
    key_propagation: Duration,
    clock_offset: i64,
    seed: u64,
    key_file: Option<PathBuf>,
    public_url: Option<String>,
    beyond_loopback: bool,
    demo_client: bool,
    #[cfg(feature = "https")]
    https: bool,
}

impl Default for StubBuilder {
    /// A free port of 127.0.0.1, and the lifetimes of the real services.
    fn default() -> Self {
        Self {
            address: (Ipv4Addr::LOCALHOST, 0).into(),
            token_lifetime: Duration::from_secs(120),
            altinn_token_lifetime: Duration::from_secs(1800),
            scan_time: Duration::ZERO,
            key_propagation: Duration::ZERO,
            clock_offset: 0,
            seed: 0,
            key_file: None,
            public_url: None,
            beyond_loopback: false,
            demo_client: true,
            #[cfg(feature = "https")]
            https: false,
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

    /// How long keys registered after the start are unknown to the token endpoint; see
    /// [`Stub::set_key_propagation`].
    #[must_use]
    pub fn key_propagation(mut self, delay: Duration) -> Self {
        self.key_propagation = delay;
        self
    }

    /// How many seconds the stub's clock is ahead of the wall clock (behind, if negative).
    #[must_use]
    pub fn clock_offset(mut self, seconds: i64) -> Self {
        self.clock_offset = seconds;
        self
    }

    /// What the chance of faults ordered by HTTP begins with. The same seed strikes the same
    /// requests.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Keeps the stub's signing keys and the demo client's key in this file, which is made when it
    /// is not there. A start with it takes milliseconds, and the demo client's key stays the same.
    ///
    /// The keys are for tests and worth nothing elsewhere; the file is readable by its owner only.
    #[must_use]
    pub fn key_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.key_file = Some(path.into());
        self
    }

    /// The base of all addresses the stub gives out, `http://127.0.0.1:<port>` when not set: for
    /// a stub that is reached by another name or through a proxy. The stub then answers to that
    /// name too.
    #[must_use]
    pub fn public_url(mut self, url: impl Into<String>) -> Self {
        self.public_url = Some(url.into());
        self
    }

    /// Does not register the demo client.
    #[must_use]
    pub fn without_demo_client(mut self) -> Self {
        self.demo_client = false;
        self
    }

    /// Serves https, with a new certificate for loopback names and the public URL's host.
    /// [`Stub::ca_pem`] is what clients must trust.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let stub = maskinporten_stub::Stub::builder().https().start().await?;
    /// assert!(stub.base_url().starts_with("https://127.0.0.1:"));
    /// assert!(stub.ca_pem().is_some());
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(feature = "https")]
    #[must_use]
    pub fn https(mut self) -> Self {
        self.https = true;
        self
    }

    /// Lets the stub listen on addresses that others can reach, and answer to any name.
    ///
    /// It gives tokens to anybody, and shows all that was asked: only for networks where nobody
    /// else is.
    #[must_use]
    pub fn dangerously_listen_beyond_loopback(mut self) -> Self {
        self.beyond_loopback = true;
        self
    }

    /// Starts the stub. It listens when this returns.
    ///
    /// # Errors
    ///
    /// When the address is not a loopback address or cannot be bound, the public URL is not one or
    /// is a real host's, the key file cannot be read or made, or no keys can be made.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime with I/O and time enabled: it spawns a task.
    pub async fn start(self) -> io::Result<Stub> {
        if !self.beyond_loopback && !self.address.ip().is_loopback() {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "the stub issues tokens to anybody, so it listens on loopback addresses only",
            ));
        }
        let public_url = self
            .public_url
            .as_deref()
            .map(PublicUrl::read)
            .transpose()?;
        let listener = TcpListener::bind(self.address).await?;
        let address = listener.local_addr()?;
        #[cfg(feature = "https")]
        let https = {
            let host = public_url.as_ref().map(|url| url.host.as_str());
            let https = self.https.then(|| Https::generate(address, host));
            https.transpose()?
        };
        #[cfg(feature = "https")]
        let (tls, ca_pem) = https.map(|https| (https.acceptor, https.ca_pem)).unzip();
        #[cfg(not(feature = "https"))]
        let ca_pem: Option<String> = None;
        let scheme = if ca_pem.is_some() { "https" } else { "http" };
        let base_url = match &public_url {
            Some(url) => url.base.clone(),
            None => format!("{scheme}://{address}"),
        };
        let hosts = if self.beyond_loopback {
            Hosts::Any
        } else {
            let and = public_url.map(|url| url.host);
            Hosts::Loopback { and }
        };
        let keys = match self.key_file.clone() {
            Some(path) => Arc::new(key_file::load_or_make(path).await?),
            None => Keys::of_this_process().await?,
        };
        let world = Arc::new(self.world(address, base_url, hosts, keys));
        let (stop, stopped) = watch::channel(false);
        let router = server::router(world.clone());
        let door = Door {
            listener,
            #[cfg(feature = "https")]
            tls,
        };
        let server = tokio::spawn(server::serve(door, router, stopped));
        Ok(Stub::running(world, ca_pem, stop, server))
    }

    fn world(self, address: SocketAddr, base_url: String, hosts: Hosts, keys: Arc<Keys>) -> World {
        let clock = Clock::default();
        clock.set_offset(self.clock_offset);
        let registry = Registry::default();
        let at_once = SignedDuration::ZERO;
        if self.demo_client {
            registry.add_client(keys.demo.client.clone(), clock.now(), at_once);
        }
        registry.add_resource(Resource::new(DEMO_RESOURCE, keys.demo.org_number()));
        World {
            address,
            base_url,
            hosts,
            ring: KeyRing::new(&keys),
            keys,
            clock,
            token_lifetime: Lifetime::new(self.token_lifetime),
            altinn_token_lifetime: Lifetime::new(self.altinn_token_lifetime),
            key_propagation: Lifetime::new(self.key_propagation),
            registry,
            replays: Replays::default(),
            issued: Issued::default(),
            faults: Faults::default(),
            scenario: Scenario::default(),
            recorder: Recorder::default(),
            events: Events::default(),
            store: Store::new(self.scan_time),
            system_users: SystemUsers::default(),
            seed: self.seed,
            beginning: Beginning {
                token_lifetime: self.token_lifetime,
                altinn_token_lifetime: self.altinn_token_lifetime,
                key_propagation: self.key_propagation,
                clock_offset: self.clock_offset,
            },
        }
    }
}
