//! Choices and decisions in words: what tables, bodies and people read.
use super::body::InBody;
use anchor_lang::prelude::Pubkey;
use credits::{PriceSource, Purpose};
use governance::state::{Action, Choice, Status, Target};
use jobs::state::Failure;
use serde_json::{Value, json};
use staking::SlashReason;
use staking::state::PoolKind;
use std::fmt::Debug;

pub fn purpose(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Idle => "idle",
        Purpose::Stakers => "stakers",
        Purpose::Treasury => "treasury",
    }
}

pub fn pool_kind(kind: PoolKind) -> &'static str {
    match kind {
        PoolKind::Operator => "operator",
        PoolKind::User => "user",
    }
}

pub fn slash_reason(reason: SlashReason) -> &'static str {
    match reason {
        SlashReason::WrongCell => "wrong_cell",
        SlashReason::Silence => "silence",
    }
}

/// Why a device failed a challenge round.
pub fn failure(failure: Failure) -> &'static str {
    match failure {
        Failure::Missed => "missed",
        Failure::Unanswered => "unanswered",
        Failure::WrongCell => "wrong cell",
    }
}

pub fn choice(choice: Choice) -> &'static str {
    match choice {
        Choice::Yes => "yes",
        Choice::No => "no",
        Choice::Abstain => "abstain",
    }
}

pub fn status(status: Status) -> &'static str {
    match status {
        Status::Voting => "voting",
        Status::Passed => "passed",
        Status::Rejected => "rejected",
        Status::Vetoed => "vetoed",
        Status::Executed => "executed",
    }
}

/// The same names as `Program::name`.
pub fn target(target: Target) -> &'static str {
    match target {
        Target::Credits => "credits",
        Target::Staking => "staking",
        Target::Jobs => "jobs",
        Target::Governance => "governance",
    }
}

/// A parameter by its own name, such as `FeeBps`.
pub fn name(parameter: impl Debug) -> String {
    format!("{parameter:?}")
}

/// What a parameter is counted in.
enum Counted {
    BasisPoints,
    Seconds,
    Io,
    Cells,
    Sol,
    Credits,
    Rows,
    /// Multiply-accumulates per second.
    Macs,
    Flags,
}

/// What a parameter's name stands for.
fn described(name: &str) -> (&str, Counted) {
    use Counted::{BasisPoints, Cells, Credits, Flags, Io, Macs, Rows, Seconds, Sol};
    match name {
        "FeeBps" => ("the fee on settled prices", BasisPoints),
        "IncentiveBps" => ("the incentives' share of the fee", BasisPoints),
        "RedemptionCap" => ("the most that an epoch pays for redemptions", Io),
        "MaxPriceAgeS" => ("the oldest price that counts", Seconds),
        "MaxSpreadBps" => ("the widest price spread", BasisPoints),
        "IdleBps" => ("idle devices' share of the schedule", BasisPoints),
        "StakersBps" => ("stakers' share of the schedule", BasisPoints),
        "LoyaltyBps" => ("the worth of a loyalty point", BasisPoints),
        "DisputeS" => ("the time that disputes can take", Seconds),
        "SlashCapBps" => ("the most that an epoch takes from a pool beyond reservations", BasisPoints),
        "ProverBps" => ("the prover's share of slashed stake", BasisPoints),
        "MaxCommissionBps" => ("the highest commission of a pool", BasisPoints),
        "ChallengeWindowS" => ("the time in which a result can be disputed", Seconds),
        "ReserveBps" => ("the stake reserved for a claim, of its price", BasisPoints),
        "ForfeitBps" => ("the user's slice of an expired claim's reservation", BasisPoints),
        "ClassStake0" => ("the stake that a device of class 0 needs", Io),
        "ClassStake1" => ("the stake that a device of class 1 needs", Io),
        "ClassStake2" => ("the stake that a device of class 2 needs", Io),
        "ClassStake3" => ("the stake that a device of class 3 needs", Io),
        "AuditBps" => ("the share of results that is audited", BasisPoints),
        "AuditCells" => ("the size of an audit", Cells),
        "AnswerS" => ("the time to answer an audit", Seconds),
        "DemandBond" => ("the bond of a demand for withheld data", Sol),
        "DemandAnswerS" => ("the time in which a demand can be answered", Seconds),
        "RoundWindowS" => ("the time in which a challenge round's answers are committed to", Seconds),
        "RoundEveryS" => ("the least time from one challenge round to the next", Seconds),
        "RoundAnswerS" => ("the time in which drawn cells of challenges are answered", Seconds),
        "ChallengeSlashBps" => ("the cost of a wrong cell of a challenge, of the device's stake", BasisPoints),
        "ClassRows0" => ("the rows of the challenge of class 0", Rows),
        "ClassRows1" => ("the rows of the challenge of class 1", Rows),
        "ClassRows2" => ("the rows of the challenge of class 2", Rows),
        "ClassRows3" => ("the rows of the challenge of class 3", Rows),
        "ClassThroughput0" => ("the throughput that class 0 needs", Macs),
        "ClassThroughput1" => ("the throughput that class 1 needs", Macs),
        "ClassThroughput2" => ("the throughput that class 2 needs", Macs),
        "ClassThroughput3" => ("the throughput that class 3 needs", Macs),
        "ClassCeiling0" => ("the highest price at which class 0 earns idle pay", Credits),
        "ClassCeiling1" => ("the highest price at which class 1 earns idle pay", Credits),
        "ClassCeiling2" => ("the highest price at which class 2 earns idle pay", Credits),
        "ClassCeiling3" => ("the highest price at which class 3 earns idle pay", Credits),
        "Deposit" => ("the deposit for a proposal", Io),
        "VotingS" => ("the length of a vote", Seconds),
        "TimelockS" => ("the time between a vote and its execution", Seconds),
        "GraceS" => ("the time in which what has passed can be executed", Seconds),
        "QuorumBps" => ("the quorum, of all stake", BasisPoints),
        "ThresholdBps" => ("the approval that a proposal needs", BasisPoints),
        "Paused" => ("the pause flags of governance", Flags),
        other => (other, Flags),
    }
}

