//! Pools, positions and rewards.
use super::money::is_worth;
use super::{Chooser, Kind, kind};
use crate::fuzz::step::{Act, Step};
use crate::fuzz::world::World;
use crate::invariant::stake::settled;
use crate::net::IO;
use crate::state::one;
use anchor_lang::prelude::Pubkey;
use anchor_lang::{InstructionData, ToAccountMetas};
use client::{address, staking_ix};
use credits::constants::PAUSE_SCHEDULE;
use rand::Rng;
use solana_instruction::Instruction;
use staking::PoolKind;
use staking::SlashReason;
use staking::constants::{PAUSE_COLLECT, PAUSE_OPEN, PAUSE_STAKE};
use staking::state::{Pool, Position};

pub const KINDS: &[Kind] = &[
    kind("staking.open_pool", 2, open_operator_pool),
    kind("credits.share_loyalty", 2, open_user_pool),
    kind("staking.stake", 6, stake),
    kind("staking.refresh_position", 3, refresh),
    kind("staking.unstake", 3, unstake),
    kind("staking.withdraw", 5, withdraw),
    kind("staking.close_position", 4, close),
    kind("staking.claim_rewards", 2, claim_rewards),
    kind("staking.claim_rebates", 6, claim_rebates),
    kind("staking.claim_commission", 1, claim_commission),
    kind("staking.set_commission", 1, set_commission),
    kind("staking.collect_rewards", 2, collect),
    kind("staking.fold_pool", 1, fold),
    kind("staking.redeem_loyalty", 8, redeem),
    kind("judge", 2, judge),
];

fn pool_of(world: &World, owner: &Pubkey, kind: PoolKind) -> Option<Pubkey> {
    world.state.pools.iter().find(|(_, p)| p.owner == *owner && p.kind == kind).map(|(a, _)| *a)
}

fn open_operator_pool(c: &mut Chooser, world: &World) -> Option<Step> {
    open_pool(c, world, PoolKind::Operator)
}

fn open_user_pool(c: &mut Chooser, world: &World) -> Option<Step> {
    open_pool(c, world, PoolKind::User)
}

fn open_pool(c: &mut Chooser, world: &World, kind: PoolKind) -> Option<Step> {
    if one(&world.state.staking)?.paused & PAUSE_OPEN != 0 && !c.lax {
        return None;
    }
    // Some share their rebates and some never do.
    let may = |i: usize, p: &Pubkey| match kind {
        PoolKind::Operator => true,
        PoolKind::User => !i.is_multiple_of(3) && world.state.loyalty.values().any(|l| l.user == *p),
    };
    let people = c.cast.people.iter().enumerate().filter(|(i, p)| may(*i, p) && pool_of(world, p, kind).is_none());
    let owner = c.any(people.map(|(_, p)| *p).collect::<Vec<_>>())?;
    let most = one(&world.state.staking)?.max_commission_bps;
    let commission = if c.chance(95) { c.rng.random_range(0..=most) } else { c.rng.random() };
    Some(Step::send(owner, vec![staking_ix::open_pool(owner, kind, commission)]))
}

fn stake(c: &mut Chooser, world: &World) -> Option<Step> {
    if one(&world.state.staking)?.paused & PAUSE_STAKE != 0 && !c.lax {
        return None;
    }
    let holder = c.person();
    let own = pool_of(world, &holder, PoolKind::Operator).filter(|_| c.chance(60));
    let pool = match own {
        Some(pool) => pool,
        None => {
            let kind = if c.chance(60) { PoolKind::User } else { PoolKind::Operator };
            let pools = world.state.pools.iter().filter(|(_, p)| p.kind == kind);
            c.any(pools.map(|(a, _)| *a).collect::<Vec<_>>())?
        }
    };
    let purse = world.state.balance(&address::io_account(&holder));
    let amount = if c.chance(85) { c.rng.random_range(1..3_000 * IO) } else { c.amount(purse / 10) };
    Some(Step::send(holder, vec![staking_ix::stake(holder, pool, amount)]))
}

