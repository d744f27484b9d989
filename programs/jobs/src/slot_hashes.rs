//! Reading the slot hashes sysvar where it lies: the hashes of the last 512 slots that had a block.
use anchor_lang::prelude::*;

/// The sysvar's address.
pub const ADDRESS: Pubkey = pubkey!("SysvarS1otHashes111111111111111111111111111");
/// Most entries that the sysvar holds.
const MAX_ENTRIES: usize = 512;
/// A slot (u64, little-endian) and its hash.
const ENTRY: usize = 40;
/// The number of entries (u64, little-endian) comes before them.
const HEAD: usize = 8;

/// What is known of the first slot hash at or after a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lookup {
    /// It is the hash of this slot: the one asked for, or the first after it that has a block.
    Found { slot: u64, hash: [u8; 32] },
    /// No slot at or after it is complete.
    NotYet,
    /// It has left the sysvar, or may have.
    Gone,
}

/// The newest slot hash. `None` if `data` is not the sysvar's, or no slot is complete yet.
pub fn newest(data: &[u8]) -> Option<(u64, [u8; 32])> {
    let count = entries(data)?;
    if count == 0 {
        return None;
    }
    Some((slot(data, 0)?, hash(data, 0)?))
}

/// The first slot hash at or after `from`. `None` if `data` is not the sysvar's.
///
/// Entries go from the newest to the oldest. The first one at or after `from` is known if it is of that very slot, if an older
/// one is there too, or if nothing has left the sysvar yet.
pub fn first_from(data: &[u8], from: u64) -> Option<Lookup> {
    let count = entries(data)?;
    // How many entries are at or after `from`: they are the first ones.
    let (mut low, mut high) = (0usize, count);
    while low < high {
        let middle = low.checked_add(high)? >> 1;
        if slot(data, middle)? >= from {
            low = middle.checked_add(1)?;
        } else {
            high = middle;
        }
    }
    let Some(index) = low.checked_sub(1) else { return Some(Lookup::NotYet) };
    let found = slot(data, index)?;
    let is_oldest = low == count;
    if found != from && is_oldest && count == MAX_ENTRIES {
        return Some(Lookup::Gone);
    }
    Some(Lookup::Found { slot: found, hash: hash(data, index)? })
}

/// How many entries there are.
fn entries(data: &[u8]) -> Option<usize> {
    let count = usize::try_from(number(data, 0)?).ok()?;
    let whole = count <= MAX_ENTRIES && data.len() >= place(count)?;
    whole.then_some(count)
}

fn place(index: usize) -> Option<usize> {
    index.checked_mul(ENTRY)?.checked_add(HEAD)
}

fn slot(data: &[u8], index: usize) -> Option<u64> {
    number(data, place(index)?)
}

fn hash(data: &[u8], index: usize) -> Option<[u8; 32]> {
    let at = place(index)?.checked_add(8)?;
    data.get(at..at.checked_add(32)?)?.try_into().ok()
}

fn number(data: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(data.get(at..at.checked_add(8)?)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As the runtime writes it: newest first, always as long as it can get.
    fn sysvar(slots: &[u64]) -> Vec<u8> {
        let mut data = (slots.len() as u64).to_le_bytes().to_vec();
        for slot in slots {
            data.extend(slot.to_le_bytes());
            data.extend([*slot as u8; 32]);
        }
        data.resize(HEAD + MAX_ENTRIES * ENTRY, 0);
        data
    }

    fn found(slot: u64) -> Option<Lookup> {
        Some(Lookup::Found { slot, hash: [slot as u8; 32] })
    }

    #[test]
    fn the_first_hash_at_or_after_a_slot_is_found_and_skipped_slots_are_passed_over() {
        let data = sysvar(&[109, 108, 104, 103, 101]);
        assert_eq!(first_from(&data, 104), found(104));
        assert_eq!(first_from(&data, 105), found(108));
        assert_eq!(first_from(&data, 107), found(108));
        assert_eq!(first_from(&data, 109), found(109));
        assert_eq!(first_from(&data, 110), Some(Lookup::NotYet));
        // Nothing has left it: the oldest is the first.
        assert_eq!(first_from(&data, 1), found(101));
        assert_eq!(first_from(&sysvar(&[]), 0), Some(Lookup::NotYet));
    }

    #[test]
    fn what_may_have_left_a_full_sysvar_is_gone() {
        let slots: Vec<u64> = (0..512u64).map(|i| 2_000 - 2 * i).collect();
        let data = sysvar(&slots);
        let oldest = 2_000 - 2 * 511;
        assert_eq!(first_from(&data, oldest), found(oldest));
        assert_eq!(first_from(&data, oldest + 1), found(oldest + 2));
        // A slot between may have had a block.
        assert_eq!(first_from(&data, oldest - 1), Some(Lookup::Gone));
        assert_eq!(first_from(&data, 0), Some(Lookup::Gone));
        assert_eq!(first_from(&data, 2_001), Some(Lookup::NotYet));
    }

    #[test]
    fn it_agrees_with_a_search_one_by_one() {
        for length in [0usize, 1, 2, 3, 100, 511, 512] {
            let slots: Vec<u64> = (0..length as u64).map(|i| 5_000 - i * 3 / 2).collect();
            let data = sysvar(&slots);
            for from in (4_000..5_010).step_by(7) {
                let first = slots.iter().rev().find(|s| **s >= from);
                let gone = first.is_some_and(|s| *s != from) && slots.last() >= Some(&from) && length == 512;
                let expected = match first {
                    None => Some(Lookup::NotYet),
                    Some(_) if gone => Some(Lookup::Gone),
                    Some(slot) => found(*slot),
                };
                assert_eq!(first_from(&data, from), expected, "{from} in {length}");
            }
        }
    }

    #[test]
    fn the_newest_is_the_first_entry_and_an_empty_sysvar_has_none() {
        assert_eq!(newest(&sysvar(&[109, 108])), Some((109, [109; 32])));
        assert_eq!(newest(&sysvar(&[])), None);
        assert_eq!(newest(&sysvar(&[7])[..47]), None);
    }

    #[test]
    fn what_is_not_the_sysvar_is_not_read() {
        assert_eq!(first_from(&[], 0), None);
        assert_eq!(first_from(&513u64.to_le_bytes(), 0), None);
        assert_eq!(first_from(&u64::MAX.to_le_bytes(), 0), None);
        assert_eq!(first_from(&sysvar(&[7])[..47], 0), None);
    }
}
