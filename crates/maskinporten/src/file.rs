//! Files that hold secrets, as they are mounted into containers.

use std::{
    fs::{self, File, Metadata},
    io::{self, Read},
    path::Path,
};

use zeroize::Zeroizing;

/// Reads a regular file of at most `limit` bytes. A link to one is followed: that is how Kubernetes mounts secrets, and
/// how it replaces them.
///
/// Blocks, on a network file system for as long as it likes.
pub(crate) fn read(path: &Path, limit: u64) -> io::Result<Zeroizing<Vec<u8>>> {
    let file = open(path)?;
    let length = file.metadata()?.len();
    contents(file, length, limit)
}

/// The same, of a file that nobody beside its owner may read.
pub(crate) fn read_closed(path: &Path, limit: u64) -> io::Result<Zeroizing<Vec<u8>>> {
    let file = open(path)?;
    // Of what was opened, which may not be what the path leads to by now.
    let metadata = file.metadata()?;
    match is_open_to_others(&metadata) {
        Some(false) => contents(file, metadata.len(), limit),
        Some(true) => Err(io::Error::other(format!("others may read it: {CLOSE}"))),
        None => Err(io::Error::other("who may read it cannot be told here")),
    }
}

fn open(path: &Path) -> io::Result<File> {
    // Opening a FIFO would wait for somebody to write to it.
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::other("it is not a regular file"));
    }
    File::open(path)
}

fn contents(file: File, length: u64, limit: u64) -> io::Result<Zeroizing<Vec<u8>>> {
    // With room for all of it, so that growing leaves no copies behind.
    let room = length.min(limit) + 1;
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

/// What to do about a file that others may read.
const CLOSE: &str = "take their permissions away (chmod 600)";

/// Warns if users beside the file's own may read the private key in it.
pub(crate) fn warn_if_open_to_others(path: &Path) {
    if fs::metadata(path).is_ok_and(|file| is_open_to_others(&file) == Some(true)) {
        tracing::warn!(path = %path.display(), "others may read the private key: {CLOSE}");
    }
}

/// Whether users beside the file's own may read it; `None` where that cannot be told.
#[cfg(unix)]
fn is_open_to_others(file: &Metadata) -> Option<bool> {
    use std::os::unix::fs::PermissionsExt;

    Some(file.permissions().mode() & 0o077 != 0)
}

#[cfg(not(unix))]
fn is_open_to_others(_: &Metadata) -> Option<bool> {
    None
}
