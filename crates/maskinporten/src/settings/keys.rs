//! The private keys of the settings, and the ring that they sign in.

use std::{path::PathBuf, sync::Arc};

use super::SettingsError;
use crate::{ClientKey, KeyOptions, KeyRing, Signer, file};

/// The keys as they were read, and the ring that they were put in.
#[derive(Clone, Debug)]
pub(super) struct Keys {
    key: ClientKey,
    fallback: Option<ClientKey>,
    path: Option<KeyPath>,
    pub(super) ring: KeyRing,
}

/// Where the key was read from, if it was a file.
#[derive(Clone, Debug)]
pub(super) struct KeyPath {
    /// The member and its origin.
    pub(super) given: String,
    pub(super) path: PathBuf,
    pub(super) options: KeyOptions,
}

impl Keys {
    pub(super) fn new(key: ClientKey, fallback: Option<ClientKey>, path: Option<KeyPath>) -> Self {
        let ring = with_fallback(KeyRing::new(key.clone()), fallback.as_ref());
        Self {
            key,
            fallback,
            path,
            ring,
        }
    }

    /// Has the ring look after the key's file, if it is from one.
    pub(super) fn follow_file(&mut self) -> Result<(), SettingsError> {
        let Some(file) = &self.path else {
            return Ok(());
        };
        let ring = KeyRing::from_file(&file.path, file.options.clone())
            .map_err(|error| SettingsError::new(format!("{}: {error}", file.given)))?;
        self.ring = with_fallback(ring, self.fallback.as_ref());
        Ok(())
    }

    /// Warns if others may read the key's file, if it is from one.
    pub(super) fn warn_if_open(&self) {
        if let Some(file) = &self.path {
            file::warn_if_open_to_others(&file.path);
        }
    }

    /// The same client's keys, read anew: what is another than before goes into the ring that is in use.
    pub(super) fn replaced_by(&self, new: Self) -> Self {
        let ring = self.ring.clone();
        let is_other = |fallback: &&ClientKey| {
            let before = self.fallback.as_ref();
            !before.is_some_and(|before| fallback.is_same(before))
        };
        let fallback = new.fallback.as_ref().filter(is_other);
        let ring = if new.key.is_same(&self.key) {
            with_fallback(ring, fallback)
        } else {
            // A key that works is a better fallback than one that somebody thinks would.
            let fallback = fallback.map(|key| Arc::new(key.clone()) as Arc<dyn Signer>);
            ring.replace_with(new.key.clone(), fallback);
            tracing::info!(kid = new.key.name(), "there is a new private key");
            ring
        };
        Self { ring, ..new }
    }
}

fn with_fallback(ring: KeyRing, fallback: Option<&ClientKey>) -> KeyRing {
    match fallback {
        Some(fallback) => ring.with_fallback(fallback.clone()),
        None => ring,
    }
}
