//! Challenge rounds, answers and idle pay.
use super::columns::{Amount, Wide};
use super::more_rows::{Challenge, Round};
use super::rows::Device;
use super::{Inserted, Work};
use crate::decode::words;
use ::jobs::events::*;
use anchor_lang::prelude::Pubkey;

pub fn offer_set(work: &mut Work, row: &Inserted<'_>, e: &OfferSet) {
    let Some(device) = active(work, row, &e.device) else { return };
    device.offer = e.price.into();
    device.slot = row.slot;
}

pub fn class_set(work: &mut Work, row: &Inserted<'_>, e: &ClassSet) {
    place(work, row, &e.device, e.class, e.device_stake);
    requires(work, row, &e.operator, e.required_stake);
}

/// A device that is not retired.
fn active<'w>(work: &'w mut Work, row: &Inserted<'_>, device: &Pubkey) -> Option<&'w mut Device> {
    let key = (device.to_bytes(),);
    let found = work.devices.get(&key).is_some_and(|device| !device.retired);
    work.expect(found, row);
    if found { work.devices.change(&key) } else { None }
}

/// A device is in a class that needs this stake.
fn place(work: &mut Work, row: &Inserted<'_>, device: &Pubkey, class: u8, stake: u64) {
    let Some(device) = active(work, row, device) else { return };
    device.class = class.into();
    device.required_stake = stake.into();
    device.slot = row.slot;
}

/// An operator's devices need this stake together.
fn requires(work: &mut Work, row: &Inserted<'_>, operator: &Pubkey, stake: u64) {
    let Some(operator) = work.operators.change(&(operator.to_bytes(),)) else { return };
    operator.required_stake = stake.into();
    operator.slot = row.slot;
}

pub fn opened(work: &mut Work, row: &Inserted<'_>, e: &RoundOpened) {
    work.rounds.add(Round {
        number: e.number.into(),
        event_id: row.id,
        opener: e.opener.to_bytes(),
        slot_hash: e.slot_hash,
        phase: "open".into(),
        opened_time: e.stamp.time,
        window_end: e.window_end,
        next_round_at: e.next_round_at,
        signature: row.signature(),
        slot: row.slot,
        ..Round::default()
    });
}

/// The round's row; its absence is an error unless another row of the event tells of it.
fn round<'w>(work: &'w mut Work, row: &Inserted<'_>, number: u64) -> Option<&'w mut Round> {
    let round = work.rounds.change(&(number.into(),))?;
    round.slot = row.slot;
    Some(round)
}

fn step<'w>(work: &'w mut Work, row: &Inserted<'_>, number: u64, phase: &str) -> Option<&'w mut Round> {
    let found = round(work, row, number).is_some();
    work.expect(found, row);
    let round = round(work, row, number)?;
    round.phase = phase.into();
    Some(round)
}

pub fn window_closed(work: &mut Work, row: &Inserted<'_>, e: &WindowClosed) {
    let Some(round) = step(work, row, e.number, "closed") else { return };
    round.committed = e.committed.into();
    round.draw_slot = Some(e.draw_slot.into());
}

pub fn drawn(work: &mut Work, row: &Inserted<'_>, e: &CellsDrawn) {
    let Some(round) = step(work, row, e.number, "drawn") else { return };
    round.draw_hash = Some(e.slot_hash);
    round.answers_until = Some(e.answers_until);
    round.proofs_until = Some(e.proofs_until);
}

pub fn ended(work: &mut Work, row: &Inserted<'_>, e: &RoundEnded) {
    let Some(round) = step(work, row, e.number, "ended") else { return };
    round.passed = e.passed.into();
    round.weight = Wide(e.weight);
    round.budget = e.budget.into();
    round.ended_time = Some(e.stamp.time);
}

pub fn voided(work: &mut Work, row: &Inserted<'_>, e: &RoundVoided) {
    let Some(round) = step(work, row, e.number, "void") else { return };
    round.committed = e.committed.into();
    round.ended_time = Some(e.stamp.time);
}

pub fn committed(work: &mut Work, row: &Inserted<'_>, e: &ChallengeCommitted) {
    work.challenges.add(Challenge {
        round: e.number.into(),
        device: e.device.to_bytes(),
        event_id: row.id,
        status: "committed".into(),
        class: Some(e.class.into()),
        rows: Some(e.rows.into()),
        root: Some(e.root),
        seconds: Some(e.seconds.into()),
        throughput: Some(e.throughput.into()),
        time: e.stamp.time,
        signature: row.signature(),
        slot: row.slot,
        ..Challenge::default()
    });
    if let Some(round) = round(work, row, e.number) {
        round.committed += 1;
    }
}

