//! Pools, positions, rewards and losses, by the rules of `economy::stake`.
use super::Books;
use super::orders::Orders;
use crate::audit::finding::{Findings, Subject, compare};
use crate::audit::launch::Parameters;
use crate::decode::words::name;
use crate::decode::{Program, StakingEvent};
use ::staking::events::*;
use ::staking::state::{PoolKind, PoolState, PositionState};
use anchor_lang::prelude::Pubkey;
use economy::stake as rules;
use std::collections::BTreeMap;

pub struct Staking {
    pub orders: Orders,
    pub rewards: rules::Rewards,
    pub pools: BTreeMap<Pubkey, Pool>,
    /// Pools of operators and of users, by owner.
    operators: BTreeMap<Pubkey, Pubkey>,
    users: BTreeMap<Pubkey, Pubkey>,
    /// By pool and holder.
    pub positions: BTreeMap<(Pubkey, Pubkey), rules::Position>,
    /// Pool and holder by the position's address.
    pub addresses: BTreeMap<Pubkey, (Pubkey, Pubkey)>,
    pub stake_vault: i128,
    pub reward_vault: i128,
}

pub struct Pool {
    pub owner: Pubkey,
    pub kind: PoolKind,
    pub commission_epoch: u64,
    pub rules: rules::Pool,
}

/// What a rule changes.
pub(super) type Step<'a, T> =
    dyn FnOnce(&mut rules::Rewards, &mut rules::Pool, &mut rules::Position) -> Result<T, rules::StakeError> + 'a;

impl Staking {
    pub fn open(parameters: Parameters) -> Self {
        Self {
            orders: Orders::open(Program::Staking, parameters),
            rewards: rules::Rewards::default(),
            pools: BTreeMap::new(),
            operators: BTreeMap::new(),
            users: BTreeMap::new(),
            positions: BTreeMap::new(),
            addresses: BTreeMap::new(),
            stake_vault: 0,
            reward_vault: 0,
        }
    }

    /// The stakers' part of a user's rebates, basis points; none without a pool.
    pub fn shared_bps(&self, user: &Pubkey) -> Option<u16> {
        let pool = self.pools.get(self.users.get(user)?)?;
        10_000u16.checked_sub(pool.rules.commission_bps)
    }

    pub fn operator_pool(&self, owner: &Pubkey) -> Option<Pubkey> {
        self.operators.get(owner).copied()
    }

    pub(super) fn pool(&mut self, findings: &mut Findings, pool: Pubkey) -> Option<&mut Pool> {
        let found = self.pools.get_mut(&pool);
        if found.is_none() {
            findings.refused(Subject::Pool(pool), "never opened");
        }
        found
    }

    /// Takes one step by the rules; what they refuse changes nothing.
    pub(super) fn step<T>(
        &mut self,
        findings: &mut Findings,
        (pool, holder): (Pubkey, Pubkey),
        rule: Box<Step<'_, T>>,
    ) -> Option<T> {
        let Some(account) = self.pools.get_mut(&pool) else {
            findings.refused(Subject::Pool(pool), "never opened");
            return None;
        };
        let Some(position) = self.positions.get_mut(&(pool, holder)) else {
            findings.refused(Subject::Position(pool, holder), "never opened");
            return None;
        };
        let (mut r, mut p, mut q) = (self.rewards, account.rules, *position);
        match rule(&mut r, &mut p, &mut q) {
            Ok(done) => {
                (self.rewards, account.rules, *position) = (r, p, q);
                Some(done)
            }
            Err(error) => {
                findings.refused(Subject::Position(pool, holder), error);
                None
            }
        }
    }

    /// Compares a pool with what an event says of it.
    pub(super) fn pool_is(&self, findings: &mut Findings, pool: Pubkey, said: &PoolState) {
        let Some(books) = self.pools.get(&pool).map(|pool| &pool.rules) else { return };
        compare!(findings, Subject::Pool(pool), {
            active: books.active, said.active;
            reserved: books.reserved, said.reserved;
            warming: books.warming, said.warming;
            cooling: books.cooling, said.cooling;
            factor: books.factor, said.factor;
            index: books.index.value, said.index;
            scaled_index: books.scaled_index, said.scaled_index;
            commission_owed: books.commission_owed, said.commission_owed;
            undistributed: books.index.undistributed, said.undistributed;
        });
    }

    pub(super) fn position_is(&self, findings: &mut Findings, key: (Pubkey, Pubkey), said: &PositionState) {
        let Some(books) = self.positions.get(&key) else { return };
        compare!(findings, Subject::Position(key.0, key.1), {
            active: books.active, said.active;
            reserved: books.reserved, said.reserved;
            warming: books.warming, said.warming;
            cooling: books.cooling, said.cooling;
            owed: books.owed, said.owed;
        });
    }

