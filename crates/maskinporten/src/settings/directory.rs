//! Directories of which each file is a setting, as secrets are mounted into containers.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use super::{
    SettingsError,
    files::Files,
    given::Source,
    json,
    variables::{self, Variable},
};
use crate::key_file;

/// Reads `section` out of a directory: first its JSON documents, in the order of their names, then the files that
/// are called as variables are. One that is `optional` and not there gives nothing.
pub(super) fn read(
    path: &Path,
    section: &str,
    files: &mut Files,
    optional: bool,
) -> Result<Vec<Source>, SettingsError> {
    loop {
        let version = version(path);
        let mut seen = Files::default();
        let sources = read_once(path, section, &mut seen, optional);
        // Replaced meanwhile: what was read is half of one client and half of another.
        if self::version(path) == version {
            files.append(seen);
            return sources;
        }
    }
}

/// The link that Kubernetes replaces when it replaces all files at once.
fn version(path: &Path) -> Option<PathBuf> {
    fs::read_link(path.join("..data")).ok()
}

fn read_once(
    path: &Path,
    section: &str,
    files: &mut Files,
    optional: bool,
) -> Result<Vec<Source>, SettingsError> {
    let names = match files.list(path) {
        Ok(names) => names,
        Err(error) if optional && error.kind() == io::ErrorKind::NotFound => return Ok(vec![]),
        Err(error) => return Err(SettingsError::unreadable(path, error)),
    };
    let (mut sources, mut variables) = (Vec::new(), Vec::new());
    for name in names {
        let path = path.join(&name);
        let origin = path.display().to_string();
        if name.ends_with(".json") {
            let text = files
                .read_text(&path, json::SIZE_LIMIT)
                .map_err(|error| SettingsError::unreadable(&path, error))?;
            sources.push(json::read(&origin, &text, section)?);
        } else if variables::is_one(&name, section) {
            let value = files
                .read_text(&path, key_file::SIZE_LIMIT)
                .map_err(|error| SettingsError::unreadable(&path, error))?;
            variables.push(Variable {
                name,
                origin,
                value,
            });
        }
    }
    sources.extend(variables::read(&variables, section)?);
    Ok(sources)
}
