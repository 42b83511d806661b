//! The running stub, and what tests may do with it.

use std::{fmt, io, net::SocketAddr, sync::Arc, time::Duration};

use bytes::Bytes;
use jiff::SignedDuration;
use tokio::{sync::watch, task::JoinHandle};
use uuid::Uuid;

use crate::{
    authority::CertificateAuthority,
    builder::StubBuilder,
    client::Client,
    correspondence::{Recipient, Resource},
    demo::DemoClient,
    fault::Route,
    recorder::Recorded,
    registry::Delegation,
    system_user::SystemUser,
    system_users::Decision,
    world::World,
};

/// Maskinporten, Altinn's token exchange and the Correspondence API, on one loopback address.
///
/// It serves in a task of its own. Dropping it ends that task and closes every connection.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// let stub = maskinporten_stub::Stub::start().await?;
/// assert_eq!(stub.issuer(), format!("{}/", stub.base_url()));
/// assert!(stub.requests().is_empty());
/// stub.stop().await;
/// # Ok(())
/// # }
/// ```
pub struct Stub {
    pub(crate) world: Arc<World>,
    ca_pem: Option<String>,
    stop: watch::Sender<bool>,
    server: JoinHandle<()>,
}

impl Stub {
    /// Starts a stub on a free port of 127.0.0.1. It listens when this returns.
    ///
    /// # Errors
    ///
    /// When no port can be bound, or no keys can be made.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime with I/O and time enabled: it spawns a task.
    pub async fn start() -> io::Result<Self> {
        Self::builder().start().await
    }

    /// A stub yet to start, to choose its address or the lifetimes of its tokens.
    #[must_use]
    pub fn builder() -> StubBuilder {
        StubBuilder::default()
    }

    pub(crate) fn running(
        world: Arc<World>,
        ca_pem: Option<String>,
        stop: watch::Sender<bool>,
        server: JoinHandle<()>,
    ) -> Self {
        Self {
            world,
            ca_pem,
            stop,
            server,
        }
    }

    /// `http://127.0.0.1:<port>`: the base of all services, the Altinn platform included.
    #[must_use]
    pub fn base_url(&self) -> &str {
        &self.world.base_url
    }

