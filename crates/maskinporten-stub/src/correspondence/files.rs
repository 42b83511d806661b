//! Files that come with a correspondence, and which description is whose.

use super::{attachment_input::AttachmentInput, received::Received};

/// A file as it came.
#[derive(Debug)]
pub(super) struct File {
    pub(super) name: String,
    pub(super) content: Received,
}

/// Brings the files into the order of their descriptions: what is in the same place under the same
/// name, else what has a name that no other file has. Nothing, if anything is left over.
pub(super) fn in_order(descriptions: &[AttachmentInput], files: Vec<File>) -> Option<Vec<File>> {
    if descriptions.len() != files.len() {
        return None;
    }
    let places: Option<Vec<usize>> = descriptions
        .iter()
        .enumerate()
        .map(|(place, description)| place_of(&description.file_name, place, &files))
        .collect();
    let mut files: Vec<Option<File>> = files.into_iter().map(Some).collect();
    let take = |place: usize| files.get_mut(place)?.take();
    places?.into_iter().map(take).collect()
}

fn place_of(name: &str, place: usize, files: &[File]) -> Option<usize> {
    if files.get(place).is_some_and(|file| file.name == name) {
        return Some(place);
    }
    let mut named = files
        .iter()
        .enumerate()
        .filter(|(_, file)| file.name == name);
    match (named.next(), named.next()) {
        (Some((only, _file)), None) => Some(only),
        _ => None,
    }
}
