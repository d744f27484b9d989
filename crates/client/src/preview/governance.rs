//! The governance program's instructions in words.
use super::words::{self, somebody};
use super::{Step, arguments};
use economy::amount::io;
use governance::instruction as ix;
use governance::{Choice, Target};
use solana_instruction::Instruction;

fn step(instruction: &str) -> Step {
    Step::new("governance", instruction)
}

fn program(target: Target) -> &'static str {
    match target {
        Target::Credits => "credits",
        Target::Staking => "staking",
        Target::Jobs => "jobs",
        Target::Governance => "governance",
    }
}

pub(super) fn read(i: &Instruction) -> Option<Step> {
    proposal(i).or_else(|| guardian(i)).or_else(|| other(i))
}

/// A proposal's life.
fn proposal(i: &Instruction) -> Option<Step> {
    if let Some(ix::Propose { action }) = arguments(i) {
        let step = step("propose, for a deposit").detail("does", words::action(&action));
        return Some(step.account("proposer", i, 0).account("proposal", i, 3));
    }
    if let Some(ix::Vote { choice }) = arguments(i) {
        let choice = match choice {
            Choice::Yes => "yes",
            Choice::No => "no",
            Choice::Abstain => "abstain",
        };
        let step = step("vote; the position stays locked until the vote ends").detail("choice", choice);
        return Some(step.account("voter", i, 1).account("proposal", i, 3).account("position", i, 6));
    }
    if let Some(ix::Finish {}) = arguments(i) {
        return Some(step("count the votes of a proposal").account("proposal", i, 0));
    }
    if let Some(ix::Execute {}) = arguments(i) {
        return Some(step("do what a proposal decided").account("proposal", i, 1));
    }
    if let Some(ix::ExecutePayment {}) = arguments(i) {
        return Some(step("pay what a proposal decided").account("proposal", i, 2).account("recipient", i, 5));
    }
    if let Some(ix::CloseProposal {}) = arguments(i) {
        let step = step("put a proposal away and settle its deposit");
        return Some(step.account("proposal", i, 2).account("proposer", i, 3));
    }
    let ix::CloseVote {} = arguments(i)?;
    Some(step("return a vote's rent").account("vote", i, 0).account("to", i, 1))
}

fn guardian(i: &Instruction) -> Option<Step> {
    if let Some(ix::Veto {}) = arguments(i) {
        return Some(step("stop a proposal").account("guardian", i, 0).account("proposal", i, 2));
    }
    if let Some(ix::OfferGuardian { to }) = arguments(i) {
        return Some(step("offer the guardian's place").detail("to", somebody(&to)).account("guardian", i, 0));
    }
    if let Some(ix::AcceptGuardian {}) = arguments(i) {
        return Some(step("take the guardian's place").account("guardian", i, 0));
    }
    let ix::GuardianPause { target, flags } = arguments(i)?;
    let what = format!("{} in {}", words::paused(program(target), flags), program(target));
    Some(step("pause").detail("what", what).account("guardian", i, 0))
}

fn other(i: &Instruction) -> Option<Step> {
    if let Some(ix::AcceptProgramAuthority { target }) = arguments(i) {
        return Some(step("accept the authority over a program").detail("program", program(target)));
    }
    if let Some(ix::OpenShard { index }) = arguments(i) {
        return Some(step("open an event shard").detail("shard", index));
    }
    let ix::Initialize { args } = arguments(i)?;
    let step = step("initialize").detail("deposit", format!("{} IO", io(args.deposit)));
    Some(step.detail("guardian", somebody(&args.guardian)).account("authority", i, 0))
}
