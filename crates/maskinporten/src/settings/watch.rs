//! Settings that are read again when their files change.

use std::{fmt, sync::Arc};

use tokio::{
    task::{JoinHandle, spawn_blocking},
    time::{Instant, sleep_until, timeout},
};

use super::{Settings, SettingsBuilder, SettingsError, files::Files};
use crate::key_file::{POLL, READ_LIMIT};

/// Settings that are read again when their files change. Made by [`SettingsBuilder::watch`].
///
/// Watched are JSON files, directories and the file of the key; those that are optional may appear later. What was
/// given as text or as variables stays as it was. So that the two do not contradict each other, do not give as a
/// variable what also is in a file that changes.
///
/// A new private key of the same client goes into [`Settings::keys`], which all sources share that were connected:
/// nobody needs to be told. The key before stays for a while, as [`KeyRing::replace`](crate::KeyRing::replace) says.
/// Everything else makes new settings, which [`changed`](Self::changed) gives.
///
/// ```no_run
/// use maskinporten::{Settings, TokenSource};
///
/// # async fn run() -> Result<(), maskinporten::SettingsError> {
/// let mut watch = Settings::builder().directory("/mnt/maskinporten").watch()?;
/// let mut source = watch.settings().connect().await?;
/// loop {
///     // Fetches with `source` go on in another task, meanwhile.
///     let settings = watch.changed().await;
///     println!("now the client {}", settings.client_id());
///     source = settings.connect().await?;
/// }
/// # }
/// ```
pub struct SettingsWatch {
    settings: Settings,
    builder: Arc<SettingsBuilder>,
    files: Arc<Files>,
    next_look: Instant,
    /// There is one at most, which may hang for ever.
    reading: Option<JoinHandle<Option<Reading>>>,
    is_late: bool,
}

/// The files, which are not as they were, and what was made of them.
type Reading = (Files, Result<Settings, SettingsError>);

impl SettingsBuilder {
    /// Reads all sources as [`build`](Self::build) does, and again whenever their files change. Nothing runs in the
    /// background: files are looked at while somebody waits for [`changed`](SettingsWatch::changed).
    ///
    /// What was given as text or as variables is held in memory for that, private keys included.
    ///
    /// # Errors
    ///
    /// Those of [`build`](Self::build).
    pub fn watch(self) -> Result<SettingsWatch, SettingsError> {
        let mut files = Files::default();
        let settings = self.read(&mut files)?;
        settings.keys.warn_if_open();
        Ok(SettingsWatch {
            settings,
            builder: Arc::new(self),
            files: Arc::new(files),
            next_look: Instant::now() + POLL,
            reading: None,
            is_late: false,
        })
    }
}

impl SettingsWatch {
    /// The settings as they are now.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Waits until there are other settings, and gives them. Meanwhile the files are looked at every 5 s, on a thread
    /// where that may block.
    ///
    /// When the files cannot be read within 2 s, or what they say would be refused by
    /// [`build`](SettingsBuilder::build), an error is logged once, and the settings stay as they are.
    ///
    /// # Cancel safety
    ///
    /// May be dropped at any time, such as in `tokio::select!`: no change is lost, and looks are not put off.
    pub async fn changed(&mut self) -> &Settings {
        loop {
            sleep_until(self.next_look).await;
            let is_other = match self.look().await {
                Some(Ok(settings)) => self.take(settings),
                Some(Err(error)) => {
                    complain(&error);
                    false
                }
                None => false,
            };
            if is_other {
                return &self.settings;
            }
        }
    }

    /// Reads the files if they are not as they were.
    async fn look(&mut self) -> Option<Result<Settings, SettingsError>> {
        let reading = self.reading.get_or_insert_with(|| {
            let (builder, before) = (Arc::clone(&self.builder), Arc::clone(&self.files));
            spawn_blocking(move || {
                if before.are_unchanged() {
                    return None;
                }
                let mut files = Files::default();
                let settings = builder.read(&mut files);
                Some((files, settings))
            })
        });
        let outcome = timeout(READ_LIMIT, reading).await;
        self.next_look = Instant::now() + POLL;
        let was_late = std::mem::replace(&mut self.is_late, outcome.is_err());
        let Ok(outcome) = outcome else {
            if !was_late {
                complain(&SettingsError::new(
                    "reading the files takes too long".to_owned(),
                ));
            }
            return None;
        };
        self.reading = None;
        let (files, settings) = outcome.ok().flatten()?;
        self.files = Arc::new(files);
        Some(settings)
    }

    /// Takes new settings into use. Says whether anything but the key is another.
    fn take(&mut self, mut new: Settings) -> bool {
        let old = &self.settings;
        let is_same_client = new.client_id == old.client_id && new.installation == old.installation;
        if is_same_client {
            new.keys = old.keys.replaced_by(new.keys);
        }
        let is_same = is_same_client
            && new.grant == old.grant
            && new.exchange == old.exchange
            && new.overwrite_authorization_header == old.overwrite_authorization_header;
        self.settings = new;
        !is_same
    }
}

fn complain(error: &SettingsError) {
    let error: &dyn std::error::Error = error;
    tracing::error!(
        error,
        "the settings were not replaced; the old ones stay in use"
    );
}

impl fmt::Debug for SettingsWatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SettingsWatch")
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}