/// A position, preferably one for which `fits` holds of its amounts now.
fn position(
    c: &mut Chooser,
    world: &World,
    fits: impl Fn(&Pool, &Position, &economy::stake::Position) -> bool,
) -> Option<(Pubkey, Position, economy::stake::Position)> {
    let rewards = one(&world.state.rewards)?.rules();
    let fitting = world.state.positions.values().filter_map(|p| {
        let pool = world.state.pools.get(&p.pool)?;
        let mut rules = pool.rules();
        rules.fold(&rewards).ok()?;
        let now = settled(&rules, p).ok()?;
        fits(pool, p, &now).then(|| (p.pool, p.clone(), now))
    });
    let fitting: Vec<_> = fitting.collect();
    c.any(fitting)
}

fn refresh(c: &mut Chooser, world: &World) -> Option<Step> {
    let (epoch, all) = (world.epoch(), c.lax);
    let (pool, p, _) = position(c, world, |_, p, now| all || (now.warming > 0 && p.warm_epoch <= epoch))?;
    Some(Step::send(c.person(), vec![staking_ix::refresh_position(pool, p.holder)]))
}

fn unstake(c: &mut Chooser, world: &World) -> Option<Step> {
    let (now, all) = (world.state.now, c.lax);
    let able = |_: &Pool, p: &Position, s: &economy::stake::Position| s.active + s.warming > 0 && p.locked_until <= now;
    let (pool, p, s) = position(c, world, |q, p, s| all || able(q, p, s))?;
    // The first operators stay, so that there is always somebody to work.
    let founder = c.cast.people[3..5].contains(&p.holder);
    let most = if founder { s.active / 50 } else { s.active + s.warming };
    let amount = if !founder && c.chance(50) { most } else { c.amount(most) };
    let who = c.mostly(p.holder);
    Some(Step::send(who, vec![staking_ix::unstake(who, pool, amount)]))
}

fn withdraw(c: &mut Chooser, world: &World) -> Option<Step> {
    let (epoch, all) = (world.epoch(), c.lax);
    let (pool, p, _) = position(c, world, |_, p, s| s.cooling > 0 && (all || p.cool_epoch <= epoch))?;
    Some(Step::send(p.holder, vec![staking_ix::withdraw(p.holder, pool)]))
}

fn close(c: &mut Chooser, world: &World) -> Option<Step> {
    let all = c.lax;
    let (pool, p, s) = position(c, world, |_, _, s| all || (s.active + s.warming + s.cooling + s.reserved == 0))?;
    let close = staking_ix::close_position(p.holder, pool, p.payer);
    if s.owed == 0 || all {
        return Some(Step::send(p.holder, vec![close]));
    }
    let claim = match world.state.pools.get(&pool)?.kind {
        PoolKind::Operator => staking_ix::claim_rewards(p.holder, pool, p.holder),
        PoolKind::User => staking_ix::claim_rebates(p.holder, world.state.pools.get(&pool)?.owner, p.holder),
    };
    Some(Step::send(p.holder, vec![claim, close]))
}

fn claim_rewards(c: &mut Chooser, world: &World) -> Option<Step> {
    let all = c.lax;
    let (pool, p, _) = position(c, world, |q, _, s| all || (q.kind == PoolKind::Operator && s.owed > 0))?;
    let payer = c.person();
    Some(Step::send(payer, vec![staking_ix::claim_rewards(payer, pool, p.holder)]))
}

fn claim_rebates(c: &mut Chooser, world: &World) -> Option<Step> {
    let all = c.lax;
    let (pool, p, _) = position(c, world, |q, _, s| q.kind == PoolKind::User && (all || s.owed > 0))?;
    let (payer, owner) = (c.person(), world.state.pools.get(&pool)?.owner);
    Some(Step::send(payer, vec![staking_ix::claim_rebates(payer, owner, p.holder)]))
}

fn operator_pool(c: &mut Chooser, world: &World) -> Option<(Pubkey, Pool)> {
    let pools = world.state.pools.iter().filter(|(_, p)| p.kind == PoolKind::Operator);
    c.any(pools.map(|(a, p)| (*a, p.clone())).collect::<Vec<_>>())
}

