//! The credits program's instructions in words.
use super::{Step, arguments, words};
use credits::BuyOrder;
use credits::instruction as ix;
use economy::amount::{Decimal, io, iosd};
use solana_instruction::Instruction;

fn step(instruction: &str) -> Step {
    Step::new("credits", instruction)
}

pub(super) fn read(i: &Instruction) -> Option<Step> {
    if let Some(ix::BuyCredits { order }) = arguments(i) {
        let step = match order {
            BuyOrder::ExactOut { iosd: wanted, max_io } => {
                let limit = (max_io < u64::MAX).then(|| format!("{} IO", io(max_io)));
                let step = step("buy credits by burning IO").detail("gets", format!("{} IOSD", iosd(wanted)));
                step.detail("burns at most", limit.unwrap_or_else(|| "whatever the price asks".into()))
            }
            BuyOrder::ExactIn { io: burned, min_iosd } => {
                let step = step("buy credits by burning IO").detail("burns", format!("{} IO", io(burned)));
                step.detail("gets at least", format!("{} IOSD", iosd(min_iosd)))
            }
        };
        return Some(step.account("user", i, 0));
    }
    if let Some(ix::OpenEarnings {}) = arguments(i) {
        return Some(step("open an earnings ledger").account("supplier", i, 1));
    }
    if let Some(ix::OpenLoyalty {}) = arguments(i) {
        return Some(step("open a loyalty account").account("user", i, 1));
    }
    if let Some(ix::RequestRedemption { amount }) = arguments(i) {
        let step = step("ask for earnings to be paid in IO when the epoch ends");
        return Some(step.detail("amount", format!("{} IOSD", iosd(amount))).account("supplier", i, 0));
    }
    if let Some(ix::AdvanceEpoch { index }) = arguments(i) {
        return Some(step("close an epoch").detail("epoch", index));
    }
    if let Some(ix::SettleRedemption {}) = arguments(i) {
        return Some(step("pay what was asked for in a closed epoch").account("supplier", i, 1));
    }
    if let Some(ix::RedeemLoyalty { points, .. }) = arguments(i) {
        let points = Decimal { amount: points, decimals: economy::IOSD_DECIMALS };
        return Some(step("turn loyalty points into credits").detail("points", points).account("user", i, 0));
    }
    if let Some(ix::SubmitPrice { price }) = arguments(i) {
        let dollars = Decimal { amount: price, decimals: economy::price::PRICE_DECIMALS };
        return Some(step("submit a price").detail("price", format!("{dollars} dollars per IO")).account(
            "submitter",
            i,
            0,
        ));
    }
    if let Some(ix::Administer { order }) = arguments(i) {
        return Some(step("order").detail("does", words::credits_order(&order)).account("authority", i, 0));
    }
    if let Some(ix::AcceptAuthority {}) = arguments(i) {
        return Some(step("accept the authority").account("authority", i, 0));
    }
    if let Some(ix::OpenShard { index }) = arguments(i) {
        return Some(step("open a ledger shard").detail("shard", index));
    }
    let ix::Initialize { args } = arguments(i)?;
    let step = step("initialize").detail("genesis supply", format!("{} IO", io(args.genesis_supply)));
    Some(step.detail("epoch", format!("{} s", args.epoch_s)).account("authority", i, 0))
}
