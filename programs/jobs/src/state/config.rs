use crate::constants::{CLASSES, PAUSE_ALL};
use crate::errors::JobsError;
use crate::state::{Parameter, RoundRules};
use anchor_lang::prelude::*;

/// Parameters. Seeds: `["config"]`.
#[account]
#[derive(InitSpace)]
pub struct Config {
    /// May change parameters within their bounds and pause: the governance program's PDA once it has accepted.
    pub authority: Pubkey,
    /// To whom the authority is offered; the default key is nobody.
    pub pending_authority: Pubkey,
    /// How long a committed result can be disputed before anyone may settle it, seconds.
    pub challenge_window_s: u32,
    /// Stake reserved for a claim, basis points of the job's price.
    pub reserve_bps: u32,
    /// The reservation's slice that the user gets when a claim expires, basis points.
    pub forfeit_bps: u16,
    /// Stake that each device of a class needs in its operator's pool, IO base units.
    pub class_stake: [u64; CLASSES],
    /// Share of committed jobs that is audited, basis points.
    pub audit_bps: u16,
    /// Cells in an audit.
    pub audit_cells: u8,
    /// How long a worker has to answer an audit, seconds.
    pub answer_s: u32,
    /// What a demand for withheld data costs its demander if it is answered, lamports.
    pub demand_bond: u64,
    /// How long a demand can be answered, seconds.
    pub demand_answer_s: u32,
    /// How challenge rounds go.
    pub rounds: RoundRules,
    /// Number of the last round that was opened; zero before the first.
    pub round: u64,
    /// It is not over yet.
    pub round_live: bool,
    /// When the next one may be opened, unix seconds.
    pub next_round_at: i64,
    /// The last round that took place and ended: devices that did not pass it are not hired.
    pub settled_round: u64,
    /// Idle pay that rounds have promised and operators have not claimed, IO base units.
    pub idle_promised: u64,
    /// What is paused, see `constants::PAUSE_*`.
    pub paused: u8,
    pub bump: u8,
    /// Bump of `["authority"]`, the PDA that signs to the credits and staking programs.
    pub authority_bump: u8,
}

impl Config {
    /// Every parameter is within its hard bounds.
    pub fn invariant(&self) -> Result<()> {
        for p in Parameter::ALL {
            p.bounds().check(self.get(p)).map_err(JobsError::from)?;
        }
        require!(self.paused & !PAUSE_ALL == 0, JobsError::ParameterOutOfBounds);
        self.rounds.invariant()
    }

    pub fn get(&self, parameter: Parameter) -> u64 {
        match parameter {
            Parameter::ChallengeWindowS => self.challenge_window_s.into(),
            Parameter::ReserveBps => self.reserve_bps.into(),
            Parameter::ForfeitBps => self.forfeit_bps.into(),
            Parameter::ClassStake0 => self.class_stake[0],
            Parameter::ClassStake1 => self.class_stake[1],
            Parameter::ClassStake2 => self.class_stake[2],
            Parameter::ClassStake3 => self.class_stake[3],
            Parameter::AuditBps => self.audit_bps.into(),
            Parameter::AuditCells => self.audit_cells.into(),
            Parameter::AnswerS => self.answer_s.into(),
            Parameter::DemandBond => self.demand_bond,
            Parameter::DemandAnswerS => self.demand_answer_s.into(),
            of_rounds => self.rounds.get(of_rounds),
        }
    }

    /// Changes one parameter by one permitted step; returns the old value.
    pub fn set(&mut self, parameter: Parameter, value: u64) -> Result<u64> {
        let old = self.get(parameter);
        parameter.bounds().change(old, value).map_err(JobsError::from)?;
        let fits = |_| JobsError::ParameterOutOfBounds;
        match parameter {
            Parameter::ChallengeWindowS => self.challenge_window_s = value.try_into().map_err(fits)?,
            Parameter::ReserveBps => self.reserve_bps = value.try_into().map_err(fits)?,
            Parameter::ForfeitBps => self.forfeit_bps = value.try_into().map_err(fits)?,
            Parameter::ClassStake0 => self.class_stake[0] = value,
            Parameter::ClassStake1 => self.class_stake[1] = value,
            Parameter::ClassStake2 => self.class_stake[2] = value,
            Parameter::ClassStake3 => self.class_stake[3] = value,
            Parameter::AuditBps => self.audit_bps = value.try_into().map_err(fits)?,
            Parameter::AuditCells => self.audit_cells = value.try_into().map_err(fits)?,
            Parameter::AnswerS => self.answer_s = value.try_into().map_err(fits)?,
            Parameter::DemandBond => self.demand_bond = value,
            Parameter::DemandAnswerS => self.demand_answer_s = value.try_into().map_err(fits)?,
            of_rounds => self.rounds.set(of_rounds, value)?,
        }
        Ok(old)
    }

    /// Fails if any of `flags` is paused.
    pub fn require_running(&self, flags: u8) -> Result<()> {
        require!(self.paused & flags == 0, JobsError::Paused);
        Ok(())
    }
}
