use crate::args::DeviceCommand;
use crate::commands::pools::{opening, require_io};
use crate::commands::{check, standing};
use crate::context::{Context, address, amount, percent};
use crate::exit::refused;
use crate::output::Output;
use crate::time::moment;
use anyhow::Result;
use client::read::{Calendar, Holding};
use client::{Chain, Keypair, Pubkey, Signer, address as at, credits_ix, jobs_ix, staking_ix};
use economy::IO_DECIMALS;
use economy::amount::io;
use jobs::constants::CLASSES;
use jobs::state::Device;
use serde_json::json;
use staking::state::PoolKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

pub async fn run(context: &Context, command: DeviceCommand) -> Result<Output> {
    match command {
        DeviceCommand::Register { device_key, name, sol, class, stake, commission, wait } => {
            let wish = Wish {
                device_key,
                name,
                lamports: amount(&sol, 9)?,
                class,
                stake: stake.map(|s| amount(&s, IO_DECIMALS)).transpose()?,
                commission_bps: percent(&commission)?,
                wait,
            };
            register(context, wish).await
        }
        DeviceCommand::Retire { device } => retire(context, address(&device)?).await,
        DeviceCommand::Offer { device, price } => standing::offer(context, address(&device)?, &price).await,
        DeviceCommand::Class { device, class } => standing::class(context, address(&device)?, class).await,
        DeviceCommand::Challenge { device } => standing::challenge(context, address(&device)?).await,
        DeviceCommand::Check { backend } => check::run(context, &backend).await,
    }
}

/// A device to register.
struct Wish {
    device_key: PathBuf,
    name: String,
    lamports: u64,
    class: u8,
    stake: Option<u64>,
    commission_bps: u16,
    wait: bool,
}

/// The stake of an operator's pool, brought up to date, IO base units.
struct Stake {
    /// What counts now, reserved for live jobs included.
    active: u64,
    /// It counts only once the operator's position is touched.
    stale: bool,
    warming: u64,
    warm_epoch: u64,
}

async fn stake_of(chain: &Chain, owner: &Pubkey, calendar: &Calendar) -> Result<Option<Stake>> {
    let Some(pool) = chain.pool(owner, PoolKind::Operator).await? else { return Ok(None) };
    let stored = pool.active + pool.reserved;
    let Some(position) = chain.position(&at::operator_pool(owner), owner).await? else {
        return Ok(Some(Stake { active: stored, stale: false, warming: 0, warm_epoch: 0 }));
    };
    let Holding { position: own, pool } = Holding::at(calendar.epoch(), &chain.rewards().await?, &pool, &position);
    let active = pool.active + pool.reserved;
    Ok(Some(Stake { active, stale: active > stored, warming: own.warming, warm_epoch: own.warm_epoch }))
}

async fn register(context: &Context, wish: Wish) -> Result<Output> {
    let (chain, owner, progress) = (context.chain(), context.wallet()?, context.progress());
    let me = owner.pubkey();
    let stakes = chain.jobs_config().await?.class_stake;
    let Some(class_stake) = stakes.get(usize::from(wish.class)).copied() else {
        return refused(format!("there are device classes 0 to {}, not {}", CLASSES - 1, wish.class));
    };
    let device = read_or_create(&wish.device_key)?;
    if chain.find::<Device>("device", &at::device(&device.pubkey())).await?.is_some() {
        let path = wish.device_key.display();
        return refused(format!("the device of {path}, {}, is registered already", device.pubkey()));
    }
    let needed = chain.operator(&me).await?.map_or(0, |o| o.required_stake) + class_stake;
    open(&chain, &owner, &wish, needed).await?;

    let mut calendar = chain.calendar().await?;
    let Some(mut stake) = stake_of(&chain, &me, &calendar).await? else {
        return refused(format!(
            "your operator has no pool (hint: `io stake open`), and needs {} IO in it",
            io(needed)
        ));
    };
    while stake.active < needed {
        if stake.active + stake.warming < needed {
            let missing = io(needed - stake.active - stake.warming);
            return refused(format!(
                "your devices need {} IO of stake in your pool, it has {} ({} IO warming): {missing} are missing (hint: \
                 `io device register --stake {missing} --wait` adds them, waits until they count and registers)",
                io(needed),
                io(stake.active),
                io(stake.warming)
            ));
        }
        let when = moment(calendar.start_of(stake.warm_epoch), calendar.now);
        if !wish.wait {
            return refused(format!(
                "{} IO of stake are warming and count from epoch {} on, {when}: register again then, or with --wait",
                io(stake.warming),
                stake.warm_epoch
            ));
        }
        progress(&format!("waiting for {} IO of stake to warm up, {when}", io(stake.warming)));
        while calendar.epoch() < stake.warm_epoch {
            tokio::time::sleep(Duration::from_secs(1)).await;
            calendar.now = chain.now().await?;
        }
        match stake_of(&chain, &me, &calendar).await? {
            Some(now) => stake = now,
            None => return refused("your operator's pool is gone"),
        }
    }
    let mut instructions = Vec::new();
    if stake.stale {
        instructions.push(staking_ix::refresh_position(at::operator_pool(&me), me));
    }
    instructions.push(jobs_ix::register_device(me, device.pubkey(), wish.name.clone(), wish.class));
    if wish.lamports > 0 {
        instructions.push(client::transfer_sol(me, device.pubkey(), wish.lamports));
    }
    let confirmed = chain.send(&instructions, &[&owner, &device]).await?;
    let (key, signature, name) = (device.pubkey(), confirmed.signature.to_string(), &wish.name);
    let text = format!(
        "registered device {key} ({name}, class {}) under operator {me}\nsignature {signature}\n\
         next: write a config (`io worker example`) and `io worker run --config FILE`",
        wish.class
    );
    let json = json!({
        "device": key.to_string(), "operator": me.to_string(), "class": wish.class,
        "required_stake_io": io(needed).to_string(), "signature": signature,
    });
    Ok(Output::new(&json, text))
}

