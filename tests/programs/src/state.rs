//! Everything on chain, decoded once: what must always hold is checked on this. It can be kept up to date account by account.
use crate::vm::Vm;
use anchor_lang::prelude::Pubkey;
use anchor_lang::{AccountDeserialize, Discriminator};
use solana_account::{AccountSharedData, ReadableAccount};
use std::collections::BTreeMap;

/// Accounts of one type.
pub type Table<T> = BTreeMap<Pubkey, T>;

/// An account of either token program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tokens {
    pub mint: Pubkey,
    pub owner: Pubkey,
    /// Base units.
    pub amount: u64,
}

const MINT: usize = 82;
const TOKENS: usize = 165;
/// Where a token account or mint with extensions says which of both it is: 1 is a mint.
const KIND: usize = 165;

macro_rules! state {
    ($($table:ident: $kind:ty = $program:expr,)*) => {
        /// The accounts of our programs and of the token programs.
        #[derive(Clone, Default)]
        pub struct State {
            $(pub $table: Table<$kind>,)*
            pub tokens: Table<Tokens>,
            /// Supplies, base units.
            pub mints: Table<u64>,
            /// The cluster's clock, unix seconds.
            pub now: i64,
            pub slot: u64,
            /// All accounts but sysvars and programs, as they are.
            pub raw: Table<AccountSharedData>,
        }

        impl State {
            /// Only these accounts.
            pub fn select(&self, addresses: &[Pubkey]) -> State {
                let mut some = State { now: self.now, slot: self.slot, ..State::default() };
                for a in addresses {
                    $(if let Some(account) = self.$table.get(a) {
                        some.$table.insert(*a, account.clone());
                    })*
                    if let Some(tokens) = self.tokens.get(a) {
                        some.tokens.insert(*a, *tokens);
                    }
                    if let Some(account) = self.raw.get(a) {
                        some.raw.insert(*a, account.clone());
                    }
                }
                some
            }

            fn forget(&mut self, address: &Pubkey) {
                $(self.$table.remove(address);)*
                self.tokens.remove(address);
                self.mints.remove(address);
            }

            /// Puts an account of one of our programs where it belongs.
            fn decode(&mut self, address: Pubkey, owner: &Pubkey, mut data: &[u8]) -> Result<(), String> {
                $(if *owner == $program && data.starts_with(<$kind>::DISCRIMINATOR) {
                    let decoded = <$kind>::try_deserialize(&mut data).map_err(|e| format!("{address}: {e}"))?;
                    self.$table.insert(address, decoded);
                    return Ok(());
                })*
                Err(format!("{address} is of no known type"))
            }
        }
    };
}

state! {
    credits: credits::state::Config = credits::ID,
    feeds: credits::state::Feed = credits::ID,
    emissions: credits::state::Emission = credits::ID,
    epochs: credits::state::Epoch = credits::ID,
    escrows: credits::state::Escrow = credits::ID,
    earnings: credits::state::Earnings = credits::ID,
    loyalty: credits::state::Loyalty = credits::ID,
    credits_shards: credits::state::Shard = credits::ID,
    staking: staking::state::Config = staking::ID,
    rewards: staking::state::Rewards = staking::ID,
    pools: staking::state::Pool = staking::ID,
    positions: staking::state::Position = staking::ID,
    staking_shards: staking::state::Shard = staking::ID,
    jobs_config: jobs::state::Config = jobs::ID,
    operators: jobs::state::Operator = jobs::ID,
    devices: jobs::state::Device = jobs::ID,
    rounds: jobs::state::Round = jobs::ID,
    models: jobs::state::Model = jobs::ID,
    drafts: jobs::state::Draft = jobs::ID,
    users: jobs::state::User = jobs::ID,
    jobs: jobs::state::Job = jobs::ID,
    proofs: jobs::state::Proof = jobs::ID,
    demands: jobs::state::Demand = jobs::ID,
    jobs_shards: jobs::state::Shard = jobs::ID,
    governance: governance::state::Config = governance::ID,
    proposals: governance::state::Proposal = governance::ID,
    votes: governance::state::Vote = governance::ID,
    governance_shards: governance::state::Shard = governance::ID,
}

/// The account of a type of which there is one at most.
pub fn one<T>(table: &Table<T>) -> Option<&T> {
    table.values().next()
}

impl State {
    /// Reads everything.
    ///
    /// # Errors
    /// If an account of ours cannot be read.
    pub fn read(vm: &Vm) -> Result<Self, String> {
        let mut state = State { now: vm.now(), slot: vm.slot(), ..State::default() };
        for (address, account) in vm.accounts().filter(|(_, a)| is_kept(a)) {
            state.put(*address, account)?;
        }
        Ok(state)
    }

    /// Reads the clock and these accounts again.
    ///
    /// # Errors
    /// If an account of ours cannot be read.
    pub fn refresh(&mut self, vm: &Vm, addresses: &[Pubkey]) -> Result<(), String> {
        (self.now, self.slot) = (vm.now(), vm.slot());
        for address in addresses {
            match vm.account_ref(address).filter(|a| a.lamports() > 0) {
                Some(account) if !is_kept(account) || self.raw.get(address) == Some(account) => {}
                Some(account) => {
                    self.forget(address);
                    self.put(*address, account)?;
                }
                None => {
                    self.forget(address);
                    self.raw.remove(address);
                }
            }
        }
        Ok(())
    }

    fn put(&mut self, address: Pubkey, account: &AccountSharedData) -> Result<(), String> {
        self.raw.insert(address, account.clone());
        let (owner, data) = (account.owner(), account.data());
        if [credits::ID, staking::ID, jobs::ID, governance::ID].contains(owner) {
            self.decode(address, owner, data)?;
        } else if [anchor_spl::token::ID, anchor_spl::token_2022::ID].contains(owner) {
            if data.len() == MINT || data.get(KIND) == Some(&1) {
                self.mints.insert(address, u64_at(data, 36));
            } else if data.len() >= TOKENS {
                let tokens = Tokens { mint: key_at(data, 0), owner: key_at(data, 32), amount: u64_at(data, 64) };
                self.tokens.insert(address, tokens);
            }
        }
        Ok(())
    }

    /// An account that differs from the virtual machine's, if there is one.
    pub fn differs(&self, vm: &Vm) -> Option<Pubkey> {
        let mut seen = 0;
        for (address, account) in vm.accounts().filter(|(_, a)| is_kept(a)) {
            if self.raw.get(address) != Some(account) {
                return Some(*address);
            }
            seen += 1;
        }
        let exists = |address: &Pubkey| vm.account_ref(address).is_some_and(is_kept);
        if seen == self.raw.len() { None } else { self.raw.keys().find(|a| !exists(a)).copied() }
    }

    /// Balance of a token account, zero if there is none.
    pub fn balance(&self, address: &Pubkey) -> u64 {
        self.tokens.get(address).map_or(0, |t| t.amount)
    }
}

const SYSVARS: Pubkey = anchor_lang::pubkey!("Sysvar1111111111111111111111111111111111111");

/// Sysvars and programs say nothing about the network.
pub fn is_kept(account: &AccountSharedData) -> bool {
    let others = [anchor_lang::solana_program::bpf_loader_upgradeable::ID, SYSVARS];
    account.lamports() > 0 && !account.executable() && !others.contains(account.owner())
}

fn u64_at(data: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(data[at..at + 8].try_into().expect("eight bytes"))
}

fn key_at(data: &[u8], at: usize) -> Pubkey {
    Pubkey::new_from_array(data[at..at + 32].try_into().expect("32 bytes"))
}
