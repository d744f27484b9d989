use crate::args::CreditsCommand;
use crate::commands::pools::require_io;
use crate::commands::positions::whose;
use crate::context::{Context, amount};
use crate::exit::refused;
use crate::output::Output;
use crate::time::moment;
use ::credits::BuyOrder;
use ::credits::state::Earnings;
use anyhow::Result;
use client::{Chain, Pubkey, Signer, address};
use economy::amount::{io, iosd};
use economy::{BPS, IO_DECIMALS, IOSD_DECIMALS, mul_div_ceil, mul_div_floor};
use keeper::Done;
use serde_json::json;

pub async fn run(context: &Context, command: CreditsCommand) -> Result<Output> {
    match command {
        CreditsCommand::Buy { iosd: Some(wanted), limit, .. } => {
            let limit = limit.map(|l| amount(&l, IO_DECIMALS)).transpose()?;
            buy(context, Wanted::Iosd(amount(&wanted, IOSD_DECIMALS)?), limit).await
        }
        CreditsCommand::Buy { iosd: None, io: spent, limit } => {
            let limit = limit.map(|l| amount(&l, IOSD_DECIMALS)).transpose()?;
            buy(context, Wanted::ForIo(amount(&spent.unwrap_or_default(), IO_DECIMALS)?), limit).await
        }
        CreditsCommand::Balance => {
            let account = address::iosd_account(&context.wallet()?.pubkey());
            let balance = iosd(context.chain().tokens(&account).await?);
            Ok(Output::new(&json!({ "iosd": balance.to_string() }), format!("{balance} IOSD")))
        }
        CreditsCommand::Redeem { iosd: wanted } => redeem(context, &wanted).await,
        CreditsCommand::Claim { owner } => claim(context, whose(context, owner)?).await,
        CreditsCommand::Rebate { points } => rebate(context, points).await,
    }
}

/// What is bought.
#[derive(Clone, Copy)]
pub enum Wanted {
    /// So many IOSD.
    Iosd(u64),
    /// Whatever so much IO gives.
    ForIo(u64),
}

/// How far the price may move against the buyer before the program refuses, unless the buyer names a limit: basis points.
const SLIPPAGE_BPS: u64 = 200;

/// The order with its limit: the buyer's, or a little worse than the price now.
///
/// # Errors
/// If there is no good price now, or the wallet holds less IO than the order burns at it.
pub async fn order(chain: &Chain, owner: &Pubkey, wanted: Wanted, limit: Option<u64>) -> Result<BuyOrder> {
    let price = match chain.price().await?.and_then(|price| price.buying()) {
        Ok(price) => price,
        Err(error) => {
            return refused(format!("no credits can be bought now: {error} (hint: `io epoch show` shows the price)"));
        }
    };
    let (burned, order) = match wanted {
        Wanted::Iosd(iosd) => {
            let burned = economy::price::io_for_iosd(iosd, price)?;
            let worse = mul_div_ceil(burned, BPS + SLIPPAGE_BPS, BPS)?;
            (burned, BuyOrder::ExactOut { iosd, max_io: limit.unwrap_or(worse) })
        }
        Wanted::ForIo(io) => {
            let worse = mul_div_floor(economy::price::iosd_for_io(io, price)?, BPS - SLIPPAGE_BPS, BPS)?;
            (io, BuyOrder::ExactIn { io, min_iosd: limit.unwrap_or(worse) })
        }
    };
    require_io(chain, owner, burned, "buying these credits").await?;
    Ok(order)
}

async fn buy(context: &Context, wanted: Wanted, limit: Option<u64>) -> Result<Output> {
    let (chain, wallet) = (context.chain(), context.wallet()?);
    let (coins, credits) = (address::io_account(&wallet.pubkey()), address::iosd_account(&wallet.pubkey()));
    let order = order(&chain, &wallet.pubkey(), wanted, limit).await?;
    let before = (chain.tokens(&coins).await?, chain.tokens(&credits).await?);
    let confirmed = user::buy_credits(&chain, &wallet, order).await?;
    let burned = io(before.0.saturating_sub(chain.tokens(&coins).await?));
    let minted = iosd(chain.tokens(&credits).await?.saturating_sub(before.1));
    let signature = confirmed.signature.to_string();
    let text = format!("burned {burned} IO for {minted} IOSD\nsignature {signature}");
    let json = json!({
        "io_burned": burned.to_string(), "iosd_minted": minted.to_string(), "signature": signature,
    });
    Ok(Output::new(&json, text))
}

/// What `owner` may still ask for, and what was asked for.
async fn ledger(chain: &Chain, owner: &Pubkey) -> Result<Earnings> {
    match chain.earnings(owner).await? {
        Some(ledger) => Ok(ledger),
        None => {
            refused(format!("{owner} has no earnings: suppliers earn with `io device register` and `io worker run`"))
        }
    }
}

