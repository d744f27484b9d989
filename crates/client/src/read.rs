//! What is on chain, by name.
use crate::error::ClientError;
use crate::{Chain, Pubkey, address, credits_ix};
use credits::state::{Earnings, Emission, Epoch, Feed, Loyalty};
use economy::Price;
use economy::claim::{ClaimTerms, reservation};
use economy::stake as rules;
use governance::state::{Proposal, Vote};
use jobs::state::{Demand, Job, Operator, Status};
use staking::state::{Pool, PoolKind, Position, Rewards};

const UNINITIALIZED: &str = "is this the right cluster? the network has not been initialized here";

/// The clock in accounting periods.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Calendar {
    /// The cluster's clock, unix time in seconds.
    pub now: i64,
    pub genesis_time: i64,
    pub epoch_s: u32,
}

impl Calendar {
    /// The epoch that the clock is in.
    pub fn epoch(&self) -> u64 {
        economy::epoch::epoch_at(self.now, self.genesis_time, self.epoch_s)
    }

    /// When an epoch begins, unix time in seconds.
    pub fn start_of(&self, epoch: u64) -> i64 {
        let after = i64::try_from(epoch).unwrap_or(i64::MAX).saturating_mul(i64::from(self.epoch_s));
        self.genesis_time.saturating_add(after)
    }
}

/// A position as it would be if it were touched now: what it lost is off, what is warm is active, what it earned is owed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Holding {
    pub position: rules::Position,
    /// Its pool, brought up to date likewise.
    pub pool: rules::Pool,
}

impl Holding {
    /// Brings copies of three accounts up to date.
    pub fn at(epoch: u64, rewards: &Rewards, pool: &Pool, position: &Position) -> Self {
        let (mut r, mut q, mut p) = (rewards.rules(), pool.rules(), position.rules());
        match rules::refresh(&mut r, &mut q, &mut p, epoch) {
            Ok(_) => Holding { position: p, pool: q },
            // Impossible while the books are right; what is stored is the best there is to show.
            Err(_) => Holding { position: position.rules(), pool: pool.rules() },
        }
    }
}

impl Chain {
    /// # Errors
    /// If the node cannot be reached or the network is not initialized.
    pub async fn credits_config(&self) -> Result<credits::state::Config, ClientError> {
        self.get("credits config", &address::credits_config(), UNINITIALIZED).await
    }

    /// # Errors
    /// As [`Chain::credits_config`].
    pub async fn jobs_config(&self) -> Result<jobs::state::Config, ClientError> {
        self.get("jobs config", &address::jobs_config(), UNINITIALIZED).await
    }

    /// # Errors
    /// As [`Chain::credits_config`].
    pub async fn staking_config(&self) -> Result<staking::state::Config, ClientError> {
        self.get("staking config", &address::staking_config(), UNINITIALIZED).await
    }

    /// # Errors
    /// As [`Chain::credits_config`].
    pub async fn governance_config(&self) -> Result<governance::state::Config, ClientError> {
        self.get("governance config", &address::governance_config(), UNINITIALIZED).await
    }

    /// # Errors
    /// As [`Chain::credits_config`].
    pub async fn emission(&self) -> Result<Emission, ClientError> {
        self.get("emission", &address::emission(), UNINITIALIZED).await
    }

    /// # Errors
    /// As [`Chain::credits_config`].
    pub async fn rewards(&self) -> Result<Rewards, ClientError> {
        self.get("stakers' rewards", &address::rewards(), UNINITIALIZED).await
    }

    /// # Errors
    /// As [`Chain::credits_config`].
    pub async fn calendar(&self) -> Result<Calendar, ClientError> {
        let config = self.credits_config().await?;
        Ok(Calendar { now: self.now().await?, genesis_time: config.genesis_time, epoch_s: config.epoch_s })
    }

    /// The accounting epoch that the cluster's clock is in.
    ///
    /// # Errors
    /// As [`Chain::credits_config`].
    pub async fn epoch(&self) -> Result<u64, ClientError> {
        Ok(self.calendar().await?.epoch())
    }

    /// The account that the coin's price is read from.
    ///
    /// # Errors
    /// As [`Chain::credits_config`].
    pub async fn price_account(&self) -> Result<Pubkey, ClientError> {
        Ok(credits_ix::price_account(self.credits_config().await?.price_source))
    }

    /// The coin's price as the credits program would read it now; the inner error says why there is none.
    ///
    /// # Errors
    /// If the node cannot be reached or the network is not initialized.
    pub async fn price(&self) -> Result<Result<Price, economy::PriceError>, ClientError> {
        let (config, now) = (self.credits_config().await?, self.now().await?);
        match config.price_source {
            credits::PriceSource::Feed => {
                let feed: Feed = self.get("price feed", &address::feed(), UNINITIALIZED).await?;
                Ok(feed.read_price(now, &config))
            }
            credits::PriceSource::Pyth { account, feed_id, .. } => {
                let data = self.bytes(&account).await?.unwrap_or_default();
                Ok(economy::pyth::decode(&data, &feed_id, now, config.price_limits()))
            }
        }
    }

