//! The API's memory, opened by one request at a time.

use std::{
    collections::{HashMap, HashSet},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::kept::{Attachment, Correspondence};

/// All attachments and correspondences of one stub.
#[derive(Debug)]
pub(crate) struct Store {
    scan_time: SignedDuration,
    shelves: Mutex<Shelves>,
}

#[derive(Debug, Default)]
struct Shelves {
    attachments: HashMap<Uuid, Attachment>,
    correspondences: HashMap<Uuid, Correspondence>,
    /// Used once is used for ever, whatever became of the correspondence.
    idempotent_keys: HashSet<Uuid>,
}

/// The store while one request has it to itself, at one moment.
#[derive(Debug)]
pub(super) struct OpenStore<'a> {
    shelves: MutexGuard<'a, Shelves>,
    scan_time: SignedDuration,
    pub(super) now: Timestamp,
}

impl Store {
    pub(crate) fn new(scan_time: Duration) -> Self {
        Self {
            scan_time: SignedDuration::try_from(scan_time).unwrap_or(SignedDuration::MAX),
            shelves: Mutex::default(),
        }
    }

    /// What was uploaded to an attachment.
    pub(crate) fn bytes(&self, id: Uuid) -> Option<Bytes> {
        let shelves = self.lock();
        let attachment = shelves.attachments.get(&id)?;
        attachment.uploaded.map(|_at| attachment.bytes.clone())
    }

    pub(super) fn open(&self, now: Timestamp) -> OpenStore<'_> {
        OpenStore {
            shelves: self.lock(),
            scan_time: self.scan_time,
            now,
        }
    }

    /// Forgets everything.
    pub(crate) fn clear(&self) {
        *self.lock() = Shelves::default();
    }

    fn lock(&self) -> MutexGuard<'_, Shelves> {
        self.shelves.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl OpenStore<'_> {
    /// The ids of all attachments and of all correspondences.
    pub(super) fn ids(&self) -> (Vec<Uuid>, Vec<Uuid>) {
        let attachments = self.shelves.attachments.keys().copied().collect();
        let correspondences = self.shelves.correspondences.keys().copied().collect();
        (attachments, correspondences)
    }

    pub(super) fn add_attachment(&mut self, attachment: Attachment) {
        self.shelves.attachments.insert(attachment.id, attachment);
    }

    /// An attachment as it is now.
    pub(super) fn attachment(&mut self, id: Uuid) -> Option<&mut Attachment> {
        let attachment = self.shelves.attachments.get_mut(&id)?;
        attachment.settle(self.scan_time, self.now);
        Some(attachment)
    }

    pub(super) fn add_correspondence(&mut self, correspondence: Correspondence) {
        for id in &correspondence.attachments {
            if let Some(attachment) = self.shelves.attachments.get_mut(id) {
                attachment.correspondences.push(correspondence.id);
            }
        }
        let shelf = &mut self.shelves.correspondences;
        shelf.insert(correspondence.id, correspondence);
    }

    /// A correspondence as it is now, with its attachments.
    pub(super) fn correspondence(
        &mut self,
        id: Uuid,
    ) -> Option<(&mut Correspondence, Vec<&Attachment>)> {
        let shelves = &mut *self.shelves;
        let correspondence = shelves.correspondences.get_mut(&id)?;
        correspondence.settle(self.now);
        let attachments = correspondence
            .attachments
            .iter()
            .filter_map(|id| shelves.attachments.get(id))
            .collect();
        Some((correspondence, attachments))
    }

    pub(super) fn has_used(&self, idempotent_key: Uuid) -> bool {
        self.shelves.idempotent_keys.contains(&idempotent_key)
    }

    pub(super) fn use_up(&mut self, idempotent_key: Uuid) {
        self.shelves.idempotent_keys.insert(idempotent_key);
    }
}
