//! Jobs, their escrows, and the devices that work on them.
use super::{Checked, holds, same};
use crate::state::{State, one};
use anchor_lang::prelude::{Pubkey, Rent};
use client::address::jobs_authority;
use credits::Purpose;
use jobs::constants::DRAW_FEE;
use jobs::state::{Audit, Phase, Status};
use judge::audit::MAX_CELLS;
use solana_account::ReadableAccount;
use std::collections::BTreeMap;

pub fn check(state: &State) -> Checked {
    escrows_are_the_live_jobs(state)?;
    devices_and_jobs_agree(state)?;
    audits_fit_their_jobs(state)?;
    jobs_count_their_demands(state)?;
    operators_count_their_devices(state)?;
    idle_pay_is_promised_once(state)?;
    rounds_count_their_devices(state)
}

fn escrows_are_the_live_jobs(state: &State) -> Checked {
    same!("escrows", state.escrows.len(), state.jobs.len(), "one escrow for each job that has not ended");
    for escrow in state.escrows.values() {
        let Some(job) = state.jobs.get(&escrow.job) else {
            holds!("escrows", false, "the escrow of {} outlived it", escrow.job);
            continue;
        };
        same!("escrows", (escrow.amount, escrow.user), (job.price, job.user), "an escrow is its job's");
        let live = matches!(job.status, Status::Posted | Status::Claimed | Status::Committed);
        holds!("escrows", live, "{} is {:?} and not closed", escrow.job, job.status);
    }
    Ok(())
}

fn devices_and_jobs_agree(state: &State) -> Checked {
    let held = state.devices.values().filter(|d| d.live_job != Pubkey::default());
    let held: BTreeMap<Pubkey, (Pubkey, Pubkey)> = held.map(|d| (d.live_job, (d.key, d.operator))).collect();
    let taken = state.jobs.iter().filter(|(_, j)| j.status != Status::Posted);
    let taken = taken.map(|(address, j)| (*address, (j.device, j.operator))).collect();
    same!("devices", held, taken, "a device's live job is the job's device");
    Ok(())
}

fn audits_fit_their_jobs(state: &State) -> Checked {
    for (address, job) in &state.jobs {
        let begun = job.audit != Audit::None;
        holds!("audits", begun == (job.status == Status::Committed), "{address} is {:?}: {:?}", job.status, job.audit);
        holds!("audits", job.audit_cells <= MAX_CELLS, "{address} has an audit of {} cells", job.audit_cells);
        if matches!(job.audit, Audit::Open { .. }) {
            holds!("audits", job.unanswered() > 0, "{address} has answered everything and is not passed");
        }
        // What pays for the draw lies there beside the rent.
        let fee = if matches!(job.audit, Audit::None | Audit::Pending { .. }) { DRAW_FEE } else { 0 };
        let Some(raw) = state.raw.get(address) else { continue };
        let least = Rent::default().minimum_balance(raw.data().len()) + fee;
        holds!("audits", raw.lamports() >= least, "{address} holds {} lamports, {least} are needed", raw.lamports());
    }
    Ok(())
}

/// What a job counts as open is there, with rent and bond; what was left by an ended job can still be closed.
fn jobs_count_their_demands(state: &State) -> Checked {
    let mut open: BTreeMap<Pubkey, (u8, u8)> = BTreeMap::new();
    for (address, demand) in &state.demands {
        let lamports = state.raw.get(address).map_or(0, |a| a.lamports());
        holds!("demands", lamports > demand.bond, "{address} holds {lamports}, its bond is {}", demand.bond);
        let Some(job) = state.jobs.get(&demand.job) else { continue };
        holds!("demands", demand.n < job.demands.next(), "{address} is number {} and not counted", demand.n);
        holds!("demands", job.status == Status::Committed, "{address} is about a job that is {:?}", job.status);
        let (others, user) = open.entry(demand.job).or_default();
        *(if demand.demander == job.user { user } else { others }) += 1;
    }
    for (address, job) in &state.jobs {
        let counted = (job.demands.open, job.demands.open_by_user);
        same!(
            "demands",
            counted,
            open.get(address).copied().unwrap_or_default(),
            "open demands are those that are there"
        );
        let within = job.demands.open <= job.demands.made && job.demands.open_by_user <= job.demands.made_by_user;
        holds!("demands", within, "{address} has more open demands than it ever had");
    }
    Ok(())
}

fn operators_count_their_devices(state: &State) -> Checked {
    let mut devices: BTreeMap<Pubkey, (u32, u64)> = BTreeMap::new();
    for device in state.devices.values() {
        let (count, stake) = devices.entry(device.operator).or_default();
        (*count, *stake) = (*count + 1, *stake + device.required_stake);
    }
    for operator in state.operators.values() {
        let own = devices.remove(&operator.owner).unwrap_or_default();
        same!("operators", (operator.devices, operator.required_stake), own, "an operator's devices and their stake");
    }
    holds!("operators", devices.is_empty(), "devices of nobody: {devices:?}");
    Ok(())
}

/// What is promised is in ended rounds and with operators, and the idle budget has it.
fn idle_pay_is_promised_once(state: &State) -> Checked {
    let (Some(config), Some(emission)) = (one(&state.jobs_config), one(&state.emissions)) else { return Ok(()) };
    let owed: u64 = state.operators.values().map(|o| o.idle_owed).sum();
    let to_share: u64 = state.rounds.values().map(|r| r.budget - r.shared).sum();
    same!("idle pay", config.idle_promised, owed + to_share, "what is promised is owed or to be shared");
    let idle = emission.budgets[Purpose::Idle as usize];
    if idle.authority == jobs_authority() {
        holds!("idle pay", config.idle_promised <= idle.available, "more is promised than the budget has");
    }
    Ok(())
}

fn rounds_count_their_devices(state: &State) -> Checked {
    let Some(config) = one(&state.jobs_config) else { return Ok(()) };
    let live = state.rounds.values().filter(|r| !matches!(r.phase, Phase::Ended | Phase::Void));
    let live: Vec<u64> = live.map(|r| r.number).collect();
    let expected: Vec<u64> = config.round_live.then_some(config.round).into_iter().collect();
    same!("rounds", live, expected, "the live round is the last one");
    holds!("rounds", config.settled_round <= config.round, "a round ended that was never opened");
    for round in state.rounds.values() {
        let sharing = state.devices.values().filter(|d| d.pay_weight > 0 && d.pay_round == round.number);
        same!("rounds", sharing.clone().count(), round.unshared as usize, "devices wait for their share");
        let weight: u128 = sharing.map(|d| u128::from(d.pay_weight)).sum();
        holds!("rounds", weight <= round.weight, "weights {weight} of {}", round.weight);
        holds!("rounds", round.shared <= round.budget, "round {} shared more than its budget", round.number);
        holds!("rounds", round.passed <= round.committed, "round {} passed more than committed", round.number);
    }
    for d in state.devices.values() {
        let waits = d.pay_weight == 0 || state.rounds.values().any(|r| r.number == d.pay_round);
        holds!("rounds", waits, "the round that {} waits for is gone", d.key);
        let known = [d.since_round, d.good_round, d.failed_round, d.challenge.round].iter().all(|r| *r <= config.round);
        holds!("rounds", known, "{} knows a round that was never opened", d.key);
    }
    Ok(())
}
