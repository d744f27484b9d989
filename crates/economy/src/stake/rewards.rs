//! Rewards on their way down: from the schedule to pools, from a pool to its positions.
use super::{StakeError, add, sub};
use crate::BPS;
use crate::index::{Index, ONE, earned, scaled};
use crate::math::mul_div_floor;

/// Stake and rewards of all pools, IO base units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rewards {
    /// Active and reserved in operator pools: what the schedule pays for.
    pub weight: u64,
    /// Active and reserved in all pools: what quorums are a part of.
    pub staked: u64,
    /// Rewards per unit of `weight`.
    pub index: Index,
    /// Ever taken from the schedule.
    pub collected: u64,
    /// Ever paid out, commissions included.
    pub claimed: u64,
    /// Ever slashed, reservations included.
    pub slashed: u64,
    /// The part of it that was burned.
    pub burned: u64,
}

impl Rewards {
    /// Takes `amount` from the schedule and gives it to the operator pools by weight. Rounded down per pool; what is
    /// lost to rounding is carried to the next time.
    ///
    /// # Errors
    /// If a sum does not fit.
    pub fn distribute(&mut self, amount: u64) -> Result<(), StakeError> {
        self.collected = add(self.collected, amount)?;
        self.index.distribute(amount, self.weight)?;
        Ok(())
    }

    /// Counts what was paid to holders and operators. Exact.
    ///
    /// # Errors
    /// If more were paid than was ever taken.
    pub fn pay(&mut self, amount: u64) -> Result<(), StakeError> {
        self.claimed = add(self.claimed, amount)?;
        if self.claimed > self.collected {
            return Err(StakeError::Books);
        }
        Ok(())
    }

    pub(super) fn join(&mut self, pool: &Pool, amount: u64) -> Result<(), StakeError> {
        self.staked = add(self.staked, amount)?;
        if pool.operator {
            self.weight = add(self.weight, amount)?;
        }
        Ok(())
    }

    pub(super) fn leave(&mut self, pool: &Pool, amount: u64) -> Result<(), StakeError> {
        self.staked = sub(self.staked, amount)?;
        if pool.operator {
            self.weight = sub(self.weight, amount)?;
        }
        Ok(())
    }
}

/// One pool. Stake in IO base units; rewards in IO for an operator's pool, in IOSD for a user's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pool {
    /// An operator's pool: it earns from the schedule and stands for jobs. Otherwise a user's, which earns rebates.
    pub operator: bool,
    pub active: u64,
    pub reserved: u64,
    pub warming: u64,
    pub cooling: u64,
    /// What a unit staked at [`ONE`] is still worth.
    pub factor: u64,
    /// Rewards per unit of reserved stake.
    pub index: Index,
    /// Rewards per unit of stake that was staked at [`ONE`].
    pub scaled_index: u128,
    /// [`Rewards::index`] at the last fold.
    pub rewards_index: u128,
    pub commission_bps: u16,
    /// Commission not paid out yet.
    pub commission_owed: u64,
    /// Epoch of the last slash beyond reservations.
    pub slash_epoch: u64,
    /// Active, warming and cooling before that epoch's first one.
    pub slash_base: u64,
    /// Taken beyond reservations in that epoch.
    pub slashed: u64,
}

/// What a fold brought.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fold {
    /// Commission included.
    pub reward: u64,
    pub commission: u64,
}

impl Pool {
    /// An empty pool that earns from now on.
    pub fn open(operator: bool, commission_bps: u16, rewards: &Rewards) -> Self {
        Pool {
            operator,
            active: 0,
            reserved: 0,
            warming: 0,
            cooling: 0,
            factor: ONE,
            index: Index::default(),
            scaled_index: 0,
            rewards_index: rewards.index.value,
            commission_bps,
            commission_owed: 0,
            slash_epoch: 0,
            slash_base: 0,
            slashed: 0,
        }
    }

    /// What earns: active and reserved.
    ///
    /// # Errors
    /// If the sum does not fit.
    pub fn weight(&self) -> Result<u64, StakeError> {
        add(self.active, self.reserved)
    }

    /// Brings in what the pool earned since the last fold: must come before any change of its weight, factor or
    /// commission. The reward and the commission are rounded down, the rest of the reward goes to the positions. A
    /// user's pool earns nothing here.
    ///
    /// # Errors
    /// If an amount does not fit.
    pub fn fold(&mut self, rewards: &Rewards) -> Result<Fold, StakeError> {
        if !self.operator || self.rewards_index == rewards.index.value {
            return Ok(Fold::default());
        }
        let growth = rewards.index.value.checked_sub(self.rewards_index).ok_or(StakeError::Books)?;
        let reward = earned(self.weight()?, growth)?;
        self.rewards_index = rewards.index.value;
        let commission = mul_div_floor(reward, u64::from(self.commission_bps), BPS)?;
        self.commission_owed = add(self.commission_owed, commission)?;
        self.distribute(sub(reward, commission)?)?;
        Ok(Fold { reward, commission })
    }

    /// Gives `amount` to the positions by weight. Rounded down per position; what is lost to rounding of the index is
    /// carried to the next time. Without weight it waits for the next time.
    ///
    /// # Errors
    /// If an amount does not fit.
    pub fn distribute(&mut self, amount: u64) -> Result<(), StakeError> {
        let growth = self.index.distribute(amount, self.weight()?)?;
        let growth = scaled(growth, self.factor)?;
        self.scaled_index = self.scaled_index.checked_add(growth).ok_or(StakeError::Overflow)?;
        Ok(())
    }

    /// Takes the commission out of the books and returns it. Exact. Fold first.
    ///
    /// # Errors
    /// [`StakeError::Nothing`] if there is none.
    pub fn take_commission(&mut self, rewards: &mut Rewards) -> Result<u64, StakeError> {
        let amount = core::mem::take(&mut self.commission_owed);
        if amount == 0 {
            return Err(StakeError::Nothing);
        }
        rewards.pay(amount)?;
        Ok(amount)
    }
}
