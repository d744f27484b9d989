use crate::args::{Kind, PoolArgs, StakeCommand};
use crate::commands::pools::{Named, flags, kind_word, opening, rate, require_io};
use crate::commands::positions::{self, Row};
use crate::context::{Context, amount, percent};
use crate::exit::refused;
use crate::output::Output;
use crate::table::table;
use crate::time::{duration, moment};
use anyhow::Result;
use client::read::{Calendar, Holding};
use client::{Chain, Keypair, Signer, credits_ix, staking_ix};
use economy::IO_DECIMALS;
use economy::amount::io;
use economy::stake::COMMISSION_STEP_BPS;
use serde_json::{Value, json};
use staking::state::{PoolKind, Position};

fn kind_of(kind: Kind) -> PoolKind {
    match kind {
        Kind::Operator => PoolKind::Operator,
        Kind::User => PoolKind::User,
    }
}

pub async fn run(context: &Context, command: StakeCommand) -> Result<Output> {
    match command {
        StakeCommand::Show { address } => positions::show(context, address).await,
        StakeCommand::Open { kind, commission } => open(context, kind_of(kind), percent(&commission)?).await,
        StakeCommand::Add { amount: wanted, pool } => add(context, amount(&wanted, IO_DECIMALS)?, &pool).await,
        StakeCommand::Refresh { pool } => refresh(context, &pool).await,
        StakeCommand::Unstake { amount, pool } => unstake(context, &amount, &pool).await,
        StakeCommand::Withdraw { pool } => withdraw(context, &pool).await,
        StakeCommand::Close { pool } => close(context, &pool).await,
        StakeCommand::Commission { commission, kind } => {
            set_commission(context, percent(&commission)?, kind_of(kind)).await
        }
        StakeCommand::Operators => operators(context).await,
    }
}

async fn open(context: &Context, kind: PoolKind, commission_bps: u16) -> Result<Output> {
    let (chain, wallet) = (context.chain(), context.wallet()?);
    let me = wallet.pubkey();
    if chain.pool(&me, kind).await?.is_some() {
        return refused(format!("your wallet has its {}'s pool already (hint: `io stake show`)", kind_word(kind)));
    }
    let instructions = opening(&chain, me, kind, commission_bps).await?;
    let confirmed = chain.send(&instructions, &[&wallet]).await?;
    let pool = client::address::pool(&me, kind);
    let word = kind_word(kind);
    let text = format!(
        "opened {word}'s pool {pool} with a commission of {}\nsignature {}\nnext: io stake add AMOUNT{}",
        rate(commission_bps),
        confirmed.signature,
        if kind == PoolKind::User { format!(" --user {me}") } else { String::new() }
    );
    let json = json!({
        "pool": pool.to_string(), "kind": word, "commission_bps": commission_bps,
        "signature": confirmed.signature.to_string(),
    });
    Ok(Output::new(&json, text))
}

async fn add(context: &Context, amount: u64, pool: &PoolArgs) -> Result<Output> {
    let (chain, wallet) = (context.chain(), context.wallet()?);
    let me = wallet.pubkey();
    let named = Named::find(&chain, pool, &me).await?;
    require_io(&chain, &me, amount, "this").await?;
    let before = chain.position(&named.address, &me).await?;
    let confirmed = chain.send(&[staking_ix::stake(me, named.address, amount)], &[&wallet]).await?;
    let (position, calendar) = (chain.position(&named.address, &me).await?, chain.calendar().await?);
    let (warming, warm) = position.map_or((amount, 0), |p| (p.warming, p.warm_epoch));
    let at = calendar.start_of(warm);
    let restarted = before.is_some_and(|p| p.warming > 0 && p.warm_epoch > calendar.epoch());
    let note = if restarted { "\nwhat was warming before starts again with it" } else { "" };
    let text = format!(
        "staked {} IO with {} {}\n{} IO are warming and count from epoch {warm} on, {}{note}\nsignature {}",
        io(amount),
        kind_word(named.kind),
        named.owner,
        io(warming),
        moment(at, calendar.now),
        confirmed.signature
    );
    let json = json!({
        "pool": named.address.to_string(), "owner": named.owner.to_string(), "staked_io": io(amount).to_string(),
        "warming_io": io(warming).to_string(), "warm_epoch": warm, "warm_at": at,
        "signature": confirmed.signature.to_string(),
    });
    Ok(Output::new(&json, text))
}

