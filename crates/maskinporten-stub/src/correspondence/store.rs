//! The API's memory, opened by one request at a time.
//!
//! It is bounded: the oldest attachments, correspondences, keys and files go first, and what is
//! gone has never been there.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::{
    kept::{Attachment, Correspondence},
    lifecycle::CorrespondenceStatus::Published,
    received::{MAX_KEPT, Received},
    shelf::Shelf,
};
use crate::registry::Registry;

const MAX_ATTACHMENTS: usize = 10_000;
const MAX_CORRESPONDENCES: usize = 10_000;
const MAX_KEYS: usize = 100_000;

/// All attachments and correspondences of one stub.
#[derive(Debug)]
pub(crate) struct Store {
    scan_time: SignedDuration,
    shelves: Mutex<Shelves>,
}

#[derive(Debug)]
struct Shelves {
    attachments: Shelf<Attachment>,
    correspondences: Shelf<Correspondence>,
    /// Used once is used for ever, whatever became of the correspondence.
    idempotent_keys: Shelf<Uuid>,
    max_kept: usize,
}

impl Shelves {
    fn new() -> Self {
        Self {
            attachments: Shelf::new(MAX_ATTACHMENTS),
            correspondences: Shelf::new(MAX_CORRESPONDENCES),
            idempotent_keys: Shelf::new(MAX_KEYS),
            max_kept: MAX_KEPT,
        }
    }
}

/// The store while one request has it to itself, at one moment.
#[derive(Debug)]
pub(super) struct OpenStore<'a> {
    shelves: MutexGuard<'a, Shelves>,
    registry: &'a Registry,
    scan_time: SignedDuration,
    pub(super) now: Timestamp,
}

/// What an attachment is part of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Links {
    /// A correspondence that has not been purged.
    pub(super) existing: bool,
    /// A correspondence that has been published.
    pub(super) published: bool,
}

impl Store {
    pub(crate) fn new(scan_time: Duration) -> Self {
        Self {
            scan_time: SignedDuration::try_from(scan_time).unwrap_or(SignedDuration::MAX),
            shelves: Mutex::new(Shelves::new()),
        }
    }

    /// What was uploaded to an attachment.
    pub(crate) fn bytes(&self, id: Uuid, now: Timestamp, registry: &Registry) -> Option<Bytes> {
        self.open(now, registry).attachment(id)?.bytes.clone()
    }

    pub(super) fn open<'a>(&'a self, now: Timestamp, registry: &'a Registry) -> OpenStore<'a> {
        OpenStore {
            shelves: self.lock(),
            registry,
            scan_time: self.scan_time,
            now,
        }
    }

    /// Forgets everything.
    pub(crate) fn clear(&self) {
        *self.lock() = Shelves::new();
    }

    fn lock(&self) -> MutexGuard<'_, Shelves> {
        self.shelves.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl OpenStore<'_> {
    /// The ids of all attachments and of all correspondences.
    pub(super) fn ids(&self) -> (Vec<Uuid>, Vec<Uuid>) {
        let attachments = self.shelves.attachments.ids().collect();
        let correspondences = self.shelves.correspondences.ids().collect();
        (attachments, correspondences)
    }

    pub(super) fn add_attachment(&mut self, attachment: Attachment) {
        let shelf = &mut self.shelves.attachments;
        shelf.add(attachment.id, attachment);
    }

    /// An attachment as it is now.
    pub(super) fn attachment(&mut self, id: Uuid) -> Option<&mut Attachment> {
        let attachment = self.shelves.attachments.get_mut(id)?;
        attachment.settle(self.scan_time, self.now);
        Some(attachment)
    }

    /// An attachment as it was at the last look.
    pub(super) fn unsettled(&self, id: Uuid) -> Option<&Attachment> {
        self.shelves.attachments.get(id)
    }

    /// Keeps the content of an attachment, and lets go of the oldest when it is too much.
    pub(super) fn keep(&mut self, id: Uuid, received: Received) {
        let now = self.now;
        let Shelves {
            attachments,
            max_kept,
            ..
        } = &mut *self.shelves;
        if let Some(attachment) = attachments.get_mut(id) {
            attachment.received(received, now);
        }
        let size = |id| {
            let bytes = attachments.get(id)?.bytes.as_ref()?;
            Some((id, bytes.len()))
        };
        let sizes: Vec<(Uuid, usize)> = attachments.ids().filter_map(size).collect();
        let mut total: usize = sizes.iter().map(|(_id, size)| size).sum();
        for (id, size) in sizes {
            if total <= *max_kept {
                break;
            }
            if let Some(attachment) = attachments.get_mut(id) {
                attachment.bytes = None;
                total = total.saturating_sub(size);
            }
        }
    }

