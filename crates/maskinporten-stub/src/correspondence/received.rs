//! File content as it comes in: hashed, looked through for malware, and kept unless it is too much.

use bytes::{Bytes, BytesMut};
use md5::{Digest, Md5};

/// The most that is kept of all uploads together, and so of one.
pub(super) const MAX_KEPT: usize = 256 << 20;

/// The EICAR test file, which every scanner takes for malware: in halves, so that no scanner takes
/// this crate for it.
const EICAR: [&str; 2] = [
    r"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD",
    "-ANTIVIRUS-TEST-FILE!$H+H*",
];

/// Content on its way in.
#[derive(Debug)]
pub(super) struct Receiving {
    max_kept: usize,
    hash: Md5,
    kept: BytesMut,
    /// The first bytes, which give malware away.
    head: Vec<u8>,
    size: u64,
}

/// Content that has come in whole.
#[derive(Clone, Debug)]
pub(super) struct Received {
    /// Nothing of what is too large to keep.
    pub(super) bytes: Option<Bytes>,
    pub(super) size: u64,
    pub(super) md5: String,
    pub(super) is_malware: bool,
}

impl Default for Receiving {
    fn default() -> Self {
        Self::keeping(MAX_KEPT)
    }
}

impl Receiving {
    /// Content that is kept if it is no larger than that.
    pub(super) fn keeping(max_kept: usize) -> Self {
        Self {
            max_kept,
            hash: Md5::new(),
            kept: BytesMut::new(),
            head: Vec::new(),
            size: 0,
        }
    }

    pub(super) fn push(&mut self, data: &[u8]) {
        self.hash.update(data);
        let wanted = EICAR.concat().len().saturating_sub(self.head.len());
        self.head.extend(data.iter().take(wanted));
        self.size = self
            .size
            .saturating_add(u64::try_from(data.len()).unwrap_or(u64::MAX));
        if self.is_kept() {
            self.kept.extend_from_slice(data);
        } else {
            self.kept = BytesMut::new();
        }
    }

    fn is_kept(&self) -> bool {
        usize::try_from(self.size).is_ok_and(|size| size <= self.max_kept)
    }

    pub(super) fn finish(self) -> Received {
        let is_kept = self.is_kept();
        let digest = self.hash.finalize();
        Received {
            bytes: is_kept.then(|| self.kept.freeze()),
            size: self.size,
            md5: digest.iter().map(|byte| format!("{byte:02x}")).collect(),
            is_malware: self.head == EICAR.concat().as_bytes(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn received(parts: &[&[u8]]) -> Received {
        let mut receiving = Receiving::keeping(100);
        for part in parts {
            receiving.push(part);
        }
        receiving.finish()
    }

    #[test]
    fn hashes_and_finds_malware_however_it_is_cut() {
        let eicar = EICAR.concat();
        let (first, rest) = eicar.as_bytes().split_at(10);
        assert!(received(&[first, rest, b"\r\n"]).is_malware);
        assert!(!received(&[b" ", first, rest]).is_malware);
        assert!(!received(&[]).is_malware);
        let hello = received(&[b"hello ", b"world"]);
        assert_eq!(
            (hello.size, hello.md5.as_str()),
            (11, "5eb63bbbe01eeed093cb22bb8f5acdc3")
        );
        assert_eq!(hello.bytes.unwrap(), "hello world");
    }

    #[test]
    fn what_is_too_large_is_hashed_and_not_kept() {
        let part = [0; 100];
        assert!(received(&[&part]).bytes.is_some());
        let large = received(&[&part, &[0], &part]);
        assert_eq!((large.bytes, large.size), (None, 201));
    }
}
