//! A secret as Kubernetes mounts it.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use tempfile::TempDir;

/// A directory whose files are links through `..data`, a link itself, which is replaced when the secret changes.
#[derive(Debug)]
pub struct Mount {
    directory: TempDir,
    version: usize,
}

impl Mount {
    /// A directory without a secret.
    ///
    /// # Errors
    ///
    /// When it cannot be made.
    pub fn new() -> io::Result<Self> {
        let directory = TempDir::new()?;
        Ok(Self {
            directory,
            version: 0,
        })
    }

    /// The directory.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.directory.path()
    }

    /// A file in it.
    #[must_use]
    pub fn file(&self, name: &str) -> PathBuf {
        self.path().join(name)
    }

    /// Puts these files in place of all that were there, at once, and then takes those away.
    ///
    /// # Errors
    ///
    /// When it cannot be done.
    pub fn replace(&mut self, files: &[(&str, &str)]) -> io::Result<()> {
        let before = self.file(&format!("..{}", self.version));
        self.version += 1;
        let version = format!("..{}", self.version);
        fs::create_dir(self.file(&version))?;
        for (name, contents) in files {
            fs::write(self.file(&version).join(name), contents)?;
            if !self.file(name).is_symlink() {
                link(Path::new("..data").join(name), self.file(name))?;
            }
        }
        link(version, self.file("..data_tmp"))?;
        fs::rename(self.file("..data_tmp"), self.file("..data"))?;
        if before.exists() {
            fs::remove_dir_all(before)?;
        }
        Ok(())
    }
}

#[cfg(unix)]
fn link(to: impl AsRef<Path>, at: PathBuf) -> io::Result<()> {
    std::os::unix::fs::symlink(to, at)
}

#[cfg(not(unix))]
fn link(_: impl AsRef<Path>, _: PathBuf) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}
