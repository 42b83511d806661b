//! Settings that change while requests go on.

use std::sync::{Arc, Weak};

use maskinporten::{BoxError, Error, Settings, SettingsWatch, TokenSource};
use tokio::time::sleep;

use crate::{
    Tokens, flight::unless_it_panics, mishap::Mishap, replace::Proven, schedule, tokens::Shared,
};

impl Tokens {
    /// Follows the settings that a [`SettingsWatch`] reads: whenever they are other ones, `connect` makes a source of
    /// them, which takes over as with [`replace`](Self::replace). Until it has given a token, the old one stays in use;
    /// that is tried again after 30 s, and with growing pauses up to 5 min, and at once when the settings or their key
    /// change once more. Neither failures nor panics end it.
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
    pub fn follow<F, R, S, E>(&self, mut watch: SettingsWatch, mut connect: F)
    where
        F: FnMut(Settings) -> R + Send + 'static,
        R: Future<Output = Result<S, E>> + Send + 'static,
        S: TokenSource + 'static,
        E: Into<BoxError>,
    {
        let followed = Arc::downgrade(&self.shared);
        let mut connect = move |settings: Settings| {
            let (grant, source) = (settings.grant().clone(), connect(settings));
            async move {
                let source = source.await.map_err(Into::into)?;
                Ok(Proven::new(source, grant).await?)
            }
        };
        let mut untried = None;
        let task = tokio::spawn(async move {
            loop {
                let following = follow(&followed, &mut watch, &mut untried, &mut connect);
                if unless_it_panics(following).await.is_some() {
                    return;
                }
                // It was a subscriber, and may be one that always does.
                sleep(schedule::rejection(1, fastrand::f64())).await;
            }
        });
        self.shared.keep_task(task.abort_handle());
    }
}

/// Takes what `connect` makes of each settings into use. Those that it has not been made of yet are `untried`.
async fn follow<R>(
    followed: &Weak<Shared>,
    watch: &mut SettingsWatch,
    untried: &mut Option<Settings>,
    mut connect: impl FnMut(Settings) -> R,
) where
    R: Future<Output = Result<Proven, BoxError>>,
{
    loop {
        let settings = match &*untried {
            Some(settings) => settings.clone(),
            None => untried.insert(watch.changed().await.clone()).clone(),
        };
        tokio::select! {
            proven = prove(followed, &settings, &mut connect) => {
                let Some(followed) = followed.upgrade() else { return };
                *untried = None;
                followed.take(proven);
            }
            newer = watch.changed() => *untried = Some(newer.clone()),
        }
    }
}

/// Tries until the settings work. A panic in somebody's `connect` is a failure like any other.
async fn prove<R>(
    followed: &Weak<Shared>,
    settings: &Settings,
    mut connect: impl FnMut(Settings) -> R,
) -> Proven
where
    R: Future<Output = Result<Proven, BoxError>>,
{
    let mut failures = 0;
    loop {
        let another_key = settings.keys().changed();
        let attempt = unless_it_panics(async { connect(settings.clone()).await });
        let error = match attempt.await {
            Some(Ok(proven)) => return proven,
            Some(Err(error)) => error,
            None => Mishap::Panicked.into(),
        };
        failures += 1;
        if failures == 1 {
            let client = followed.upgrade().map(|shared| shared.journal.client());
            let error: &dyn std::error::Error = &*error;
            tracing::error!(
                client = client.as_deref(),
                error,
                "the new settings give no token; the old ones stay in use"
            );
        }
        let asked = error.downcast_ref().and_then(Error::retry_after);
        let pause = schedule::rejection(failures, fastrand::f64());
        tokio::select! {
            () = sleep(pause.max(asked.unwrap_or_default())) => {}
            () = another_key => failures = 0,
        }
    }
}
