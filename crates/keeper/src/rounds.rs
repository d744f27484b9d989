//! Challenge rounds: opened when due, brought through their phases, shared out, closed.
use crate::Done;
use client::{Chain, ClientError, Keypair, Pubkey, Signer, address, credits_ix, rounds_ix};
use credits::constants::PAUSE_SCHEDULE;
use credits::state::Purpose;
use jobs::constants::PAUSE_ROUND;
use jobs::state::{Config, Device, Operator, Phase, Round};
use tracing::debug;

/// Idle pay for which an operator's missing token account is opened, IO base units: 3 IO, more than its rent of 0.002 SOL is
/// worth at 1,000 IO for a SOL.
const WORTH_AN_ACCOUNT: u64 = 3 * 100_000_000;

/// Does what is due for challenge rounds. `open`: also opens the next one.
pub(crate) async fn tick(chain: &Chain, payer: &Keypair, open: bool) -> Result<Vec<Done>, ClientError> {
    let mut done = Vec::new();
    let config = chain.jobs_config().await?;
    let now = chain.now().await?;
    let paused = config.paused & PAUSE_ROUND != 0;
    if config.round_live {
        done.extend(advance(chain, payer, config.round, now).await?);
    } else if open && !paused && now >= config.next_round_at {
        let round = config.round + 1;
        let opening = rounds_ix::open_round(payer.pubkey(), round);
        if sent(chain.send(&[opening], &[payer]).await.map(|_| ()))? {
            done.push(Done::Opened { round });
        }
    }
    if config.settled_round > 0 && !config.round_live {
        done.extend(settle(chain, payer, &config).await?);
    }
    Ok(done)
}

/// Pays operators what they are owed, as far as the schedule allows now.
async fn pay(chain: &Chain, payer: &Keypair) -> Result<Option<Done>, ClientError> {
    let budget = chain.emission().await?.budgets[Purpose::Idle as usize];
    let paused = chain.credits_config().await?.paused & PAUSE_SCHEDULE != 0;
    if paused || budget.mintable(chain.epoch().await?) == 0 {
        return Ok(None);
    }
    for (_, operator) in chain.list::<Operator>(&jobs::ID, &[]).await?.into_iter().filter(|(_, o)| o.idle_owed > 0) {
        let missing = chain.bytes(&address::io_account(&operator.owner)).await?.is_none();
        // Whoever closes its account again and again would live on the rent of those that are opened for it.
        if missing && operator.idle_owed < WORTH_AN_ACCOUNT {
            continue;
        }
        let open = missing.then(|| credits_ix::create_io_account(payer.pubkey(), operator.owner));
        let pay: Vec<_> = open.into_iter().chain([rounds_ix::claim_idle_pay(operator.owner)]).collect();
        sent(chain.send(&pay, &[payer]).await.map(|_| ()))?;
    }
    let minted = chain.emission().await?.budgets[Purpose::Idle as usize].minted.saturating_sub(budget.minted);
    Ok((minted > 0).then_some(Done::Idle { io: minted }))
}

/// Somebody else may have been first: then the program refuses, and that is fine.
fn sent(result: Result<(), ClientError>) -> Result<bool, ClientError> {
    match result {
        Ok(()) => Ok(true),
        Err(error) if error.program_error().is_some() => {
            debug!(%error, "not due, or somebody was first");
            Ok(false)
        }
        Err(error) => Err(error),
    }
}

async fn advance(chain: &Chain, payer: &Keypair, round: u64, now: i64) -> Result<Option<Done>, ClientError> {
    let Some(state) = chain.find::<Round>("round", &address::round(round)).await? else { return Ok(None) };
    let due = match state.phase {
        Phase::Open => now > state.window_end,
        Phase::Closed { .. } => true,
        Phase::Drawn { answers_until, .. } => now > state.proofs_until(answers_until),
        Phase::Ended | Phase::Void => false,
    };
    if !due {
        return Ok(None);
    }
    let advanced = sent(chain.send(&[rounds_ix::advance_round(round)], &[payer]).await.map(|_| ()))?;
    Ok(advanced.then_some(Done::Advanced { round }))
}

/// Shares the last rounds out, records failures, pays operators, closes what is done.
async fn settle(chain: &Chain, payer: &Keypair, config: &Config) -> Result<Vec<Done>, ClientError> {
    let mut done = Vec::new();
    let devices = chain.list::<Device>(&jobs::ID, &[]).await?;
    let last = config.settled_round;
    let mut recorded = 0;
    for (_, device) in &devices {
        if device.pay_weight > 0 {
            let share = rounds_ix::share_idle_pay(device.key, device.operator, device.pay_round);
            sent(chain.send(&[share], &[payer]).await.map(|_| ()))?;
        }
        let prover = device.challenge.caught_by;
        if prover != Pubkey::default() && chain.bytes(&address::io_account(&prover)).await?.is_some() {
            let punish = rounds_ix::punish_device(device.key, device.operator, prover);
            sent(chain.send(&[punish], &[payer]).await.map(|_| ()))?;
        }
        if last > device.since_round && last > device.good_round && last > device.failed_round {
            let fail = rounds_ix::fail_challenge(device.key, device.operator);
            recorded += usize::from(sent(chain.send(&[fail], &[payer]).await.map(|_| ()))?);
        }
    }
    if recorded > 0 {
        done.push(Done::Recorded { devices: recorded });
    }
    done.extend(pay(chain, payer).await?);
    for (_, round) in chain.list::<Round>(&jobs::ID, &[]).await? {
        if matches!(round.phase, Phase::Ended | Phase::Void) && round.unshared == 0 {
            sent(chain.send(&[rounds_ix::close_round(round.number, round.opener)], &[payer]).await.map(|_| ()))?;
        }
    }
    Ok(done)
}
