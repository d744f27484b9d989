//! Jobs, their escrows, and the devices that work on them.
use super::{Checked, holds, same};
use crate::state::State;
use anchor_lang::prelude::Pubkey;
use jobs::state::Status;
use solana_account::ReadableAccount;
use std::collections::BTreeMap;

pub fn check(state: &State) -> Checked {
    escrows_are_the_live_jobs(state)?;
    devices_and_jobs_agree(state)?;
    jobs_count_their_demands(state)?;
    operators_count_their_devices(state)
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