    /// The address it listens on.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.world.address
    }

    /// The certificate of the authority that clients must trust, as PEM, if the stub serves https.
    #[must_use]
    pub fn ca_pem(&self) -> Option<&str> {
        self.ca_pem.as_deref()
    }

    /// The issuer, and so the audience of grants: the base URL with a slash at its end.
    #[must_use]
    pub fn issuer(&self) -> String {
        self.world.issuer()
    }

    /// The client that is registered from the start, unless the builder was told otherwise.
    #[must_use]
    pub fn demo_client(&self) -> &DemoClient {
        &self.world.keys.demo
    }

    /// Registers a client, or replaces the one with the same id. Its keys last a year.
    pub fn register(&self, client: Client) {
        let now = self.world.clock.now();
        let propagation = SignedDuration::from_secs(self.world.key_propagation.seconds());
        self.world.registry.add_client(client, now, propagation);
        self.world.events.changed();
    }

    /// Sets how long keys that are registered from now on, here or over the self-service API, are
    /// unknown to the token endpoint; keys that the client had already go on working. Not at all
    /// when not set; up to two minutes at the real one.
    ///
    /// Only new keys are delayed. At the real one every change is: keys that were taken away, and
    /// clients that were changed or deactivated, work as before for a while there, but not here.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use std::time::Duration;
    /// use maskinporten_stub::{Client, Stub};
    ///
    /// let stub = Stub::start().await?;
    /// stub.set_key_propagation(Duration::from_secs(120));
    /// stub.register(Client::generate("new", "991825827")?.scopes("a:one"));
    /// stub.advance_clock(Duration::from_secs(120)); // now its key works
    /// # Ok(())
    /// # }
    /// ```
    pub fn set_key_propagation(&self, delay: Duration) {
        self.world.key_propagation.set(delay);
    }

    /// Trusts an authority: clients without keys may authenticate with certificates that it has
    /// issued to their organisation. From the start the stub trusts none.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use maskinporten_stub::{CertificateAuthority, Client, Stub};
    ///
    /// let stub = Stub::start().await?;
    /// stub.trust(&CertificateAuthority::generate()?);
    /// stub.register(Client::new("certified", "974761076").scopes("a:one"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn trust(&self, authority: &CertificateAuthority) {
        self.world.registry.trust(authority.certificates());
    }

    /// Registers a system user, so that grants with `authorization_details` may name it. It goes
    /// into the register that approved requests go into.
    pub fn register_system_user(&self, user: SystemUser) {
        let now = self.world.clock.now();
        self.world.system_users.register(user, now);
    }

    /// Approves a vendor's request for a system user, as an end user of the customer does in the
    /// portal. The system user that comes of it, which grants may name from now on; nothing when
    /// there is no request with that id, or one that has been decided or has timed out.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let stub = maskinporten_stub::Stub::start().await?;
    /// // The `id` that `POST /authentication/api/v1/systemuser/request/vendor` has answered.
    /// let user = stub.approve_request("b8d4d4d9-680b-4905-90c1-47ac5ff0c0a4");
    /// assert!(user.is_none());
    /// # Ok(())
    /// # }
    /// ```
    #[expect(
        clippy::must_use_candidate,
        reason = "it is called for what it does; the answer is for who wants to look"
    )]
    pub fn approve_request(&self, request_id: &str) -> Option<SystemUser> {
        self.decide(request_id, Decision::Approve).flatten()
    }

    /// Rejects a vendor's request for a system user, as an end user of the customer does in the
    /// portal. Whether there was one to decide.
    #[expect(
        clippy::must_use_candidate,
        reason = "it is called for what it does; the answer is for who wants to look"
    )]
    pub fn reject_request(&self, request_id: &str) -> bool {
        self.decide(request_id, Decision::Reject).is_some()
    }

    fn decide(&self, request_id: &str, decision: Decision) -> Option<Option<SystemUser>> {
        let world = &self.world;
        let now = world.clock.now();
        world.system_users.decide(request_id, decision, now)
    }

    /// Lets `supplier` use `scope` on behalf of `consumer`, both organisation numbers.
    pub fn register_delegation(&self, consumer: &str, supplier: &str, scope: &str) {
        self.world.registry.add_delegation(Delegation {
            consumer: consumer.to_owned(),
            supplier: supplier.to_owned(),
            scope: scope.to_owned(),
        });
    }

    /// Registers a resource of the Correspondence API, owned by that organisation. From the start
    /// there is `ttd-brev`, owned by the demo client's organisation.
    pub fn register_resource(&self, id: &str, owner_org_number: &str) {
        self.add_resource(Resource::new(id, owner_org_number));
    }

    /// Registers a resource that there is more to say of than who owns it, or replaces the one with
    /// the same id.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use maskinporten_stub::{Resource, Stub};
    ///
    /// let stub = Stub::start().await?;
    /// stub.add_resource(Resource::new("skd-taushetsbelagt", "974761076").confidential());
    /// # Ok(())
    /// # }
    /// ```
    pub fn add_resource(&self, resource: Resource) {
        self.world.registry.add_resource(resource);
    }

    /// Registers what is the matter with a recipient of correspondences. Whoever is not registered
    /// is known, reachable, and may read what it gets.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use maskinporten_stub::{Recipient, Stub};
    ///
    /// let stub = Stub::start().await?;
    /// stub.register_recipient(Recipient::reserved("25922947409")); // 422, CORR-01030
    /// stub.register_recipient(Recipient::reachable("25922947409")); // as if nothing had been
    /// # Ok(())
    /// # }
    /// ```
    pub fn register_recipient(&self, recipient: Recipient) {
        self.world.registry.add_recipient(recipient);
    }

    /// Registers a service owner, so that its Altinn tokens carry `urn:altinn:org`. A few are known
    /// from the start, `digdir` among them.
    pub fn register_organisation(&self, org_number: &str, code: &str) {
        let registry = &self.world.registry;
        registry.add_organisation(org_number.to_owned(), code.to_owned());
    }

    /// The bytes uploaded to an attachment, if the upload succeeded, the scan found no malware, and
    /// the attachment was neither purged nor expired since.
    ///
    /// The stub keeps 256 MiB of all uploads together: the oldest go first, and larger ones are not
    /// kept at all.
    #[must_use]
    pub fn attachment_bytes(&self, attachment_id: &str) -> Option<Bytes> {
        let id = Uuid::try_parse(attachment_id).ok()?;
        let now = self.world.clock.now();
        self.world.store.bytes(id, now, &self.world.registry)
    }

    /// Everything asked since the start or the last [`clear_requests`](Self::clear_requests), but
    /// the last 5 000 only.
    #[must_use]
    pub fn requests(&self) -> Vec<Recorded> {
        self.world.recorder.requests()
    }

    /// How many requests came to `/token`, answered or not.
    #[must_use]
    pub fn token_requests(&self) -> usize {
        self.world.recorder.count(Route::Token)
    }

    /// How many requests came to the exchange, answered or not.
    #[must_use]
    pub fn exchanges(&self) -> usize {
        self.world.recorder.count(Route::Exchange)
    }

    /// Forgets the requests recorded so far.
    pub fn clear_requests(&self) {
        self.world.recorder.clear();
    }

    /// Stops listening, and returns when all requests under way have been answered.
    ///
    /// # Cancel safety
    ///
    /// Cancelling it drops the stub, which ends the rest at once.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        self.world.events.end();
        // An error would be the server's panic; there is nothing left to stop then.
        let _ = (&mut self.server).await;
    }
}

/// Shows the address alone, none of what was registered, issued or sent.
impl fmt::Debug for Stub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stub")
            .field("base_url", &self.base_url())
            .finish_non_exhaustive()
    }
}

impl Drop for Stub {
    fn drop(&mut self) {
        self.server.abort();
    }
}