fn challenge<'w>(
    work: &'w mut Work,
    row: &Inserted<'_>,
    number: u64,
    device: &Pubkey,
    fits: impl Fn(&Challenge) -> bool,
) -> Option<&'w mut Challenge> {
    let key = (number.into(), device.to_bytes());
    let found = work.challenges.get(&key).is_some_and(fits);
    work.expect(found, row);
    if !found {
        return None;
    }
    let challenge = work.challenges.change(&key)?;
    challenge.slot = row.slot;
    Some(challenge)
}

pub fn answered(work: &mut Work, row: &Inserted<'_>, e: &CellAnswered) {
    let waiting = |challenge: &Challenge| challenge.status == "committed";
    let Some(challenge) = challenge(work, row, e.number, &e.device, waiting) else { return };
    challenge.answered = i32::try_from(e.answered.count_ones()).unwrap_or_default();
}

pub fn passed(work: &mut Work, row: &Inserted<'_>, e: &ChallengePassed) {
    if let Some(challenge) = challenge(work, row, e.number, &e.device, |_| true) {
        challenge.status = "passed".into();
        challenge.answered = i32::try_from(judge::challenge::CELLS).unwrap_or_default();
        challenge.weight = Some(e.weight.into());
    }
    if let Some(round) = round(work, row, e.number) {
        round.passed += 1;
    }
    let Some(device) = work.devices.change(&(e.device.to_bytes(),)) else { return };
    device.measured = e.throughput.into();
    device.good_round = e.number.into();
    device.challenges_passed += 1;
    device.slot = row.slot;
}

/// What it had passed is not passed.
pub fn proven(work: &mut Work, row: &Inserted<'_>, e: &WrongCellProven) {
    if let Some(device) = work.devices.change(&(e.device.to_bytes(),)) {
        device.caught = true;
        device.slot = row.slot;
        if device.good_round == Amount::from(e.number) {
            device.challenges_passed -= 1;
            device.good_round -= 1;
        }
    }
    let challenge = challenge(work, row, e.number, &e.device, |_| true);
    let had_passed = challenge.as_ref().is_some_and(|challenge| challenge.status == "passed");
    if let Some(challenge) = challenge {
        challenge.status = "caught".into();
        challenge.weight = Some(Amount(0));
        challenge.prover = Some(e.prover.to_bytes());
    }
    if let Some(round) = round(work, row, e.number) {
        round.passed -= i64::from(had_passed);
    }
}

pub fn failed(work: &mut Work, row: &Inserted<'_>, e: &ChallengeFailed) {
    place(work, row, &e.device, e.class, e.device_stake);
    requires(work, row, &e.operator, e.required_stake);
    if let Some(device) = work.devices.change(&(e.device.to_bytes(),)) {
        device.measured = Amount(0);
        device.failed_round = e.number.into();
        device.challenges_failed += 1;
        device.caught = false;
        device.slot = row.slot;
    }
    // One that was not answered has no row yet.
    work.challenges.add(Challenge {
        round: e.number.into(),
        device: e.device.to_bytes(),
        event_id: row.id,
        time: e.stamp.time,
        signature: row.signature(),
        ..Challenge::default()
    });
    let Some(challenge) = challenge(work, row, e.number, &e.device, |_| true) else { return };
    challenge.status = "failed".into();
    challenge.reason = Some(words::failure(e.reason).into());
    challenge.slashed = Some(e.slashed.into());
}

pub fn shared(work: &mut Work, row: &Inserted<'_>, e: &IdlePayShared) {
    if let Some(challenge) = challenge(work, row, e.number, &e.device, |_| true) {
        challenge.pay = Some(e.amount.into());
    }
    if let Some(round) = round(work, row, e.number) {
        round.shared += e.amount;
    }
    owed(work, row, &e.operator, e.owed, 0);
}

pub fn paid(work: &mut Work, row: &Inserted<'_>, e: &IdlePaid) {
    owed(work, row, &e.operator, e.owed, e.amount);
}

fn owed(work: &mut Work, row: &Inserted<'_>, operator: &Pubkey, owed: u64, paid: u64) {
    let operator = work.operators.change(&(operator.to_bytes(),));
    let found = operator.is_some();
    if let Some(operator) = operator {
        operator.idle_owed = owed.into();
        operator.idle_paid += paid;
        operator.slot = row.slot;
    }
    work.expect(found, row);
}
