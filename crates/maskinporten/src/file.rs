//! Files that hold secrets, as they are mounted into containers.

use std::{
    fs::{self, File},
    io::{self, Read},
    path::Path,
};

use zeroize::Zeroizing;

/// Reads a regular file of at most `limit` bytes. A link to one is followed: that is how Kubernetes mounts secrets, and
/// how it replaces them.
///
/// Blocks, on a network file system for as long as it likes.
pub(crate) fn read(path: &Path, limit: u64) -> io::Result<Zeroizing<Vec<u8>>> {
    // Opening a FIFO would wait for somebody to write to it.
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::other("it is not a regular file"));
    }
    let file = File::open(path)?;
    // With room for all of it, so that growing leaves no copies behind.
    let room = file.metadata()?.len().min(limit) + 1;
    let mut contents = Zeroizing::new(Vec::with_capacity(usize::try_from(room).unwrap_or(0)));
    file.take(limit + 1).read_to_end(&mut contents)?;
    if contents.len() as u64 > limit {
        return Err(io::Error::other(format!(
            "it is larger than {} KiB",
            limit / 1024
        )));
    }
    Ok(contents)
}

/// Warns if users beside the file's own may read the private key in it.
pub(crate) fn warn_if_open_to_others(path: &Path) {
    if is_open_to_others(path) {
        tracing::warn!(
            path = %path.display(),
            "others may read the private key: take their permissions away (chmod 600)"
        );
    }
}

/// Whether users beside the file's own may read it.
#[cfg(unix)]
fn is_open_to_others(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;

    fs::metadata(path).is_ok_and(|file| file.permissions().mode() & 0o077 != 0)
}

/// Whether users beside the file's own may read it, which is not looked into here.
#[cfg(not(unix))]
fn is_open_to_others(_: &Path) -> bool {
    false
}
