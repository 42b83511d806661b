//! The files that settings are read from, and what they said.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use aws_lc_rs::digest::{SHA256, digest};
use zeroize::Zeroizing;

use crate::file;

/// Reads files, and remembers which they were and what they said, as digests.
#[derive(Default)]
pub(super) struct Files(Vec<Look>);

struct Look {
    path: PathBuf,
    at: At,
    saw: Saw,
}

#[derive(Clone, Copy)]
enum At {
    /// The contents, of at most so many bytes.
    Contents(u64),
    Names,
}

/// The digest of what was there, or why nothing could be seen.
type Saw = Result<[u8; 32], io::ErrorKind>;

impl Files {
    /// Reads a file of at most `limit` bytes.
    pub(super) fn read(&mut self, path: &Path, limit: u64) -> io::Result<Zeroizing<Vec<u8>>> {
        let contents = file::read(path, limit);
        self.note(path, At::Contents(limit), saw_contents(&contents));
        contents
    }

    /// The same, of a file that holds text.
    pub(super) fn read_text(&mut self, path: &Path, limit: u64) -> io::Result<Zeroizing<String>> {
        let contents = self.read(path, limit)?;
        let text = std::str::from_utf8(&contents)
            .map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "it is not UTF-8"))?;
        Ok(Zeroizing::new(text.to_owned()))
    }

    /// The names of the regular files in a directory, sorted.
    pub(super) fn list(&mut self, directory: &Path) -> io::Result<Vec<String>> {
        let names = list(directory);
        self.note(directory, At::Names, saw_names(&names));
        names
    }

    /// Remembers what `other` has seen, too.
    pub(super) fn append(&mut self, mut other: Self) {
        self.0.append(&mut other.0);
    }

    /// Whether everything is as it was.
    pub(super) fn are_unchanged(&self) -> bool {
        self.0.iter().all(|look| {
            let now = match look.at {
                At::Contents(limit) => saw_contents(&file::read(&look.path, limit)),
                At::Names => saw_names(&list(&look.path)),
            };
            now == look.saw
        })
    }

    fn note(&mut self, path: &Path, at: At, saw: Saw) {
        let path = path.to_owned();
        self.0.push(Look { path, at, saw });
    }
}

fn saw_contents(contents: &io::Result<Zeroizing<Vec<u8>>>) -> Saw {
    let contents = contents.as_deref();
    contents
        .map(|contents| sha256(contents))
        .map_err(io::Error::kind)
}

fn saw_names(names: &io::Result<Vec<String>>) -> Saw {
    let names = names.as_ref();
    // No name has a zero in it.
    names
        .map(|names| sha256(names.join("\0").as_bytes()))
        .map_err(io::Error::kind)
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut sum = [0; 32];
    sum.copy_from_slice(digest(&SHA256, bytes).as_ref());
    sum
}

/// Links are followed. What begins with two dots is Kubernetes' own: the versions of what is mounted.
fn list(directory: &Path) -> io::Result<Vec<String>> {
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
