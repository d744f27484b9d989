//! Prices, credits, earnings, loyalty and epochs.
use super::{Chooser, Kind, ORACLE, RECEIVER, kind};
use crate::fuzz::step::{Act, Step};
use crate::fuzz::world::World;
use crate::net::{IO, IOSD};
use crate::state::one;
use anchor_lang::prelude::Pubkey;
use anchor_lang::{InstructionData, ToAccountMetas};
use client::{address, credits_ix};
use credits::constants::{PAUSE_BUY, PAUSE_SCHEDULE};
use credits::{BuyOrder, PriceSource, Purpose};
use rand::Rng;
use solana_instruction::Instruction;

pub const KINDS: &[Kind] = &[
    kind("price", 44, price),
    kind("credits.buy_credits", 8, buy),
    kind("transfer", 2, transfer),
    kind("credits.request_redemption", 5, request),
    kind("credits.settle_redemption", 8, settle),
    kind("credits.advance_epoch", 12, advance),
    kind("credits.open_earnings", 1, open_earnings),
    kind("credits.open_loyalty", 1, open_loyalty),
    kind("credits.redeem_loyalty", 2, redeem),
    kind("credits.mint_scheduled", 1, mint),
];

/// The account that the price is read from now.
pub fn price_account(world: &World) -> Pubkey {
    credits_ix::price_account(one(&world.state.credits).map_or(PriceSource::Feed, |c| c.price_source))
}

/// Whether there is a good price.
fn is_fresh(world: &World) -> bool {
    let (Some(config), Some(feed)) = (one(&world.state.credits), one(&world.state.feeds)) else { return false };
    match config.price_source {
        PriceSource::Feed => feed.read_price(world.state.now, config).is_ok(),
        PriceSource::Pyth { feed_id, .. } => world.state.raw.get(&ORACLE).is_some_and(|a| {
            use solana_account::ReadableAccount;
            economy::pyth::decode(a.data(), &feed_id, world.state.now, config.price_limits()).is_ok()
        }),
    }
}

/// Everybody speaks, mostly the truth; or the oracle does.
fn price(c: &mut Chooser, world: &World) -> Option<Step> {
    if is_fresh(world) && c.chance(85) {
        return None;
    }
    c.price = match c.rng.random_range(0..100) {
        0..3 => c.price * 2,
        3..6 => c.price / 2,
        _ => c.price / 100 * c.rng.random_range(97..104),
    }
    .clamp(2_000_000, 5_000_000_000);
    let config = one(&world.state.credits)?;
    if let PriceSource::Pyth { feed_id, .. } = config.price_source
        && c.chance(80)
    {
        let age = if c.chance(90) { 0 } else { c.rng.random_range(-5..200) };
        let spread = if c.chance(90) { c.price / 1_000 } else { c.price / 5 };
        let data = oracle(&feed_id, c.price, spread, world.state.now - age);
        return Some(Step { act: Act::Oracle(data), attack: None, fault: None, answer: None });
    }
    let feed = one(&world.state.feeds)?;
    let speakers: Vec<Pubkey> = feed.quotes.iter().map(|q| q.submitter).filter(|s| c.cast.can_sign(s)).collect();
    if c.chance(10) {
        let one = c.any(speakers)?;
        let word = match c.rng.random_range(0..4) {
            0 => 0,
            1 => u64::MAX,
            2 => c.price * 3,
            _ => c.price,
        };
        let one = c.mostly(one);
        return Some(Step::send(one, vec![credits_ix::submit_price(one, word)]));
    }
    let price = c.price;
    let word = |s: &Pubkey| credits_ix::submit_price(*s, price / 10_000 * c.rng.random_range(9_980..10_021));
    let words: Vec<Instruction> = speakers.iter().map(word).collect();
    Some(Step::send(*speakers.first()?, words))
}

