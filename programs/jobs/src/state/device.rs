use crate::constants::MAX_NAME;
use crate::errors::JobsError;
use crate::state::shard::count;
use crate::state::{Challenge, Operator};
use anchor_lang::prelude::*;

/// One GPU (or CPU fallback) with its own signing key. Seeds: `["device", key]`.
#[account]
#[derive(InitSpace)]
pub struct Device {
    pub key: Pubkey,
    /// The operator's owner key.
    pub operator: Pubkey,
    /// Index of the class whose stake it needs.
    pub class: u8,
    /// What it adds to its operator's required stake, IO base units: fixed when it gets its class.
    pub required_stake: u64,
    /// The job it is working on or waiting to be paid for; none is the default key.
    pub live_job: Pubkey,
    pub jobs_paid: u64,
    pub jobs_expired: u64,
    pub jobs_faulted: u64,
    #[max_len(MAX_NAME)]
    pub name: String,
    /// What its operator asks for 10^12 multiply-accumulates, IOSD base units; zero is no offer.
    pub offer: u64,
    /// Throughput of its last passed challenge, multiply-accumulates per second; zero after a failed one.
    pub measured: u64,
    /// The last round opened before it registered: it takes part in later ones.
    pub since_round: u64,
    /// The last round that it passed; zero for none.
    pub good_round: u64,
    /// The last round that it is recorded to have missed or failed; zero for none.
    pub failed_round: u64,
    pub challenges_passed: u64,
    pub challenges_failed: u64,
    /// Expired and faulted jobs at its last passed challenge: more of them since cost the next idle pay.
    pub marks: u64,
    /// Its last answer.
    pub challenge: Challenge,
    /// The round that it has a share of idle pay in, and its weight there; a weight of zero is no share.
    pub pay_round: u64,
    pub pay_weight: u64,
    pub bump: u8,
}

/// How a claimed job ended for its device.
#[derive(Clone, Copy)]
pub enum Ending {
    Paid,
    Expired,
    Faulted,
}

impl Device {
    /// Takes a job: at most one at a time.
    pub fn take(&mut self, job: Pubkey) -> Result<()> {
        require!(self.live_job == Pubkey::default(), JobsError::DeviceBusy);
        self.live_job = job;
        Ok(())
    }

    /// Ends its live job and counts it, here and with the operator.
    pub fn end(&mut self, operator: &mut Operator, job: &Pubkey, ending: Ending) -> Result<()> {
        require!(self.live_job == *job && self.operator == operator.owner, JobsError::WrongOwner);
        self.live_job = Pubkey::default();
        let (mine, theirs) = match ending {
            Ending::Paid => (&mut self.jobs_paid, &mut operator.jobs_paid),
            Ending::Expired => (&mut self.jobs_expired, &mut operator.jobs_expired),
            Ending::Faulted => (&mut self.jobs_faulted, &mut operator.jobs_faulted),
        };
        *mine = count(*mine)?;
        *theirs = count(*theirs)?;
        Ok(())
    }
}
