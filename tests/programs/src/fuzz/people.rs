//! Who acts, and what accounts are called.
use crate::keys::{authority, device, guardian, key, operator, stranger, submitter, user};
use anchor_lang::prelude::Pubkey;
use client::address;
use solana_signer::Signer;
use staking::state::PoolKind;
use std::collections::BTreeMap;
use std::sync::OnceLock;

/// People who join after the network is up.
const NEWCOMERS: usize = 22;
/// Devices that nobody has registered yet.
const MACHINES: usize = 24;

/// Everybody with a wallet.
pub struct Cast {
    /// Users, operators, stakers, voters, provers: anybody can be all of it.
    pub people: Vec<Pubkey>,
    /// Keys of devices.
    pub machines: Vec<Pubkey>,
    names: BTreeMap<Pubkey, String>,
}

impl Cast {
    /// Always the same.
    pub fn get() -> &'static Self {
        static CAST: OnceLock<Cast> = OnceLock::new();
        CAST.get_or_init(Cast::gather)
    }

    fn gather() -> Self {
        let mut people: Vec<(String, Pubkey)> = Vec::new();
        people.extend((0..3).map(|i| (format!("user {i}"), user(i).pubkey())));
        people.extend((0..2).map(|i| (format!("operator {i}"), operator(i).pubkey())));
        people.extend((0..3).map(|i| (format!("submitter {i}"), submitter(i).pubkey())));
        people.push(("guardian".into(), guardian().pubkey()));
        people.push(("stranger".into(), stranger().pubkey()));
        people.extend((0..NEWCOMERS).map(|i| (format!("newcomer {i}"), key(&format!("newcomer {i}")).pubkey())));
        let mut machines: Vec<(String, Pubkey)> = (0..3).map(|i| (format!("device {i}"), device(i).pubkey())).collect();
        machines.extend((0..MACHINES).map(|i| (format!("machine {i}"), key(&format!("machine {i}")).pubkey())));
        let names = people.iter().chain(&machines).map(|(name, key)| (*key, name.clone())).collect();
        let keys = |named: Vec<(String, Pubkey)>| named.into_iter().map(|(_, key)| key).collect();
        Cast { people: keys(people), machines: keys(machines), names }
    }

    /// Whoever can sign: no program's address is among them.
    pub fn can_sign(&self, key: &Pubkey) -> bool {
        self.names.contains_key(key)
    }

    /// What every address is called whose owner is known here.
    pub fn addresses(&self) -> BTreeMap<Pubkey, String> {
        let mut names = self.names.clone();
        names.insert(authority().pubkey(), "upgrade authority".into());
        let fixed = [
            (address::credits_config(), "credits config"),
            (address::staking_config(), "staking config"),
            (address::jobs_config(), "jobs config"),
            (address::governance_config(), "governance config"),
            (address::feed(), "feed"),
            (address::emission(), "emission"),
            (address::rewards(), "rewards"),
            (address::io_mint(), "IO mint"),
            (address::iosd_mint(), "IOSD mint"),
            (address::stake_vault(), "stake vault"),
            (address::reward_vault(), "reward vault"),
            (address::deposit_vault(), "deposit vault"),
            (address::jobs_authority(), "jobs authority"),
            (address::staking_authority(), "staking authority"),
            (address::governance_authority(), "governance authority"),
            (anchor_lang::system_program::ID, "system program"),
            (anchor_spl::token::ID, "token program"),
            (anchor_spl::token_2022::ID, "token-2022 program"),
            (anchor_spl::associated_token::ID, "associated token program"),
        ];
        names.extend(fixed.map(|(address, name)| (address, name.into())));
        for (program, name) in crate::vm::PROGRAMS {
            names.insert(program, format!("{name} program"));
            names.insert(address::event_authority(&program), format!("{name} events"));
        }
        for i in 0..credits::constants::SHARDS {
            names.insert(address::credits_shard(i), format!("credits shard {i}"));
            names.insert(address::staking_shard(i), format!("staking shard {i}"));
            names.insert(address::jobs_shard(i), format!("jobs shard {i}"));
            names.insert(address::governance_shard(i), format!("governance shard {i}"));
        }
        let mut pools = Vec::new();
        for (key, who) in &self.names {
            let own = [
                (address::io_account(key), "IO"),
                (address::iosd_account(key), "IOSD"),
                (address::earnings(key), "earnings"),
                (address::loyalty(key), "loyalty"),
                (address::operator(key), "operator account"),
                (address::user(key), "user account"),
                (address::device(key), "device account"),
            ];
            names.extend(own.map(|(address, what)| (address, format!("{who}'s {what}"))));
            for kind in [PoolKind::Operator, PoolKind::User] {
                let name = format!("{who}'s {} pool", if kind == PoolKind::User { "user" } else { "operator" });
                pools.push((address::pool(key, kind), name));
            }
        }
        for (pool, name) in &pools {
            names.insert(*pool, name.clone());
            for (holder, who) in &self.names {
                names.insert(address::position(pool, holder), format!("{who}'s position in {name}"));
            }
        }
        names
    }
}
