//! A bounded collection: what came first goes first.

use std::collections::{HashMap, VecDeque};

use uuid::Uuid;

/// Items by their id, in the order of their arrival.
#[derive(Debug)]
pub(super) struct Shelf<T> {
    items: HashMap<Uuid, T>,
    order: VecDeque<Uuid>,
    capacity: usize,
}

impl<T> Shelf<T> {
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            items: HashMap::new(),
            order: VecDeque::new(),
            capacity,
        }
    }

    /// Adds a new item, and gives the one that had to go for it.
    pub(super) fn add(&mut self, id: Uuid, item: T) -> Option<T> {
        self.items.insert(id, item);
        self.order.push_back(id);
        if self.order.len() <= self.capacity {
            return None;
        }
        self.items.remove(&self.order.pop_front()?)
    }

    pub(super) fn get(&self, id: Uuid) -> Option<&T> {
        self.items.get(&id)
    }

    pub(super) fn get_mut(&mut self, id: Uuid) -> Option<&mut T> {
        self.items.get_mut(&id)
    }

    /// All ids, the oldest first.
    pub(super) fn ids(&self) -> impl Iterator<Item = Uuid> {
        self.order.iter().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_goes_first() {
        let mut shelf = Shelf::new(2);
        let ids: Vec<Uuid> = (1..=3).map(Uuid::from_u128).collect();
        assert_eq!(shelf.add(ids[0], 'a'), None);
        assert_eq!(shelf.add(ids[1], 'b'), None);
        assert_eq!(shelf.add(ids[2], 'c'), Some('a'));
        assert_eq!(shelf.get(ids[0]), None);
        assert_eq!(shelf.ids().collect::<Vec<_>>(), ids[1..]);
    }
}