/// Opens what a new supplier lacks, and adds the stake that was asked for if it is missing.
async fn open(chain: &Chain, owner: &Keypair, wish: &Wish, needed: u64) -> Result<()> {
    let me = owner.pubkey();
    let mut instructions = Vec::new();
    if chain.earnings(&me).await?.is_none() {
        instructions.push(credits_ix::open_earnings(me, me));
    }
    if chain.operator(&me).await?.is_none() {
        instructions.push(jobs_ix::register_operator(me));
    }
    let stake = stake_of(chain, &me, &chain.calendar().await?).await?;
    if stake.is_none() {
        instructions.extend(opening(chain, me, PoolKind::Operator, wish.commission_bps).await?);
    }
    let have = stake.map_or(0, |s| s.active + s.warming);
    match wish.stake {
        Some(amount) if have < needed => {
            require_io(chain, &me, amount, "the stake").await?;
            instructions.push(staking_ix::stake(me, at::operator_pool(&me), amount));
        }
        _ if have < needed => {
            let missing = io(needed - have);
            return refused(format!(
                "your devices need {} IO of stake in your own pool, it has {}: {missing} are missing (hint: add \
                 `--stake {missing} --wait` to this command: it opens what is missing, stakes, waits until that counts and \
                 registers the device)",
                io(needed),
                io(have)
            ));
        }
        _ => {}
    }
    if !instructions.is_empty() {
        chain.send(&instructions, &[owner]).await?;
    }
    Ok(())
}

async fn retire(context: &Context, key: Pubkey) -> Result<Output> {
    let (chain, owner) = (context.chain(), context.wallet()?);
    let me = owner.pubkey();
    let hint = "it was never registered here, or is retired already";
    let device: Device = chain.get("device", &at::device(&key), hint).await?;
    if device.operator != me {
        return refused(format!("the device belongs to operator {}, not to {me} (hint: --keypair)", device.operator));
    }
    if device.live_job != Pubkey::default() {
        return refused(format!(
            "the device has a live job, {}: stop its worker from claiming more, and wait until this one is paid or expires",
            device.live_job
        ));
    }
    let confirmed = chain.send(&[jobs_ix::retire_device(me, key)], &[&owner]).await?;
    let left = chain.operator(&me).await?.map_or(0, |o| o.required_stake);
    let text = format!(
        "retired device {key}: its {} IO of stake are free, your other devices need {}\nsignature {}\n\
         next: io stake unstake AMOUNT",
        io(device.required_stake),
        io(left),
        confirmed.signature
    );
    let json = json!({
        "device": key.to_string(), "freed_io": io(device.required_stake).to_string(),
        "required_stake_io": io(left).to_string(), "signature": confirmed.signature.to_string(),
    });
    Ok(Output::new(&json, text))
}

fn read_or_create(path: &Path) -> Result<Keypair> {
    if path.exists() {
        return Ok(client::read_keypair(path)?);
    }
    let key = Keypair::new();
    client::write_keypair(path, &key)?;
    Ok(key)
}
