//! Chores that anybody may do and that keep the network's money moving: closing epochs, taking the stakers' budget from the
//! schedule, making stake that has warmed up count, paying redemptions of closed epochs, holding
//! challenge rounds. Doing one twice changes nothing, so keepers need not know of each other.

mod rounds;

use client::{Chain, ClientError, Keypair, Pubkey, Signer, address, credits_ix, staking_ix};
use credits::state::{Earnings, Purpose};
use economy::amount::{io, iosd};
use staking::state::Position;
use std::fmt;
use std::time::Duration;
use tokio::sync::watch;
use tracing::{debug, info, warn};

/// Epochs closed by one transaction: what 1,232 bytes hold.
const TOGETHER: u64 = 6;
/// Least stake that is looked after, IO base units: a position costs its holder less than looking after many of them would.
const WORTHWHILE: u64 = 100_000_000;
const FASTEST: Duration = Duration::from_millis(500);
const SLOWEST: Duration = Duration::from_secs(10);

/// A chore that was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Done {
    /// Epochs `first` to `last` were closed.
    Closed { first: u64, last: u64 },
    /// Stakers have this much more to share, IO base units.
    Collected { io: u64 },
    /// Stake of so many positions began to count.
    Warmed { positions: usize },
    /// A supplier got IO for earnings, base units of both; `rest` waits for the next epoch.
    Paid { owner: Pubkey, iosd: u64, io: u64, rest: u64 },
    /// A challenge round was opened.
    Opened { round: u64 },
    /// A challenge round came to its next phase.
    Advanced { round: u64 },
    /// Devices that missed or failed the last round have it on record.
    Recorded { devices: usize },
    /// Operators got their idle pay, IO base units.
    Idle { io: u64 },
}

impl fmt::Display for Done {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Done::Closed { first, last } if first == last => write!(f, "closed epoch {first}"),
            Done::Closed { first, last } => write!(f, "closed epochs {first} to {last}"),
            Done::Collected { io: amount } => write!(f, "collected {} IO for stakers", io(*amount)),
            Done::Warmed { positions } => write!(f, "stake of {positions} positions counts now"),
            Done::Opened { round } => write!(f, "opened challenge round {round}"),
            Done::Advanced { round } => write!(f, "brought challenge round {round} to its next phase"),
            Done::Recorded { devices } => write!(f, "recorded the failed challenges of {devices} devices"),
            Done::Idle { io: amount } => write!(f, "paid {} IO to operators of ready devices", io(*amount)),
            Done::Paid { owner, iosd: charged, io: minted, rest } => {
                write!(f, "paid {owner} {} IO for {} IOSD of earnings", io(*minted), iosd(*charged))?;
                if *rest > 0 { write!(f, "; {} IOSD wait for the next epoch", iosd(*rest)) } else { Ok(()) }
            }
        }
    }
}

/// Closes every epoch that has ended, in order. `None` if none has.
///
/// # Errors
/// If the program or the node refuses.
pub async fn close_epochs(chain: &Chain, payer: &Keypair) -> Result<Option<Done>, ClientError> {
    let (first, now) = (chain.emission().await?.next_epoch, chain.epoch().await?);
    let price = chain.price_account().await?;
    let mut next = first;
    while next < now {
        // The latest one goes alone: its requests may have to wait for a price.
        let until = if next + 1 < now { (now - 1).min(next + TOGETHER) } else { now };
        let mut closing = Vec::new();
        for epoch in next..until {
            // Nobody gets rent back for an epoch in which nothing happened.
            let paid_by = chain.epoch_account(epoch).await?.map_or(payer.pubkey(), |e| e.payer);
            closing.push(credits_ix::advance_epoch(price, epoch, paid_by));
        }
        chain.send(&closing, &[payer]).await?;
        next = until;
    }
    Ok((first < now).then(|| Done::Closed { first, last: now - 1 }))
}

/// Takes the stakers' budget from the schedule. `None` if there is nothing to take, nobody to give it to, or it is paused.
///
/// # Errors
/// If the program or the node refuses.
pub async fn collect(chain: &Chain, payer: &Keypair) -> Result<Option<Done>, ClientError> {
    let (staking, credits) = (chain.staking_config().await?, chain.credits_config().await?);
    let paused = staking.paused & staking::constants::PAUSE_COLLECT != 0
        || credits.paused & credits::constants::PAUSE_SCHEDULE != 0;
    let rewards = chain.rewards().await?;
    let budget = chain.emission().await?.budgets[Purpose::Stakers as usize];
    if paused || rewards.weight == 0 || budget.mintable(chain.epoch().await?) == 0 {
        return Ok(None);
    }
    chain.send(&[staking_ix::collect_rewards()], &[payer]).await?;
    let io = chain.rewards().await?.collected.saturating_sub(rewards.collected);
    Ok((io > 0).then_some(Done::Collected { io }))
}

