//! The staking program's instructions in words.
use super::{Step, arguments, words};
use economy::amount::{Decimal, io};
use governance::Action;
use solana_instruction::Instruction;
use staking::instruction as ix;
use staking::state::PoolKind;

fn step(instruction: &str) -> Step {
    Step::new("staking", instruction)
}

fn percent(bps: u16) -> String {
    format!("{} %", Decimal { amount: bps.into(), decimals: 2 })
}

pub(super) fn read(i: &Instruction) -> Option<Step> {
    holder(i).or_else(|| claims(i)).or_else(|| pool(i)).or_else(|| other(i))
}

/// What a position's holder does with stake.
fn holder(i: &Instruction) -> Option<Step> {
    if let Some(ix::Stake { amount }) = arguments(i) {
        let step = step("stake IO").detail("amount", format!("{} IO", io(amount)));
        return Some(step.account("holder", i, 0).account("pool", i, 3));
    }
    if let Some(ix::Unstake { amount }) = arguments(i) {
        let step =
            step("take stake out; it can be withdrawn after cooling").detail("amount", format!("{} IO", io(amount)));
        return Some(step.account("holder", i, 0).account("pool", i, 3));
    }
    if let Some(ix::Withdraw {}) = arguments(i) {
        return Some(step("withdraw cooled stake").account("holder", i, 0).account("pool", i, 3));
    }
    if let Some(ix::ClosePosition {}) = arguments(i) {
        return Some(step("close an empty position").account("holder", i, 0).account("pool", i, 3));
    }
    let ix::RefreshPosition {} = arguments(i)?;
    Some(step("bring a position up to date").account("pool", i, 2).account("position", i, 3))
}

/// What pays.
fn claims(i: &Instruction) -> Option<Step> {
    if let Some(ix::ClaimRewards {}) = arguments(i) {
        return Some(
            step("pay a position's rewards in IO to its holder").account("pool", i, 3).account("holder", i, 6),
        );
    }
    if let Some(ix::ClaimRebates {}) = arguments(i) {
        return Some(
            step("pay a position's rebates in IOSD to its holder").account("pool", i, 3).account("holder", i, 6),
        );
    }
    if let Some(ix::ClaimCommission {}) = arguments(i) {
        return Some(step("pay an operator's commission in IO").account("pool", i, 3).account("operator", i, 5));
    }
    if let Some(ix::CollectRewards {}) = arguments(i) {
        return Some(step("take the stakers' budget from the schedule and share it out"));
    }
    if let Some(ix::FoldPool {}) = arguments(i) {
        return Some(step("bring in what a pool earned").account("pool", i, 1));
    }
    let ix::RedeemLoyalty { points } = arguments(i)?;
    let points = Decimal { amount: points, decimals: economy::IOSD_DECIMALS };
    let step = step("turn loyalty points into credits, shared with stakers").detail("points", points);
    Some(step.account("user", i, 0).account("pool", i, 2))
}

/// What a pool's owner does.
fn pool(i: &Instruction) -> Option<Step> {
    if let Some(ix::OpenPool { kind, commission_bps }) = arguments(i) {
        let words = match kind {
            PoolKind::Operator => "open an operator's pool",
            PoolKind::User => "open a user's pool: rebates are shared with its stakers for good",
        };
        let step = step(words).detail("commission", percent(commission_bps));
        return Some(step.account("owner", i, 0).account("pool", i, 3));
    }
    let ix::SetCommission { commission_bps } = arguments(i)?;
    let step = step("change a pool's commission").detail("commission", percent(commission_bps));
    Some(step.account("owner", i, 0).account("pool", i, 3))
}

fn other(i: &Instruction) -> Option<Step> {
    if let Some(ix::Administer { order }) = arguments(i) {
        return Some(step("order").detail("does", words::action(&Action::Staking(order))).account("authority", i, 0));
    }
    if let Some(ix::AcceptAuthority {}) = arguments(i) {
        return Some(step("accept the authority").account("authority", i, 0));
    }
    if let Some(ix::OpenShard { index }) = arguments(i) {
        return Some(step("open an event shard").detail("shard", index));
    }
    let ix::Initialize { args } = arguments(i)?;
    let step = step("initialize").detail("longest dispute", format!("{} s", args.dispute_s));
    Some(step.account("authority", i, 0))
}
