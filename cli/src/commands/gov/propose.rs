//! Proposals by words, checked before anything is deposited.
use crate::args::{Budget, PriceSourceCommand, ProposeCommand};
use crate::commands::pools::require_io;
use crate::context::{Context, address, amount};
use crate::exit::refused;
use crate::output::Output;
use crate::time::by;
use anyhow::{Context as _, Result};
use blobs::BlobId;
use client::parameter::Parameters;
use client::preview::{action as words, pauses};
use client::{Chain, Parameter, Pubkey, Signer, governance_ix};
use credits::{Order, PriceSource, Purpose};
use economy::amount::io;
use economy::{BPS, IO_DECIMALS};
use governance::{Action, Rule};
use serde_json::json;

/// What is proposed, and what is said about it before it is sent.
struct Wanted {
    action: Action,
    note: Option<String>,
}

pub async fn run(context: &Context, command: ProposeCommand) -> Result<Output> {
    let (chain, wallet) = (context.chain(), context.wallet()?);
    let me = wallet.pubkey();
    let now = Parameters::read(&chain).await?;
    let Wanted { action, note } = wanted(&chain, &now, command).await?;
    let config = &now.governance;
    let paused = config.paused & governance::constants::PAUSE_PROPOSALS != 0;
    let way_out = matches!(action, Action::Guardian { .. } | Action::Rules { rule: Rule::Paused, .. });
    if paused && !way_out {
        return refused("new proposals are paused: only those that replace the guardian or end the pause are taken");
    }
    if chain.rewards().await?.staked == 0 {
        return refused(
            "nothing is staked, so nobody could vote (hint: `io stake add`, then wait until it has warmed up)",
        );
    }
    require_io(&chain, &me, config.deposit, "the deposit").await?;
    let progress = context.progress();
    if let Some(note) = &note {
        progress(note);
    }
    progress(&format!(
        "the deposit of {} IO is burned if less than {} of all stake takes part, otherwise returned",
        io(config.deposit),
        crate::commands::pools::rate(config.quorum_bps)
    ));
    let number = config.next_proposal;
    let confirmed = chain.send(&[governance_ix::propose(me, number, action)], &[&wallet]).await?;
    let (proposal, time) = (chain.proposal(number).await?, chain.now().await?);
    let text = format!(
        "proposal {number}: {}\nvote until {}; if it passes it can be executed from {}\nsignature {}\nnext: io gov vote {number} yes",
        words(&action),
        by(proposal.voting_end, time),
        by(proposal.eta, time),
        confirmed.signature
    );
    let json = json!({
        "proposal": number, "does": words(&action), "voting_end": proposal.voting_end, "eta": proposal.eta,
        "expires": proposal.expires, "quorum_io": io(proposal.quorum).to_string(),
        "deposit_io": io(proposal.deposit).to_string(), "signature": confirmed.signature.to_string(),
    });
    Ok(Output::new(&json, text))
}

async fn wanted(chain: &Chain, now: &Parameters, command: ProposeCommand) -> Result<Wanted> {
    let plain = |action| Ok(Wanted { action, note: None });
    let credits = |order| plain(Action::Credits(order));
    let nobody = Pubkey::default();
    match command {
        ProposeCommand::Set { parameter, value } => set(now, &parameter, &value),
        ProposeCommand::Pause { program, operations } => pause(now, &program, &operations, true),
        ProposeCommand::Resume { program, operations } => pause(now, &program, &operations, false),
        ProposeCommand::Pay { address: to, amount: wanted } => {
            pay(chain, address(&to)?, amount(&wanted, IO_DECIMALS)?).await
        }
        ProposeCommand::Guardian { address: new } => {
            plain(Action::Guardian { new: if new == "nobody" { nobody } else { address(&new)? } })
        }
        ProposeCommand::Signal { file } => {
            let bytes = std::fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
            let hash = BlobId::of(&bytes);
            Ok(Wanted {
                action: Action::Signal { text: hash.0 },
                note: Some(format!("sha256 of {}: {hash}", file.display())),
            })
        }
        ProposeCommand::Minter { budget, address: to, total, epoch } => {
            let purpose = match budget {
                Budget::Idle => Purpose::Idle,
                Budget::Stakers => Purpose::Stakers,
                Budget::Treasury => Purpose::Treasury,
            };
            let (total_limit, epoch_limit) = (amount(&total, IO_DECIMALS)?, amount(&epoch, IO_DECIMALS)?);
            let minted = chain.emission().await?.budgets[purpose as usize].minted;
            if total_limit < minted {
                return refused(format!(
                    "{} IO of this budget were minted already, the total cannot be less",
                    io(minted)
                ));
            }
            credits(Order::SetMinter { purpose, authority: address(&to)?, total_limit, epoch_limit })
        }
        ProposeCommand::AddSubmitter { address: new } => {
            credits(Order::ReplaceSubmitter { old: nobody, new: address(&new)? })
        }
        ProposeCommand::RemoveSubmitter { address: old } => {
            credits(Order::ReplaceSubmitter { old: address(&old)?, new: nobody })
        }
        ProposeCommand::ReplaceSubmitter { old, new } => {
            credits(Order::ReplaceSubmitter { old: address(&old)?, new: address(&new)? })
        }
        ProposeCommand::PriceSource(source) => {
            let source = match source {
                PriceSourceCommand::Feed => PriceSource::Feed,
                PriceSourceCommand::Pyth { receiver, account, feed_id } => {
                    let feed_id = worker::work::parse_hash(&feed_id)
                        .with_context(|| format!("{feed_id:?} is not a Pyth feed's id (64 hex digits)"))?;
                    PriceSource::Pyth { receiver: address(&receiver)?, account: address(&account)?, feed_id }
                }
            };
            credits(Order::SetPriceSource { source })
        }
        ProposeCommand::Offer { program, address: to } => {
            let to = address(&to)?;
            match program.as_str() {
                "credits" => credits(Order::OfferAuthority { to }),
                "staking" => plain(Action::Staking(staking::Order::OfferAuthority { to })),
                "jobs" => plain(Action::Jobs(jobs::Order::OfferAuthority { to })),
                other => refused(format!("there is no authority to offer over {other:?}: credits, staking or jobs")),
            }
        }
    }
}

