//! Pools, positions, vaults and reservations.
use super::{Checked, Violation, holds, same};
use crate::state::{State, one};
use anchor_lang::prelude::Pubkey;
use economy::stake as rules;
use jobs::state::Status;
use staking::Parameter;
use staking::state::{Config, Pool, PoolKind, Position, Rewards};
use std::collections::BTreeMap;

/// The positions of each pool.
type Members<'a> = BTreeMap<&'a Pubkey, Vec<&'a Position>>;

pub fn check(state: &State) -> Checked {
    let (Some(config), Some(rewards)) = (one(&state.staking), one(&state.rewards)) else { return Ok(()) };
    let mut members: Members = state.pools.keys().map(|pool| (pool, Vec::new())).collect();
    for position in state.positions.values() {
        let Some(pool) = members.get_mut(&position.pool) else {
            holds!("positions", false, "a position of {}, which is no pool", position.pool);
            continue;
        };
        pool.push(position);
    }
    vault_holds_all_buckets(state, config, rewards)?;
    pools_hold_their_positions(state, &members)?;
    rewards_are_covered(state, config, rewards, &members)?;
    reservations_are_the_live_jobs(state)?;
    slashes_are_capped(state)
}

fn vault_holds_all_buckets(state: &State, config: &Config, rewards: &Rewards) -> Checked {
    let sum = |f: fn(&Pool) -> u64| state.pools.values().map(f).sum::<u64>();
    let staked = sum(|p| p.active + p.reserved);
    let all = staked + sum(|p| p.warming) + sum(|p| p.cooling);
    // Anybody can send coins there; nothing of ours does.
    same!("vaults", state.balance(&config.stake_vault), all, "the stake vault holds what is staked");
    let of_operators = state.pools.values().filter(|p| p.kind == PoolKind::Operator).map(|p| p.active + p.reserved);
    same!("vaults", (rewards.weight, rewards.staked), (of_operators.sum(), staked), "weights are the pools'");
    Ok(())
}

/// A position's amounts now: losses and rewards brought in.
pub fn settled(pool: &rules::Pool, position: &Position) -> Result<rules::Position, Violation> {
    let mut rules = position.rules();
    let done = rules.settle(pool);
    holds!("positions", done.is_ok(), "the position of {} in {}: {done:?}", position.holder, position.pool);
    Ok(rules)
}

fn pools_hold_their_positions(state: &State, members: &Members) -> Checked {
    for (address, pool) in &state.pools {
        let rules = pool.rules();
        let (mut active, mut reserved, mut warming, mut cooling) = (0, 0, 0, 0);
        for position in &members[address] {
            let p = settled(&rules, position)?;
            let own = position.holder == pool.owner;
            holds!("positions", p.reserved == 0 || own, "only the owner's own stake is reserved in {address}");
            (active, reserved) = (active + p.active, reserved + p.reserved);
            (warming, cooling) = (warming + p.warming, cooling + p.cooling);
        }
        let within = active <= pool.active && warming <= pool.warming && cooling <= pool.cooling;
        let sums = [active, warming, cooling];
        holds!("positions", within, "pool {address} has {:?}, its positions {sums:?}", pool.state());
        same!("positions", reserved, pool.reserved, "a pool's reservations are its owner's");
        // What rounding leaves in a pool: less than a unit for each position and loss.
        let untouched = pool.factor == economy::index::ONE;
        let exact = sums == [pool.active, pool.warming, pool.cooling];
        holds!("positions", exact || !untouched, "pool {address} has lost nothing and its positions {sums:?} differ");
    }
    Ok(())
}

fn rewards_are_covered(state: &State, config: &Config, rewards: &Rewards, members: &Members) -> Checked {
    let vault = state.balance(&config.reward_vault);
    same!("rewards", vault + rewards.claimed, rewards.collected, "the reward vault holds what is not claimed");
    let loyalty: BTreeMap<Pubkey, u64> = state.loyalty.values().map(|l| (l.user, l.pooled)).collect();
    let all = rewards.rules();
    let mut owed = u128::from(rewards.undistributed);
    for (address, pool) in &state.pools {
        let mut rules = pool.rules();
        holds!("rewards", rules.fold(&all).is_ok(), "pool {address} cannot be folded");
        let mut shares = u128::from(rules.index.undistributed);
        for position in &members[address] {
            shares += u128::from(settled(&rules, position)?.owed);
        }
        match pool.kind {
            PoolKind::Operator => owed += shares + u128::from(rules.commission_owed),
            PoolKind::User => {
                let pooled = loyalty.get(&pool.owner).copied().unwrap_or(0);
                holds!("rewards", shares <= pooled.into(), "{shares} is owed by {address}, {pooled} is kept for it");
            }
        }
    }
    holds!("rewards", owed <= u128::from(vault), "{owed} is owed, the reward vault holds {vault}");
    Ok(())
}

fn reservations_are_the_live_jobs(state: &State) -> Checked {
    let mut live: BTreeMap<Pubkey, u64> = BTreeMap::new();
    for job in state.jobs.values().filter(|j| j.status != Status::Posted && j.reserved > 0) {
        *live.entry(job.operator).or_default() += job.reserved;
    }
    for (address, pool) in &state.pools {
        let jobs = if pool.kind == PoolKind::Operator { live.remove(&pool.owner).unwrap_or(0) } else { 0 };
        holds!("reservations", pool.reserved == jobs, "{} is reserved in {address}, {jobs} for jobs", pool.reserved);
    }
    holds!("reservations", live.is_empty(), "jobs stand on pools that do not exist: {live:?}");
    Ok(())
}

fn slashes_are_capped(state: &State) -> Checked {
    // A vote may have lowered the cap since; it never passes its bound.
    let cap = u128::from(Parameter::SlashCapBps.bounds().max);
    for (address, pool) in &state.pools {
        let most = u128::from(pool.slash_base) * cap / 10_000;
        let (slashed, base) = (pool.slashed, pool.slash_base);
        holds!("slashes", u128::from(slashed) <= most, "pool {address} lost {slashed} of {base}");
        holds!("slashes", pool.factor <= economy::index::ONE, "pool {address} has grown");
    }
    let known = one(&state.rewards).is_none_or(|r| r.burned <= r.slashed);
    holds!("slashes", known, "more was burned than slashed");
    Ok(())
}
