//! Everything that a vote may change, by name: `credits.fee_bps`, `rules.voting_s`.
use crate::{Chain, ClientError};
use economy::amount::{SOL_DECIMALS, io, iosd, parse, sol};
use economy::parameter::{Bounds, ParameterError, Step};
use economy::{IO_DECIMALS, IOSD_DECIMALS};
use governance::{Action, Rule};

/// A parameter of one of the programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parameter {
    Credits(credits::Parameter),
    Staking(staking::Parameter),
    Jobs(jobs::Parameter),
    Rule(Rule),
}

/// How a parameter's value is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    Bps,
    Seconds,
    /// Coins, decimal.
    Io,
    /// A plain number.
    Count,
    /// The chain's own coin, decimal.
    Sol,
    /// Credits, decimal.
    Iosd,
    /// Rows of a matrix.
    Rows,
    /// Multiply-accumulates per second.
    MacsPerSecond,
}

/// Why a value is not accepted.
#[derive(Debug, thiserror::Error)]
pub enum ValueError {
    #[error("{text:?} is not a value for {name}: it is {unit}")]
    Format { name: &'static str, text: String, unit: &'static str },
    #[error("{name} is {now} and may be {min} to {max}: {wanted} is outside")]
    OutOfBounds { name: &'static str, now: String, min: String, max: String, wanted: String },
    #[error(
        "{name} is {now} and one change may move it by {step}: {wanted} is further (hint: {nearest} is as far as it goes)"
    )]
    StepTooLarge { name: &'static str, now: String, step: String, wanted: String, nearest: String },
    #[error("{name} is {now} already")]
    Same { name: &'static str, now: String },
}

const TABLE: &[(&str, Parameter, Unit)] = {
    use Parameter::{Credits, Jobs, Rule as Rules, Staking};
    use credits::Parameter as C;
    use jobs::Parameter as J;
    use staking::Parameter as S;
    &[
        ("credits.fee_bps", Credits(C::FeeBps), Unit::Bps),
        ("credits.incentive_bps", Credits(C::IncentiveBps), Unit::Bps),
        ("credits.redemption_cap", Credits(C::RedemptionCap), Unit::Io),
        ("credits.max_price_age_s", Credits(C::MaxPriceAgeS), Unit::Seconds),
        ("credits.max_spread_bps", Credits(C::MaxSpreadBps), Unit::Bps),
        ("credits.idle_bps", Credits(C::IdleBps), Unit::Bps),
        ("credits.stakers_bps", Credits(C::StakersBps), Unit::Bps),
        ("credits.loyalty_bps", Credits(C::LoyaltyBps), Unit::Bps),
        ("staking.dispute_s", Staking(S::DisputeS), Unit::Seconds),
        ("staking.slash_cap_bps", Staking(S::SlashCapBps), Unit::Bps),
        ("staking.prover_bps", Staking(S::ProverBps), Unit::Bps),
        ("staking.max_commission_bps", Staking(S::MaxCommissionBps), Unit::Bps),
        ("jobs.challenge_window_s", Jobs(J::ChallengeWindowS), Unit::Seconds),
        ("jobs.reserve_bps", Jobs(J::ReserveBps), Unit::Bps),
        ("jobs.forfeit_bps", Jobs(J::ForfeitBps), Unit::Bps),
        ("jobs.class_stake_0", Jobs(J::ClassStake0), Unit::Io),
        ("jobs.class_stake_1", Jobs(J::ClassStake1), Unit::Io),
        ("jobs.class_stake_2", Jobs(J::ClassStake2), Unit::Io),
        ("jobs.class_stake_3", Jobs(J::ClassStake3), Unit::Io),
        ("jobs.audit_bps", Jobs(J::AuditBps), Unit::Bps),
        ("jobs.audit_cells", Jobs(J::AuditCells), Unit::Count),
        ("jobs.answer_s", Jobs(J::AnswerS), Unit::Seconds),
        ("jobs.demand_bond", Jobs(J::DemandBond), Unit::Sol),
        ("jobs.demand_answer_s", Jobs(J::DemandAnswerS), Unit::Seconds),
        ("jobs.round_window_s", Jobs(J::RoundWindowS), Unit::Seconds),
        ("jobs.round_every_s", Jobs(J::RoundEveryS), Unit::Seconds),
        ("jobs.round_answer_s", Jobs(J::RoundAnswerS), Unit::Seconds),
        ("jobs.challenge_slash_bps", Jobs(J::ChallengeSlashBps), Unit::Bps),
        ("jobs.class_rows_0", Jobs(J::ClassRows0), Unit::Rows),
        ("jobs.class_rows_1", Jobs(J::ClassRows1), Unit::Rows),
        ("jobs.class_rows_2", Jobs(J::ClassRows2), Unit::Rows),
        ("jobs.class_rows_3", Jobs(J::ClassRows3), Unit::Rows),
        ("jobs.class_throughput_0", Jobs(J::ClassThroughput0), Unit::MacsPerSecond),
        ("jobs.class_throughput_1", Jobs(J::ClassThroughput1), Unit::MacsPerSecond),
        ("jobs.class_throughput_2", Jobs(J::ClassThroughput2), Unit::MacsPerSecond),
        ("jobs.class_throughput_3", Jobs(J::ClassThroughput3), Unit::MacsPerSecond),
        ("jobs.class_ceiling_0", Jobs(J::ClassCeiling0), Unit::Iosd),
        ("jobs.class_ceiling_1", Jobs(J::ClassCeiling1), Unit::Iosd),
        ("jobs.class_ceiling_2", Jobs(J::ClassCeiling2), Unit::Iosd),
        ("jobs.class_ceiling_3", Jobs(J::ClassCeiling3), Unit::Iosd),
        ("rules.deposit", Rules(Rule::Deposit), Unit::Io),
        ("rules.voting_s", Rules(Rule::VotingS), Unit::Seconds),
        ("rules.timelock_s", Rules(Rule::TimelockS), Unit::Seconds),
        ("rules.grace_s", Rules(Rule::GraceS), Unit::Seconds),
        ("rules.quorum_bps", Rules(Rule::QuorumBps), Unit::Bps),
        ("rules.threshold_bps", Rules(Rule::ThresholdBps), Unit::Bps),
    ]
};

impl Parameter {
    /// All of them, but pause flags, which have words of their own.
    pub fn all() -> impl Iterator<Item = Parameter> {
        TABLE.iter().map(|(_, parameter, _)| *parameter)
    }

    pub fn find(name: &str) -> Option<Parameter> {
        TABLE.iter().find(|(known, ..)| *known == name).map(|(_, parameter, _)| *parameter)
    }

    pub fn name(self) -> &'static str {
        self.row().0
    }

    pub fn unit(self) -> Unit {
        self.row().1
    }

    fn row(self) -> (&'static str, Unit) {
        let row = TABLE.iter().find(|(_, parameter, _)| *parameter == self);
        row.map_or(("governance.paused", Unit::Bps), |(name, _, unit)| (name, *unit))
    }

    pub fn bounds(self) -> Bounds {
        match self {
            Parameter::Credits(p) => p.bounds(),
            Parameter::Staking(p) => p.bounds(),
            Parameter::Jobs(p) => p.bounds(),
            Parameter::Rule(p) => p.bounds(),
        }
    }

    /// A value as people read it, with its unit.
    pub fn show(self, value: u64) -> String {
        match self.unit() {
            Unit::Bps => format!("{value} bps"),
            Unit::Seconds => format!("{value} s"),
            Unit::Io => format!("{} IO", io(value)),
            Unit::Count => value.to_string(),
            Unit::Sol => format!("{} SOL", sol(value)),
            Unit::Iosd => format!("{} IOSD", iosd(value)),
            Unit::Rows => format!("{value} rows"),
            Unit::MacsPerSecond => format!("{value} MAC/s"),
        }
    }

    /// How far one change may move it, in words.
    pub fn step(self) -> String {
        match self.bounds().step {
            Step::By(most) if most == u64::MAX => "any distance".into(),
            Step::By(most) => format!("{} up or down", self.show(most)),
            Step::Ratio(most) => format!("a factor of {most} up or down"),
        }
    }

    /// Reads a value in the parameter's unit.
    ///
    /// # Errors
    /// If it is not one.
    pub fn parse(self, text: &str) -> Result<u64, ValueError> {
        let (value, unit) = match self.unit() {
            Unit::Bps => (text.parse().ok(), "a whole number of basis points (1 % is 100)"),
            Unit::Seconds => (text.parse().ok(), "a whole number of seconds"),
            Unit::Io => (parse(text, IO_DECIMALS), "an amount of IO with up to 8 decimals"),
            Unit::Count => (text.parse().ok(), "a whole number"),
            Unit::Sol => (parse(text, SOL_DECIMALS), "an amount of SOL with up to 9 decimals"),
            Unit::Iosd => (parse(text, IOSD_DECIMALS), "an amount of IOSD with up to 6 decimals"),
            Unit::Rows => (text.parse().ok(), "a whole number of rows, a multiple of 64"),
            Unit::MacsPerSecond => (text.parse().ok(), "a whole number of multiply-accumulates per second"),
        };
        value.ok_or_else(|| ValueError::Format { name: self.name(), text: text.into(), unit })
    }

    /// Whether one change may lead from `old` to `new`.
    ///
    /// # Errors
    /// With the current value, what is possible and what was wanted.
    pub fn check(self, old: u64, new: u64) -> Result<(), ValueError> {
        let (name, now, wanted, bounds) = (self.name(), self.show(old), self.show(new), self.bounds());
        if old == new {
            return Err(ValueError::Same { name, now });
        }
        bounds.change(old, new).map_err(|error| match error {
            ParameterError::OutOfBounds => {
                let (min, max) = (self.show(bounds.min), self.show(bounds.max));
                ValueError::OutOfBounds { name, now, min, max, wanted }
            }
            ParameterError::StepTooLarge => {
                let nearest = self.show(nearest(&bounds, old, new));
                ValueError::StepTooLarge { name, now, step: self.step(), wanted, nearest }
            }
        })
    }

    /// What a proposal to change it does.
    pub fn set(self, value: u64) -> Action {
        match self {
            Parameter::Credits(parameter) => Action::Credits(credits::Order::Set { parameter, value }),
            Parameter::Staking(parameter) => Action::Staking(staking::Order::Set { parameter, value }),
            Parameter::Jobs(parameter) => Action::Jobs(jobs::Order::Set { parameter, value }),
            Parameter::Rule(rule) => Action::Rules { rule, value },
        }
    }
}

