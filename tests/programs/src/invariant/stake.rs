//! Pools, positions, vaults and reservations.
use crate::net::Net;
use anchor_lang::prelude::Pubkey;
use client::address;
use jobs::state::{Job, Status};
use staking::Parameter;
use staking::state::{Pool, PoolKind, Position, Rewards};
use std::collections::BTreeMap;

#[track_caller]
pub fn check(net: &Net) {
    let vm = &net.vm;
    let Some(rewards) = vm.read::<Rewards>(&address::rewards()) else { return };
    let pools: BTreeMap<Pubkey, Pool> = vm.all::<Pool>(&staking::ID).into_iter().collect();
    let positions = vm.all::<Position>(&staking::ID);
    vault_holds_all_buckets(net, &rewards, &pools);
    pools_hold_their_positions(&pools, &positions);
    rewards_are_covered(net, &rewards, &pools, &positions);
    reservations_are_the_live_jobs(net, &pools, &positions);
    slashes_are_capped(&pools);
}

#[track_caller]
fn vault_holds_all_buckets(net: &Net, rewards: &Rewards, pools: &BTreeMap<Pubkey, Pool>) {
    let sum = |f: fn(&Pool) -> u64| pools.values().map(f).sum::<u64>();
    let staked = sum(|p| p.active + p.reserved);
    let all = staked + sum(|p| p.warming) + sum(|p| p.cooling);
    let vault = net.vm.tokens(&address::stake_vault());
    assert!(vault >= all, "the stake vault holds {vault} of {all}");
    // Anybody can send coins there; nothing of ours does.
    assert_eq!(vault, all, "the stake vault holds what is staked");
    let of_operators = pools.values().filter(|p| p.kind == PoolKind::Operator).map(|p| p.active + p.reserved);
    assert_eq!((rewards.weight, rewards.staked), (of_operators.sum(), staked), "weights are the pools'");
}

/// A position's amounts now: losses and rewards brought in.
fn settled(pool: &economy::stake::Pool, position: &Position) -> economy::stake::Position {
    let mut position = position.rules();
    position.settle(pool).expect("a position can be settled");
    position
}

#[track_caller]
fn pools_hold_their_positions(pools: &BTreeMap<Pubkey, Pool>, positions: &[(Pubkey, Position)]) {
    for (address, pool) in pools {
        let rules = pool.rules();
        let own = positions.iter().filter(|(_, p)| p.pool == *address);
        let (mut active, mut reserved, mut warming, mut cooling) = (0, 0, 0, 0);
        for (_, position) in own {
            let p = settled(&rules, position);
            assert!(p.reserved == 0 || position.holder == pool.owner, "only the owner's own stake is reserved");
            (active, reserved) = (active + p.active, reserved + p.reserved);
            (warming, cooling) = (warming + p.warming, cooling + p.cooling);
        }
        assert!(active <= pool.active && warming <= pool.warming && cooling <= pool.cooling, "pool {address}");
        assert_eq!(reserved, pool.reserved, "reservations of pool {address}");
    }
}

#[track_caller]
fn rewards_are_covered(net: &Net, rewards: &Rewards, pools: &BTreeMap<Pubkey, Pool>, positions: &[(Pubkey, Position)]) {
    let vault = net.vm.tokens(&address::reward_vault());
    assert_eq!(vault, rewards.collected - rewards.claimed, "the reward vault holds what is not claimed");
    let mut owed = u128::from(rewards.undistributed);
    for (address, pool) in pools {
        let mut rules = pool.rules();
        rules.fold(&rewards.rules()).expect("a pool can be folded");
        let own = positions.iter().filter(|(_, p)| p.pool == *address);
        let shares: u128 = own.map(|(_, p)| u128::from(settled(&rules, p).owed)).sum();
        let shares = shares + u128::from(rules.index.undistributed);
        match pool.kind {
            PoolKind::Operator => owed += shares + u128::from(rules.commission_owed),
            PoolKind::User => {
                let loyalty: credits::state::Loyalty =
                    net.vm.read(&address::loyalty(&pool.owner)).expect("a user's pool has loyalty");
                assert!(shares <= u128::from(loyalty.pooled), "rebates of pool {address} are kept for it");
            }
        }
    }
    assert!(owed <= u128::from(vault), "{owed} is owed, the reward vault holds {vault}");
}

#[track_caller]
fn reservations_are_the_live_jobs(net: &Net, pools: &BTreeMap<Pubkey, Pool>, positions: &[(Pubkey, Position)]) {
    let mut live: BTreeMap<Pubkey, u64> = BTreeMap::new();
    for (_, job) in net.vm.all::<Job>(&jobs::ID) {
        if job.status != Status::Posted && job.reserved > 0 {
            *live.entry(address::operator_pool(&job.operator)).or_default() += job.reserved;
        }
    }
    let held = positions.iter().filter(|(_, p)| p.reserved > 0).map(|(_, p)| (p.pool, p.reserved));
    assert_eq!(held.collect::<BTreeMap<_, _>>(), live, "reserved stake stands for live jobs");
    assert!(pools.len() >= live.len());
}

#[track_caller]
fn slashes_are_capped(pools: &BTreeMap<Pubkey, Pool>) {
    // A vote may have lowered the cap since; it never passes its bound.
    let cap = u128::from(Parameter::SlashCapBps.bounds().max);
    for (address, pool) in pools {
        let most = u128::from(pool.slash_base) * cap / 10_000;
        assert!(u128::from(pool.slashed) <= most, "pool {address} lost {} of {}", pool.slashed, pool.slash_base);
    }
}
