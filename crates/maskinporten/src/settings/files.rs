//! The files that settings are read from.

use std::{fs, io, path::Path};

use zeroize::Zeroizing;

use crate::file;

/// Reads a file of at most `limit` bytes that holds text.
pub(super) fn read_text(path: &Path, limit: u64) -> io::Result<Zeroizing<String>> {
    let contents = file::read(path, limit)?;
    let text = std::str::from_utf8(&contents)
        .map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "it is not UTF-8"))?;
    Ok(Zeroizing::new(text.to_owned()))
}

/// The names of the regular files in a directory, sorted. Links are followed. What begins with two dots is Kubernetes'
/// own: the versions of what is mounted.
pub(super) fn list(directory: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let is_file = fs::metadata(entry.path()).is_ok_and(|file| file.is_file());
        if let Ok(name) = entry.file_name().into_string()
            && is_file
            && !name.starts_with("..")
        {
            names.push(name);
        }
    }
    names.sort_unstable();
    Ok(names)
}
