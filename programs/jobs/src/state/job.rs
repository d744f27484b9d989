use crate::errors::JobsError;
use crate::events::Verification;
use crate::state::Demands;
use crate::state::{Audit, Config};
use anchor_lang::prelude::*;

/// Where a job stands. Terminal states are never stored: their accounts are closed.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, InitSpace, PartialEq, Eq)]
pub enum Status {
    /// Waiting for a device, until the claim deadline.
    Posted,
    /// A device is working on it, until the commit deadline.
    Claimed,
    /// A result is committed to; it can be accepted, disputed, or settled after the window and its audit.
    Committed,
    /// The supplier was paid.
    Paid,
    /// The user was refunded.
    Refunded,
}

/// What can happen to a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    Claim,
    Commit,
    Accept,
    Settle,
    Cancel,
    /// Nobody claimed it in time.
    Expire,
    /// Its device did not commit in time.
    ExpireClaim,
    ProveFault,
    /// Its audit is drawn, or a draw was missed.
    Draw,
    /// An audited cell is answered.
    Answer,
    /// Its audit was not answered in time.
    ExpireAudit,
    /// A demand for its data was not answered.
    StaySilent,
}

/// The one state machine.
///
/// # Errors
/// [`JobsError::WrongState`] for every pair that is not listed.
pub fn transition(from: Status, action: Action) -> Result<Status> {
    use {Action::*, Status::*};
    match (from, action) {
        (Posted, Claim) => Ok(Claimed),
        (Posted, Cancel) => Ok(Refunded),
        (Posted, Expire) => Ok(Refunded),
        (Claimed, ExpireClaim) => Ok(Refunded),
        (Claimed, Commit) => Ok(Committed),
        (Committed, Accept | Settle) => Ok(Paid),
        (Committed, Draw | Answer) => Ok(Committed),
        (Committed, ProveFault | ExpireAudit | StaySilent) => Ok(Refunded),
        _ => err!(JobsError::WrongState),
    }
}

/// A user's job. Seeds: `["job", user, seq (u64, little-endian)]`. Status is the first field, so that clients can filter
/// accounts by it.
#[account]
#[derive(InitSpace)]
pub struct Job {
    pub status: Status,
    pub user: Pubkey,
    pub seq: u64,
    /// Root of the model; its account is derived from it.
    pub model_root: [u8; 32],
    pub rows: u32,
    pub input_root: [u8; 32],
    /// sha256 of the input bytes.
    pub input_blob: [u8; 32],
    /// sha256 of the model file, which must have the root above.
    pub model_blob: [u8; 32],
    /// IOSD base units, all of it in escrow.
    pub price: u64,
    pub claim_deadline: i64,
    /// Seconds from claim to commitment.
    pub execute_s: u32,
    /// The device's key; default until claimed.
    pub device: Pubkey,
    /// Its operator's owner key; default until claimed.
    pub operator: Pubkey,
    /// Stake of the operator that is reserved for this job, IO base units.
    pub reserved: u64,
    pub commit_deadline: i64,
    pub commitment: [u8; 32],
    pub result_blob: [u8; 32],
    /// After this anyone may settle, unless a demand is open.
    pub window_end: i64,
    /// The chance that it is audited, basis points, and in how many cells: fixed when it is claimed.
    pub audit_bps: u16,
    pub audit_cells: u8,
    pub audit: Audit,
    pub demands: Demands,
    pub bump: u8,
}

impl Job {
    /// A device takes the job, up to and including the claim deadline.
    pub fn claim(&mut self, device: Pubkey, operator: Pubkey, reserved: u64, config: &Config, now: i64) -> Result<()> {
        self.status = transition(self.status, Action::Claim)?;
        require!(now <= self.claim_deadline, JobsError::DeadlinePassed);
        self.device = device;
        self.operator = operator;
        self.reserved = reserved;
        (self.audit_bps, self.audit_cells) = (config.audit_bps, config.audit_cells);
        self.commit_deadline = now.saturating_add(i64::from(self.execute_s));
        Ok(())
    }

    /// The result is fixed, up to and including the commit deadline, and with it the slot that draws its audit.
    pub fn commit(&mut self, commitment: [u8; 32], result_blob: [u8; 32], window_s: u32, clock: &Clock) -> Result<()> {
        self.status = transition(self.status, Action::Commit)?;
        let now = clock.unix_timestamp;
        require!(now <= self.commit_deadline, JobsError::DeadlinePassed);
        self.audit = Audit::after(clock.slot);
        self.commitment = commitment;
        self.result_blob = result_blob;
        self.window_end = now.saturating_add(i64::from(window_s));
        Ok(())
    }

    pub fn accept(&mut self) -> Result<()> {
        self.status = transition(self.status, Action::Accept)?;
        Ok(())
    }

    /// Only after the window, and only once the audit is over. Says how the result is known.
    pub fn settle(&mut self, now: i64) -> Result<Verification> {
        self.status = transition(self.status, Action::Settle)?;
        require!(now > self.window_end, JobsError::TooEarly);
        require!(!self.demands.any_open(), JobsError::DemandOpen);
        self.audit.settled()
    }

    pub fn cancel(&mut self) -> Result<()> {
        self.status = transition(self.status, Action::Cancel)?;
        Ok(())
    }

    /// Nobody claimed it: only after the claim deadline.
    pub fn expire(&mut self, now: i64) -> Result<()> {
        self.status = transition(self.status, Action::Expire)?;
        require!(now > self.claim_deadline, JobsError::TooEarly);
        Ok(())
    }

    /// Its device did not commit: only after the commit deadline.
    pub fn expire_claim(&mut self, now: i64) -> Result<()> {
        self.status = transition(self.status, Action::ExpireClaim)?;
        require!(now > self.commit_deadline, JobsError::TooEarly);
        Ok(())
    }

    /// Somebody asks for data under the commitment, up to and including the end of the window; returns the demand's number.
    pub fn demand(&mut self, by: &Pubkey, now: i64) -> Result<u16> {
        require!(self.status == Status::Committed, JobsError::WrongState);
        require!(now <= self.window_end, JobsError::DeadlinePassed);
        self.demands.add(self.user == *by)
    }

    /// A demand of `by` was answered: at least `answer_s` seconds are left to use the answer.
    pub fn demand_answered(&mut self, by: &Pubkey, answer_s: u32, now: i64) -> Result<()> {
        require!(self.status == Status::Committed, JobsError::WrongState);
        self.demands.answer(self.user == *by)?;
        self.window_end = self.window_end.max(now.saturating_add(answer_s.into()));
        Ok(())
    }

    /// A demand was not answered in time.
    pub fn stay_silent(&mut self) -> Result<()> {
        self.status = transition(self.status, Action::StaySilent)?;
        Ok(())
    }

    pub fn prove_fault(&mut self) -> Result<()> {
        self.status = transition(self.status, Action::ProveFault)?;
        Ok(())
    }
}
