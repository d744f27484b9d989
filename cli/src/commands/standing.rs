//! How a device stands in challenges: its offer, its class, its last answer.
use crate::context::{Context, amount};
use crate::exit::refused;
use crate::output::Output;
use crate::time::moment;
use anyhow::Result;
use client::{Chain, Pubkey, Signer, address as at, rounds_ix};
use economy::IOSD_DECIMALS;
use economy::amount::{io, iosd};
use jobs::state::{Device, Phase, Round};
use serde_json::json;

async fn device(chain: &Chain, key: &Pubkey) -> Result<Device> {
    Ok(chain.get("device", &at::device(key), "it was never registered here, or is retired").await?)
}

/// The wallet's device.
async fn own(context: &Context, key: &Pubkey) -> Result<Device> {
    let (device, me) = (device(&context.chain(), key).await?, context.wallet()?.pubkey());
    if device.operator != me {
        return refused(format!("the device belongs to operator {}, not to {me} (hint: --keypair)", device.operator));
    }
    Ok(device)
}

pub async fn offer(context: &Context, key: Pubkey, price: &str) -> Result<Output> {
    let price = amount(price, IOSD_DECIMALS)?;
    let (chain, owner) = (context.chain(), context.wallet()?);
    let device = own(context, &key).await?;
    let ceiling = chain.jobs_config().await?.rounds.ceiling[usize::from(device.class)];
    let confirmed = chain.send(&[rounds_ix::set_offer(owner.pubkey(), key, price)], &[&owner]).await?;
    let earns = price > 0 && price <= ceiling;
    let note = match earns {
        true => "it earns idle pay in rounds that it passes".to_owned(),
        false if price == 0 => "without an offer it earns no idle pay".to_owned(),
        false => format!("class {} earns idle pay at {} IOSD or less", device.class, iosd(ceiling)),
    };
    let text = format!(
        "device {key} asks for {} IOSD for 10^12 multiply-accumulates: {note}\nsignature {}",
        iosd(price),
        confirmed.signature
    );
    let json = json!({
        "device": key.to_string(), "price_iosd": iosd(price).to_string(), "ceiling_iosd": iosd(ceiling).to_string(),
        "earns_idle_pay": earns, "signature": confirmed.signature.to_string(),
    });
    Ok(Output::new(&json, text))
}

pub async fn class(context: &Context, key: Pubkey, class: u8) -> Result<Output> {
    let (chain, owner) = (context.chain(), context.wallet()?);
    let before = own(context, &key).await?;
    let config = chain.jobs_config().await?;
    let Some(least) = config.rounds.throughput.get(usize::from(class)).copied() else {
        return refused(format!("there are device classes 0 to {}, not {class}", config.class_stake.len() - 1));
    };
    if class > before.class && before.measured < least {
        return refused(format!(
            "class {class} needs a passed challenge at {least} multiply-accumulates per second, the device's last one \
             measured {} (hint: `io device challenge {key}`)",
            before.measured
        ));
    }
    let confirmed = chain.send(&[rounds_ix::set_class(owner.pubkey(), key, class)], &[&owner]).await?;
    let stake = device(&chain, &key).await?.required_stake;
    let text = format!(
        "device {key} is of class {class} and needs {} IO of stake\nsignature {}",
        io(stake),
        confirmed.signature
    );
    let json = json!({
        "device": key.to_string(), "class": class, "required_stake_io": io(stake).to_string(),
        "signature": confirmed.signature.to_string(),
    });
    Ok(Output::new(&json, text))
}

pub async fn challenge(context: &Context, key: Pubkey) -> Result<Output> {
    let chain = context.chain();
    let (device, config, now) = (device(&chain, &key).await?, chain.jobs_config().await?, chain.now().await?);
    let hired = device.require_hireable(config.settled_round).is_ok();
    let round = chain.find::<Round>("round", &at::round(config.round)).await?;
    let present = match round.as_ref().filter(|_| config.round_live) {
        None if config.round == 0 => "no challenge round was ever opened".to_owned(),
        None => {
            let next = moment(config.next_round_at, now);
            format!("round {} is over; the next may be opened {next}", config.round)
        }
        Some(round) => match round.phase {
            Phase::Open => format!("round {} takes answers, until {}", round.number, moment(round.window_end, now)),
            Phase::Drawn { answers_until, .. } => {
                format!("round {} takes its drawn cells, until {}", round.number, moment(answers_until, now))
            }
            _ => format!("round {} waits for its draw", round.number),
        },
    };
    let last = &device.challenge;
    let answer = match last.round {
        0 => "it never answered one".to_owned(),
        number => format!(
            "it answered round {number} at {} multiply-accumulates per second and showed {} of 16 cells",
            last.throughput,
            last.answered.count_ones()
        ),
    };
    let state = if hired { "can be hired" } else { "is not hired until it passes a challenge" };
    let text = format!(
        "device {key}, class {}, {state}\n{present}\n{answer}\npassed {}, failed {}; measured {} multiply-accumulates per \
         second\nasks for {} IOSD for 10^12",
        device.class,
        device.challenges_passed,
        device.challenges_failed,
        device.measured,
        iosd(device.offer)
    );
    let json = json!({
        "device": key.to_string(), "class": device.class, "hired": hired, "round": config.round,
        "round_live": config.round_live, "settled_round": config.settled_round, "passed": device.challenges_passed,
        "failed": device.challenges_failed, "measured_macs_per_s": device.measured, "answered_round": last.round,
        "answered_cells": last.answered.count_ones(), "offer_iosd": iosd(device.offer).to_string(),
    });
    Ok(Output::new(&json, text))
}