async fn refresh(context: &Context, pool: &PoolArgs) -> Result<Output> {
    let (chain, wallet) = (context.chain(), context.wallet()?);
    let me = wallet.pubkey();
    let (named, calendar) = (Named::find(&chain, pool, &me).await?, chain.calendar().await?);
    let (position, Holding { position: now, .. }) = named.holding(&chain, &me, calendar.epoch()).await?;
    if position.warming > 0 && position.warm_epoch > calendar.epoch() {
        let at = moment(calendar.start_of(position.warm_epoch), calendar.now);
        let warming = io(position.warming);
        return refused(format!(
            "{warming} IO are still warming: they can count from epoch {} on, {at}",
            position.warm_epoch
        ));
    }
    let confirmed = chain.send(&[staking_ix::refresh_position(named.address, me)], &[&wallet]).await?;
    let text = format!("{} IO count now\nsignature {}", io(now.active + now.reserved), confirmed.signature);
    let json = json!({
        "pool": named.address.to_string(), "active_io": io(now.active).to_string(),
        "signature": confirmed.signature.to_string(),
    });
    Ok(Output::new(&json, text))
}

/// Says so if what is left would not carry the operator's devices.
async fn warn_of_devices(
    context: &Context,
    chain: &Chain,
    named: &Named,
    holding: &Holding,
    amount: u64,
) -> Result<()> {
    let needed = match named.kind {
        PoolKind::Operator => chain.operator(&named.owner).await?.map_or(0, |o| o.required_stake),
        PoolKind::User => 0,
    };
    let left = (holding.pool.active + holding.pool.reserved).saturating_sub(amount.min(holding.position.active));
    if left < needed {
        context.progress()(&format!(
            "the operator's devices need {} IO of active stake, {} would be left: their claims will be refused \
             (hint: `io device retire`)",
            io(needed),
            io(left)
        ));
    }
    Ok(())
}

async fn unstake(context: &Context, wanted: &str, pool: &PoolArgs) -> Result<Output> {
    let (chain, wallet) = (context.chain(), context.wallet()?);
    let me = wallet.pubkey();
    let (named, calendar) = (Named::find(&chain, pool, &me).await?, chain.calendar().await?);
    let (position, holding) = named.holding(&chain, &me, calendar.epoch()).await?;
    let now = holding.position;
    let free = now.active + now.warming;
    let amount = if wanted == "all" { free } else { amount(wanted, IO_DECIMALS)? };
    if calendar.now < position.locked_until {
        let until = moment(position.locked_until, calendar.now);
        return refused(format!("you voted with this position: it is locked until the vote ends, {until}"));
    }
    if amount == 0 || amount > free {
        return refused(format!(
            "{} IO can be taken out ({} active, {} warming), not {}; {} IO are reserved for live jobs until these end",
            io(free),
            io(now.active),
            io(now.warming),
            io(amount),
            io(now.reserved)
        ));
    }
    warn_of_devices(context, &chain, &named, &holding, amount).await?;
    let confirmed = chain.send(&[staking_ix::unstake(me, named.address, amount)], &[&wallet]).await?;
    let cool = chain.position(&named.address, &me).await?.map_or(0, |p| p.cool_epoch);
    let (at, now) = (calendar.start_of(cool), calendar.now);
    let flags = flags(pool);
    let text = format!(
        "{} IO are cooling; they can be withdrawn from epoch {cool} on, {}\nsignature {}\nnext: io stake withdraw{flags}",
        io(amount),
        moment(at, now),
        confirmed.signature
    );
    let json = json!({
        "pool": named.address.to_string(), "unstaked_io": io(amount).to_string(), "cool_epoch": cool, "cool_at": at,
        "signature": confirmed.signature.to_string(),
    });
    Ok(Output::new(&json, text))
}

/// Fails with when, if what is cooling cannot be withdrawn yet.
fn require_cool(position: &Position, calendar: &Calendar) -> Result<()> {
    if position.cool_epoch <= calendar.epoch() {
        return Ok(());
    }
    let at = moment(calendar.start_of(position.cool_epoch), calendar.now);
    refused(format!(
        "{} IO are still cooling: they can be withdrawn from epoch {} on, {at}",
        io(position.cooling),
        position.cool_epoch
    ))
}