    pub(super) fn add_correspondence(&mut self, correspondence: Correspondence) {
        let shelves = &mut *self.shelves;
        for id in &correspondence.attachments {
            if let Some(attachment) = shelves.attachments.get_mut(*id) {
                attachment.correspondences.push(correspondence.id);
            }
        }
        let shelf = &mut shelves.correspondences;
        let Some(gone) = shelf.add(correspondence.id, correspondence) else {
            return;
        };
        for id in &gone.attachments {
            if let Some(attachment) = shelves.attachments.get_mut(*id) {
                attachment.correspondences.retain(|of| *of != gone.id);
            }
        }
    }

    /// A correspondence as it is now, with its attachments.
    pub(super) fn correspondence(
        &mut self,
        id: Uuid,
    ) -> Option<(&mut Correspondence, Vec<&Attachment>)> {
        let shelves = &mut *self.shelves;
        let correspondence = shelves.correspondences.get_mut(id)?;
        for id in &correspondence.attachments {
            if let Some(attachment) = shelves.attachments.get_mut(*id) {
                attachment.settle(self.scan_time, self.now);
            }
        }
        let attachments: Vec<&Attachment> = correspondence
            .attachments
            .iter()
            .filter_map(|id| shelves.attachments.get(*id))
            .collect();
        let standing = self.registry.standing(&correspondence.recipient);
        correspondence.settle(&attachments, standing, self.now);
        Some((correspondence, attachments))
    }

    /// All correspondences that fit, as they are now.
    pub(super) fn find(&mut self, fits: impl Fn(&Correspondence) -> bool) -> Vec<&Correspondence> {
        let ids: Vec<Uuid> = self.shelves.correspondences.ids().collect();
        for id in &ids {
            self.correspondence(*id);
        }
        let all = ids.into_iter();
        all.filter_map(|id| self.shelves.correspondences.get(id))
            .filter(|correspondence| fits(correspondence))
            .collect()
    }

    /// What an attachment is part of now.
    pub(super) fn links(&mut self, id: Uuid) -> Links {
        let mut links = Links::default();
        let of = self.shelves.attachments.get(id);
        let of = of.map(|attachment| attachment.correspondences.clone());
        for id in of.unwrap_or_default() {
            if let Some((correspondence, _attachments)) = self.correspondence(id) {
                links.existing |= !correspondence.is_purged();
                links.published |= correspondence.has(Published);
            }
        }
        links
    }

    /// The correspondence that an idempotency key was used for.
    pub(super) fn used_for(&self, idempotent_key: Uuid) -> Option<Uuid> {
        self.shelves.idempotent_keys.get(idempotent_key).copied()
    }

    pub(super) fn use_up(&mut self, idempotent_key: Uuid, correspondence: Uuid) {
        let shelf = &mut self.shelves.idempotent_keys;
        shelf.add(idempotent_key, correspondence);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::correspondence::{attachment_input::AttachmentInput, received::Receiving};

    #[test]
    fn the_oldest_files_go_first() {
        let store = Store::new(Duration::ZERO);
        store.lock().max_kept = 25;
        let body = br#"{"resourceId": "r", "fileName": "a.pdf", "sendersReference": "s"}"#;
        let input = AttachmentInput::read(body).unwrap();
        let registry = Registry::default();
        let mut open = store.open(Timestamp::UNIX_EPOCH, &registry);
        let mut keep_ten = || {
            let attachment = Attachment::new(input.clone(), String::new(), open.now);
            let id = attachment.id;
            open.add_attachment(attachment);
            let mut content = Receiving::default();
            content.push(&[0; 10]);
            open.keep(id, content.finish());
            id
        };
        let ids = [keep_ten(), keep_ten(), keep_ten()];
        drop(open);
        let bytes = |id| store.bytes(id, Timestamp::UNIX_EPOCH, &registry);
        let kept = ids.map(|id| bytes(id).is_some());
        assert_eq!(kept, [false, true, true]);
    }
}
