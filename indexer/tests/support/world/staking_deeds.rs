//! Pools, stake, rewards and losses.
use super::{World, pda};
use anchor_lang::prelude::Pubkey;
use credits::Purpose;
use economy::stake as rules;
use indexer::Program::Staking;
use staking::SlashReason;
use staking::constants::{CONFIG_SEED, POOL_SEED, REWARDS_SEED};
use staking::events::*;
use staking::state::{Pool, PoolKind, PoolState, Position, PositionState};

impl World {
    pub fn open_pool(&mut self, owner: Pubkey, operator: bool, commission_bps: u16) -> Pubkey {
        let kind = if operator { PoolKind::Operator } else { PoolKind::User };
        let address = pda(Staking, &[POOL_SEED, owner.as_ref(), &[kind as u8]]);
        if !operator {
            self.share_loyalty(owner);
        }
        let mut pool = Pool {
            owner,
            kind,
            payer: owner,
            active: 0,
            reserved: 0,
            warming: 0,
            cooling: 0,
            factor: 0,
            index: 0,
            scaled_index: 0,
            carry: 0,
            undistributed: 0,
            rewards_index: 0,
            commission_bps,
            commission_epoch: self.epoch(),
            commission_owed: 0,
            slash_epoch: 0,
            slash_base: 0,
            slashed: 0,
            bump: 255,
        };
        pool.write(&rules::Pool::open(operator, commission_bps, &self.ledger.rewards.rules()));
        let rewards_index = pool.rewards_index;
        self.ledger.pools.insert(address, pool);
        let stamp = self.stamp(Staking, &address);
        self.say(Staking, &PoolOpened { stamp, pool: address, owner, kind, commission_bps, rewards_index });
        self.done();
        address
    }

    /// Takes one step by the rules, as the program does.
    fn step<T>(
        &mut self,
        pool: Pubkey,
        holder: Pubkey,
        rule: impl FnOnce(&mut rules::Rewards, &mut rules::Pool, &mut rules::Position) -> Result<T, rules::StakeError>,
    ) -> (T, PositionState, PoolState) {
        let account = self.ledger.pools.get_mut(&pool).unwrap();
        let position = self.ledger.positions.get_mut(&(pool, holder)).unwrap();
        let (mut r, mut p, mut q) = (self.ledger.rewards.rules(), account.rules(), position.rules());
        let done = rule(&mut r, &mut p, &mut q).unwrap();
        self.ledger.rewards.write(&r);
        account.write(&p);
        position.write(&q);
        (done, position.state(), account.state())
    }

    pub fn stake(&mut self, pool: Pubkey, holder: Pubkey, amount: u64) {
        let fresh = rules::Position::open(&self.ledger.pools[&pool].rules());
        self.ledger.positions.entry((pool, holder)).or_insert_with(|| {
            let mut position = Position {
                pool,
                holder,
                payer: holder,
                active: 0,
                reserved: 0,
                warming: 0,
                warm_epoch: 0,
                cooling: 0,
                cool_epoch: 0,
                factor: 0,
                index: 0,
                scaled_index: 0,
                owed: 0,
                locked_until: 0,
                bump: 255,
            };
            position.write(&fresh);
            position
        });
        self.ledger.stake_vault += amount;
        let epoch = self.epoch();
        let (due, position, pool_state) = self.step(pool, holder, |r, p, q| rules::stake(r, p, q, amount, epoch));
        let event = StakeAdded {
            stamp: self.stamp(Staking, &pool),
            pool,
            holder,
            amount,
            warm_epoch: rules::warm_epoch(epoch),
            fold: due.fold,
            activated: due.activated,
            position,
            pool_state,
        };
        self.say(Staking, &event);
        self.done();
    }

    pub fn refresh(&mut self, pool: Pubkey, holder: Pubkey) {
        let epoch = self.epoch();
        let (due, position, pool_state) = self.step(pool, holder, |r, p, q| rules::refresh(r, p, q, epoch));
        let stamp = self.stamp(Staking, &pool);
        let (fold, activated) = (due.fold, due.activated);
        self.say(Staking, &StakeActivated { stamp, pool, holder, fold, activated, position, pool_state });
        self.done();
    }

    pub fn unstake(&mut self, pool: Pubkey, holder: Pubkey, amount: u64) {
        let (now, epoch) = (self.now(), self.epoch());
        let cool_epoch = self.ledger.staking.cool_epoch(now);
        let (due, position, pool_state) =
            self.step(pool, holder, |r, p, q| rules::unstake(r, p, q, amount, now, epoch, cool_epoch));
        let event = UnstakeStarted {
            stamp: self.stamp(Staking, &pool),
            pool,
            holder,
            amount,
            cool_epoch,
            fold: due.fold,
            activated: due.activated,
            position,
            pool_state,
        };
        self.say(Staking, &event);
        self.done();
    }

