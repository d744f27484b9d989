//! Where the coin goes: burned for credits, paid for jobs, redeemed when an epoch ends, staked, earned, given back for loyalty; and
//! how a vote changes the fee that the next job pays.
use crate::ledger::{Ledger, People};
use crate::stages::Stages;
use crate::story::{Story, Supplier};
use crate::supply;
use anyhow::{Context, Result, bail, ensure};
use client::{Chain, Confirmed, Keypair, Parameter, Pubkey, Signer, address, governance_ix, staking_ix};
use compute::Preference;
use economy::amount::{io, iosd};
use governance::Choice;
use governance::state::{Proposal, Status};
use localnet::LocalNet;
use serde::Serialize;
use serde_json::{Map, Value};
use std::fmt;
use std::path::Path;
use std::time::{Duration, Instant};

/// Base units of one IO.
const IO: u64 = 100_000_000;
/// The supplier's own stake, and what somebody else stakes with it.
const OWN_STAKE: u64 = 50 * IO;
const DELEGATED: u64 = 200 * IO;
/// What the staker keeps: the deposit of a proposal.
const DEPOSIT: u64 = 10 * IO;
/// What the vote makes of the fee, basis points.
const NEW_FEE_BPS: u64 = 450;
const PATIENCE: Duration = Duration::from_secs(120);
const POLL: Duration = Duration::from_millis(200);

/// Everything that a run shows. Amounts in whole coins.
#[derive(Clone, Debug, Serialize)]
pub struct Outcome {
    pub before: Ledger,
    pub after: Ledger,
    /// IO that buying credits for the first job burned, and the credits.
    pub io_burned: String,
    pub iosd_bought: String,
    pub first_job: String,
    pub first_job_fee: String,
    /// The supplier's earnings and the IO that they were redeemed for when the epoch ended.
    pub redeemed_iosd: String,
    pub redeemed_io: String,
    /// What the staker's part of the pool and the supplier's commission earned.
    pub staker_rewards_io: String,
    pub supplier_commission_io: String,
    /// What the user got back for spending.
    pub rebate_iosd: String,
    pub proposal: u64,
    pub proposal_status: String,
    pub proposal_yes_io: String,
    pub proposal_quorum_io: String,
    pub fee_bps_before: u16,
    pub fee_bps_after: u16,
    /// Bought with IO and posted in one transaction.
    pub next_job: String,
    pub next_job_fee: String,
    /// Balances and indices in which the books, recomputed from all events, differ from events or accounts.
    pub audit_differences: usize,
    pub audit_checks: u64,
    pub signatures: Map<String, Value>,
    pub seconds: Map<String, Value>,
    pub explorer_url: String,
}

