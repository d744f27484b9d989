//! How the network was launched: what is in no event. Everything else is what events make of it.
use crate::audit::AuditError;
use crate::audit::chain::Reading;
use crate::audit::finding::Subject;
use crate::audit::readings::At;
use crate::decode::words::name;
use crate::decode::{CreditsEvent, Event, GovernanceEvent, JobsEvent, Program, StakingEvent};
use ::governance::state::{Action, Rule};
use anchor_lang::AccountDeserialize;
use std::collections::BTreeMap;

/// Values by the parameter's name.
pub type Parameters = BTreeMap<String, u64>;

/// The credits program has no list of its own.
pub const CREDITS_PARAMETERS: [::credits::Parameter; 8] = {
    use ::credits::Parameter::*;
    [FeeBps, IncentiveBps, RedemptionCap, MaxPriceAgeS, MaxSpreadBps, IdleBps, StakersBps, LoyaltyBps]
};

/// What the books start from.
pub struct Launch {
    /// Unix time of epoch 0's start, and seconds in an epoch; they never change.
    pub genesis_time: i64,
    pub epoch_s: u32,
    /// IO minted at genesis, base units.
    pub genesis: u64,
    pub credits: Parameters,
    pub staking: Parameters,
    pub jobs: Parameters,
    pub rules: Parameters,
}

/// An account of a program, which must exist.
fn config<T: AccountDeserialize>(program: Program, subject: Subject, reading: &Reading) -> Result<T, AuditError> {
    let data = reading.accounts.get(&subject.address().to_bytes());
    let data = data.ok_or_else(|| AuditError::NotLaunched { program: program.name() })?;
    T::try_deserialize(&mut data.as_slice()).map_err(|_| AuditError::NotLaunched { program: program.name() })
}

/// The launch's configs, from the present ones and the first change of each parameter.
pub struct Configs {
    credits: ::credits::state::Config,
    emission: ::credits::state::Emission,
    staking: ::staking::state::Config,
    jobs: ::jobs::state::Config,
    governance: ::governance::state::Config,
    first: BTreeMap<(Program, String), u64>,
}

impl Configs {
    /// `programs` are in the order of `Program::ALL`.
    pub fn read(programs: &[At; Program::ALL.len()]) -> Result<Self, AuditError> {
        let [credits, jobs, staking, governance] = programs.each_ref().map(|at| &at.reading);
        Ok(Self {
            credits: config(Program::Credits, Subject::Config(Program::Credits), credits)?,
            emission: config(Program::Credits, Subject::Emission, credits)?,
            staking: config(Program::Staking, Subject::Config(Program::Staking), staking)?,
            jobs: config(Program::Jobs, Subject::Config(Program::Jobs), jobs)?,
            governance: config(Program::Governance, Subject::Config(Program::Governance), governance)?,
            first: BTreeMap::new(),
        })
    }

    /// Takes an event; must be called in order, with those that the configs already know.
    pub fn rewind(&mut self, event: &Event) {
        let (parameter, old) = match event {
            Event::Credits(CreditsEvent::ParameterSet(e)) => (name(e.parameter), e.old),
            Event::Jobs(JobsEvent::ParameterSet(e)) => (name(e.parameter), e.old),
            Event::Staking(StakingEvent::ParameterSet(e)) => (name(e.parameter), e.old),
            Event::Governance(GovernanceEvent::ProposalExecuted(e)) => match e.action {
                Action::Rules { rule, .. } => (name(rule), e.old),
                _ => return,
            },
            _ => return,
        };
        self.first.entry((event.program(), parameter)).or_insert(old);
    }

    fn parameters<P: Copy + std::fmt::Debug>(&self, program: Program, all: &[P], now: impl Fn(P) -> u64) -> Parameters {
        let launch = |parameter: P| {
            let key = (program, name(parameter));
            let value = self.first.get(&key).copied().unwrap_or_else(|| now(parameter));
            (key.1, value)
        };
        all.iter().copied().map(launch).collect()
    }

    pub fn launch(&self) -> Launch {
        let mut rules = self.parameters(Program::Governance, &Rule::ALL, |rule| self.governance.get(rule));
        // Nothing is paused at launch.
        rules.insert(name(Rule::Paused), 0);
        Launch {
            genesis_time: self.credits.genesis_time,
            epoch_s: self.credits.epoch_s,
            genesis: self.emission.genesis,
            credits: self.parameters(Program::Credits, &CREDITS_PARAMETERS, |p| self.credits.get(p)),
            staking: self.parameters(Program::Staking, &::staking::Parameter::ALL, |p| self.staking.get(p)),
            jobs: self.parameters(Program::Jobs, &::jobs::Parameter::ALL, |p| self.jobs.get(p)),
            rules,
        }
    }
}
