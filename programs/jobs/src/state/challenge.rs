//! A device's part in challenge rounds: its answer, and what came of it.
use crate::constants::CLASSES;
use crate::errors::JobsError;
use crate::state::{count, Device, Operator, Phase, Round};
use anchor_lang::prelude::*;
use judge::challenge::{drawn_cell, judge, macs, seed, Judged, CELLS};

/// An answer that a device has committed to; of round 0 if it never has.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, Default, InitSpace, PartialEq, Eq)]
pub struct Challenge {
    pub round: u64,
    /// What the answer must follow from, see `judge::challenge::seed`.
    pub seed: [u8; 32],
    pub root: [u8; 32],
    /// Its class and rows when it committed.
    pub class: u8,
    pub rows: u32,
    /// Multiply-accumulates per second up to the commitment.
    pub throughput: u64,
    /// Its offer when it committed.
    pub offer: u64,
    /// Bit `i` is the drawn cell `i`.
    pub answered: u16,
    /// Who proved a wrong cell of it that is not punished yet; the default key is nobody.
    pub caught_by: Pubkey,
}

const _: () = assert!(CELLS == u16::BITS as usize, "a bit for each drawn cell");

/// How a device failed a round.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, InitSpace, PartialEq, Eq)]
pub enum Failure {
    /// No answer was committed to in time.
    Missed,
    /// Drawn cells of its answer were not shown.
    Unanswered,
    /// A cell of its answer was proven wrong.
    WrongCell,
}

/// What a device's failure leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Demotion {
    pub class: u8,
    /// Of the device, and of all its operator's devices, IO base units.
    pub device_stake: u64,
    pub required_stake: u64,
}

impl Challenge {
    /// No wrong cell waits for its punishment.
    fn require_clean(&self) -> Result<()> {
        require!(self.caught_by == Pubkey::default(), JobsError::NotPunished);
        Ok(())
    }

    /// Judges a cell of this answer.
    pub fn judge(&self, cell: (u32, u32), segment: &[u8; 256], path: &[u8]) -> Result<Judged> {
        let judged = judge(&self.seed, self.rows, &self.root, cell, segment, path);
        Ok(judged.ok_or(JobsError::EvidenceSegment)?)
    }
}

impl Device {
    /// It may take a job: it passed the last round that took place, or is too new for it, and nothing is proven against it.
    pub fn require_hireable(&self, settled_round: u64) -> Result<()> {
        let good = self.good_round >= settled_round && self.good_round >= self.failed_round;
        require!(good && self.challenge.caught_by == Pubkey::default(), JobsError::HiringPaused);
        Ok(())
    }

    /// It may leave: nobody waits for what it owes or is owed.
    pub fn require_settled(&self) -> Result<()> {
        self.challenge.require_clean()?;
        require!(self.pay_weight == 0, JobsError::PayNotShared);
        Ok(())
    }

    /// It missed or failed round `settled`, the last one that ended, and that is not recorded.
    fn is_behind(&self, settled: u64) -> bool {
        settled > self.since_round && settled > self.good_round && settled > self.failed_round
    }

    /// Takes its answer to the round.
    pub fn commit(&mut self, round: &Round, settled: u64, root: [u8; 32], now: i64) -> Result<()> {
        require!(round.phase == Phase::Open, JobsError::WrongPhase);
        require!(now <= round.window_end, JobsError::DeadlinePassed);
        require!(self.since_round < round.number, JobsError::NotNominated);
        require!(self.challenge.round < round.number, JobsError::AlreadyCommitted);
        self.require_settled()?;
        require!(!self.is_behind(settled), JobsError::FailureNotRecorded);
        let class = usize::from(self.class);
        let rows = *round.rules.rows.get(class).ok_or(JobsError::BadClass)?;
        let least = *round.rules.throughput.get(class).ok_or(JobsError::BadClass)?;
        let throughput = economy::idle::throughput(macs(rows), round.seconds(now)).map_err(JobsError::from)?;
        require!(throughput >= least, JobsError::TooSlow);
        let seed = seed(&round.slot_hash, round.number, &self.key.to_bytes());
        let (round, class, caught_by) = (round.number, self.class, Pubkey::default());
        let offer = self.offer;
        self.challenge = Challenge { round, seed, root, class, rows, throughput, offer, answered: 0, caught_by };
        Ok(())
    }

