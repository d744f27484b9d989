//! Parameters, proposals and votes.
use super::{Checked, holds, same};
use crate::state::{State, one};
use anchor_lang::prelude::Pubkey;
use std::collections::BTreeMap;

pub fn check(state: &State) -> Checked {
    parameters_are_within_bounds(state)?;
    proposals_have_their_deposits(state)?;
    votes_are_counted(state)
}

fn parameters_are_within_bounds(state: &State) -> Checked {
    let credits = one(&state.credits).is_none_or(|c| c.invariant().is_ok());
    let staking = one(&state.staking).is_none_or(|c| c.invariant().is_ok());
    let jobs = one(&state.jobs_config).is_none_or(|c| c.invariant().is_ok());
    let governance = one(&state.governance).is_none_or(|c| c.invariant().is_ok());
    let all = [credits, staking, jobs, governance];
    holds!(
        "parameters",
        all == [true; 4],
        "parameters of credits, staking, jobs, governance are within bounds: {all:?}"
    );
    Ok(())
}

fn proposals_have_their_deposits(state: &State) -> Checked {
    let deposits: u64 = state.proposals.values().map(|p| p.deposit).sum();
    let Some(config) = one(&state.governance) else { return Ok(()) };
    // Anybody can send coins there; nothing of ours does.
    let vault = state.balance(&client::address::deposit_vault());
    same!("proposals", vault, deposits, "the deposit vault holds what is deposited");
    let numbers = state.proposals.values().all(|p| p.number < config.next_proposal);
    holds!("proposals", numbers, "a proposal's number was not given out yet");
    Ok(())
}

/// While a vote is open, its sums are those of its voters, whose stake is locked until its end.
fn votes_are_counted(state: &State) -> Checked {
    let mut sums: BTreeMap<Pubkey, [u64; 3]> = BTreeMap::new();
    for vote in state.votes.values() {
        sums.entry(vote.proposal).or_default()[vote.choice as usize] += vote.weight;
        if let Some(position) = state.positions.get(&vote.position) {
            // One that lost everything may have been closed and opened again.
            let locked = position.locked_until >= vote.voting_end || position.locked_until == 0;
            holds!("votes", locked, "the position {} voted and can leave", vote.position);
        }
    }
    for (address, proposal) in &state.proposals {
        let told = [proposal.yes, proposal.no, proposal.abstain];
        let counted = sums.get(address).copied().unwrap_or_default();
        // Votes may be put away once the vote is over, and not before.
        let open = state.now < proposal.voting_end;
        let fine = counted.iter().zip(told).all(|(c, t)| *c == t || (!open && *c < t));
        holds!("votes", fine, "{address} says {told:?}, its voters {counted:?}");
    }
    Ok(())
}