    /// Folds a pool and compares what that brought.
    fn fold(&mut self, findings: &mut Findings, pool: Pubkey, said: u64) {
        let rewards = self.rewards;
        let Some(account) = self.pool(findings, pool) else { return };
        match account.rules.fold(&rewards) {
            Ok(fold) => findings.check(Subject::Pool(pool), "fold", fold.reward, said),
            Err(error) => findings.refused(Subject::Pool(pool), error),
        }
    }
}

fn due(findings: &mut Findings, key: (Pubkey, Pubkey), books: rules::Due, fold: Option<u64>, activated: u64) {
    if let Some(fold) = fold {
        findings.check(Subject::Pool(key.0), "fold", books.fold, fold);
    }
    findings.check(Subject::Position(key.0, key.1), "activated", books.activated, activated);
}

/// Compares everything that an event about a position says in the same fields.
macro_rules! states {
    ($self:ident, $e:ident, $key:expr) => {{
        $self.staking.position_is(&mut $self.findings, $key, &$e.position);
        $self.staking.pool_is(&mut $self.findings, $e.pool, &$e.pool_state);
    }};
}

impl Books {
    pub(super) fn staking_event(&mut self, event: &StakingEvent) {
        let Self { staking, findings, .. } = self;
        match event {
            StakingEvent::ShardOpened(_) => {}
            StakingEvent::PoolOpened(e) => self.pool_opened(e),
            StakingEvent::StakeAdded(e) => self.stake_added(e),
            StakingEvent::StakeActivated(e) => {
                let (key, epoch) = ((e.pool, e.holder), self.epoch_at(e.stamp.time));
                let rule = Box::new(move |r: &mut _, p: &mut _, q: &mut _| rules::refresh(r, p, q, epoch));
                if let Some(books) = self.staking.step(&mut self.findings, key, rule) {
                    due(&mut self.findings, key, books, Some(e.fold), e.activated);
                }
                states!(self, e, key);
            }
            StakingEvent::UnstakeStarted(e) => self.unstake_started(e),
            StakingEvent::StakeWithdrawn(e) => self.stake_withdrawn(e),
            StakingEvent::PositionClosed(e) => self.position_closed(e),
            StakingEvent::RewardsCollected(e) => self.rewards_collected(e),
            StakingEvent::PoolFolded(e) => {
                let rewards = staking.rewards;
                let Some(pool) = staking.pool(findings, e.pool) else { return };
                match pool.rules.fold(&rewards) {
                    Ok(fold) => compare!(findings, Subject::Pool(e.pool), {
                        reward: fold.reward, e.reward;
                        commission: fold.commission, e.commission;
                    }),
                    Err(error) => findings.refused(Subject::Pool(e.pool), error),
                }
                staking.pool_is(findings, e.pool, &e.pool_state);
            }
            StakingEvent::RewardsClaimed(e) => self.rewards_claimed(e),
            StakingEvent::RebatesClaimed(e) => self.rebates_claimed(e),
            StakingEvent::CommissionClaimed(e) => self.commission_claimed(e),
            StakingEvent::CommissionSet(e) => self.commission_set(e),
            StakingEvent::LoyaltyShared(e) => self.loyalty_shared(e),
            StakingEvent::StakeReserved(e) => self.stake_reserved(e),
            StakingEvent::StakeReleased(e) => self.stake_released(e),
            StakingEvent::StakeForfeited(e) => self.stake_forfeited(e),
            StakingEvent::StakeSlashed(e) => self.stake_slashed(e),
            StakingEvent::PositionLocked(e) => self.position_locked(e),
            StakingEvent::ParameterSet(e) => {
                staking.orders.set(findings, name(e.parameter), e.parameter.bounds(), e.old, e.new);
            }
            StakingEvent::Paused(e) => staking.orders.paused = e.flags,
            StakingEvent::AuthorityOffered(e) => staking.orders.pending = e.to,
            StakingEvent::AuthorityAccepted(e) => staking.orders.accept(findings, e.authority),
        }
    }

