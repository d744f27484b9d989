use crate::constants::{CELL_DRAW_DELAY, CLASSES};
use crate::errors::JobsError;
use crate::slot_hashes::{self, Lookup};
use crate::state::Parameter;
use anchor_lang::prelude::*;
use judge::challenge::ROW_STEP;

/// How challenge rounds go. A round keeps the rules that it was opened under.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, Default, InitSpace, PartialEq, Eq)]
pub struct RoundRules {
    /// How long answers can be committed to, seconds.
    pub window_s: u32,
    /// From one opening to the next at least, seconds.
    pub every_s: u32,
    /// How long drawn cells can be answered, and then as long wrong ones be proven, seconds.
    pub answer_s: u32,
    /// What a wrong cell costs, basis points of the stake that the device needs.
    pub slash_bps: u16,
    /// Of each class: rows of its challenge, a multiple of 64.
    pub rows: [u32; CLASSES],
    /// The throughput that it needs, multiply-accumulates per second.
    pub throughput: [u64; CLASSES],
    /// The most that a device may ask for to earn idle pay, IOSD base units for 10^12 multiply-accumulates.
    pub ceiling: [u64; CLASSES],
}

impl RoundRules {
    pub fn get(&self, parameter: Parameter) -> u64 {
        use Parameter::*;
        match parameter {
            RoundWindowS => self.window_s.into(),
            RoundEveryS => self.every_s.into(),
            RoundAnswerS => self.answer_s.into(),
            ChallengeSlashBps => self.slash_bps.into(),
            ClassRows0 => self.rows[0].into(),
            ClassRows1 => self.rows[1].into(),
            ClassRows2 => self.rows[2].into(),
            ClassRows3 => self.rows[3].into(),
            ClassThroughput0 => self.throughput[0],
            ClassThroughput1 => self.throughput[1],
            ClassThroughput2 => self.throughput[2],
            ClassThroughput3 => self.throughput[3],
            ClassCeiling0 => self.ceiling[0],
            ClassCeiling1 => self.ceiling[1],
            ClassCeiling2 => self.ceiling[2],
            ClassCeiling3 => self.ceiling[3],
            // The config has these itself.
            ChallengeWindowS | ReserveBps | ForfeitBps | ClassStake0 | ClassStake1 | ClassStake2 | ClassStake3
            | AuditBps | AuditCells | AnswerS | DemandBond | DemandAnswerS => 0,
        }
    }

    /// Sets a value that is within its bounds.
    pub fn set(&mut self, parameter: Parameter, value: u64) -> Result<()> {
        use Parameter::*;
        let small = || u32::try_from(value).map_err(|_| JobsError::ParameterOutOfBounds);
        match parameter {
            RoundWindowS => self.window_s = small()?,
            RoundEveryS => self.every_s = small()?,
            RoundAnswerS => self.answer_s = small()?,
            ChallengeSlashBps => self.slash_bps = value.try_into().map_err(|_| JobsError::ParameterOutOfBounds)?,
            ClassRows0 => self.rows[0] = small()?,
            ClassRows1 => self.rows[1] = small()?,
            ClassRows2 => self.rows[2] = small()?,
            ClassRows3 => self.rows[3] = small()?,
            ClassThroughput0 => self.throughput[0] = value,
            ClassThroughput1 => self.throughput[1] = value,
            ClassThroughput2 => self.throughput[2] = value,
            ClassThroughput3 => self.throughput[3] = value,
            ClassCeiling0 => self.ceiling[0] = value,
            ClassCeiling1 => self.ceiling[1] = value,
            ClassCeiling2 => self.ceiling[2] = value,
            ClassCeiling3 => self.ceiling[3] = value,
            ChallengeWindowS | ReserveBps | ForfeitBps | ClassStake0 | ClassStake1 | ClassStake2 | ClassStake3
            | AuditBps | AuditCells | AnswerS | DemandBond | DemandAnswerS => {}
        }
        self.invariant()
    }

    /// What bounds cannot say.
    pub fn invariant(&self) -> Result<()> {
        require!(self.rows.iter().all(|rows| rows.is_multiple_of(ROW_STEP)), JobsError::ParameterOutOfBounds);
        Ok(())
    }
}

/// Where a round stands.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, InitSpace, PartialEq, Eq)]
pub enum Phase {
    /// Devices commit to their answers, until the window's end.
    Open,
    /// Nothing can be committed to any more: the first slot hash at or after `draw_slot` draws the cells.
    Closed { draw_slot: u64 },
    /// Cells are answered until then; wrong ones can be proven as long again.
    Drawn { slot_hash: [u8; 32], answers_until: i64 },
    /// It took place: who did not pass it is not hired.
    Ended,
    /// It counts for nothing.
    Void,
}

/// What advancing a round came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Advanced {
    Closed { draw_slot: u64 },
    Drawn { slot: u64, slot_hash: [u8; 32], answers_until: i64 },
    Ended,
    Voided,
}

