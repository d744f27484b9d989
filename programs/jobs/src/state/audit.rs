//! A committed job's audit.
use crate::constants::DRAW_DELAY;
use crate::errors::JobsError;
use crate::events::Verification;
use crate::slot_hashes::{self, Lookup};
use crate::state::{transition, Action, Job};
use anchor_lang::prelude::*;
use judge::audit::{is_drawn, seed, MAX_CELLS};

/// Where an audit stands.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, InitSpace, PartialEq, Eq)]
pub enum Audit {
    /// There is no result yet.
    None,
    /// The first slot hash at or after `draw_slot` decides. `certain`: a draw was missed, and only the cells are still to be
    /// drawn.
    Pending { draw_slot: u64, certain: bool },
    /// The draw fell on other jobs.
    NotDrawn,
    /// Its cells are to be answered until the deadline, unix seconds, inclusive. `answered`: bit `i` is cell `i`.
    Open { seed: [u8; 32], answered: u32, deadline: i64 },
    /// All of its cells were judged and are right.
    Passed,
}

/// What a draw came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Drawn {
    /// The hash that had to decide is gone.
    Missed { missed_slot: u64, draw_slot: u64 },
    /// This slot's hash decided.
    Decided { slot: u64, slot_hash: [u8; 32], seed: [u8; 32], certain: bool, audited: bool, deadline: i64 },
}

impl Audit {
    /// The audit of a result that is committed to in `slot`.
    pub fn after(slot: u64) -> Self {
        Audit::Pending { draw_slot: slot.saturating_add(DRAW_DELAY), certain: false }
    }

    /// The slot that it waits for.
    pub fn draw_slot(&self) -> Option<u64> {
        if let Audit::Pending { draw_slot, .. } = self {
            Some(*draw_slot)
        } else {
            None
        }
    }

    /// How a result is known that may be settled.
    ///
    /// # Errors
    /// If the audit is not over.
    pub fn settled(&self) -> Result<Verification> {
        match self {
            Audit::None | Audit::Pending { .. } => err!(JobsError::AuditPending),
            Audit::Open { .. } => err!(JobsError::AuditOpen),
            Audit::NotDrawn => Ok(Verification::Unchallenged),
            Audit::Passed => Ok(Verification::Audited),
        }
    }
}

impl Job {
    /// Draws the audit from the slot hashes sysvar's `data`. Who draws and when makes no difference: there is one hash that can
    /// decide, and once it is gone the audit is certain and has twice the cells.
    pub fn draw(&mut self, address: &Pubkey, data: &[u8], answer_s: u32, clock: &Clock) -> Result<Drawn> {
        self.status = transition(self.status, Action::Draw)?;
        let Audit::Pending { draw_slot: due, certain } = self.audit else { return err!(JobsError::AlreadyDrawn) };
        let (slot, slot_hash) = match slot_hashes::first_from(data, due).ok_or(JobsError::WrongSlotHashes)? {
            Lookup::Found { slot, hash } => (slot, hash),
            Lookup::NotYet => return err!(JobsError::TooEarly),
            Lookup::Gone => {
                let draw_slot = clock.slot.saturating_add(DRAW_DELAY);
                self.audit = Audit::Pending { draw_slot, certain: true };
                // Whoever lets draws go until they like the cells gets twice as many each time.
                self.audit_cells = self.audit_cells.saturating_mul(2).min(MAX_CELLS);
                return Ok(Drawn::Missed { missed_slot: due, draw_slot });
            }
        };
        let seed = seed(&slot_hash, &self.commitment, &address.to_bytes());
        let audited = certain || is_drawn(&seed, self.audit_bps);
        let deadline = clock.unix_timestamp.saturating_add(i64::from(answer_s));
        self.audit = if audited { Audit::Open { seed, answered: 0, deadline } } else { Audit::NotDrawn };
        let deadline = if audited { deadline } else { 0 };
        Ok(Drawn::Decided { slot, slot_hash, seed, certain, audited, deadline })
    }

    /// The seed of the open audit, if cell `index` of it may still be answered at `now`.
    pub fn asked(&self, index: u8, now: i64) -> Result<[u8; 32]> {
        transition(self.status, Action::Answer)?;
        let Audit::Open { seed, answered, deadline } = self.audit else { return err!(JobsError::NoOpenAudit) };
        require!(now <= deadline, JobsError::DeadlinePassed);
        require!(index < self.audit_cells, JobsError::NoSuchCell);
        require!(answered & bit(index) == 0, JobsError::AlreadyAnswered);
        Ok(seed)
    }

    /// Cell `index` was shown to be right; how many are left.
    pub fn answer(&mut self, index: u8) -> Result<u8> {
        self.status = transition(self.status, Action::Answer)?;
        let Audit::Open { answered, .. } = &mut self.audit else { return err!(JobsError::NoOpenAudit) };
        *answered |= bit(index);
        let left = self.unanswered();
        if left == 0 {
            self.audit = Audit::Passed;
        }
        Ok(left)
    }

    /// Cells of the open audit that are not answered.
    pub fn unanswered(&self) -> u8 {
        let Audit::Open { answered, .. } = self.audit else { return 0 };
        (0..self.audit_cells).map(|index| u8::from(answered & bit(index) == 0)).sum()
    }

    /// Its audit was not answered: only after the deadline. How many cells are missing.
    pub fn expire_audit(&mut self, now: i64) -> Result<u8> {
        self.status = transition(self.status, Action::ExpireAudit)?;
        let Audit::Open { deadline, .. } = self.audit else { return err!(JobsError::NoOpenAudit) };
        require!(now > deadline, JobsError::TooEarly);
        Ok(self.unanswered())
    }
}

/// The bit of a cell; none past the last possible one.
fn bit(index: u8) -> u32 {
    1u32.checked_shl(index.into()).unwrap_or(0)
}
