//! Sources that are still to be read.

use std::{io, path::PathBuf};

use zeroize::Zeroizing;

use super::{
    SettingsError, directory,
    files::Files,
    given::Source,
    json,
    variables::{self, Variable},
};

pub(super) enum Unread {
    File {
        path: PathBuf,
        optional: bool,
    },
    Directory {
        path: PathBuf,
        optional: bool,
    },
    Json {
        name: String,
        text: Zeroizing<String>,
    },
    Variables(Vec<Variable>),
}

impl Unread {
    /// Reads `section` out of it; nothing when it is optional and not there.
    pub(super) fn read(
        &self,
        section: &str,
        files: &mut Files,
    ) -> Result<Vec<Source>, SettingsError> {
        match self {
            Self::File { path, optional } => match files.read_text(path, json::SIZE_LIMIT) {
                Ok(text) => {
                    let name = path.display().to_string();
                    Ok(vec![json::read(&name, &text, section)?])
                }
                Err(error) if *optional && error.kind() == io::ErrorKind::NotFound => Ok(vec![]),
                Err(error) => Err(SettingsError::unreadable(path, error)),
            },
            Self::Directory { path, optional } => directory::read(path, section, files, *optional),
            Self::Json { name, text } => Ok(vec![json::read(name, text, section)?]),
            Self::Variables(variables) => variables::read(variables, section),
        }
    }
}
