//! Randomness: the hashes of recent slots, read from the sysvar account as it is. Its data: how many entries (u64), then
//! slot (u64) and hash (32 bytes) of each, newest first; it keeps the last 512.
use anchor_lang::prelude::*;

pub const SLOT_HASHES: Pubkey = pubkey!("SysvarS1otHashes111111111111111111111111111");

const COUNT: usize = 8;
const SLOT: usize = 8;
const ENTRY: usize = 40;

/// What the account knows of a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lookup {
    /// The first slot at or after it that has a hash.
    Found { slot: u64, hash: [u8; 32] },
    /// No slot since then has a hash yet.
    NotYet,
    /// Too long ago: which one was first cannot be known any more.
    Gone,
}

/// The newest slot with a hash. `None` if the data is not as the runtime writes it, or empty.
pub fn newest(data: &[u8]) -> Option<(u64, [u8; 32])> {
    entry(entries(data)?.first()?)
}

/// The first slot at or after `slot` that has a hash: there is one answer at most, whenever it is asked for. `None` as
/// [`newest`].
pub fn first_from(data: &[u8], slot: u64) -> Option<Lookup> {
    let entries = entries(data)?;
    let (oldest, _) = entry(entries.last()?)?;
    let later = entries.partition_point(|e| entry(e).is_some_and(|(s, _)| s >= slot));
    let Some(first) = later.checked_sub(1).and_then(|i| entries.get(i)).and_then(entry) else {
        return Some(Lookup::NotYet);
    };
    if oldest > slot {
        return Some(Lookup::Gone);
    }
    Some(Lookup::Found { slot: first.0, hash: first.1 })
}

fn entries(data: &[u8]) -> Option<&[[u8; ENTRY]]> {
    let (count, rest) = data.split_first_chunk::<COUNT>()?;
    rest.as_chunks::<ENTRY>().0.get(..usize::try_from(u64::from_le_bytes(*count)).ok()?)
}

fn entry(bytes: &[u8; ENTRY]) -> Option<(u64, [u8; 32])> {
    let (slot, hash) = bytes.split_first_chunk::<SLOT>()?;
    Some((u64::from_le_bytes(*slot), hash.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Newest first, as the runtime has them; each hash is its slot's number.
    fn data(slots: &[u64]) -> Vec<u8> {
        let entry = |slot: &u64| [slot.to_le_bytes().as_slice(), &[*slot as u8; 32]].concat();
        [(slots.len() as u64).to_le_bytes().to_vec(), slots.iter().flat_map(entry).collect()].concat()
    }

    #[test]
    fn the_first_slot_with_a_hash_decides_whenever_it_is_asked_for() {
        let found = |slot: u64| Some(Lookup::Found { slot, hash: [slot as u8; 32] });
        let early = data(&[12, 10, 9, 7]);
        let late = data(&[40, 31, 12, 10, 9, 7]);
        for data in [&early, &late] {
            assert_eq!(first_from(data, 10), found(10));
            assert_eq!(first_from(data, 11), found(12), "slot 11 was skipped");
            assert_eq!(first_from(data, 7), found(7));
        }
        assert_eq!(first_from(&early, 13), Some(Lookup::NotYet));
        assert_eq!(first_from(&late, 13), found(31));
        assert_eq!(newest(&late), Some((40, [40; 32])));
    }

    #[test]
    fn a_slot_before_the_oldest_known_one_is_gone() {
        assert_eq!(first_from(&data(&[12, 10, 9]), 8), Some(Lookup::Gone));
    }

    #[test]
    fn cut_and_empty_data_is_no_slot_hashes() {
        let whole = data(&[12, 10]);
        assert_eq!(first_from(&whole[..whole.len() - 1], 10), None);
        for bad in [&data(&[]), &whole[..7], &[]] {
            assert_eq!((first_from(bad, 1), newest(bad)), (None, None));
        }
        let mut many = whole.clone();
        many[7] = 0xff;
        assert_eq!(newest(&many), None);
    }
}
