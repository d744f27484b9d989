use crate::constants::PAUSE_ALL;
use crate::errors::GovernanceError;
use anchor_lang::prelude::*;
use economy::parameter::Bounds;
use economy::vote::{DEPOSIT, GRACE_S, QUORUM_BPS, THRESHOLD_BPS, TIMELOCK_S, VOTING_S};

/// A voting rule.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, InitSpace, PartialEq, Eq)]
pub enum Rule {
    /// IO that a proposer deposits, base units.
    Deposit,
    /// Length of a vote, seconds.
    VotingS,
    /// From the end of a vote to its execution, seconds.
    TimelockS,
    /// How long what has passed may be executed, seconds.
    GraceS,
    /// Part of all stake that must take part, basis points.
    QuorumBps,
    /// Part of yes and no that must be yes, basis points.
    ThresholdBps,
    /// This program's pause flags.
    Paused,
}

impl Rule {
    pub const ALL: [Rule; 7] = [
        Rule::Deposit,
        Rule::VotingS,
        Rule::TimelockS,
        Rule::GraceS,
        Rule::QuorumBps,
        Rule::ThresholdBps,
        Rule::Paused,
    ];

    pub const fn bounds(self) -> Bounds {
        match self {
            Rule::Deposit => DEPOSIT,
            Rule::VotingS => VOTING_S,
            Rule::TimelockS => TIMELOCK_S,
            Rule::GraceS => GRACE_S,
            Rule::QuorumBps => QUORUM_BPS,
            Rule::ThresholdBps => THRESHOLD_BPS,
            Rule::Paused => Bounds::free(0, PAUSE_ALL as u64),
        }
    }
}

/// A program of the network.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, InitSpace, PartialEq, Eq)]
pub enum Target {
    Credits,
    Staking,
    Jobs,
    Governance,
}

/// What a proposal does. Nothing else can be done by a vote.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, InitSpace, PartialEq, Eq)]
pub enum Action {
    /// An order to the credits program.
    Credits(credits::Order),
    /// An order to the staking program.
    Staking(staking::Order),
    /// An order to the jobs program.
    Jobs(jobs::Order),
    /// A voting rule.
    Rules { rule: Rule, value: u64 },
    /// Another guardian, at once; the default key is nobody. The guardian cannot stop it.
    Guardian { new: Pubkey },
    /// IO from the treasury's budget, base units, to the associated account of `to`.
    Pay { to: Pubkey, amount: u64 },
    /// A decision that nothing on chain carries out: such as the hash of a program's next version.
    Signal { text: [u8; 32] },
}

impl Action {
    /// Refuses what could never be executed, so that nobody loses time on it. Bounds are checked again when it is executed,
    /// with the step from the value then.
    pub fn check(&self) -> Result<()> {
        match self {
            Action::Rules { rule, value } => Ok(rule.bounds().check(*value).map_err(GovernanceError::from)?),
            Action::Pay { to, amount } => {
                require!(*amount > 0 && *to != Pubkey::default(), GovernanceError::EmptyPayment);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// The guardian may stop everything but its own replacement.
    pub fn is_vetoable(&self) -> bool {
        !matches!(self, Action::Guardian { .. })
    }

    /// The recipient and amount of a payment.
    pub fn payment(&self) -> Result<(Pubkey, u64)> {
        match self {
            Action::Pay { to, amount } => Ok((*to, *amount)),
            _ => err!(GovernanceError::WrongAction),
        }
    }

    /// The kind of change, of which there is one per timelock at most. Pausing, handing over and payments are not limited
    /// here: payments are by the treasury's own limits.
    pub fn kind(&self) -> Option<usize> {
        use credits::Order as C;
        match self {
            Action::Rules { rule: Rule::Paused, .. } => None,
            Action::Rules { rule, .. } => Some(RULES + *rule as usize),
            Action::Credits(C::Set { parameter, .. }) => Some(CREDITS + *parameter as usize),
            Action::Credits(C::SetMinter { purpose, .. }) => Some(MINTERS + *purpose as usize),
            Action::Credits(C::ReplaceSubmitter { .. }) => Some(SUBMITTERS),
            Action::Credits(C::SetPriceSource { .. }) => Some(PRICE_SOURCE),
            Action::Staking(staking::Order::Set { parameter, .. }) => Some(STAKING + *parameter as usize),
            Action::Jobs(jobs::Order::Set { parameter, .. }) => Some(JOBS + *parameter as usize),
            _ => None,
        }
    }
}

// Where the kinds of each sort begin, with room for more of them before the next.
const RULES: usize = 0;
const SUBMITTERS: usize = 7;
const PRICE_SOURCE: usize = 8;
const MINTERS: usize = 9;
const CREDITS: usize = 12;
const STAKING: usize = 24;
const JOBS: usize = 30;