/// Makes stake that has warmed up count. `None` if there is none.
///
/// # Errors
/// If the program or the node refuses.
pub async fn warm_up(chain: &Chain, payer: &Keypair) -> Result<Option<Done>, ClientError> {
    let epoch = chain.epoch().await?;
    let due = |p: &Position| p.warming >= WORTHWHILE && p.warm_epoch <= epoch;
    let all = chain.list::<Position>(&staking::ID, &[]).await?;
    let warm: Vec<_> = all.iter().map(|(_, position)| position).filter(|p| due(p)).collect();
    for some in warm.chunks(TOGETHER as usize) {
        let touch: Vec<_> = some.iter().map(|p| staking_ix::refresh_position(p.pool, p.holder)).collect();
        chain.send(&touch, &[payer]).await?;
    }
    Ok((!warm.is_empty()).then_some(Done::Warmed { positions: warm.len() }))
}

/// Pays what `owner` asked for in an epoch that is closed. `None` if there is no such request.
///
/// # Errors
/// If the program or the node refuses.
pub async fn settle(chain: &Chain, payer: &Keypair, owner: &Pubkey) -> Result<Option<Done>, ClientError> {
    let Some(before) = chain.earnings(owner).await? else { return Ok(None) };
    if before.requested == 0 || before.request_epoch >= chain.emission().await?.next_epoch {
        return Ok(None);
    }
    // Somebody else may have been faster.
    let Some(epoch) = chain.epoch_account(before.request_epoch).await? else { return Ok(None) };
    let coins = address::io_account(owner);
    let had = chain.tokens(&coins).await?;
    let open = chain.epoch().await?;
    let pay = credits_ix::settle_redemption(payer.pubkey(), *owner, before.request_epoch, epoch.payer, open);
    chain.send(&[pay], &[payer]).await?;
    let after = chain.earnings(owner).await?.map_or((0, 0), |e| (e.redeemed, e.requested));
    Ok(Some(Done::Paid {
        owner: *owner,
        iosd: after.0.saturating_sub(before.redeemed),
        io: chain.tokens(&coins).await?.saturating_sub(had),
        rest: after.1,
    }))
}

/// Whoever does the chores.
pub struct Keeper {
    chain: Chain,
    payer: Keypair,
    /// Requests of epochs before this one have been paid.
    settled: u64,
    /// Stake that was warm in this epoch counts.
    warmed: u64,
    rounds: bool,
}

impl Keeper {
    /// `payer` pays fees, and rent where some is due.
    pub fn new(chain: Chain, payer: Keypair) -> Self {
        Keeper { chain, payer, settled: 0, warmed: 0, rounds: true }
    }

    /// Whether it opens challenge rounds. Those that others open it brings to their end in any case.
    pub fn with_rounds(self, rounds: bool) -> Self {
        Keeper { rounds, ..self }
    }

    /// Does everything that is due now.
    ///
    /// # Errors
    /// If the node cannot be reached, or a program refuses what should be due.
    pub async fn tick(&mut self) -> Result<Vec<Done>, ClientError> {
        let mut done = Vec::new();
        match close_epochs(&self.chain, &self.payer).await {
            Ok(closed) => done.extend(closed),
            // Somebody was first, or requests wait for a good price; what is closed already need not.
            Err(error) if error.program_error().is_some() => debug!(%error, "not closed"),
            Err(error) => return Err(error),
        }
        done.extend(collect(&self.chain, &self.payer).await?);
        let epoch = self.chain.epoch().await?;
        if self.warmed < epoch {
            done.extend(warm_up(&self.chain, &self.payer).await?);
            self.warmed = epoch;
        }
        let closed = self.chain.emission().await?.next_epoch;
        if closed > self.settled {
            let due = |e: &Earnings| e.requested > 0 && e.request_epoch < closed;
            for (_, ledger) in self.chain.all_earnings().await?.into_iter().filter(|(_, e)| due(e)) {
                match settle(&self.chain, &self.payer, &ledger.owner).await {
                    Ok(paid) => done.extend(paid),
                    // One request must not keep the others waiting.
                    Err(error) if error.program_error().is_some() => debug!(owner = %ledger.owner, %error, "not paid"),
                    Err(error) => return Err(error),
                }
            }
            self.settled = closed;
        }
        done.extend(rounds::tick(&self.chain, &self.payer, self.rounds).await?);
        Ok(done)
    }

    /// Does what is due until `stopped` turns true; tells `report` what was done.
    pub async fn run(mut self, mut stopped: watch::Receiver<bool>, report: impl Fn(&Done)) {
        let pause = match self.chain.credits_config().await {
            Ok(config) => Duration::from_secs(config.epoch_s.into()) / 20,
            Err(_) => SLOWEST,
        };
        let pause = pause.clamp(FASTEST, SLOWEST);
        while !*stopped.borrow() {
            match self.tick().await {
                Ok(done) => {
                    for done in &done {
                        info!(%done, "keeper");
                        report(done);
                    }
                }
                // Another keeper was first; the next look will show.
                Err(error) if error.program_error().is_some() => debug!(%error, "keeper"),
                Err(error) => warn!(%error, "the keeper will try again"),
            }
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                changed = stopped.changed() => if changed.is_err() { return },
            }
        }
    }
}