fn set(now: &Parameters, name: &str, value: &str) -> Result<Wanted> {
    let Some(parameter) = Parameter::find(name) else {
        let known: Vec<&str> = Parameter::all().map(Parameter::name).collect();
        let near = known.iter().find(|k| k.ends_with(name)).or_else(|| known.iter().find(|k| k.contains(name)));
        let hint = near.map_or_else(|| "`io gov parameters` lists them".into(), |near| format!("did you mean {near}?"));
        return refused(format!("there is no parameter {name:?} (hint: {hint})"));
    };
    let (old, new) = (now.get(parameter), parameter.parse(value)?);
    parameter.check(old, new)?;
    let shares = now.credits.idle_bps + now.credits.stakers_bps;
    use credits::Parameter::{IdleBps, StakersBps};
    if matches!(parameter, Parameter::Credits(IdleBps | StakersBps)) && u64::from(shares) - old + new > BPS {
        return refused(format!(
            "idle devices' and stakers' shares would be {} bps together, at most {BPS}",
            u64::from(shares) - old + new
        ));
    }
    let bounds = parameter.bounds();
    let note = format!(
        "{name} is {} and would be {}; it may be {} to {}, and one change may move it by {}",
        parameter.show(old),
        parameter.show(new),
        parameter.show(bounds.min),
        parameter.show(bounds.max),
        parameter.step()
    );
    Ok(Wanted { action: parameter.set(new), note: Some(note) })
}

/// Flags of `operations` of `program`.
///
/// # Errors
/// If there is no such program or operation: with those that there are.
pub fn flags(program: &str, operations: &[String]) -> Result<u8> {
    let known = pauses(program);
    if known.is_empty() {
        return refused(format!("there is no program {program:?}: credits, staking, jobs or governance"));
    }
    let mut flags = 0;
    for operation in operations {
        let Some((_, flag)) = known.iter().find(|(name, _)| name == operation) else {
            let names: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
            return refused(format!(
                "{program} has no operation {operation:?} that can be paused: {}",
                names.join(", ")
            ));
        };
        flags |= flag;
    }
    Ok(flags)
}

fn pause(now: &Parameters, program: &str, operations: &[String], on: bool) -> Result<Wanted> {
    let flags = flags(program, operations)?;
    let old = match program {
        "credits" => now.credits.paused,
        "staking" => now.staking.paused,
        "jobs" => now.jobs.paused,
        _ => now.governance.paused,
    };
    let flags = if on { old | flags } else { old & !flags };
    if flags == old {
        let word = if on { "paused" } else { "running" };
        return refused(format!("that is {word} already (hint: `io gov guardian show` lists all pauses)"));
    }
    let action = match program {
        "credits" => Action::Credits(Order::Pause { flags }),
        "staking" => Action::Staking(staking::Order::Pause { flags }),
        "jobs" => Action::Jobs(jobs::Order::Pause { flags }),
        _ => Action::Rules { rule: Rule::Paused, value: flags.into() },
    };
    Ok(Wanted { action, note: Some(format!("if it passes it will {}", words(&action))) })
}

async fn pay(chain: &Chain, to: Pubkey, amount: u64) -> Result<Wanted> {
    if amount == 0 {
        return refused("the amount must be above zero");
    }
    let budget = chain.emission().await?.budgets[Purpose::Treasury as usize];
    if amount > budget.epoch_limit || amount > budget.total_limit.saturating_sub(budget.minted) {
        return refused(format!(
            "the treasury may pay {} IO an epoch and {} IO in all from now on, {} is more",
            io(budget.epoch_limit),
            io(budget.total_limit.saturating_sub(budget.minted)),
            io(amount)
        ));
    }
    let have = io(budget.available);
    let note = format!("the treasury's budget holds {have} IO now; it must hold enough when the payment is executed");
    Ok(Wanted { action: Action::Pay { to, amount }, note: Some(note) })
}