    pub fn withdraw(&mut self, pool: Pubkey, holder: Pubkey) {
        let epoch = self.epoch();
        let ((due, amount), position, pool_state) = self.step(pool, holder, |r, p, q| rules::withdraw(r, p, q, epoch));
        self.ledger.stake_vault -= amount;
        let stamp = self.stamp(Staking, &pool);
        let (fold, activated) = (due.fold, due.activated);
        self.say(Staking, &StakeWithdrawn { stamp, pool, holder, amount, fold, activated, position, pool_state });
        self.done();
    }

    pub fn close_position(&mut self, pool: Pubkey, holder: Pubkey) {
        let epoch = self.epoch();
        let (due, _, pool_state) = self.step(pool, holder, |r, p, q| rules::refresh(r, p, q, epoch));
        let position = self.ledger.positions.remove(&(pool, holder)).unwrap();
        assert!(position.rules().is_empty());
        let stamp = self.stamp(Staking, &pool);
        self.say(Staking, &PositionClosed { stamp, pool, holder, fold: due.fold, pool_state });
        self.done();
    }

    pub fn collect(&mut self) {
        let amount = self.ledger.emission.budgets[Purpose::Stakers as usize].mintable(self.epoch());
        assert!(amount > 0 && self.ledger.rewards.weight > 0);
        self.mint_scheduled(Purpose::Stakers, self.ledger.staking.reward_vault, amount);
        self.ledger.reward_vault += amount;
        let mut rewards = self.ledger.rewards.rules();
        rewards.distribute(amount).unwrap();
        self.ledger.rewards.write(&rewards);
        let stamp = self.stamp(Staking, &pda(Staking, &[REWARDS_SEED]));
        let r = &self.ledger.rewards;
        let (undistributed, index, weight, collected) = (r.undistributed, r.index, r.weight, r.collected);
        self.say(Staking, &RewardsCollected { stamp, amount, undistributed, index, weight, collected });
        self.done();
    }

    fn fold_in(&mut self, pool: Pubkey) -> rules::Fold {
        let account = self.ledger.pools.get_mut(&pool).unwrap();
        account.fold(&self.ledger.rewards).unwrap()
    }

    pub fn fold(&mut self, pool: Pubkey) {
        let rules::Fold { reward, commission } = self.fold_in(pool);
        let (stamp, pool_state) = (self.stamp(Staking, &pool), self.ledger.pools[&pool].state());
        self.say(Staking, &PoolFolded { stamp, pool, reward, commission, pool_state });
        self.done();
    }

    pub fn claim_rewards(&mut self, pool: Pubkey, holder: Pubkey) {
        let epoch = self.epoch();
        let ((due, amount), position, pool_state) = self.step(pool, holder, |r, p, q| rules::claim(r, p, q, epoch));
        self.ledger.reward_vault -= amount;
        let stamp = self.stamp(Staking, &pool);
        let (fold, activated) = (due.fold, due.activated);
        self.say(Staking, &RewardsClaimed { stamp, pool, holder, amount, fold, activated, position, pool_state });
        self.done();
    }

    pub fn claim_rebates(&mut self, pool: Pubkey, holder: Pubkey) {
        let epoch = self.epoch();
        let ((due, amount), position, pool_state) = self.step(pool, holder, |r, p, q| rules::claim(r, p, q, epoch));
        self.mint_rebate(self.ledger.pools[&pool].owner, holder, amount);
        let (stamp, activated) = (self.stamp(Staking, &pool), due.activated);
        self.say(Staking, &RebatesClaimed { stamp, pool, holder, amount, activated, position, pool_state });
        self.done();
    }

    pub fn claim_commission(&mut self, pool: Pubkey) {
        let fold = self.fold_in(pool).reward;
        let account = self.ledger.pools.get_mut(&pool).unwrap();
        let (mut rewards, mut rules) = (self.ledger.rewards.rules(), account.rules());
        let amount = rules.take_commission(&mut rewards).unwrap();
        account.write(&rules);
        let (owner, pool_state) = (account.owner, account.state());
        self.ledger.rewards.write(&rewards);
        self.ledger.reward_vault -= amount;
        let stamp = self.stamp(Staking, &pool);
        self.say(Staking, &CommissionClaimed { stamp, pool, owner, amount, fold, pool_state });
        self.done();
    }

    pub fn set_commission(&mut self, pool: Pubkey, new: u16) {
        let epoch = self.epoch();
        let fold = self.fold_in(pool).reward;
        let account = self.ledger.pools.get_mut(&pool).unwrap();
        let old = account.commission_bps;
        rules::change_commission(old, account.commission_epoch, new, epoch, self.ledger.staking.max_commission_bps)
            .unwrap();
        (account.commission_bps, account.commission_epoch) = (new, epoch);
        let pool_state = account.state();
        let stamp = self.stamp(Staking, &pool);
        self.say(Staking, &CommissionSet { stamp, pool, old, new, epoch, fold, pool_state });
        self.done();
    }

