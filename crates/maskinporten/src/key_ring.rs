//! The keys of one client: the one that signs, and another while that one is new.

use std::{
    fmt,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

use tokio::{
    sync::watch,
    time::{Instant, timeout},
};

use crate::{
    Error, KeyError, KeyOptions, KeyStatus, Refusal, Signer,
    key_file::{self, KeyFile},
    pace::Pace,
};

/// How long a new key is given to be known everywhere: Maskinporten says two minutes.
const WINDOW: Duration = Duration::from_secs(180);
/// How long to wait before a key that is not known is tried again.
const PAUSE: Duration = Duration::from_secs(15);
/// How long the key before is asked with first, when there is one: it costs nobody a token to look again.
const YIELD: Duration = Duration::from_secs(10);

/// The keys of one client, which can be replaced while it runs. Cheap to clone; clones share the keys.
///
/// A key that was just registered is known at once on some of Maskinporten's machines, and up to two minutes later on
/// others. So the key before stays, and signs whenever Maskinporten does not know or does not accept the new one,
/// until that has worked for three minutes. With no other key, one that is not known is given three minutes.
///
/// ```
/// use maskinporten::{ClientKey, Environment, HttpClient, KeyOptions, KeyRing, Maskinporten};
///
/// fn from_a_mounted_secret(http: HttpClient) -> Result<Maskinporten<HttpClient>, maskinporten::KeyError> {
///     let keys = KeyRing::from_file("/run/secrets/client.jwk", KeyOptions::new())?;
///     Ok(Maskinporten::new(Environment::production(), "my-client-id", keys, http))
/// }
///
/// fn when_a_new_key_was_made(keys: &KeyRing, new: ClientKey) {
///     keys.replace(new);
/// }
/// ```
#[derive(Clone)]
pub struct KeyRing(Arc<Shared>);

struct Shared {
    keys: Mutex<Keys>,
    file: Option<KeyFile>,
    changed: watch::Sender<()>,
}

struct Keys {
    /// Counts replacements.
    version: u64,
    current: Arc<dyn Signer>,
    fallback: Option<Arc<dyn Signer>>,
    /// Since when the current key has worked.
    works_since: Option<Instant>,
    refused: Option<Refused>,
    told_refused: Pace,
    warned_of_end: Option<SystemTime>,
}

/// The current key is not known, or not accepted.
#[derive(Clone, Copy)]
struct Refused {
    since: Instant,
    at: Instant,
}

impl KeyRing {
    /// Signs with one key.
    #[must_use]
    pub fn new(signer: impl Signer + 'static) -> Self {
        Self::build(Arc::new(signer), None)
    }

    /// Signs with the key in a file, and with a new one within 10 s after the file, or a link on the way to it, was
    /// replaced. When that fails, or what is there is no key, the last good one stays in use.
    ///
    /// The file is read here, which blocks; later in the background, while tokens are fetched.
    ///
    /// # Errors
    ///
    /// When there is no regular file of at most 64 KiB, or one that others may read although
    /// [that is not wanted](KeyOptions::only_owner_may_read), and those of [`KeyOptions::read`].
    pub fn from_file(path: impl Into<PathBuf>, options: KeyOptions) -> Result<Self, KeyError> {
        let (file, key) = KeyFile::open(path.into(), options)?;
        Ok(Self::build(Arc::new(key), Some(file)))
    }

    fn build(current: Arc<dyn Signer>, file: Option<KeyFile>) -> Self {
        let keys = Keys {
            version: 0,
            current,
            fallback: None,
            works_since: None,
            refused: None,
            told_refused: Pace::new(),
            warned_of_end: None,
        };
        Self(Arc::new(Shared {
            keys: Mutex::new(keys),
            file,
            changed: watch::Sender::default(),
        }))
    }

    /// Signs with another key while Maskinporten does not know the first. Give the new key to [`new`](Self::new), and
    /// the old one here.
    ///
    /// ```
    /// use maskinporten::{ClientKey, KeyRing};
    ///
    /// fn while_rotating(new: ClientKey, old: ClientKey) -> KeyRing {
    ///     KeyRing::new(new).with_fallback(old)
    /// }
    /// ```
    #[must_use]
    pub fn with_fallback(self, signer: impl Signer + 'static) -> Self {
        self.keys().fallback = Some(Arc::new(signer));
        self
    }

    /// Signs with another key from now on. The one before stays until the new one has worked for three minutes; if it
    /// never worked itself, the one before that.
    pub fn replace(&self, signer: impl Signer + 'static) {
        self.replace_with(signer, None);
    }

    /// The same, with another key than the one before the last in place of one that never worked.
    pub(crate) fn replace_with(
        &self,
        signer: impl Signer + 'static,
        fallback: Option<Arc<dyn Signer>>,
    ) {
        let mut keys = self.keys();
        let before = std::mem::replace(&mut keys.current, Arc::new(signer));
        let worked = keys.works_since.take().is_some();
        if !worked && fallback.is_some() {
            keys.fallback = fallback;
        } else if worked || keys.fallback.is_none() {
            keys.fallback = Some(before);
        }
        keys.version += 1;
        keys.refused = None;
        keys.told_refused = Pace::new();
        keys.warned_of_end = None;
        drop(keys);
        self.0.changed.send_replace(());
    }

    /// Waits until there is another key. Meanwhile, the file that the key is from is looked at.
    ///
    /// # Cancel safety
    ///
    /// May be dropped at any time. Changes are told from the call on, whenever it is awaited.
    ///
    /// ```
    /// # async fn f(keys: maskinporten::KeyRing) {
    /// keys.changed().await;
    /// println!("signing as {:?} from now on", keys.status().kid());
    /// # }
    /// ```
    pub fn changed(&self) -> impl Future<Output = ()> + Send + use<> {
        let keys = self.clone();
        let mut changed = self.0.changed.subscribe();
        async move {
            if keys.0.file.is_none() {
                let _ = changed.changed().await;
                return;
            }
            while timeout(key_file::POLL, changed.changed()).await.is_err() {
                keys.look_at_file().await;
            }
        }
    }

    /// What is known of the key that signs, for a health endpoint.
    #[must_use]
    pub fn status(&self) -> KeyStatus {
        let keys = self.keys();
        let (current, fallback) = (Arc::clone(&keys.current), keys.fallback.clone());
        let works = keys.works_since.is_some() && keys.refused.is_none();
        drop(keys);
        let error = self.0.file.as_ref().and_then(KeyFile::error);
        KeyStatus::new(&*current, fallback.as_deref(), works, error)
    }

    /// The keys to try, one after the other.
    pub(crate) async fn in_order(&self) -> impl Iterator<Item = Arc<dyn Signer>> + use<> {
        self.look_at_file().await;
        self.warn_of_end(SystemTime::now());
        let keys = self.keys();
        let current = Arc::clone(&keys.current);
        // One that was not known a moment ago need not be asked with again for each token.
        let is_known = keys
            .refused
            .is_none_or(|refused| refused.at.elapsed() >= YIELD);
        let (first, second) = match keys.fallback.clone() {
            Some(fallback) if !is_known => (fallback, Some(current)),
            fallback => (current, fallback),
        };
        [first].into_iter().chain(second)
    }

    /// How often the key has been replaced.
    pub(crate) fn version(&self) -> u64 {
        self.keys().version
    }

    pub(crate) fn is_current(&self, signer: &Arc<dyn Signer>) -> bool {
        Arc::ptr_eq(&self.keys().current, signer)
    }

    /// Maskinporten accepted an assertion of `signer`'s.
    pub(crate) fn worked(&self, signer: &Arc<dyn Signer>) {
        let mut keys = self.keys();
        if !Arc::ptr_eq(&keys.current, signer) {
            return;
        }
        let now = Instant::now();
        keys.refused = None;
        let since = *keys.works_since.get_or_insert(now);
        if now.duration_since(since) >= WINDOW {
            keys.fallback = None;
        }
    }

    /// Maskinporten did not accept an assertion of `signer`'s for the key's sake. Gives the error that says whether
    /// that may pass.
    pub(crate) fn refused(&self, signer: &Arc<dyn Signer>, error: Error) -> Error {
        let mut keys = self.keys();
        if !Arc::ptr_eq(&keys.current, signer) {
            return error;
        }
        let now = Instant::now();
        let since = keys.refused.map_or(now, |refused| refused.since);
        keys.refused = Some(Refused { since, at: now });
        let told = keys.told_refused.ask();
        drop(keys);
        let kid_is_unknown = error.refusal().is_some_and(Refusal::blames_kid);
        if let Some(suppressed) = told {
            let error: &dyn std::error::Error = &error;
            tracing::warn!(
                error,
                kid = signer.kid(),
                suppressed,
                "Maskinporten does not accept the key"
            );
        }
        if kid_is_unknown && now.duration_since(since) < WINDOW {
            error.passing(PAUSE)
        } else {
            error
        }
    }

    /// Warns once a day, from 30 days before the key's end. Signers and logs are other people's code, which is not run
    /// with the lock held.
    fn warn_of_end(&self, now: SystemTime) {
        const DAY: Duration = Duration::from_secs(24 * 60 * 60);
        let (current, warned) = {
            let keys = self.keys();
            (Arc::clone(&keys.current), keys.warned_of_end)
        };
        let was_warned =
            warned.is_some_and(|at| now.duration_since(at).is_ok_and(|since| since < DAY));
        let days_left = KeyStatus::new(&*current, None, true, None).days_left(now);
        let Some(days_left) = days_left.filter(|left| *left <= KeyStatus::WARN_FROM) else {
            return;
        };
        if was_warned {
            return;
        }
        self.keys().warned_of_end = Some(now);
        tracing::warn!(
            days_left,
            kid = current.kid(),
            "the private key will not be accepted for much longer: upload a new one"
        );
    }

    async fn look_at_file(&self) {
        if let Some(file) = &self.0.file
            && let Some(key) = file.look().await
        {
            self.replace(key);
        }
    }

    fn keys(&self) -> MutexGuard<'_, Keys> {
        self.0.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S: Signer + 'static> From<S> for KeyRing {
    fn from(signer: S) -> Self {
        Self::new(signer)
    }
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("KeyRing").field(&self.status()).finish()
    }
}
