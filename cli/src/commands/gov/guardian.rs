//! The guardian, who can stop and pause and nothing else.
use super::propose::flags;
use crate::args::GuardianCommand;
use crate::context::{Context, address};
use crate::exit::refused;
use crate::output::Output;
use crate::table::pairs;
use anyhow::Result;
use client::parameter::Parameters;
use client::preview::pauses;
use client::{Pubkey, Signer, governance_ix};
use governance::Target;
use governance::state::Config;
use serde_json::json;

/// Fails unless `key` is the guardian: with who is.
///
/// # Errors
/// As it says.
pub fn require(config: &Config, key: &Pubkey) -> Result<()> {
    if config.guardian == *key {
        return Ok(());
    }
    refused(format!("only the guardian may do this: that is {}, not {key} (hint: --keypair)", name(&config.guardian)))
}

fn name(key: &Pubkey) -> String {
    if *key == Pubkey::default() { "nobody".into() } else { key.to_string() }
}

pub async fn run(context: &Context, command: GuardianCommand) -> Result<Output> {
    let chain = context.chain();
    match command {
        GuardianCommand::Show => show(&Parameters::read(&chain).await?),
        GuardianCommand::Offer { address: to } => {
            let (wallet, to) = (context.wallet()?, address(&to)?);
            require(&chain.governance_config().await?, &wallet.pubkey())?;
            let confirmed = chain.send(&[governance_ix::offer_guardian(wallet.pubkey(), to)], &[&wallet]).await?;
            let text = format!(
                "offered to {to}, who takes it with `io gov guardian accept`\nsignature {}",
                confirmed.signature
            );
            Ok(Output::new(
                &json!({ "offered_to": to.to_string(), "signature": confirmed.signature.to_string() }),
                text,
            ))
        }
        GuardianCommand::Accept => {
            let wallet = context.wallet()?;
            let (me, config) = (wallet.pubkey(), chain.governance_config().await?);
            if config.pending_guardian != me {
                return refused(format!(
                    "the guardian's place is offered to {}, not to {me}",
                    name(&config.pending_guardian)
                ));
            }
            let confirmed = chain.send(&[governance_ix::accept_guardian(me)], &[&wallet]).await?;
            let text = format!("{me} is the guardian now\nsignature {}", confirmed.signature);
            Ok(Output::new(&json!({ "guardian": me.to_string(), "signature": confirmed.signature.to_string() }), text))
        }
        GuardianCommand::Pause { program, operations } => {
            let (wallet, flags) = (context.wallet()?, flags(&program, &operations)?);
            require(&chain.governance_config().await?, &wallet.pubkey())?;
            let target = match program.as_str() {
                "credits" => Target::Credits,
                "staking" => Target::Staking,
                "jobs" => Target::Jobs,
                _ => Target::Governance,
            };
            let confirmed =
                chain.send(&[governance_ix::guardian_pause(wallet.pubkey(), target, flags)], &[&wallet]).await?;
            let text = format!(
                "paused in {program}: {}; only a vote can end it: io gov propose resume {program} {}\nsignature {}",
                operations.join(", "),
                operations.join(" "),
                confirmed.signature
            );
            let json =
                json!({ "program": program, "paused": operations, "signature": confirmed.signature.to_string() });
            Ok(Output::new(&json, text))
        }
    }
}

fn show(now: &Parameters) -> Result<Output> {
    let config = &now.governance;
    let programs = [
        ("credits", now.credits.paused),
        ("staking", now.staking.paused),
        ("jobs", now.jobs.paused),
        ("governance", now.governance.paused),
    ];
    let set = |program: &str, flags: u8| -> Vec<&'static str> {
        pauses(program).iter().filter(|(_, flag)| flags & flag != 0).map(|(name, _)| *name).collect()
    };
    let known = |program: &str| pauses(program).iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
    let mut lines = vec![("guardian", name(&config.guardian)), ("offered to", name(&config.pending_guardian))];
    for (program, flags) in programs {
        let set = set(program, flags);
        let set = if set.is_empty() { "nothing".into() } else { set.join(", ") };
        lines.push((program, format!("paused: {set} (can be: {})", known(program))));
    }
    let paused: serde_json::Map<String, serde_json::Value> =
        programs.iter().map(|(program, flags)| ((*program).into(), json!(set(program, *flags)))).collect();
    let json = json!({
        "guardian": name(&config.guardian), "offered_to": name(&config.pending_guardian), "paused": paused,
    });
    Ok(Output::new(&json, pairs(&lines)))
}