/// As far as one change can go from `old` towards `new`.
fn nearest(bounds: &Bounds, old: u64, new: u64) -> u64 {
    let reached = match bounds.step {
        Step::By(most) if new > old => old.saturating_add(most),
        Step::By(most) => old.saturating_sub(most),
        Step::Ratio(most) if new > old => old.saturating_mul(most.max(1)),
        Step::Ratio(most) => old / most.max(1),
    };
    reached.clamp(bounds.min, bounds.max)
}

/// The four programs' parameters as they are.
pub struct Parameters {
    pub credits: credits::state::Config,
    pub staking: staking::state::Config,
    pub jobs: jobs::state::Config,
    pub governance: governance::state::Config,
}

impl Parameters {
    /// # Errors
    /// If the node cannot be reached or the network is not initialized.
    pub async fn read(chain: &Chain) -> Result<Self, ClientError> {
        Ok(Parameters {
            credits: chain.credits_config().await?,
            staking: chain.staking_config().await?,
            jobs: chain.jobs_config().await?,
            governance: chain.governance_config().await?,
        })
    }

    pub fn get(&self, parameter: Parameter) -> u64 {
        match parameter {
            Parameter::Credits(p) => self.credits.get(p),
            Parameter::Staking(p) => self.staking.get(p),
            Parameter::Jobs(p) => self.jobs.get(p),
            Parameter::Rule(rule) => self.governance.get(rule),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_parameter_of_every_program_has_a_name_that_finds_it() {
        for parameter in Parameter::all() {
            assert_eq!(Parameter::find(parameter.name()), Some(parameter));
        }
        let named = |wanted: Parameter| Parameter::all().any(|p| p == wanted);
        assert!(staking::Parameter::ALL.into_iter().all(|p| named(Parameter::Staking(p))));
        assert!(jobs::Parameter::ALL.into_iter().all(|p| named(Parameter::Jobs(p))));
        assert!(Rule::ALL.into_iter().filter(|r| *r != Rule::Paused).all(|r| named(Parameter::Rule(r))));
    }

    #[test]
    fn a_step_too_far_names_the_nearest_value_that_can_be_reached() {
        let fee = Parameter::find("credits.fee_bps").unwrap();
        fee.check(500, 450).unwrap();
        let error = fee.check(500, 300).unwrap_err().to_string();
        assert!(error.contains("is 500 bps") && error.contains("400 bps is as far"), "{error}");
        let error = fee.check(1_950, 2_001).unwrap_err().to_string();
        assert!(error.contains("0 bps to 2000 bps"), "{error}");
        assert!(fee.check(500, 500).is_err());
    }

    #[test]
    fn amounts_of_coins_are_written_with_decimals() {
        let stake = Parameter::find("jobs.class_stake_0").unwrap();
        assert_eq!(stake.parse("12.5").unwrap(), 1_250_000_000);
        assert_eq!(stake.show(1_250_000_000), "12.50000000 IO");
        assert!(stake.parse("1.123456789").unwrap_err().to_string().contains("8 decimals"));
    }
}
