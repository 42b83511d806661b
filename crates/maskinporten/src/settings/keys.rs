//! The private keys of the settings, and the ring that they sign in.

use std::path::PathBuf;

use super::SettingsError;
use crate::{ClientKey, KeyOptions, KeyRing};

/// The ring that the keys were put in, and how to read them again.
#[derive(Clone, Debug)]
pub(super) struct Keys {
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
        let ring = with_fallback(KeyRing::new(key), fallback.as_ref());
        Self {
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
}

fn with_fallback(ring: KeyRing, fallback: Option<&ClientKey>) -> KeyRing {
    match fallback {
        Some(fallback) => ring.with_fallback(fallback.clone()),
        None => ring,
    }
}
