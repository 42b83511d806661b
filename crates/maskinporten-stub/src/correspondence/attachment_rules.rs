//! What must hold of the attachments of a new correspondence: those that exist, and new files.

use jiff::SignedDuration;

use super::{
    draft::Order,
    file_name,
    files::{self, File},
    lifecycle::AttachmentStatus,
    problem::Problem,
    store::OpenStore,
};
use crate::clock;

const MAX_ATTACHMENTS: usize = 100;
const MAX_FILE: u64 = 2_000_000_000;
const LAST_HOURS: SignedDuration = SignedDuration::from_hours(6);

/// Gives the files in the order of their descriptions.
pub(super) fn check(
    order: &Order,
    files: Vec<File>,
    owner: &str,
    store: &mut OpenStore<'_>,
) -> Result<Vec<File>, Problem> {
    let described = &order.draft.content.new_attachments;
    let existing = Existing::of(order, owner, store);
    let count = order.attachments.len().saturating_add(described.len());
    first_broken([
        (
            existing.foreign,
            1017,
            "An existing attachment has another sender",
        ),
        (existing.missing, 1007, "Existing attachment not found"),
        (
            count > MAX_ATTACHMENTS,
            1038,
            "A correspondence has at most 100 attachments",
        ),
        (existing.unpublished, 1018, "Attachment is not published"),
    ])?;
    for description in described {
        file_name::check(&description.file_name)?;
    }
    let files = files::in_order(described, files).ok_or_else(|| {
        let detail = "The files are not those that the attachments describe";
        Problem::new(1005, detail)
    })?;
    let wrong_size = |file: &File| !(1..=MAX_FILE).contains(&file.content.size);
    first_broken([(
        files.iter().any(wrong_size),
        2004,
        "A file must have content, and at most 2 GB of it",
    )])?;
    for description in described {
        description.check_expiry()?;
    }
    first_broken([(
        existing.ending,
        1055,
        "An existing attachment expires within 6 hours",
    )])?;
    Ok(files)
}

/// What is the matter with the attachments that exist.
#[derive(Default)]
struct Existing {
    foreign: bool,
    missing: bool,
    unpublished: bool,
    ending: bool,
}

impl Existing {
    fn of(order: &Order, owner: &str, store: &mut OpenStore<'_>) -> Self {
        let mut existing = Self::default();
        let soon = clock::after(store.now, LAST_HOURS);
        for id in &order.attachments {
            match store.attachment(*id) {
                None => existing.missing = true,
                Some(attachment) => {
                    existing.foreign |= attachment.owner != owner;
                    existing.unpublished |= attachment.status() != AttachmentStatus::Published;
                    existing.ending |= attachment.expires.is_some_and(|end| end < soon);
                }
            }
        }
        existing
    }
}

fn first_broken<const N: usize>(rules: [(bool, u16, &str); N]) -> Result<(), Problem> {
    match rules.into_iter().find(|(broken, _code, _detail)| *broken) {
        Some((_broken, code, detail)) => Err(Problem::new(code, detail)),
        None => Ok(()),
    }
}
