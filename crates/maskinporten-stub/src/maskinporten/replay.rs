//! Grants are for single use.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Mutex, PoisonError},
};

use aws_lc_rs::digest;

use super::claims::GrantClaims;

/// The most that is remembered: as much as comes in four minutes at the speed of two cores.
const MOST: usize = 1 << 20;

/// The grants used, each until it could not be used again anyway.
#[derive(Debug, Default)]
pub(crate) struct Replays {
    used: Mutex<Used>,
}

#[derive(Debug, Default)]
struct Used {
    until: HashMap<Mark, i64>,
    /// In the order of use, which is nearly that of their ends: a grant lives two minutes at most.
    /// So what is in front is looked at only, and forgetting costs the same however many there are.
    order: VecDeque<(Mark, i64)>,
}

/// What a grant is known again by: half a SHA-256, of the assertion or of its issuer and id.
type Mark = [u8; 16];

impl Replays {
    /// Uses the grant up, and tells whether it was the first time.
    pub(super) fn first_use(
        &self,
        assertion: &str,
        claims: &GrantClaims,
        until: i64,
        now: i64,
    ) -> bool {
        let whole = mark(&[assertion]);
        // A part that no assertion ends in keeps the two kinds apart.
        let id = claims.jti.as_ref();
        let id = id.map(|jti| mark(&[&claims.iss, "\0jti\0", jti]));
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        used.forget(now);
        let mut first = true;
        for mark in [Some(whole), id].into_iter().flatten() {
            first &= used.add(mark, until, now);
        }
        first
    }

    /// Forgets every grant.
    pub(crate) fn clear(&self) {
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        *used = Used::default();
    }
}

impl Used {
    fn add(&mut self, mark: Mark, until: i64, now: i64) -> bool {
        let before = self.until.insert(mark, until);
        // Used again for as long as before it stands in the order already.
        if before != Some(until) {
            self.order.push_back((mark, until));
        }
        before.is_none_or(|before| before <= now)
    }

    fn forget(&mut self, now: i64) {
        while let Some((mark, until)) = self.order.front().copied()
            && (until <= now || self.order.len() >= MOST)
        {
            self.order.pop_front();
            // It may have been used again, for longer.
            if self.until.get(&mark) == Some(&until) {
                self.until.remove(&mark);
            }
        }
    }
}

fn mark(parts: &[&str]) -> Mark {
    let mut hash = digest::Context::new(&digest::SHA256);
    for part in parts {
        hash.update(part.as_bytes());
    }
    let mut mark = Mark::default();
    for (to, from) in mark.iter_mut().zip(hash.finish().as_ref()) {
        *to = *from;
    }
    mark
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forgets_what_is_over_and_no_more() {
        let mut used = Used::default();
        assert!(used.add([1; 16], 130, 0));
        assert!(used.add([2; 16], 20, 0));
        assert!(!used.add([1; 16], 130, 10));
        assert_eq!(used.order.len(), 2, "used again it takes no more room");
        used.forget(50);
        assert_eq!(used.until.len(), 2, "the first one keeps those behind it");
        assert!(
            used.add([2; 16], 150, 50),
            "its own time is over all the same"
        );
        used.forget(130);
        assert_eq!(used.order.len(), 1);
        assert!(!used.add([2; 16], 150, 130));
        used.forget(150);
        assert!(used.until.is_empty() && used.order.is_empty());
    }
}