    fn pool_opened(&mut self, e: &PoolOpened) {
        let epoch = self.epoch_at(e.stamp.time);
        let rules = rules::Pool::open(e.kind == PoolKind::Operator, e.commission_bps, &self.staking.rewards);
        self.findings.check(Subject::Pool(e.pool), "rewards_index", rules.rewards_index, e.rewards_index);
        if e.commission_bps > self.staking.orders.bps("MaxCommissionBps") {
            self.findings.refused(Subject::Pool(e.pool), "the commission is above the limit");
        }
        let by_owner = match e.kind {
            PoolKind::Operator => &mut self.staking.operators,
            PoolKind::User => &mut self.staking.users,
        };
        by_owner.insert(e.owner, e.pool);
        let pool = Pool { owner: e.owner, kind: e.kind, commission_epoch: epoch, rules };
        if self.staking.pools.insert(e.pool, pool).is_some() {
            self.findings.refused(Subject::Pool(e.pool), "opened twice");
        }
    }

    fn stake_added(&mut self, e: &StakeAdded) {
        let (key, epoch, amount) = ((e.pool, e.holder), self.epoch_at(e.stamp.time), e.amount);
        if let Some(pool) = self.staking.pools.get(&e.pool)
            && !self.staking.positions.contains_key(&key)
        {
            self.staking.positions.insert(key, rules::Position::open(&pool.rules));
            self.staking.addresses.insert(Subject::Position(e.pool, e.holder).address(), key);
        }
        let rule = Box::new(move |r: &mut _, p: &mut _, q: &mut _| rules::stake(r, p, q, amount, epoch));
        if let Some(books) = self.staking.step(&mut self.findings, key, rule) {
            due(&mut self.findings, key, books, Some(e.fold), e.activated);
        }
        let warm_epoch = rules::warm_epoch(epoch);
        self.findings.check(Subject::Position(e.pool, e.holder), "warm_epoch", warm_epoch, e.warm_epoch);
        self.staking.stake_vault += i128::from(amount);
        states!(self, e, key);
    }

    fn unstake_started(&mut self, e: &UnstakeStarted) {
        let (key, now, amount) = ((e.pool, e.holder), e.stamp.time, e.amount);
        let epoch = self.epoch_at(now);
        let dispute_s = self.staking.orders.seconds("DisputeS");
        let cool_epoch = rules::cool_epoch(now, dispute_s, self.genesis_time, self.epoch_s);
        let rule =
            Box::new(move |r: &mut _, p: &mut _, q: &mut _| rules::unstake(r, p, q, amount, now, epoch, cool_epoch));
        if let Some(books) = self.staking.step(&mut self.findings, key, rule) {
            due(&mut self.findings, key, books, Some(e.fold), e.activated);
        }
        self.findings.check(Subject::Position(e.pool, e.holder), "cool_epoch", cool_epoch, e.cool_epoch);
        states!(self, e, key);
    }

    fn stake_withdrawn(&mut self, e: &StakeWithdrawn) {
        let (key, epoch) = ((e.pool, e.holder), self.epoch_at(e.stamp.time));
        let rule = Box::new(move |r: &mut _, p: &mut _, q: &mut _| rules::withdraw(r, p, q, epoch));
        if let Some((books, amount)) = self.staking.step(&mut self.findings, key, rule) {
            due(&mut self.findings, key, books, Some(e.fold), e.activated);
            self.findings.check(Subject::Position(e.pool, e.holder), "withdrawn", amount, e.amount);
        }
        self.staking.stake_vault -= i128::from(e.amount);
        states!(self, e, key);
    }

    fn position_closed(&mut self, e: &PositionClosed) {
        let (key, epoch) = ((e.pool, e.holder), self.epoch_at(e.stamp.time));
        let rule = Box::new(move |r: &mut _, p: &mut _, q: &mut _| rules::refresh(r, p, q, epoch));
        if let Some(books) = self.staking.step(&mut self.findings, key, rule) {
            due(&mut self.findings, key, books, Some(e.fold), books.activated);
        }
        if self.staking.positions.remove(&key).is_some_and(|position| !position.is_empty()) {
            self.findings.refused(Subject::Position(e.pool, e.holder), "it is not empty");
        }
        self.staking.pool_is(&mut self.findings, e.pool, &e.pool_state);
    }

    fn rewards_collected(&mut self, e: &RewardsCollected) {
        let subject = Subject::Rewards;
        match self.handed.minted.take() {
            Some(minted) => self.findings.check(subject, "amount", minted, e.amount),
            None => self.findings.refused(subject, "nothing was minted for stakers"),
        }
        let rewards = &mut self.staking.rewards;
        if let Err(error) = rewards.distribute(e.amount) {
            self.findings.refused(subject, error);
        }
        self.staking.reward_vault += i128::from(e.amount);
        let rewards = &self.staking.rewards;
        compare!(self.findings, subject, {
            undistributed: rewards.index.undistributed, e.undistributed;
            index: rewards.index.value, e.index;
            weight: rewards.weight, e.weight;
            collected: rewards.collected, e.collected;
        });
    }