async fn redeem(context: &Context, wanted: &str) -> Result<Output> {
    let (chain, wallet) = (context.chain(), context.wallet()?);
    let me = wallet.pubkey();
    let ledger = ledger(&chain, &me).await?;
    let earnings = if wanted == "all" { ledger.owed } else { amount(wanted, IOSD_DECIMALS)? };
    if earnings == 0 || earnings > ledger.owed {
        return refused(format!(
            "{} IOSD of earnings can be asked for, not {} ({} IOSD are asked for already)",
            iosd(ledger.owed),
            iosd(earnings),
            iosd(ledger.requested)
        ));
    }
    let confirmed = user::redeem(&chain, &wallet, earnings).await?;
    let (after, calendar) = (self::ledger(&chain, &me).await?, chain.calendar().await?);
    let ends = calendar.start_of(after.request_epoch + 1);
    let text = format!(
        "asked for {} IOSD of earnings to be paid in IO; epoch {} ends {}\nsignature {}\nnext: io credits claim",
        iosd(earnings),
        after.request_epoch,
        moment(ends, calendar.now),
        confirmed.signature
    );
    let json = json!({
        "iosd": iosd(earnings).to_string(), "requested_iosd": iosd(after.requested).to_string(),
        "epoch": after.request_epoch, "epoch_ends": ends, "signature": confirmed.signature.to_string(),
    });
    Ok(Output::new(&json, text))
}

async fn claim(context: &Context, owner: Pubkey) -> Result<Output> {
    let (chain, wallet) = (context.chain(), context.wallet()?);
    let (ledger, calendar) = (ledger(&chain, &owner).await?, chain.calendar().await?);
    if ledger.requested == 0 {
        return refused(format!(
            "nothing is asked for; {} IOSD were redeemed so far, {} IOSD can be asked for (hint: `io credits redeem`)",
            iosd(ledger.redeemed),
            iosd(ledger.owed)
        ));
    }
    if ledger.request_epoch >= calendar.epoch() {
        return refused(format!(
            "{} IOSD are asked for in epoch {}, which is paid when it has ended, {}",
            iosd(ledger.requested),
            ledger.request_epoch,
            moment(calendar.start_of(ledger.request_epoch + 1), calendar.now)
        ));
    }
    let Some(Done::Paid { iosd: charged, io: minted, rest, .. }) = user::claim(&chain, &wallet, &owner).await? else {
        return refused("somebody else was faster: it is paid (hint: `io wallet balance`)");
    };
    let mut text = format!("paid {} IO for {} IOSD of earnings", io(minted), iosd(charged));
    if rest > 0 {
        text += &format!(
            "; {} IOSD wait for the next epoch: the reserve was too small, or there was no good price",
            iosd(rest)
        );
    }
    let json = json!({
        "owner": owner.to_string(), "iosd": iosd(charged).to_string(), "io_minted": io(minted).to_string(),
        "rest_iosd": iosd(rest).to_string(),
    });
    Ok(Output::new(&json, text))
}

async fn rebate(context: &Context, wanted: Option<String>) -> Result<Output> {
    let (chain, wallet) = (context.chain(), context.wallet()?);
    let me = wallet.pubkey();
    let (loyalty, rate_bps) = (chain.loyalty(&me).await?, chain.credits_config().await?.loyalty_bps);
    let Some(before) = loyalty.filter(|l| l.points > 0) else {
        return refused("you have no points: every credit that a paid job costs earns one or more");
    };
    let points = wanted.map_or(Ok(before.points), |w| amount(&w, IOSD_DECIMALS))?;
    if points > before.points {
        return refused(format!("you have {} points, not {}", iosd(before.points), iosd(points)));
    }
    let worth = economy::loyalty::rebate(points, rate_bps, before.incentives, before.rebated).unwrap_or(0);
    if worth == 0 {
        return refused(format!(
            "{} points are worth nothing now: rebates are {rate_bps} bps of points and never pass the incentives' share of \
             the fees that you paid ({} IOSD, {} of it returned already)",
            iosd(points),
            iosd(before.incentives),
            iosd(before.rebated)
        ));
    }
    let account = address::iosd_account(&me);
    let had = chain.tokens(&account).await?;
    let confirmed = user::rebate(&chain, &wallet, points).await?;
    let got = chain.tokens(&account).await?.saturating_sub(had);
    let after = chain.loyalty(&me).await?.map_or((0, 0), |l| (l.points, l.rebated));
    let taken = before.points.saturating_sub(after.0);
    let shared = after.1.saturating_sub(before.rebated).saturating_sub(got);
    let mut text = format!("{} points gave {} IOSD", iosd(taken), iosd(got));
    if shared > 0 {
        text += &format!(", and {} IOSD to those who stake towards you", iosd(shared));
    }
    text += &format!("; {} points are left\nsignature {}", iosd(after.0), confirmed.signature);
    let json = json!({
        "points": iosd(taken).to_string(), "iosd": iosd(got).to_string(), "to_stakers_iosd": iosd(shared).to_string(),
        "points_left": iosd(after.0).to_string(), "signature": confirmed.signature.to_string(),
    });
    Ok(Output::new(&json, text))
}