/// A challenge round. Seeds: `["round", number (u64, little-endian)]`.
#[account]
#[derive(InitSpace)]
pub struct Round {
    pub number: u64,
    /// Who paid the rent.
    pub opener: Pubkey,
    pub phase: Phase,
    /// What every device's challenge follows from, with its key.
    pub slot_hash: [u8; 32],
    /// Unix seconds.
    pub opened_at: i64,
    /// Answers can be committed to until then, inclusive.
    pub window_end: i64,
    /// The rules when it was opened.
    pub rules: RoundRules,
    /// Devices that committed to an answer, and that passed.
    pub committed: u32,
    pub passed: u32,
    /// Sum of the weights that share the budget.
    pub weight: u128,
    /// Devices with a weight whose share is not given out yet.
    pub unshared: u32,
    /// Idle pay of this round, fixed when it ends, and what of it is given out, IO base units.
    pub budget: u64,
    pub shared: u64,
    pub bump: u8,
}

impl Round {
    /// Seconds since it was opened.
    pub fn seconds(&self, now: i64) -> i64 {
        now.saturating_sub(self.opened_at)
    }

    /// The next phase, once its time has come. `hashes` is the slot hashes sysvar's data.
    ///
    /// # Errors
    /// [`JobsError::TooEarly`], or [`JobsError::WrongPhase`] if it is over.
    pub fn advance(&mut self, hashes: &[u8], clock: &Clock) -> Result<Advanced> {
        let now = clock.unix_timestamp;
        let advanced = match self.phase {
            Phase::Open => {
                require!(now > self.window_end, JobsError::TooEarly);
                // It says more about the network than about its devices.
                if self.committed == 0 {
                    Advanced::Voided
                } else {
                    let draw_slot = clock.slot.checked_add(CELL_DRAW_DELAY).ok_or(JobsError::CounterOverflow)?;
                    Advanced::Closed { draw_slot }
                }
            }
            Phase::Closed { draw_slot } => {
                match slot_hashes::first_from(hashes, draw_slot).ok_or(JobsError::WrongSlotHashes)? {
                    Lookup::Found { slot, hash } => {
                        let answers_until = now.saturating_add(self.rules.answer_s.into());
                        Advanced::Drawn { slot, slot_hash: hash, answers_until }
                    }
                    Lookup::NotYet => return err!(JobsError::TooEarly),
                    // Another draw would let somebody wait for a better one.
                    Lookup::Gone => Advanced::Voided,
                }
            }
            Phase::Drawn { answers_until, .. } => {
                require!(now > self.proofs_until(answers_until), JobsError::TooEarly);
                // As if nobody had committed: else one device without an answer could have all others demoted.
                if self.passed == 0 {
                    Advanced::Voided
                } else {
                    Advanced::Ended
                }
            }
            Phase::Ended | Phase::Void => return err!(JobsError::WrongPhase),
        };
        self.phase = match advanced {
            Advanced::Closed { draw_slot } => Phase::Closed { draw_slot },
            Advanced::Drawn { slot_hash, answers_until, .. } => Phase::Drawn { slot_hash, answers_until },
            Advanced::Ended => Phase::Ended,
            Advanced::Voided => Phase::Void,
        };
        Ok(advanced)
    }

    /// Until when wrong cells can be proven.
    pub fn proofs_until(&self, answers_until: i64) -> i64 {
        answers_until.saturating_add(self.rules.answer_s.into())
    }

    /// Wrong cells can be proven from the commitment on.
    pub fn require_provable(&self, now: i64) -> Result<()> {
        match self.phase {
            Phase::Open | Phase::Closed { .. } => {}
            Phase::Drawn { answers_until, .. } => {
                require!(now <= self.proofs_until(answers_until), JobsError::DeadlinePassed);
            }
            Phase::Ended | Phase::Void => return err!(JobsError::WrongPhase),
        }
        Ok(())
    }

    /// A device passed and shares the budget with this weight, if it is above zero.
    pub fn pass(&mut self, weight: u64) -> Result<()> {
        self.passed = self.passed.checked_add(1).ok_or(JobsError::CounterOverflow)?;
        if weight > 0 {
            self.weight = self.weight.checked_add(weight.into()).ok_or(JobsError::AmountOverflow)?;
            self.unshared = self.unshared.checked_add(1).ok_or(JobsError::CounterOverflow)?;
        }
        Ok(())
    }

    /// It did not, after all.
    pub fn unpass(&mut self, weight: u64) -> Result<()> {
        self.passed = self.passed.checked_sub(1).ok_or(JobsError::CounterOverflow)?;
        if weight > 0 {
            self.weight = self.weight.checked_sub(weight.into()).ok_or(JobsError::AmountOverflow)?;
            self.unshared = self.unshared.checked_sub(1).ok_or(JobsError::CounterOverflow)?;
        }
        Ok(())
    }

    /// Gives out the share of `weight`; returns it.
    pub fn share(&mut self, weight: u64) -> Result<u64> {
        require!(self.phase == Phase::Ended, JobsError::RoundNotSettled);
        require!(weight > 0, JobsError::NoShare);
        let share = economy::idle::share(self.budget, weight, self.weight).map_err(JobsError::from)?;
        self.shared = self.shared.checked_add(share).ok_or(JobsError::AmountOverflow)?;
        self.unshared = self.unshared.checked_sub(1).ok_or(JobsError::CounterOverflow)?;
        Ok(share)
    }

    /// What is left of the budget once everybody has their share.
    pub fn left(&self) -> Result<u64> {
        let over = matches!(self.phase, Phase::Ended | Phase::Void);
        require!(over && self.unshared == 0, JobsError::RoundNotSettled);
        Ok(self.budget.checked_sub(self.shared).ok_or(JobsError::AmountOverflow)?)
    }
}