    /// IO that an operator must have free of its own stake to claim a job of this `price` (IOSD) now; the inner error says why there is no price for it.
    ///
    /// # Errors
    /// If the node cannot be reached or the network is not initialized.
    pub async fn reservation(&self, price: u64) -> Result<Result<u64, economy::PriceError>, ClientError> {
        let (jobs, staking) = (self.jobs_config().await?, self.staking_config().await?);
        let terms =
            ClaimTerms { reserve_bps: jobs.reserve_bps, audit_bps: jobs.audit_bps, prover_bps: staking.prover_bps };
        let buying = match self.price().await? {
            Ok(read) => read.buying(),
            Err(error) => Err(error),
        };
        // What does not fit is more than there is.
        Ok(buying.map(|buying| reservation(price, terms, buying).unwrap_or(u64::MAX)))
    }

    /// An epoch's account: there is one once somebody bought or redeemed in it, and until that is settled.
    ///
    /// # Errors
    /// If the node cannot be reached.
    pub async fn epoch_account(&self, index: u64) -> Result<Option<Epoch>, ClientError> {
        self.find("epoch", &address::epoch(index)).await
    }

    /// # Errors
    /// If the node cannot be reached.
    pub async fn earnings(&self, owner: &Pubkey) -> Result<Option<Earnings>, ClientError> {
        self.find("earnings", &address::earnings(owner)).await
    }

    /// Every supplier's ledger.
    ///
    /// # Errors
    /// If the node cannot be reached.
    pub async fn all_earnings(&self) -> Result<Vec<(Pubkey, Earnings)>, ClientError> {
        self.list(&credits::ID, &[]).await
    }

    /// # Errors
    /// If the node cannot be reached.
    pub async fn loyalty(&self, user: &Pubkey) -> Result<Option<Loyalty>, ClientError> {
        self.find("loyalty", &address::loyalty(user)).await
    }

    /// # Errors
    /// If the node cannot be reached.
    pub async fn operator(&self, owner: &Pubkey) -> Result<Option<Operator>, ClientError> {
        self.find("operator", &address::operator(owner)).await
    }

    /// All jobs in one state.
    ///
    /// # Errors
    /// If the node cannot be reached.
    pub async fn jobs(&self, status: Status) -> Result<Vec<(Pubkey, Job)>, ClientError> {
        self.list(&jobs::ID, &[(0, vec![status as u8])]).await
    }

    /// All open demands for a job's data, by number; also those that a job that has ended has left behind.
    ///
    /// # Errors
    /// If the node cannot be reached.
    pub async fn demands(&self, job: &Pubkey) -> Result<Vec<Demand>, ClientError> {
        let open = self.list(&jobs::ID, &[(0, job.to_bytes().to_vec())]).await?;
        let mut open: Vec<Demand> = open.into_iter().map(|(_, demand)| demand).collect();
        open.sort_by_key(|demand| demand.n);
        Ok(open)
    }

    /// # Errors
    /// If the node cannot be reached.
    pub async fn pool(&self, owner: &Pubkey, kind: PoolKind) -> Result<Option<Pool>, ClientError> {
        self.find("pool", &address::pool(owner, kind)).await
    }

    /// All pools of one kind.
    ///
    /// # Errors
    /// If the node cannot be reached.
    pub async fn pools(&self, kind: PoolKind) -> Result<Vec<(Pubkey, Pool)>, ClientError> {
        self.list(&staking::ID, &[(32, vec![kind as u8])]).await
    }

    /// # Errors
    /// If the node cannot be reached.
    pub async fn position(&self, pool: &Pubkey, holder: &Pubkey) -> Result<Option<Position>, ClientError> {
        self.find("position", &address::position(pool, holder)).await
    }

    /// All positions that `holder` has.
    ///
    /// # Errors
    /// If the node cannot be reached.
    pub async fn positions(&self, holder: &Pubkey) -> Result<Vec<(Pubkey, Position)>, ClientError> {
        self.list(&staking::ID, &[(32, holder.to_bytes().to_vec())]).await
    }

    /// # Errors
    /// If the node cannot be reached or there is no such proposal.
    pub async fn proposal(&self, number: u64) -> Result<Proposal, ClientError> {
        let hint = "`io gov list` shows those that are not put away; the explorer has the others";
        self.get("proposal", &address::proposal(number), hint).await
    }

    /// All proposals that are not put away, by number.
    ///
    /// # Errors
    /// If the node cannot be reached.
    pub async fn proposals(&self) -> Result<Vec<Proposal>, ClientError> {
        let mut all: Vec<_> = self.list(&governance::ID, &[]).await?.into_iter().map(|(_, p)| p).collect();
        all.sort_by_key(|p: &Proposal| p.number);
        Ok(all)
    }

    /// All votes on a proposal whose rent has not been returned.
    ///
    /// # Errors
    /// If the node cannot be reached.
    pub async fn votes(&self, number: u64) -> Result<Vec<(Pubkey, Vote)>, ClientError> {
        self.list(&governance::ID, &[(0, address::proposal(number).to_bytes().to_vec())]).await
    }
}
