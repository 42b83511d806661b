//! Where key sets are kept: a directory, with a file for each set.

use std::{
    collections::BTreeSet,
    env, fs,
    fs::File,
    io::{self, Write},
    path::{Path, PathBuf},
};

use tempfile::NamedTempFile;
use zeroize::Zeroizing;

use super::{environment::Environment, jwk, key_set::KeySet};
use crate::failure::Failure;

/// What `altinn-jwks` reads when it is not told a store.
const VARIABLE: &str = "ALTINN_JWK_STORE";
const SUFFIX: &str = ".jwks.json";
/// As `altinn-jwks` 1 has it. That wrote single keys beside it, which are not read.
const OLD_SUFFIX: &str = ".json";
const OLD_OTHERS: [&str; 2] = [".key.json", ".pub.json"];
/// Held while a set is changed.
const LOCK: &str = ".maskinporten.lock";

/// A directory of key sets.
#[derive(Debug)]
pub(crate) struct Store(PathBuf);

impl Store {
    /// The one that was asked for; else that of the environment; else the present directory.
    pub(crate) fn open(asked_for: Option<&str>) -> Result<Self, Failure> {
        let place = match asked_for {
            Some(place) => place.to_owned(),
            None => env::var(VARIABLE).unwrap_or_default(),
        };
        match place.split_once("://") {
            None if place.is_empty() => Ok(Self(PathBuf::from("."))),
            None => Ok(Self(PathBuf::from(place))),
            Some(("file", path)) => Ok(Self(PathBuf::from(path))),
            Some((scheme, _)) => Err(Failure::new(format!("Unsupported URI scheme: {scheme}"))),
        }
    }

    /// The names of all sets, and the environments that there is one of each for.
    pub(crate) fn sets(&self) -> Result<BTreeSet<(String, Environment)>, Failure> {
        let failed = |error: io::Error| Failure::at(&self.0, error);
        let mut sets = BTreeSet::new();
        for file in fs::read_dir(&self.0).map_err(failed)? {
            let file = file.map_err(failed)?.file_name();
            if let Some(id) = file.to_str().and_then(id) {
                sets.extend(split(id));
            }
        }
        Ok(sets)
    }

    /// A set that is there.
    pub(crate) fn read(&self, name: &str, environment: Environment) -> Result<KeySet, Failure> {
        self.find(name, environment)?
            .ok_or_else(|| Failure::new(format!("Key-set {name}-{environment} not found.")))
    }

    /// Changes a set, or makes it. Nobody else does at the same time, and who reads it has all of it, old or new.
    pub(crate) fn change(
        &self,
        name: &str,
        environment: Environment,
        change: impl FnOnce(&mut KeySet) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        check(name)?;
        fs::create_dir_all(&self.0).map_err(|error| Failure::at(&self.0, error))?;
        let path = self.0.join(LOCK);
        let lock = create_private(&path).and_then(|lock| lock.lock().map(|()| lock));
        let _lock = lock.map_err(|error| Failure::at(&path, error))?;
        let mut set = self.find(name, environment)?.unwrap_or_default();
        change(&mut set)?;
        let path = self.path(name, environment, SUFFIX);
        replace(&path, &jwk::to_json(&set)?).map_err(|error| Failure::at(&path, error))
    }

    /// A file of another kind.
    pub(super) fn beside(&self, name: &str, suffix: &str) -> Result<PathBuf, Failure> {
        check(name)?;
        fs::create_dir_all(&self.0).map_err(|error| Failure::at(&self.0, error))?;
        Ok(self.0.join(format!("{name}{suffix}")))
    }

    fn find(&self, name: &str, environment: Environment) -> Result<Option<KeySet>, Failure> {
        check(name)?;
        for suffix in [SUFFIX, OLD_SUFFIX] {
            let path = self.path(name, environment, suffix);
            match fs::read(&path).map(Zeroizing::new) {
                Ok(json) => {
                    let set = serde_json::from_slice(&json);
                    // Where it is not JSON is told, and not what is there.
                    return set.map(Some).map_err(|error| {
                        let (line, column) = (error.line(), error.column());
                        let what = format!("not a key set (line {line}, column {column})");
                        Failure::at(&path, what)
                    });
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(Failure::at(&path, error)),
            }
        }
        Ok(None)
    }

    fn path(&self, name: &str, environment: Environment, suffix: &str) -> PathBuf {
        self.0.join(format!("{name}-{environment}{suffix}"))
    }
}

/// A name is part of a file's name and of each `kid`, of which Maskinporten takes these characters.
fn check(name: &str) -> Result<(), Failure> {
    let is_good = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    if name.is_empty() || name.starts_with('.') || !name.bytes().all(is_good) {
        return Err(Failure::new(
            "The name of a key set has letters (a to z), digits, `-`, `_` and `.`, and does not begin with `.`.",
        ));
    }
    Ok(())
}

/// What is before the suffix of a file that has a set.
fn id(file: &str) -> Option<&str> {
    if OLD_OTHERS.iter().any(|suffix| file.ends_with(suffix)) {
        return None;
    }
    file.strip_suffix(SUFFIX)
        .or_else(|| file.strip_suffix(OLD_SUFFIX))
}

fn split(id: &str) -> Option<(String, Environment)> {
    let (name, environment) = id.rsplit_once('-')?;
    let environments = Environment::ALL.into_iter();
    let environment = environments
        .into_iter()
        .find(|known| known.to_string() == environment)?;
    Some((name.to_owned(), environment))
}

/// A file of one's own, which stays.
pub(super) fn create_private(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Writes a file that its owner alone may read. It is there as it was or as it will be, whatever happens meanwhile.
pub(super) fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    let directory = match path.parent() {
        Some(directory) if !directory.as_os_str().is_empty() => directory,
        _ => Path::new("."),
    };
    // Readable by its owner alone from the start.
    let mut beside = NamedTempFile::new_in(directory)?;
    beside.write_all(content)?;
    beside.as_file().sync_all()?;
    beside.persist(path)?;
    // Else the new name may be forgotten when the power fails.
    #[cfg(unix)]
    File::open(directory)?.sync_all()?;
    Ok(())
}
