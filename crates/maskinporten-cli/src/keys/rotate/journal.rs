//! What a rotation has done so far.

use std::{fmt, fs, fs::File, io, path::PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use zeroize::Zeroizing;

use crate::{
    failure::Failure,
    keys::{
        jwk::{Jwk, to_json},
        store::{self, Store},
    },
};

/// What was done last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Step {
    Made,
    Registered,
    Known,
    HandedOver,
    Drained,
}

impl Step {
    pub(super) fn next(self) -> Self {
        match self {
            Self::Made => Self::Registered,
            Self::Registered => Self::Known,
            Self::Known => Self::HandedOver,
            Self::HandedOver | Self::Drained => Self::Drained,
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Made => "made",
            Self::Registered => "registered",
            Self::Known => "known to Maskinporten",
            Self::HandedOver => "handed over",
            Self::Drained => "the only one in use",
        })
    }
}

/// A rotation under way.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Rotation {
    /// The key set whose current key it becomes.
    pub(super) set: String,
    /// The id of the key that is replaced.
    pub(super) old: String,
    pub(super) key: Jwk,
    /// What was registered before.
    pub(super) before: Vec<Value>,
    pub(super) step: Step,
    /// When that was, in seconds since 1970.
    pub(super) since: u64,
}

impl Rotation {
    pub(super) fn kid(&self) -> &str {
        self.key.kid().unwrap_or_default()
    }
}

/// Where it is written down. Nobody else rotates this client's key while it is there.
pub(super) struct Journal {
    path: PathBuf,
    _lock: File,
}

impl Journal {
    pub(super) fn open(store: &Store, client: &str) -> Result<Self, Failure> {
        let path = store.beside(client, ".rotation.json")?;
        let lock = path.with_extension("lock");
        let file = store::create_private(&lock).map_err(|error| Failure::at(&lock, error))?;
        match file.try_lock() {
            Ok(()) => Ok(Self { path, _lock: file }),
            Err(fs::TryLockError::WouldBlock) => Err(Failure::new(format!(
                "The key of {client} is being rotated by another program."
            ))),
            Err(fs::TryLockError::Error(error)) => Err(Failure::at(&lock, error)),
        }
    }

    pub(super) fn read(&self) -> Result<Option<Rotation>, Failure> {
        match fs::read(&self.path).map(Zeroizing::new) {
            Ok(json) => serde_json::from_slice(&json)
                .map(Some)
                .map_err(|_| Failure::at(&self.path, "it cannot be read")),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Failure::at(&self.path, error)),
        }
    }

    pub(super) fn write(&self, rotation: &Rotation) -> Result<(), Failure> {
        let json = to_json(rotation)?;
        store::replace(&self.path, &json).map_err(|error| Failure::at(&self.path, error))
    }

    pub(super) fn end(&self) -> Result<(), Failure> {
        fs::remove_file(&self.path).map_err(|error| Failure::at(&self.path, error))
    }
}
