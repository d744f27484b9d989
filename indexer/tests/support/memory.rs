//! A chain's accounts in memory.
use super::world::World;
use anchor_lang::prelude::Pubkey;
use anchor_lang::{AccountDeserialize, AccountSerialize, Owner};
use indexer::SourceError;
use indexer::audit::{ChainState, Reading};
use std::collections::BTreeMap;

/// Owner and bytes by address.
pub type AccountMap = BTreeMap<Pubkey, (Pubkey, Vec<u8>)>;

#[derive(Clone)]
pub struct Memory {
    pub slot: u64,
    pub accounts: AccountMap,
    /// Programs that are read at another slot.
    pub earlier: BTreeMap<[u8; 32], (u64, AccountMap)>,
}

impl Memory {
    pub fn of(world: &World) -> Self {
        Self { slot: world.story.slot, accounts: world.accounts(), earlier: BTreeMap::new() }
    }

    /// Changes the first account of a type that `change` says it changed; returns its address.
    pub fn change<T: AccountSerialize + AccountDeserialize + Owner>(
        &mut self,
        change: impl Fn(&mut T) -> bool,
    ) -> Pubkey {
        // Types of different programs have the same names, and so the same first bytes.
        for (address, (_, data)) in self.accounts.iter_mut().filter(|(_, (owner, _))| *owner == T::owner()) {
            let Ok(mut account) = T::try_deserialize(&mut data.as_slice()) else { continue };
            if change(&mut account) {
                *data = super::world::bytes_of(&account);
                return *address;
            }
        }
        panic!("no such account");
    }
}

impl ChainState for Memory {
    async fn owned_by(&self, program: [u8; 32], _not_before: u64) -> Result<Reading, SourceError> {
        let (slot, accounts) = match self.earlier.get(&program) {
            Some((slot, accounts)) => (*slot, accounts),
            None => (self.slot, &self.accounts),
        };
        let owned = accounts.iter().filter(|(_, (owner, _))| owner.to_bytes() == program);
        Ok(Reading { slot, accounts: owned.map(|(key, (_, data))| (key.to_bytes(), data.clone())).collect() })
    }

    async fn accounts(&self, addresses: &[[u8; 32]], _not_before: u64) -> Result<Reading, SourceError> {
        let found = addresses.iter().filter_map(|key| {
            let (_, data) = self.accounts.get(&Pubkey::from(*key))?;
            Some((*key, data.clone()))
        });
        Ok(Reading { slot: self.slot, accounts: found.collect() })
    }
}