/// A fully verified price update, as the Pyth receiver stores it.
fn oracle(feed_id: &[u8; 32], price: u64, confidence: u64, time: i64) -> Vec<u8> {
    let mut data = vec![0x22, 0xf1, 0x23, 0x63, 0x9d, 0x7e, 0xf4, 0xcd];
    data.extend(RECEIVER.as_ref());
    data.push(1);
    data.extend(feed_id);
    data.extend((price as i64).to_le_bytes());
    data.extend(confidence.to_le_bytes());
    data.extend((-8i32).to_le_bytes());
    data.extend(time.to_le_bytes());
    data.extend((time - 1).to_le_bytes());
    data.extend((price as i64).to_le_bytes());
    data.extend([0; 17]);
    data
}

fn buy(c: &mut Chooser, world: &World) -> Option<Step> {
    let paused = one(&world.state.credits)?.paused & PAUSE_BUY != 0;
    if (paused || !is_fresh(world)) && !c.lax {
        return None;
    }
    let me = c.person();
    let units = c.rng.random_range(0..60);
    let limit = if c.chance(90) { None } else { Some(c.rng.random_range(0..60)) };
    let order = match c.rng.random_range(0..10) {
        0..5 => BuyOrder::ExactIn { io: units * IO + 7, min_iosd: limit.map_or(0, |l| l * IOSD) },
        5..9 => BuyOrder::ExactOut { iosd: units * IOSD + 3, max_io: limit.map_or(u64::MAX, |l| l * IO) },
        _ => BuyOrder::ExactIn { io: c.amount(world.state.balance(&address::io_account(&me)) / 50), min_iosd: 0 },
    };
    Some(Step::send(me, vec![credits_ix::buy_credits(me, price_account(world), world.epoch(), order)]))
}

fn transfer(c: &mut Chooser, world: &World) -> Option<Step> {
    let (from, to) = (c.person(), c.person());
    let amount = c.amount(world.state.balance(&address::io_account(&from)) / 20);
    let [_, mut transfer] = credits_ix::transfer_io(from, to, amount);
    if c.chance(10) {
        // A gift to a vault must change nothing for anybody.
        let vaults = [address::stake_vault(), address::reward_vault(), address::deposit_vault()];
        transfer.accounts[2].pubkey = c.any(vaults)?;
    }
    Some(Step::send(from, vec![transfer]))
}

fn request(c: &mut Chooser, world: &World) -> Option<Step> {
    let able = world.state.earnings.values().filter(|e| e.owed > 0 && c.cast.can_sign(&e.owner));
    let e = able.cloned().collect::<Vec<_>>();
    let e = c.any(e)?;
    let request = credits_ix::request_redemption(e.owner, world.epoch(), c.amount(e.owed));
    // An earlier request must be settled first.
    if e.requested > 0 && e.request_epoch != world.epoch() && c.chance(80) {
        let settle = settle_of(c, world, &e)?;
        return Some(Step::send(e.owner, vec![settle, request]));
    }
    Some(Step::send(e.owner, vec![request]))
}

fn settle_of(c: &mut Chooser, world: &World, e: &credits::state::Earnings) -> Option<Instruction> {
    let epoch = world.state.epochs.values().find(|x| x.index == e.request_epoch)?;
    if !epoch.closed && !c.lax {
        return None;
    }
    let payer = if c.chance(50) { e.owner } else { c.person() };
    Some(credits_ix::settle_redemption(payer, e.owner, epoch.index, epoch.payer, world.epoch()))
}

fn settle(c: &mut Chooser, world: &World) -> Option<Step> {
    let closed = |e: &&credits::state::Earnings| {
        world.state.epochs.values().any(|x| x.closed && x.index == e.request_epoch) && e.requested > 0
    };
    let e = world.state.earnings.values().filter(closed).cloned().collect::<Vec<_>>();
    let e = c.any(e)?;
    let settle = settle_of(c, world, &e)?;
    Some(Step::send(settle.accounts[0].pubkey, vec![settle]))
}