    fn rewards_claimed(&mut self, e: &RewardsClaimed) {
        let (key, epoch) = ((e.pool, e.holder), self.epoch_at(e.stamp.time));
        let rule = Box::new(move |r: &mut _, p: &mut _, q: &mut _| rules::claim(r, p, q, epoch));
        if let Some((books, amount)) = self.staking.step(&mut self.findings, key, rule) {
            due(&mut self.findings, key, books, Some(e.fold), e.activated);
            self.findings.check(Subject::Position(e.pool, e.holder), "claimed", amount, e.amount);
        }
        self.staking.reward_vault -= i128::from(e.amount);
        states!(self, e, key);
    }

    fn rebates_claimed(&mut self, e: &RebatesClaimed) {
        let (key, epoch) = ((e.pool, e.holder), self.epoch_at(e.stamp.time));
        let rule = Box::new(move |r: &mut _, p: &mut _, q: &mut _| rules::claim(r, p, q, epoch));
        if let Some((books, amount)) = self.staking.step(&mut self.findings, key, rule) {
            due(&mut self.findings, key, books, None, e.activated);
            self.findings.check(Subject::Position(e.pool, e.holder), "claimed", amount, e.amount);
        }
        let owner = self.staking.pools.get(&e.pool).map(|pool| pool.owner);
        match self.handed.rebate.take() {
            Some((user, amount, balance)) if Some(user) == owner => {
                self.findings.check(Subject::Position(e.pool, e.holder), "minted", amount, e.amount);
                self.wallet(e.holder, e.amount.into(), Some(balance));
            }
            _ => self.findings.refused(Subject::Position(e.pool, e.holder), "no rebate was minted for it"),
        }
        states!(self, e, key);
    }

    fn commission_claimed(&mut self, e: &CommissionClaimed) {
        let Self { staking, findings, .. } = self;
        staking.fold(findings, e.pool, e.fold);
        let mut rewards = staking.rewards;
        let Some(pool) = staking.pool(findings, e.pool) else { return };
        let owner = pool.owner;
        match pool.rules.take_commission(&mut rewards) {
            Ok(amount) => {
                compare!(findings, Subject::Pool(e.pool), { commission: amount, e.amount; owner: owner, e.owner; });
                staking.rewards = rewards;
            }
            Err(error) => findings.refused(Subject::Pool(e.pool), error),
        }
        staking.reward_vault -= i128::from(e.amount);
        staking.pool_is(findings, e.pool, &e.pool_state);
    }

    fn commission_set(&mut self, e: &CommissionSet) {
        let epoch = self.epoch_at(e.stamp.time);
        let Self { staking, findings, .. } = self;
        staking.fold(findings, e.pool, e.fold);
        let max = staking.orders.bps("MaxCommissionBps");
        let Some(pool) = staking.pool(findings, e.pool) else { return };
        let old = pool.rules.commission_bps;
        if let Err(error) = rules::change_commission(old, pool.commission_epoch, e.new, epoch, max) {
            findings.refused(Subject::Pool(e.pool), error);
        }
        compare!(findings, Subject::Pool(e.pool), { commission_bps: old, e.old; commission_epoch: epoch, e.epoch; });
        (pool.rules.commission_bps, pool.commission_epoch) = (e.new, epoch);
        staking.pool_is(findings, e.pool, &e.pool_state);
    }

    fn loyalty_shared(&mut self, e: &LoyaltyShared) {
        let subject = Subject::Pool(e.pool);
        match self.handed.redeemed.take() {
            Some((user, points, to_user, to_stakers)) => compare!(self.findings, subject, {
                owner: user, e.owner;
                points: points, e.points;
                to_user: to_user, e.to_user;
                to_stakers: to_stakers, e.to_stakers;
            }),
            None => self.findings.refused(subject, "no points were redeemed for it"),
        }
        let Some(pool) = self.staking.pool(&mut self.findings, e.pool) else { return };
        if let Err(error) = pool.rules.distribute(e.to_stakers) {
            self.findings.refused(subject, error);
        }
        self.staking.pool_is(&mut self.findings, e.pool, &e.pool_state);
    }

    fn position_locked(&mut self, e: &PositionLocked) {
        let subject = Subject::Position(e.pool, e.holder);
        let Some(position) = self.staking.positions.get_mut(&(e.pool, e.holder)) else {
            return self.findings.refused(subject, "never opened");
        };
        let before = position.locked_until;
        if let Err(error) = position.lock(e.until, e.stamp.time) {
            self.findings.refused(subject, error);
        }
        self.findings.check(subject, "locked_until", position.locked_until, e.until);
        self.handed.locked = Some((e.pool, e.holder, before, e.until));
    }
}
