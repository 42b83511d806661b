//! Settings that change while requests go on.

use std::sync::{Arc, Weak};

use maskinporten::{BoxError, Settings, SettingsWatch, TokenSource};
use tokio::time::sleep;

use crate::{
    Tokens, schedule,
    tokens::{Proven, Shared},
};

impl Tokens {
    /// Follows the settings that a [`SettingsWatch`] reads: whenever they are other ones, `connect` makes a source of
    /// them, which takes over as with [`replace`](Self::replace). Until it has given a token, the old one stays in use;
    /// that is tried again after 30 s, and with growing pauses up to 5 min, until it works or the settings change once
    /// more.
    ///
    /// It is done by a task on the present runtime, which ends with the last clone.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime.
    ///
    /// ```no_run
    /// use maskinporten::{BoxError, Settings};
    /// use tower_maskinporten::Tokens;
    ///
    /// # async fn run() -> Result<(), BoxError> {
    /// let watch = Settings::builder().directory("/var/run/secrets/nais.io/maskinporten").watch()?;
    /// let settings = watch.settings();
    /// let tokens = Tokens::new(settings.connect().await?, settings.grant().clone());
    /// tokens.follow(watch, async |settings| settings.connect().await);
    /// # Ok(())
    /// # }
    /// ```
    pub fn follow<F, R, S, E>(&self, watch: SettingsWatch, mut connect: F)
    where
        F: FnMut(Settings) -> R + Send + 'static,
        R: Future<Output = Result<S, E>> + Send + 'static,
        S: TokenSource + 'static,
        E: Into<BoxError>,
    {
        let followed = Arc::downgrade(&self.shared);
        let connect = move |settings: Settings| {
            let (grant, source) = (settings.grant().clone(), connect(settings));
            async move {
                let source = source.await.map_err(Into::into)?;
                Ok(Proven::new(source, grant).await?)
            }
        };
        let task = tokio::spawn(follow(followed, watch, connect));
        self.shared.keep_task(task.abort_handle());
    }
}

/// Takes what `connect` makes of each settings into use.
async fn follow<R>(
    followed: Weak<Shared>,
    mut watch: SettingsWatch,
    mut connect: impl FnMut(Settings) -> R,
) where
    R: Future<Output = Result<Proven, BoxError>>,
{
    let mut settings = watch.changed().await.clone();
    loop {
        tokio::select! {
            proven = prove(&settings, &mut connect) => {
                let Some(followed) = followed.upgrade() else { return };
                followed.take(proven);
                drop(followed);
                settings = watch.changed().await.clone();
            }
            newer = watch.changed() => settings = newer.clone(),
        }
    }
}

/// Tries until the settings work.
async fn prove<R>(settings: &Settings, mut connect: impl FnMut(Settings) -> R) -> Proven
where
    R: Future<Output = Result<Proven, BoxError>>,
{
    let mut failures = 0;
    loop {
        match connect(settings.clone()).await {
            Ok(proven) => return proven,
            Err(error) => {
                failures += 1;
                if failures == 1 {
                    let error: &dyn std::error::Error = &*error;
                    tracing::error!(
                        error,
                        "the new settings give no token; the old ones stay in use"
                    );
                }
                sleep(schedule::rejection(failures, fastrand::f64())).await;
            }
        }
    }
}
