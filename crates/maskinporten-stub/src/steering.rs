//! What tests do to a stub that runs: its clock, its tokens and keys, faults, scenarios.

use std::{io, time::Duration};

use crate::{
    fault::{Fault, Route},
    stub::Stub,
};

impl Stub {
    /// Sets the lifetime of Maskinporten tokens issued from now on.
    pub fn set_token_lifetime(&self, lifetime: Duration) {
        self.world.token_lifetime.set(lifetime);
    }

    /// Sets the lifetime of Altinn tokens issued from now on.
    pub fn set_altinn_token_lifetime(&self, lifetime: Duration) {
        self.world.altinn_token_lifetime.set(lifetime);
    }

    /// Moves the stub's clock forward.
    pub fn advance_clock(&self, by: Duration) {
        self.world.clock.advance(by);
        self.world.events.changed();
    }

    /// Sets how many seconds the stub's clock is ahead of the wall clock (behind, if negative).
    pub fn set_clock_offset(&self, seconds: i64) {
        self.world.clock.set_offset(seconds);
        self.world.events.changed();
    }

    /// Makes the Correspondence API refuse every token issued until now.
    ///
    /// The exchange still takes them, as it checks signature and time only.
    pub fn revoke_tokens(&self) {
        self.world.issued.revoke_all(self.world.clock.now());
        self.world.events.changed();
    }

    /// Signs with new keys from now on. The old ones stay published, and their tokens good, for an
    /// hour on the stub's clock.
    ///
    /// Maskinporten's new key is one that nobody has seen; Altinn's is the one that was published
    /// as its next.
    ///
    /// # Errors
    ///
    /// When no keys can be made.
    ///
    /// # Cancel safety
    ///
    /// Nothing changes until all is ready, so cancelling it leaves the keys as they were.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let stub = maskinporten_stub::Stub::start().await?;
    /// stub.rotate_keys().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn rotate_keys(&self) -> io::Result<()> {
        self.world.ring.rotate(self.world.clock.now()).await?;
        self.world.events.changed();
        Ok(())
    }

    /// Begins a scenario, written as JSON as the crate's documentation has it, instead of the one
    /// before. Requests count from now.
    ///
    /// # Errors
    ///
    /// When a step is wrong; the error says which, and how.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let stub = maskinporten_stub::Stub::start().await?;
    /// stub.begin_scenario(
    ///     r#"[{"when": {"request": 3, "of": "token"}, "do": {"action": "rotate_keys"}}]"#,
    /// )?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn begin_scenario(&self, json: &str) -> io::Result<()> {
        let begun = self.world.scenario.begin(json.as_bytes(), self.world.seed);
        begun.map_err(|why| io::Error::new(io::ErrorKind::InvalidData, why))?;
        self.world.events.changed();
        Ok(())
    }

    /// Forgets all that happened: faults, the scenario, requests, tokens, used grants, attachments
    /// and correspondences. Clock and lifetimes are again as they were at the start. What is
    /// registered stays, and so do the keys.
    pub fn reset(&self) {
        self.world.reset();
    }

    /// Injects a fault. Several on one route strike one after the other.
    pub fn inject(&self, route: Route, fault: Fault) {
        self.world.faults.inject(route, fault);
        self.world.events.changed();
    }

    /// Takes all faults away.
    pub fn heal(&self) {
        self.world.faults.heal();
        self.world.events.changed();
    }
}
