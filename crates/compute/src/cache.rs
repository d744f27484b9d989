//! Weights prepared for a backend, kept for the models used last.
use judge::Hash;

/// How many models are kept: a supplier alternates between few, and the widest model takes 50 MB.
const CAPACITY: usize = 4;

/// Prepared models by root, the last used first.
pub(crate) struct ModelCache<T> {
    entries: Vec<(Hash, T)>,
}

impl<T> ModelCache<T> {
    pub(crate) fn new() -> Self {
        ModelCache { entries: Vec::new() }
    }

    /// The entry for `root`, made by `prepare` if it is not there.
    pub(crate) fn get_or_prepare<E>(
        &mut self,
        root: Hash,
        prepare: impl FnOnce() -> Result<T, E>,
    ) -> Result<&mut T, E> {
        match self.entries.iter().position(|(known, _)| *known == root) {
            Some(at) => self.entries[..=at].rotate_right(1),
            None => {
                let prepared = prepare()?;
                self.entries.truncate(CAPACITY - 1);
                self.entries.insert(0, (root, prepared));
            }
        }
        Ok(&mut self.entries[0].1)
    }

    /// All entries but the last used.
    pub(crate) fn others(&mut self) -> impl Iterator<Item = &mut T> {
        self.entries.iter_mut().skip(1).map(|(_, entry)| entry)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_model_unused_for_longest_is_dropped() {
        let mut cache = ModelCache::new();
        let mut prepared = Vec::new();
        for id in [1u8, 2, 3, 4, 1, 5, 1, 2] {
            let entry = cache.get_or_prepare([id; 32], || {
                prepared.push(id);
                Ok::<_, ()>(id)
            });
            assert_eq!(entry, Ok(&mut { id }));
        }
        assert_eq!(prepared, [1, 2, 3, 4, 5, 2]);
        assert_eq!(cache.others().map(|id| *id).collect::<Vec<_>>(), [1, 5, 4]);
    }
}