async fn withdraw(context: &Context, pool: &PoolArgs) -> Result<Output> {
    let (chain, wallet) = (context.chain(), context.wallet()?);
    let me = wallet.pubkey();
    let (named, calendar) = (Named::find(&chain, pool, &me).await?, chain.calendar().await?);
    let (position, Holding { position: now, .. }) = named.holding(&chain, &me, calendar.epoch()).await?;
    if now.cooling == 0 {
        return refused(format!(
            "nothing is cooling in this position (hint: `io stake unstake all{}` first)",
            flags(pool)
        ));
    }
    require_cool(&position, &calendar)?;
    let account = credits_ix::create_io_account(me, me);
    let confirmed = chain.send(&[account, staking_ix::withdraw(me, named.address)], &[&wallet]).await?;
    let text = format!("withdrew {} IO\nsignature {}", io(now.cooling), confirmed.signature);
    let json = json!({
        "pool": named.address.to_string(), "withdrawn_io": io(now.cooling).to_string(),
        "signature": confirmed.signature.to_string(),
    });
    Ok(Output::new(&json, text))
}

async fn close(context: &Context, pool: &PoolArgs) -> Result<Output> {
    let (chain, wallet) = (context.chain(), context.wallet()?);
    let me = wallet.pubkey();
    let (named, calendar) = (Named::find(&chain, pool, &me).await?, chain.calendar().await?);
    let (position, Holding { position: now, .. }) = named.holding(&chain, &me, calendar.epoch()).await?;
    let stake = now.active + now.reserved + now.warming + now.cooling;
    if stake > 0 {
        return refused(format!(
            "{} IO are still in it (hint: `io stake unstake all`, later `io stake withdraw`)",
            io(stake)
        ));
    }
    if now.owed > 0 {
        return refused("it has rewards that were not paid (hint: `io rewards claim` first)");
    }
    let close = staking_ix::close_position(me, named.address, position.payer);
    let confirmed = chain.send(&[close], &[&wallet]).await?;
    let text = format!("closed; its rent went to {}\nsignature {}", position.payer, confirmed.signature);
    let json = json!({ "pool": named.address.to_string(), "signature": confirmed.signature.to_string() });
    Ok(Output::new(&json, text))
}

async fn set_commission(context: &Context, bps: u16, kind: PoolKind) -> Result<Output> {
    let (chain, wallet): (Chain, Keypair) = (context.chain(), context.wallet()?);
    let me = wallet.pubkey();
    let (config, calendar) = (chain.staking_config().await?, chain.calendar().await?);
    let Some(pool) = chain.pool(&me, kind).await? else {
        return refused(format!("your wallet has no {}'s pool (hint: `io stake open`)", kind_word(kind)));
    };
    let (old, epoch) = (pool.commission_bps, calendar.epoch());
    if bps > config.max_commission_bps && bps >= old {
        return refused(format!("a commission is at most {}, {} is more", rate(config.max_commission_bps), rate(bps)));
    }
    if epoch <= pool.commission_epoch {
        let at = moment(calendar.start_of(pool.commission_epoch + 1), calendar.now);
        return refused(format!("a commission changes once an epoch: the next change is possible {at}"));
    }
    if bps.abs_diff(old) > COMMISSION_STEP_BPS {
        return refused(format!(
            "the commission is {} and one epoch may move it by {}: {} is further (hint: go there in steps, one every {})",
            rate(old),
            rate(COMMISSION_STEP_BPS),
            rate(bps),
            duration(calendar.epoch_s.into())
        ));
    }
    let confirmed = chain.send(&[staking_ix::set_commission(me, kind, bps)], &[&wallet]).await?;
    let text = format!("commission {} instead of {}\nsignature {}", rate(bps), rate(old), confirmed.signature);
    let json = json!({ "old_bps": old, "new_bps": bps, "signature": confirmed.signature.to_string() });
    Ok(Output::new(&json, text))
}

async fn operators(context: &Context) -> Result<Output> {
    let chain = context.chain();
    let mut rows: Vec<Row> = Vec::new();
    for (address, pool) in chain.pools(PoolKind::Operator).await? {
        let operator = chain.operator(&pool.owner).await?;
        rows.push(Row { address, pool, operator });
    }
    rows.sort_by_key(|r| std::cmp::Reverse(r.pool.active + r.pool.reserved));
    let cells: Vec<Vec<String>> = rows.iter().map(Row::cells).collect();
    let json: Vec<Value> = rows.iter().map(Row::json).collect();
    let head = [
        "operator",
        "active IO",
        "reserved",
        "warming",
        "needed",
        "commission",
        "devices",
        "paid",
        "expired",
        "faulted",
    ];
    let text = match rows.is_empty() {
        true => "nobody has opened an operator's pool yet (hint: `io stake open`)".into(),
        false => format!("{}\nstake with one: io stake add AMOUNT --operator ADDRESS", table(&head, &cells)),
    };
    Ok(Output::new(&json!({ "operators": json }), text))
}