    pub fn redeem_loyalty(&mut self, owner: Pubkey, points: u64) {
        let pool = pda(Staking, &[POOL_SEED, owner.as_ref(), &[PoolKind::User as u8]]);
        let stakers_bps = 10_000 - self.ledger.pools[&pool].commission_bps;
        let (points, to_user, to_stakers) = self.redeem_points(owner, points, stakers_bps);
        let account = self.ledger.pools.get_mut(&pool).unwrap();
        let mut rules = account.rules();
        rules.distribute(to_stakers).unwrap();
        account.write(&rules);
        let pool_state = account.state();
        let stamp = self.stamp(Staking, &pool);
        self.say(Staking, &LoyaltyShared { stamp, pool, owner, points, to_user, to_stakers, pool_state });
        self.done();
    }

    pub(super) fn reserve(&mut self, pool: Pubkey, amount: u64) {
        let owner = self.ledger.pools[&pool].owner;
        let ((), position, pool_state) = self.step(pool, owner, |_, p, q| rules::reserve(p, q, amount));
        let stamp = self.stamp(Staking, &pool);
        self.say(Staking, &StakeReserved { stamp, pool, amount, position, pool_state });
    }

    pub(super) fn release(&mut self, pool: Pubkey, amount: u64) {
        let owner = self.ledger.pools[&pool].owner;
        let ((), position, pool_state) = self.step(pool, owner, |_, p, q| rules::release(p, q, amount));
        let stamp = self.stamp(Staking, &pool);
        self.say(Staking, &StakeReleased { stamp, pool, amount, position, pool_state });
    }

    pub(super) fn forfeit(&mut self, pool: Pubkey, user: Pubkey, reserved: u64, amount: u64) {
        let owner = self.ledger.pools[&pool].owner;
        let (fold, position, pool_state) = self.step(pool, owner, |r, p, q| rules::forfeit(r, p, q, reserved, amount));
        self.ledger.stake_vault -= amount;
        let (stamp, released) = (self.stamp(Staking, &pool), reserved - amount);
        let event = StakeForfeited { stamp, pool, user, to_user: amount, released, fold, position, pool_state };
        self.say(Staking, &event);
    }

    /// As a part of a transaction; see [`slash`](Self::slash).
    pub(super) fn take(&mut self, pool: Pubkey, reserved: u64, beyond: u64, reason: SlashReason) {
        let (owner, config, epoch) = (self.ledger.pools[&pool].owner, &self.ledger.staking, self.epoch());
        let (cap_bps, prover_bps) = (config.slash_cap_bps, reason.share(config.prover_bps));
        let order = rules::Slash { reserved, beyond, epoch, cap_bps, prover_bps };
        let (done, position, pool_state) = self.step(pool, owner, |r, p, q| rules::slash(r, p, q, order));
        self.ledger.stake_vault -= done.to_prover + done.burned;
        self.ledger.io_supply -= done.burned;
        let account = &self.ledger.pools[&pool];
        let of_now = account.slash_epoch == epoch;
        let (epoch_slashed, slash_base) = if of_now { (account.slashed, account.slash_base) } else { (0, 0) };
        let factor = account.factor;
        let event = StakeSlashed {
            stamp: self.stamp(Staking, &pool),
            pool,
            reason,
            reserved: done.reserved,
            beyond: done.beyond,
            to_prover: done.to_prover,
            burned: done.burned,
            factor,
            epoch,
            epoch_slashed,
            slash_base,
            fold: done.fold,
            position,
            pool_state,
        };
        self.say(Staking, &event);
    }

    pub fn slash(&mut self, pool: Pubkey, reserved: u64, beyond: u64) {
        self.take(pool, reserved, beyond, SlashReason::WrongCell);
        self.done();
    }

    pub(super) fn lock_position(&mut self, pool: Pubkey, holder: Pubkey, until: i64) {
        let now = self.now();
        let position = self.ledger.positions.get_mut(&(pool, holder)).unwrap();
        let mut rules = position.rules();
        rules.lock(until, now).unwrap();
        position.write(&rules);
        let until = position.locked_until;
        let stamp = self.stamp(Staking, &pool);
        self.say(Staking, &PositionLocked { stamp, pool, holder, until });
    }

    pub(super) fn order_staking(&mut self, order: staking::Order) {
        let stamp = self.stamp(Staking, &pda(Staking, &[CONFIG_SEED]));
        match order {
            staking::Order::Set { parameter, value } => {
                let old = self.ledger.staking.set(parameter, value).unwrap();
                self.say(Staking, &ParameterSet { stamp, parameter, old, new: value });
            }
            staking::Order::Pause { flags } => {
                self.ledger.staking.paused = flags;
                self.say(Staking, &Paused { stamp, flags });
            }
            staking::Order::OfferAuthority { to } => {
                self.ledger.staking.pending_authority = to;
                self.say(Staking, &AuthorityOffered { stamp, to });
            }
        }
    }
}