/// Closes what has ended, several epochs at once if they were missed.
fn advance(c: &mut Chooser, world: &World) -> Option<Step> {
    let next = one(&world.state.emissions)?.next_epoch;
    let due = world.epoch().saturating_sub(next);
    if due == 0 && !c.lax {
        return None;
    }
    // Without a good price nothing is paid: let that be the exception.
    let asked = world.state.epochs.values().any(|e| e.index == next && e.requested > 0);
    if asked && !is_fresh(world) && c.chance(80) {
        return price(c, world);
    }
    let payer = c.person();
    let count = due.clamp(1, c.rng.random_range(1..=6));
    let first = if c.chance(97) { next } else { c.rng.random_range(0..=world.epoch()) };
    let close = |index: u64| {
        let epoch = world.state.epochs.values().find(|e| e.index == index);
        credits_ix::advance_epoch(price_account(world), index, epoch.map_or(payer, |e| e.payer))
    };
    Some(Step::send(payer, (first..first + count).map(close).collect()))
}

fn open_earnings(c: &mut Chooser, world: &World) -> Option<Step> {
    let has = |p: &Pubkey| world.state.earnings.values().any(|e| e.owner == *p);
    let owner = c.any(c.cast.people.iter().filter(|p| !has(p)).copied().collect::<Vec<_>>())?;
    let (owner, payer) = (c.mostly(owner), c.person());
    Some(Step::send(payer, vec![credits_ix::open_earnings(payer, owner)]))
}

fn open_loyalty(c: &mut Chooser, world: &World) -> Option<Step> {
    let has = |p: &Pubkey| world.state.loyalty.values().any(|l| l.user == *p);
    let user = c.any(c.cast.people.iter().filter(|p| !has(p)).copied().collect::<Vec<_>>())?;
    let (user, payer) = (c.mostly(user), c.person());
    Some(Step::send(payer, vec![credits_ix::open_loyalty(payer, user)]))
}

/// Whether all points are worth anything now.
pub fn is_worth(world: &World, l: &credits::state::Loyalty) -> bool {
    let rate = one(&world.state.credits).map_or(0, |c| c.loyalty_bps);
    economy::loyalty::rebate(l.points, rate, l.incentives, l.rebated).is_ok_and(|r| r > 0)
}

fn redeem(c: &mut Chooser, world: &World) -> Option<Step> {
    let able = world.state.loyalty.values().filter(|l| is_worth(world, l));
    let (alone, shared): (Vec<_>, Vec<_>) = able.map(|l| (l.user, l.points, l.shared)).partition(|l| !l.2);
    let (user, points, _) = if c.lax { c.any(shared)? } else { c.any(alone)? };
    let points = if c.chance(60) { points } else { c.amount(points) };
    Some(Step::send(user, vec![credits_ix::redeem_loyalty(user, points)]))
}

/// `who` mints from a budget of the schedule.
pub fn mint_scheduled(who: Pubkey, purpose: Purpose, amount: u64) -> Instruction {
    let emission = address::emission();
    let accounts = credits::accounts::MintScheduled {
        authority: who,
        config: address::credits_config(),
        emission,
        io_mint: address::io_mint(),
        to: address::io_account(&who),
        token_program: anchor_spl::token::ID,
        shard: address::credits_shard_of(&emission),
        event_authority: address::event_authority(&credits::ID),
        program: credits::ID,
    };
    let data = credits::instruction::MintScheduled { purpose, amount }.data();
    Instruction { program_id: credits::ID, accounts: accounts.to_account_metas(None), data }
}

/// A person whom a vote has made a minter.
fn mint(c: &mut Chooser, world: &World) -> Option<Step> {
    let emission = one(&world.state.emissions)?;
    if one(&world.state.credits)?.paused & PAUSE_SCHEDULE != 0 && !c.lax {
        return None;
    }
    let purposes = [Purpose::Idle, Purpose::Stakers, Purpose::Treasury];
    let able = purposes.into_iter().filter(|p| c.cast.can_sign(&emission.budgets[*p as usize].authority));
    let purpose = c.any(able.collect::<Vec<_>>())?;
    let budget = emission.budgets[purpose as usize];
    let amount = c.amount(budget.mintable(world.epoch()) / 4);
    let who = c.mostly(budget.authority);
    Some(Step::send(who, vec![mint_scheduled(who, purpose, amount)]))
}