fn io(amount: u64) -> String {
    let exact = economy::amount::io(amount).to_string();
    let (whole, fraction) = exact.split_once('.').unwrap_or((&exact, ""));
    let mut text = String::new();
    for (place, digit) in whole.char_indices() {
        if place > 0 && (whole.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    match fraction.trim_end_matches('0') {
        "" => format!("{text} IO"),
        fraction => format!("{text}.{fraction} IO"),
    }
}

fn value(counted: &Counted, value: u64) -> String {
    match counted {
        Counted::BasisPoints => format!("{}.{:02} %", value / 100, value % 100),
        Counted::Seconds => format!("{value} s"),
        Counted::Io => io(value),
        Counted::Cells => format!("{value} cells"),
        Counted::Sol => format!("{} SOL", economy::amount::sol(value)),
        Counted::Credits => format!("{} IOSD for 10^12 multiply-accumulates", economy::amount::iosd(value)),
        Counted::Rows => format!("{value} rows"),
        Counted::Macs => format!("{value} multiply-accumulates per second"),
        Counted::Flags => format!("{value:#05b}"),
    }
}

fn set(parameter: impl Debug, number: u64) -> String {
    let name = name(parameter);
    let (meaning, counted) = described(&name);
    format!("Set {meaning} to {}", value(&counted, number))
}

fn pause(target: &str, flags: u8) -> String {
    match flags {
        0 => format!("Lift every pause of {target}"),
        _ => format!("Pause of {target} what flags {flags:#05b} stand for, and nothing else"),
    }
}

fn offer(target: &str, to: &Pubkey) -> String {
    format!("Offer the authority over {target} to {to}")
}

/// Text if it is any, else hexadecimal digits.
fn signal(text: &[u8; 32]) -> String {
    let end = text.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    let read = std::str::from_utf8(&text[..end]).ok().filter(|s| !s.is_empty() && !s.chars().any(char::is_control));
    match read {
        Some(said) => format!("Declare “{said}”"),
        None => format!("Declare {}", text.iter().map(|byte| format!("{byte:02x}")).collect::<String>()),
    }
}

/// What a proposal does, for people.
pub fn action(action: &Action) -> String {
    use {credits::Order as C, jobs::Order as J, staking::Order as S};
    let nobody = Pubkey::default();
    match action {
        Action::Credits(C::Set { parameter, value }) => set(parameter, *value),
        Action::Staking(S::Set { parameter, value }) => set(parameter, *value),
        Action::Jobs(J::Set { parameter, value }) => set(parameter, *value),
        Action::Rules { rule, value } => set(rule, *value),
        Action::Credits(C::Pause { flags }) => pause("credits", *flags),
        Action::Staking(S::Pause { flags }) => pause("staking", *flags),
        Action::Jobs(J::Pause { flags }) => pause("jobs", *flags),
        Action::Credits(C::OfferAuthority { to }) => offer("credits", to),
        Action::Staking(S::OfferAuthority { to }) => offer("staking", to),
        Action::Jobs(J::OfferAuthority { to }) => offer("jobs", to),
        Action::Credits(C::ReplaceSubmitter { old, new }) if *old == nobody => format!("Add the price submitter {new}"),
        Action::Credits(C::ReplaceSubmitter { old, new }) if *new == nobody => {
            format!("Remove the price submitter {old}")
        }
        Action::Credits(C::ReplaceSubmitter { old, new }) => format!("Replace the price submitter {old} by {new}"),
        Action::Credits(C::SetPriceSource { source: PriceSource::Feed }) => {
            "Take the price from the permitted submitters".into()
        }
        Action::Credits(C::SetPriceSource { source: PriceSource::Pyth { account, .. } }) => {
            format!("Take the price from the Pyth account {account}")
        }
        Action::Credits(C::SetMinter { purpose: of, authority, total_limit, epoch_limit }) => format!(
            "Let {authority} mint from the {} budget, at most {} in an epoch and {} in all",
            purpose(*of),
            io(*epoch_limit),
            io(*total_limit)
        ),
        Action::Guardian { new } if *new == nobody => "Have no guardian".into(),
        Action::Guardian { new } => format!("Make {new} the guardian"),
        Action::Pay { to, amount } => format!("Pay {} from the treasury's budget to {to}", io(*amount)),
        Action::Signal { text } => signal(text),
    }
}

/// The sort of action.
pub fn action_kind(action: &Action) -> &'static str {
    match action {
        Action::Credits(_) => "credits",
        Action::Staking(_) => "staking",
        Action::Jobs(_) => "jobs",
        Action::Rules { .. } => "rules",
        Action::Guardian { .. } => "guardian",
        Action::Pay { .. } => "pay",
        Action::Signal { .. } => "signal",
    }
}

/// What a proposal does, for programs: `kind` as above, and the action's own fields.
pub fn action_fields(action: &Action) -> Value {
    use {credits::Order as C, jobs::Order as J, staking::Order as S};
    let set =
        |parameter: String, value: &u64| json!({ "order": "set", "parameter": parameter, "value": value.in_body() });
    let pause = |flags: &u8| json!({ "order": "pause", "flags": flags });
    let offer = |to: &Pubkey| json!({ "order": "offer_authority", "to": to.in_body() });
    match action {
        Action::Credits(C::Set { parameter, value }) => set(name(parameter), value),
        Action::Staking(S::Set { parameter, value }) => set(name(parameter), value),
        Action::Jobs(J::Set { parameter, value }) => set(name(parameter), value),
        Action::Credits(C::Pause { flags })
        | Action::Staking(S::Pause { flags })
        | Action::Jobs(J::Pause { flags }) => pause(flags),
        Action::Credits(C::OfferAuthority { to })
        | Action::Staking(S::OfferAuthority { to })
        | Action::Jobs(J::OfferAuthority { to }) => offer(to),
        Action::Credits(C::ReplaceSubmitter { old, new }) => {
            json!({ "order": "replace_submitter", "old": old.in_body(), "new": new.in_body() })
        }
        Action::Credits(C::SetPriceSource { source }) => {
            json!({ "order": "set_price_source", "source": source.in_body() })
        }
        Action::Credits(C::SetMinter { purpose: of, authority, total_limit, epoch_limit }) => json!({
            "order": "set_minter", "purpose": purpose(*of), "authority": authority.in_body(),
            "total_limit": total_limit.in_body(), "epoch_limit": epoch_limit.in_body()
        }),
        Action::Rules { rule, value } => json!({ "parameter": name(rule), "value": value.in_body() }),
        Action::Guardian { new } => json!({ "new": new.in_body() }),
        Action::Pay { to, amount } => json!({ "to": to.in_body(), "amount": amount.in_body() }),
        Action::Signal { text } => json!({ "text": text.in_body() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use governance::state::Rule;

    #[test]
    fn every_parameter_has_a_meaning() {
        let names = credits_names().chain(jobs::Parameter::ALL.map(name)).chain(staking::Parameter::ALL.map(name));
        for name in names.chain(Rule::ALL.map(name)) {
            assert_ne!(described(&name).0, name);
        }
    }

    fn credits_names() -> impl Iterator<Item = String> {
        use credits::Parameter::*;
        [FeeBps, IncentiveBps, RedemptionCap, MaxPriceAgeS, MaxSpreadBps, IdleBps, StakersBps, LoyaltyBps]
            .into_iter()
            .map(name)
    }

    #[test]
    fn actions_read_as_sentences() {
        let fee = Action::Credits(credits::Order::Set { parameter: credits::Parameter::FeeBps, value: 505 });
        assert_eq!(action(&fee), "Set the fee on settled prices to 5.05 %");
        let pay = Action::Pay { to: Pubkey::default(), amount: 150_000_000 };
        assert!(action(&pay).starts_with("Pay 1.5 IO from"));
        let most = Action::Pay { to: Pubkey::default(), amount: u64::MAX };
        assert!(action(&most).starts_with("Pay 184,467,440,737.09551615 IO from"));
        let class = Action::Jobs(jobs::Order::Set { parameter: jobs::Parameter::ClassStake2, value: 20_000_000_000 });
        assert_eq!(action(&class), "Set the stake that a device of class 2 needs to 200 IO");
        let mut text = [0; 32];
        text[..5].copy_from_slice(b"hello");
        assert_eq!(action(&Action::Signal { text }), "Declare “hello”");
        assert!(action(&Action::Signal { text: [255; 32] }).ends_with(&"ff".repeat(32)));
        assert_eq!(action(&Action::Guardian { new: Pubkey::default() }), "Have no guardian");
    }
}