    /// Shows drawn cell `index` of its answer. Whether that was the last one.
    pub fn answer(&mut self, round: &Round, index: u8, segment: &[u8; 256], path: &[u8], now: i64) -> Result<bool> {
        let Phase::Drawn { slot_hash, answers_until } = round.phase else { return err!(JobsError::WrongPhase) };
        require!(now <= answers_until, JobsError::DeadlinePassed);
        let challenge = &mut self.challenge;
        let bit = 1u16.checked_shl(index.into()).ok_or(JobsError::NoSuchAnswer)?;
        require!(challenge.round == round.number, JobsError::NoSuchAnswer);
        challenge.require_clean()?;
        require!(self.failed_round < round.number, JobsError::NoSuchAnswer);
        require!(challenge.answered & bit == 0, JobsError::AlreadyAnswered);
        let cell = drawn_cell(&slot_hash, &challenge.seed, challenge.rows, index);
        require!(challenge.judge(cell, segment, path)?.is_right(), JobsError::WrongCell);
        challenge.answered |= bit;
        Ok(challenge.answered == u16::MAX)
    }

    /// It has passed the round; returns its weight in the round's idle pay.
    pub fn pass(&mut self, round: &mut Round) -> Result<u64> {
        let ceiling = *round.rules.ceiling.get(usize::from(self.challenge.class)).ok_or(JobsError::BadClass)?;
        let marks = self.jobs_expired.checked_add(self.jobs_faulted).ok_or(JobsError::CounterOverflow)?;
        let offer = self.challenge.offer;
        let paid = offer > 0 && offer <= ceiling && marks == self.marks;
        let weight = if paid { self.challenge.throughput } else { 0 };
        self.marks = marks;
        self.measured = self.challenge.throughput;
        self.good_round = round.number;
        self.challenges_passed = count(self.challenges_passed)?;
        self.pay_round = round.number;
        self.pay_weight = weight;
        round.pass(weight)?;
        Ok(weight)
    }

    /// A cell of its answer is wrong: what it had passed is not passed, until the round ends.
    pub fn caught(&mut self, round: &mut Round, prover: Pubkey) -> Result<()> {
        require!(self.challenge.round == round.number, JobsError::NoSuchAnswer);
        require!(self.failed_round < round.number, JobsError::NoSuchAnswer);
        self.challenge.require_clean()?;
        if self.good_round == round.number {
            round.unpass(self.pay_weight)?;
            self.pay_weight = 0;
            self.challenges_passed = self.challenges_passed.checked_sub(1).ok_or(JobsError::CounterOverflow)?;
            self.good_round = round.number.checked_sub(1).ok_or(JobsError::CounterOverflow)?;
        }
        self.challenge.caught_by = prover;
        Ok(())
    }

    /// Records that it failed the last round that ended. How, and what that leaves it.
    pub fn fail(
        &mut self,
        operator: &mut Operator,
        class_stake: &[u64; CLASSES],
        settled: u64,
    ) -> Result<(Failure, Demotion)> {
        require!(self.is_behind(settled), JobsError::NotFailed);
        self.challenge.require_clean()?;
        let reason = if self.challenge.round == settled { Failure::Unanswered } else { Failure::Missed };
        Ok((reason, self.demote(operator, class_stake, settled)?))
    }

    /// Its class falls by one and the stake that it needs does not rise.
    pub fn demote(&mut self, operator: &mut Operator, class_stake: &[u64; CLASSES], round: u64) -> Result<Demotion> {
        self.failed_round = round;
        self.challenges_failed = count(self.challenges_failed)?;
        self.measured = 0;
        let class = self.class.saturating_sub(1);
        let stake = *class_stake.get(usize::from(class)).ok_or(JobsError::BadClass)?;
        self.place(operator, class, stake.min(self.required_stake))?;
        Ok(Demotion { class, device_stake: self.required_stake, required_stake: operator.required_stake })
    }

    /// Puts it in a class that needs `stake`.
    pub fn place(&mut self, operator: &mut Operator, class: u8, stake: u64) -> Result<()> {
        require!(self.operator == operator.owner, JobsError::WrongOwner);
        operator.remove_device(self.required_stake)?;
        operator.add_device(stake)?;
        self.class = class;
        self.required_stake = stake;
        Ok(())
    }
}
