//! A private key in a file that is replaced while the service runs.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use aws_lc_rs::digest::{Digest, SHA256, digest};
use tokio::{
    task::spawn_blocking,
    time::{Instant, timeout},
};

use crate::{ClientKey, KeyError, KeyOptions, file, meter, pace::Pace};

/// How often the file is looked at. Its directory is not watched: watches get lost when a link is replaced, and a key
/// that is five seconds late does no harm.
pub(crate) const POLL: Duration = Duration::from_secs(5);
/// How long reading may take.
pub(crate) const READ_LIMIT: Duration = Duration::from_secs(2);
pub(crate) const SIZE_LIMIT: u64 = 64 * 1024;

/// The file, and what was last read from it.
pub(crate) struct KeyFile {
    path: Arc<Path>,
    options: KeyOptions,
    /// Held by whoever reads, who may hang for ever.
    reading: Arc<()>,
    last: Mutex<Last>,
    told_error: Pace,
}

struct Last {
    looked_at: Instant,
    contents: Digest,
    key: ClientKey,
    error: Option<KeyError>,
}

impl KeyFile {
    /// Reads the key for the first time.
    pub(crate) fn open(path: PathBuf, options: KeyOptions) -> Result<(Self, ClientKey), KeyError> {
        let (contents, key) = read(&path, &options, None)?;
        file::warn_if_open_to_others(&path);
        let key = key.ok_or_else(|| KeyError::new("there is none"))?;
        let last = Last {
            looked_at: Instant::now(),
            contents,
            key: key.clone(),
            error: None,
        };
        let file = Self {
            path: path.into(),
            options,
            reading: Arc::default(),
            last: Mutex::new(last),
            told_error: Pace::new(),
        };
        Ok((file, key))
    }

    /// Looks at the file, if that was not done a short while ago. Gives the key if it is another than before.
    ///
    /// # Cancel safety
    ///
    /// May be dropped at any time; the file is looked at again after the usual while.
    pub(crate) async fn look(&self) -> Option<ClientKey> {
        let known = {
            let mut last = self.last();
            if last.looked_at.elapsed() < POLL {
                return None;
            }
            last.looked_at = Instant::now();
            last.contents
        };
        let outcome = self.read_again(known).await;
        let mut last = self.last();
        match outcome {
            Ok((contents, key)) => {
                last.error = None;
                last.contents = contents;
                let key = key.filter(|key| !key.is_same(&last.key))?;
                last.key = key.clone();
                drop(last);
                meter::key_reload("replaced");
                tracing::info!(path = %self.path.display(), kid = key.name(), "there is a new private key");
                Some(key)
            }
            Err(error) => {
                last.error = Some(error.clone());
                drop(last);
                meter::key_reload("failed");
                if let Some(suppressed) = self.told_error.ask() {
                    let error: &dyn std::error::Error = &error;
                    tracing::warn!(
                        error,
                        suppressed,
                        "the private key was not replaced; the old one stays in use"
                    );
                }
                None
            }
        }
    }

    /// Why the file could not be read, if it could not, the last time.
    pub(crate) fn error(&self) -> Option<KeyError> {
        self.last().error.clone()
    }

    /// Reads the file where it may block.
    async fn read_again(&self, known: Digest) -> Result<(Digest, Option<ClientKey>), KeyError> {
        let late = || KeyError::file(&self.path, &"reading it takes too long");
        // One that hangs is enough.
        if Arc::strong_count(&self.reading) > 1 {
            return Err(late());
        }
        let (path, options) = (Arc::clone(&self.path), self.options.clone());
        let reading = Arc::clone(&self.reading);
        let outcome = spawn_blocking(move || {
            let outcome = read(&path, &options, Some(known));
            drop(reading);
            outcome
        });
        match timeout(READ_LIMIT, outcome).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(_)) => Err(KeyError::file(&self.path, &"reading it was broken off")),
            Err(_) => Err(late()),
        }
    }

    fn last(&self) -> MutexGuard<'_, Last> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reads the file, and the key in it unless its contents are `known`.
fn read(
    path: &Path,
    options: &KeyOptions,
    known: Option<Digest>,
) -> Result<(Digest, Option<ClientKey>), KeyError> {
    let read = if options.must_be_closed() {
        file::read_closed
    } else {
        file::read
    };
    let contents = read(path, SIZE_LIMIT).map_err(|error| KeyError::file(path, &error))?;
    let found = digest(&SHA256, &contents);
    if known.is_some_and(|known| known.as_ref() == found.as_ref()) {
        return Ok((found, None));
    }
    let key = options
        .read(&*contents)
        .map_err(|error| error.in_file(path))?;
    Ok((found, Some(key)))
}