fn claim_commission(c: &mut Chooser, world: &World) -> Option<Step> {
    let (rewards, all) = (one(&world.state.rewards)?.rules(), c.lax);
    let due = |p: &Pool| {
        let mut rules = p.rules();
        all || (p.kind == PoolKind::Operator && rules.fold(&rewards).is_ok() && rules.commission_owed > 0)
    };
    let pools = world.state.pools.values().filter(|p| due(p)).cloned().collect::<Vec<_>>();
    let (pool, payer) = (c.any(pools)?, c.person());
    Some(Step::send(payer, vec![staking_ix::claim_commission(payer, pool.owner)]))
}

fn set_commission(c: &mut Chooser, world: &World) -> Option<Step> {
    let pools = world.state.pools.values().filter(|p| p.commission_epoch < world.epoch());
    let pool = c.any(pools.cloned().collect::<Vec<_>>())?;
    let most = pool.commission_bps.saturating_add(if c.chance(90) { 100 } else { 101 });
    let new = c.rng.random_range(pool.commission_bps.saturating_sub(100)..=most);
    let owner = c.mostly(pool.owner);
    Some(Step::send(owner, vec![staking_ix::set_commission(owner, pool.kind, new)]))
}

fn collect(c: &mut Chooser, world: &World) -> Option<Step> {
    let paused = one(&world.state.staking)?.paused & PAUSE_COLLECT | one(&world.state.credits)?.paused & PAUSE_SCHEDULE;
    if paused != 0 && !c.lax {
        return None;
    }
    Some(Step::send(c.person(), vec![staking_ix::collect_rewards()]))
}

fn fold(c: &mut Chooser, world: &World) -> Option<Step> {
    let pool = if c.lax { c.any(world.state.pools.keys().copied())? } else { operator_pool(c, world)?.0 };
    Some(Step::send(c.person(), vec![staking_ix::fold_pool(pool)]))
}

fn redeem(c: &mut Chooser, world: &World) -> Option<Step> {
    let all = c.lax;
    let held = |user: &Pubkey| {
        world.state.pools.values().any(|p| p.owner == *user && p.kind == PoolKind::User && p.active > 0)
    };
    let able = world.state.loyalty.values().filter(|l| l.shared && (all || (is_worth(world, l) && held(&l.user))));
    let (user, points) = c.any(able.map(|l| (l.user, l.points)).collect::<Vec<_>>())?;
    let points = if c.chance(60) { points } else { c.amount(points) };
    Some(Step::send(user, vec![staking_ix::redeem_loyalty(user, points)]))
}

/// `who` takes stake from an operator's pool.
pub fn slash(
    who: Pubkey,
    pool: Pubkey,
    owner: Pubkey,
    (reserved, beyond): (u64, u64),
    reason: SlashReason,
) -> Instruction {
    let accounts = staking::accounts::Slash {
        jobs_authority: who,
        config: address::staking_config(),
        pool,
        position: address::position(&pool, &owner),
        shard: address::staking_shard_of(&pool),
        rewards: address::rewards(),
        stake_vault: address::stake_vault(),
        staking_authority: address::staking_authority(),
        prover_io: address::io_account(&who),
        io_mint: address::io_mint(),
        token_program: anchor_spl::token::ID,
        event_authority: address::event_authority(&staking::ID),
        program: staking::ID,
    };
    let data = staking::instruction::Slash { reserved, beyond, reason }.data();
    Instruction { program_id: staking::ID, accounts: accounts.to_account_metas(None), data }
}

/// A loss of the whole pool beyond what is reserved.
fn judge(c: &mut Chooser, world: &World) -> Option<Step> {
    let (address, pool) = operator_pool(c, world)?;
    let beyond = match c.rng.random_range(0..10) {
        0..6 => c.rng.random_range(0..=(pool.active / 20)),
        6..8 => c.rng.random_range(0..50),
        8 => u64::MAX,
        _ => c.amount(pool.active),
    };
    let payer = c.person();
    let reason = if c.chance(50) { SlashReason::WrongCell } else { SlashReason::Silence };
    let instruction = slash(payer, address, pool.owner, (0, beyond), reason);
    Some(Step { act: Act::Judge { payer, instruction }, attack: None, fault: None, answer: None })
}
