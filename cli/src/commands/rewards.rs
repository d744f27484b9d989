use crate::args::RewardsCommand;
use crate::commands::pools::{kind_word, rate};
use crate::commands::positions::{Held, held, whose};
use crate::context::Context;
use crate::exit::refused;
use crate::output::Output;
use crate::table::table;
use anyhow::Result;
use client::{Pubkey, Signer, staking_ix};
use economy::amount::{io, iosd};
use serde_json::{Value, json};
use staking::state::PoolKind;

pub async fn run(context: &Context, command: RewardsCommand) -> Result<Output> {
    match command {
        RewardsCommand::Show { address } => show(context, whose(context, address)?).await,
        RewardsCommand::Claim { address } => claim(context, whose(context, address)?).await,
        RewardsCommand::Commission { address } => commission(context, whose(context, address)?).await,
    }
}

fn json_of(h: &Held) -> Value {
    let coin = if h.pool.kind == PoolKind::Operator { "IO" } else { "IOSD" };
    let amount = if coin == "IO" { io(h.now.owed).to_string() } else { iosd(h.now.owed).to_string() };
    json!({ "owner": h.pool.owner.to_string(), "kind": kind_word(h.pool.kind), "amount": amount, "coin": coin })
}

async fn show(context: &Context, holder: Pubkey) -> Result<Output> {
    let chain = context.chain();
    let all = held(&chain, &holder, chain.epoch().await?).await?;
    let own = chain.pool(&holder, PoolKind::Operator).await?;
    let mut commission = 0;
    if let Some(mut pool) = own {
        // What the pool has not brought in yet counts, too.
        pool.fold(&chain.rewards().await?)
            .map_err(|e| anyhow::anyhow!("the pool cannot be brought up to date: {e}"))?;
        commission = pool.commission_owed;
    }
    let row =
        |h: &Held| vec![format!("{} {}", kind_word(h.pool.kind), h.pool.owner), h.owed(), rate(h.pool.commission_bps)];
    let rows: Vec<Vec<String>> = all.iter().map(row).collect();
    let mut text = match rows.is_empty() {
        true => format!("{holder} has no stake (hint: `io stake operators` lists whom it can be staked with)"),
        false => table(&["pool of", "earned and not paid", "commission taken"], &rows),
    };
    if commission > 0 {
        text += &format!("\ncommission owed to {holder}: {} IO (hint: `io rewards commission`)", io(commission));
    }
    let json = json!({
        "holder": holder.to_string(), "rewards": all.iter().map(json_of).collect::<Vec<_>>(),
        "commission_io": io(commission).to_string(),
    });
    Ok(Output::new(&json, text))
}

async fn claim(context: &Context, holder: Pubkey) -> Result<Output> {
    let (chain, wallet) = (context.chain(), context.wallet()?);
    let all = held(&chain, &holder, chain.epoch().await?).await?;
    let due: Vec<&Held> = all.iter().filter(|h| h.now.owed > 0).collect();
    if due.is_empty() {
        return refused(format!(
            "{holder} has no rewards to claim: active stake earns when an epoch is closed and its budget collected \
             (hint: `io epoch advance` does both)"
        ));
    }
    let (mut lines, mut claimed) = (Vec::new(), Vec::new());
    for h in due {
        let instruction = match h.pool.kind {
            PoolKind::Operator => staking_ix::claim_rewards(wallet.pubkey(), h.stored.pool, holder),
            PoolKind::User => staking_ix::claim_rebates(wallet.pubkey(), h.pool.owner, holder),
        };
        let before = paid_out(&chain, h.pool.kind, &holder).await?;
        let signature = chain.send(&[instruction], &[&wallet]).await?.signature.to_string();
        // More may have come in meanwhile.
        let amount = paid_out(&chain, h.pool.kind, &holder).await?.saturating_sub(before);
        let (amount, coin) = match h.pool.kind {
            PoolKind::Operator => (io(amount).to_string(), "IO"),
            PoolKind::User => (iosd(amount).to_string(), "IOSD"),
        };
        lines.push(format!(
            "{amount} {coin} from the pool of {} {}\nsignature {signature}",
            kind_word(h.pool.kind),
            h.pool.owner
        ));
        claimed
            .push(json!({ "owner": h.pool.owner.to_string(), "amount": amount, "coin": coin, "signature": signature }));
    }
    Ok(Output::new(&json!({ "holder": holder.to_string(), "claimed": claimed }), lines.join("\n")))
}

/// The holder's balance that a pool of this kind pays into, base units.
async fn paid_out(chain: &client::Chain, kind: PoolKind, holder: &Pubkey) -> Result<u64> {
    let account = match kind {
        PoolKind::Operator => client::address::io_account(holder),
        PoolKind::User => client::address::iosd_account(holder),
    };
    Ok(chain.tokens(&account).await?)
}

async fn commission(context: &Context, owner: Pubkey) -> Result<Output> {
    let (chain, wallet) = (context.chain(), context.wallet()?);
    let Some(mut pool) = chain.pool(&owner, PoolKind::Operator).await? else {
        return refused(format!("{owner} has no operator's pool, so there is no commission"));
    };
    pool.fold(&chain.rewards().await?).map_err(|e| anyhow::anyhow!("the pool cannot be brought up to date: {e}"))?;
    if pool.commission_owed == 0 {
        return refused(format!(
            "no commission is owed to {owner}: it takes {} of what its pool earns",
            rate(pool.commission_bps)
        ));
    }
    let before = paid_out(&chain, PoolKind::Operator, &owner).await?;
    let confirmed = chain.send(&[staking_ix::claim_commission(wallet.pubkey(), owner)], &[&wallet]).await?;
    let paid = io(paid_out(&chain, PoolKind::Operator, &owner).await?.saturating_sub(before));
    let text = format!("paid {paid} IO of commission to {owner}\nsignature {}", confirmed.signature);
    let json =
        json!({ "owner": owner.to_string(), "io": paid.to_string(), "signature": confirmed.signature.to_string() });
    Ok(Output::new(&json, text))
}