/// Tells the story on a fresh network.
///
/// # Errors
/// If any step is refused, or anything is not as it must be.
pub async fn tell(net: &LocalNet, digits: &Path, backend: &Preference, progress: &dyn Fn(&str)) -> Result<Outcome> {
    let mut stages = Stages::start();
    let mut signatures = Map::new();
    let mut note = |step: &str, confirmed: Confirmed| {
        signatures.insert(step.into(), confirmed.signature.to_string().into());
    };
    progress("a supplier stakes 50 IO, somebody else 200 IO with it; both warm up for a full epoch");
    let supplier = supply::stake(net, 1, OWN_STAKE).await?.pop().context("one supplier was registered")?;
    let (staker, pool) = (Keypair::new(), address::operator_pool(&supplier.pubkey()));
    net.fund(&staker.pubkey(), DELEGATED + DEPOSIT).await?;
    let chain = net.chain();
    let add = staking_ix::stake(staker.pubkey(), pool, DELEGATED);
    note("stake", chain.send(&[add], &[&staker]).await?);
    stages.lap("stake");

    let mut story = Story::open(net, digits, progress).await?;
    let people = People { user: story.user.pubkey(), supplier: supplier.pubkey(), staker: staker.pubkey() };
    let before = Ledger::read(&chain, people).await?;
    let had = story.coins().await?;
    note("buy_credits", story.buy(progress).await?);
    let burned = had.saturating_sub(story.coins().await?);
    let bought = story.credits().await?;
    let backend = backend.clone();
    let (backend, choice) = tokio::task::spawn_blocking(move || compute::choose(&backend)).await??;
    supply::warm_up(&chain, &supplier.pubkey(), &staker).await?;
    let worker = story.supplier(supplier, "economy", backend, choice.gmacs).await?;
    stages.lap("warm_up");

    progress("a first job is posted, executed, checked and paid");
    let (first_job, first_fee) = job(&story, &worker, None).await?;
    stages.lap("first_job");

    progress("the epoch ends: the supplier's earnings are redeemed for IO, within what was burned");
    let owed = story.owed(&people.supplier).await?;
    let (asked, redeemed_io) = supply::redeem(&chain, &worker.owner, owed).await?;
    note("request_redemption", asked);
    ensure!(redeemed_io > 0, "nothing was paid for the earnings");
    stages.lap("redeem");

    progress("stakers share their part of the schedule; the supplier takes its commission");
    let (claimed, rewards) = claim_rewards(&chain, &pool, &staker).await?;
    note("claim_rewards", claimed);
    let had = chain.tokens(&address::io_account(&people.supplier)).await?;
    let take = staking_ix::claim_commission(people.supplier, people.supplier);
    note("claim_commission", chain.send(&[take], &[&worker.owner]).await?);
    let commission = chain.tokens(&address::io_account(&people.supplier)).await?.saturating_sub(had);
    stages.lap("rewards");

    progress("the user turns loyalty points into credits");
    let had = story.credits().await?;
    let points = chain.loyalty(&people.user).await?.map_or(0, |l| l.points);
    note("redeem_loyalty", user::rebate(&chain, &story.user, points).await?);
    let rebate = story.credits().await?.saturating_sub(had);
    stages.lap("rebate");

    let fee = Parameter::find("credits.fee_bps").context("a fee is a parameter")?;
    progress("the staker proposes a lower fee, votes, waits for the timelock, and has it executed");
    let decided = change(&chain, &staker, &pool, fee, NEW_FEE_BPS, &mut note).await?;
    stages.lap("vote");

    progress("the next job is bought with IO and posted in one transaction; it pays the new fee");
    let (next_job, next_fee) = job(&story, &worker, Some(u64::MAX)).await?;
    let after = Ledger::read(&chain, people).await?;
    worker.stop().await?;
    stages.lap("next_job");

    progress("every balance is recomputed from the events and compared with the chain");
    let audit = net.audit().await?;
    for difference in &audit.differences {
        progress(&format!("DIFFERENCE: {difference}"));
    }
    ensure!(audit.incomplete == 0, "{} events are missing or unreadable", audit.incomplete);
    stages.lap("audit");
    Ok(Outcome {
        fee_bps_before: before.fee_bps,
        fee_bps_after: after.fee_bps,
        before,
        after,
        io_burned: io(burned).to_string(),
        iosd_bought: iosd(bought).to_string(),
        first_job: first_job.to_string(),
        first_job_fee: iosd(first_fee).to_string(),
        redeemed_iosd: iosd(owed).to_string(),
        redeemed_io: io(redeemed_io).to_string(),
        staker_rewards_io: io(rewards).to_string(),
        supplier_commission_io: io(commission).to_string(),
        rebate_iosd: iosd(rebate).to_string(),
        proposal: decided.number,
        proposal_status: format!("{:?}", decided.status).to_lowercase(),
        proposal_yes_io: io(decided.yes).to_string(),
        proposal_quorum_io: io(decided.quorum).to_string(),
        next_job: next_job.to_string(),
        next_job_fee: iosd(next_fee).to_string(),
        audit_differences: audit.differences.len() + audit.more,
        audit_checks: audit.checks,
        signatures,
        seconds: stages.laps(),
        explorer_url: format!("{}/jobs/{next_job}", net.api_url),
    })
}

/// One job from posting to payment: its address and the fee that was kept of its price, IOSD base units.
async fn job(story: &Story<'_>, supplier: &Supplier, pay_io: Option<u64>) -> Result<(Pubkey, u64)> {
    let owner = supplier.owner.pubkey();
    let before = story.owed(&owner).await?;
    let posted = story.post_with(pay_io).await?;
    story.committed(&posted.job).await?;
    let review = user::review(&story.chain, &story.blobs, &posted.job).await?;
    let price = review.served.job.price;
    user::accept(&story.chain, &story.user, review).await?;
    let share = story.owed(&owner).await?.saturating_sub(before);
    Ok((posted.job, price.saturating_sub(share)))
}

