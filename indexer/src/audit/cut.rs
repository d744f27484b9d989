//! Which events a reading of accounts has in it.
//!
//! A slot alone does not say it: a node may answer with the slot that it has confirmed and with accounts that later
//! transactions have changed already. The accounts themselves do: each program's shards hold the number of the last event.
use crate::audit::chain::Reading;
use crate::audit::finding::Subject;
use crate::decode::Program;
use ::credits::constants::SHARDS;
use anchor_lang::AccountDeserialize;
use anchor_lang::prelude::Pubkey;
use std::collections::BTreeMap;

/// Last event numbers, by program and shard.
pub type Sequences = BTreeMap<(Program, u8), u64>;

/// Where the books are beside a reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Events are in the reading that the books do not have yet.
    Before,
    At,
    /// The books have events that are not in the reading.
    Past,
}

/// The last event of each shard that a reading has in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cut(Sequences);

impl Cut {
    /// `reading` holds the shards of `programs`; one that is not open yet has told nothing.
    pub fn of(reading: &Reading, programs: &[Program]) -> Self {
        let shards = programs.iter().flat_map(|program| (0..SHARDS).map(move |index| (*program, index)));
        let seq = |(program, index)| {
            let data = reading.accounts.get(&Subject::Shard(program, index).address().to_bytes());
            ((program, index), data.and_then(|data| shard_seq(program, data)).unwrap_or(0))
        };
        Self(shards.map(seq).collect())
    }

    pub fn place(&self, books: &Sequences) -> Place {
        let beside = self.0.iter().map(|(shard, cut)| books.get(shard).copied().unwrap_or(0).cmp(cut));
        beside.fold(Place::At, |place, order| match (place, order) {
            (Place::Past, _) | (_, std::cmp::Ordering::Greater) => Place::Past,
            (_, std::cmp::Ordering::Less) => Place::Before,
            (place, std::cmp::Ordering::Equal) => place,
        })
    }

    /// Whether events are in the reading that are not among `indexed`.
    pub fn is_after(&self, indexed: &Sequences) -> bool {
        self.0.iter().any(|(shard, cut)| indexed.get(shard).copied().unwrap_or(0) < *cut)
    }

    /// Whether the event is in the reading.
    pub fn has(&self, program: Program, shard: u8, seq: u64) -> bool {
        self.0.get(&(program, shard)).is_some_and(|last| seq <= *last)
    }
}

/// Addresses of all shards of all programs: fewer than the hundred that `getMultipleAccounts` takes.
pub fn shards() -> impl Iterator<Item = Pubkey> {
    Program::ALL.into_iter().flat_map(|program| (0..SHARDS).map(move |index| Subject::Shard(program, index).address()))
}

pub fn shard_seq(program: Program, data: &[u8]) -> Option<u64> {
    fn read<T: AccountDeserialize>(mut data: &[u8]) -> Option<T> {
        T::try_deserialize(&mut data).ok()
    }
    Some(match program {
        Program::Credits => read::<::credits::state::Shard>(data)?.seq,
        Program::Jobs => read::<::jobs::state::Shard>(data)?.seq,
        Program::Staking => read::<::staking::state::Shard>(data)?.seq,
        Program::Governance => read::<::governance::state::Shard>(data)?.seq,
    })
}
