//! Another source, while requests go on.

use std::sync::Arc;

use maskinporten::{AccessToken, Error, Grant, TokenSource};
use tokio::time::timeout;

use crate::{
    Tokens,
    clock::{Anchor, Now},
    mishap::Mishap,
    refresh, schedule,
    tokens::Shared,
};

impl Tokens {
    /// Gets tokens from `source` from now on, by default for `grant`, provided that it gives one: that is tried first,
    /// within 20 s, and kept. Tokens of the source before are not used any more, and those that are on their way are not
    /// waited for. It holds for all clones.
    ///
    /// For a key that is replaced, there is [`KeyRing`](maskinporten::KeyRing), with which tokens stay.
    ///
    /// # Errors
    ///
    /// When `source` gives no token. Everything stays as it was.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime whose time is enabled, and when `source` does.
    ///
    /// # Cancel safety
    ///
    /// May be dropped at any time; everything stays as it was.
    ///
    /// ```
    /// use maskinporten::{BoxError, Settings};
    /// use tower_maskinporten::Tokens;
    ///
    /// async fn reconfigure(tokens: &Tokens, settings: Settings) -> Result<(), BoxError> {
    ///     tokens.replace(settings.connect().await?, settings.grant().clone()).await?;
    ///     Ok(())
    /// }
    /// ```
    pub async fn replace(
        &self,
        source: impl TokenSource + 'static,
        grant: Grant,
    ) -> Result<(), Error> {
        self.shared.take(Proven::new(source, grant).await?);
        Ok(())
    }
}

/// A source that has given a token.
pub(crate) struct Proven {
    source: Arc<dyn TokenSource>,
    grant: Grant,
    token: AccessToken,
    anchor: Anchor,
}

impl Proven {
    pub(crate) async fn new(
        source: impl TokenSource + 'static,
        grant: Grant,
    ) -> Result<Self, Error> {
        let anchor = Now::read().anchor();
        let limit = schedule::fetch_limit(None);
        let token = timeout(limit, source.fetch(&grant))
            .await
            .map_err(|_| Error::transient(Mishap::Late(limit)))??;
        Ok(Self {
            source: Arc::new(source),
            grant,
            token,
            anchor,
        })
    }
}

impl Shared {
    /// Takes another source into use, and its token.
    pub(crate) fn take(self: &Arc<Self>, new: Proven) {
        let pool = self.pool.load().renewed(new.source, new.grant);
        let entry = Arc::clone(&pool.default);
        if let Some(lead) = entry.slot.lead(&Now::read()) {
            entry.slot.publish(lead, &new.token, new.anchor);
        }
        self.begin_line();
        let before = self.pool.swap(Arc::new(pool));
        // Whoever keeps a copy of its token looks again.
        before.default.slot.stir();
        refresh::fly(self, &entry);
        self.agenda.note(&entry);
        self.agenda.stir();
        let client = &*self.journal.client();
        tracing::info!(client, "tokens are from another source now");
    }
}