/// Waits until the staker has earned something, and has it paid: how much, IO base units.
async fn claim_rewards(chain: &Chain, pool: &Pubkey, staker: &Keypair) -> Result<(Confirmed, u64)> {
    let (holder, start) = (staker.pubkey(), Instant::now());
    let account = address::io_account(&holder);
    let had = chain.tokens(&account).await?;
    let claim = staking_ix::claim_rewards(holder, *pool, holder);
    while start.elapsed() < PATIENCE {
        keeper::collect(chain, staker).await?;
        match chain.send(std::slice::from_ref(&claim), &[staker]).await {
            Ok(confirmed) => return Ok((confirmed, chain.tokens(&account).await?.saturating_sub(had))),
            Err(error) if error.program_error() == Some("NothingDue") => tokio::time::sleep(POLL).await,
            Err(error) => return Err(error.into()),
        }
    }
    bail!("stake earned nothing within {} s", PATIENCE.as_secs())
}

/// Proposes a parameter's new value, votes with all of the staker's stake in `pool`, and has it executed.
async fn change(
    chain: &Chain,
    staker: &Keypair,
    pool: &Pubkey,
    parameter: Parameter,
    value: u64,
    note: &mut impl FnMut(&str, Confirmed),
) -> Result<Proposal> {
    let (me, number) = (staker.pubkey(), chain.governance_config().await?.next_proposal);
    let action = parameter.set(value);
    note("propose", chain.send(&[governance_ix::propose(me, number, action)], &[staker]).await?);
    let yes = governance_ix::vote(me, me, *pool, number, Choice::Yes);
    note("vote", chain.send(&[yes], &[staker]).await?);
    let proposal = chain.proposal(number).await?;
    wait_until(chain, proposal.voting_end).await?;
    note("finish", chain.send(&[governance_ix::finish(number)], &[staker]).await?);
    let passed = chain.proposal(number).await?;
    ensure!(passed.status == Status::Passed, "proposal {number} is {:?}", passed.status);
    wait_until(chain, proposal.eta).await?;
    note("execute", chain.send(&[governance_ix::execute(number, &action)], &[staker]).await?);
    let executed = chain.proposal(number).await?;
    note("close_proposal", chain.send(&[governance_ix::close_proposal(me, number, me)], &[staker]).await?);
    Ok(executed)
}

/// Waits until the cluster's clock says `time`.
async fn wait_until(chain: &Chain, time: i64) -> Result<()> {
    let start = Instant::now();
    while start.elapsed() < PATIENCE {
        if chain.now().await? >= time {
            return Ok(());
        }
        tokio::time::sleep(POLL).await;
    }
    bail!("the cluster's clock did not get to {time} within {} s", PATIENCE.as_secs())
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        writeln!(f, "Burn: {} IO became {} IOSD", self.io_burned, self.iosd_bought)?;
        writeln!(f, "First job {}: fee {} IOSD at {} bps", self.first_job, self.first_job_fee, self.fee_bps_before)?;
        writeln!(f, "Redemption: {} IOSD of earnings became {} IO", self.redeemed_iosd, self.redeemed_io)?;
        writeln!(
            f,
            "Stake earned {} IO, the operator took {} IO of commission",
            self.staker_rewards_io, self.supplier_commission_io
        )?;
        writeln!(f, "Loyalty: {} IOSD back to the user", self.rebate_iosd)?;
        let (yes, quorum) = (&self.proposal_yes_io, &self.proposal_quorum_io);
        writeln!(f, "Proposal {} is {}: {yes} IO for it, {quorum} IO needed", self.proposal, self.proposal_status)?;
        writeln!(f, "Next job {}: fee {} IOSD at {} bps", self.next_job, self.next_job_fee, self.fee_bps_after)?;
        writeln!(f, "Audit: {} checks, {} differences", self.audit_checks, self.audit_differences)?;
        writeln!(f, "{:<24} {:>22} {:>22}", "", "before", "after")?;
        let rows = [
            ("user IO", &self.before.user_io, &self.after.user_io),
            ("user IOSD", &self.before.user_iosd, &self.after.user_iosd),
            ("supplier IO", &self.before.supplier_io, &self.after.supplier_io),
            ("supplier earnings IOSD", &self.before.supplier_earnings_iosd, &self.after.supplier_earnings_iosd),
            ("staker IO", &self.before.staker_io, &self.after.staker_io),
            ("stake in the pool IO", &self.before.pool_io, &self.after.pool_io),
            ("supply IO", &self.before.supply_io, &self.after.supply_io),
            ("reserve IO", &self.before.reserve_io, &self.after.reserve_io),
        ];
        for (name, before, after) in rows {
            writeln!(f, "{name:<24} {before:>22} {after:>22}")?;
        }
        writeln!(f, "Seconds")?;
        for (stage, seconds) in &self.seconds {
            writeln!(f, "  {stage:<18} {:.6}", seconds.as_f64().unwrap_or_default())?;
        }
        write!(f, "Explorer: {}", self.explorer_url)
    }
}
