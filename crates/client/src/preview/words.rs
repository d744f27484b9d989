//! What proposals do, in words.
use crate::{Parameter, Pubkey};
use credits::{PriceSource, Purpose};
use economy::amount::io;
use governance::{Action, Rule};

/// Operations that can be paused, by program and flag.
const PAUSES: &[(&str, &[(&str, u8)])] = &[
    (
        "credits",
        &[
            ("buy", credits::constants::PAUSE_BUY),
            ("schedule", credits::constants::PAUSE_SCHEDULE),
            ("lock", credits::constants::PAUSE_LOCK),
        ],
    ),
    (
        "staking",
        &[
            ("stake", staking::constants::PAUSE_STAKE),
            ("open", staking::constants::PAUSE_OPEN),
            ("collect", staking::constants::PAUSE_COLLECT),
        ],
    ),
    (
        "jobs",
        &[
            ("post", jobs::constants::PAUSE_POST),
            ("claim", jobs::constants::PAUSE_CLAIM),
            ("register", jobs::constants::PAUSE_REGISTER),
            ("round", jobs::constants::PAUSE_ROUND),
        ],
    ),
    ("governance", &[("propose", governance::constants::PAUSE_PROPOSALS)]),
];

/// The operations of `program` that can be paused, with their flags.
pub fn pauses(program: &str) -> &'static [(&'static str, u8)] {
    PAUSES.iter().find(|(name, _)| *name == program).map_or(&[], |(_, flags)| flags)
}

/// The names of set pause flags; `nothing` if there are none.
pub(super) fn paused(program: &str, flags: u8) -> String {
    let set: Vec<&str> = pauses(program).iter().filter(|(_, flag)| flags & flag != 0).map(|(name, _)| *name).collect();
    if set.is_empty() { "nothing".into() } else { set.join(", ") }
}

/// An address, or that it is nobody's.
pub(super) fn somebody(key: &Pubkey) -> String {
    if *key == Pubkey::default() { "nobody".into() } else { key.to_string() }
}

/// What a proposal does, in one line.
pub fn action(action: &Action) -> String {
    match action {
        Action::Credits(order) => credits_order(order),
        Action::Staking(order) => match order {
            staking::Order::Set { parameter, value } => set(Parameter::Staking(*parameter), *value),
            staking::Order::Pause { flags } => pause("staking", *flags),
            staking::Order::OfferAuthority { to } => offer("staking", to),
        },
        Action::Jobs(order) => match order {
            jobs::Order::Set { parameter, value } => set(Parameter::Jobs(*parameter), *value),
            jobs::Order::Pause { flags } => pause("jobs", *flags),
            jobs::Order::OfferAuthority { to } => offer("jobs", to),
        },
        Action::Rules { rule: Rule::Paused, value } => pause("governance", *value as u8),
        Action::Rules { rule, value } => set(Parameter::Rule(*rule), *value),
        Action::Guardian { new } => format!("make {} the guardian", somebody(new)),
        Action::Pay { to, amount } => format!("pay {} IO from the treasury to {to}", io(*amount)),
        Action::Signal { text } => {
            format!("signal {}", text.iter().map(|b| format!("{b:02x}")).collect::<String>())
        }
    }
}

/// What an order to the credits program does, in one line.
pub(super) fn credits_order(order: &credits::Order) -> String {
    use credits::Order;
    let nobody = Pubkey::default();
    match order {
        Order::Set { parameter, value } => set(Parameter::Credits(*parameter), *value),
        Order::Pause { flags } => pause("credits", *flags),
        Order::OfferAuthority { to } => offer("credits", to),
        Order::ReplaceSubmitter { old, new } if *old == nobody => format!("add price submitter {new}"),
        Order::ReplaceSubmitter { old, new } if *new == nobody => format!("remove price submitter {old}"),
        Order::ReplaceSubmitter { old, new } => format!("replace price submitter {old} by {new}"),
        Order::SetPriceSource { source: PriceSource::Feed } => "take the price from the network's own feed".into(),
        Order::SetPriceSource { source: PriceSource::Pyth { receiver, account, .. } } => {
            format!("take the price from Pyth account {account}, written by {receiver}")
        }
        Order::SetMinter { purpose, authority, total_limit, epoch_limit } => {
            let purpose = match purpose {
                Purpose::Idle => "idle",
                Purpose::Stakers => "stakers",
                Purpose::Treasury => "treasury",
            };
            format!(
                "let {} mint the {purpose} budget: at most {} IO in all and {} IO an epoch",
                somebody(authority),
                io(*total_limit),
                io(*epoch_limit)
            )
        }
    }
}

fn set(parameter: Parameter, value: u64) -> String {
    format!("set {} to {}", parameter.name(), parameter.show(value))
}

fn pause(program: &str, flags: u8) -> String {
    match flags {
        0 => format!("end every pause in {program}"),
        _ => format!("pause in {program}, and nothing else there: {}", paused(program, flags)),
    }
}

fn offer(program: &str, to: &Pubkey) -> String {
    format!("offer the authority over {program} to {}", somebody(to))
}
