//! One holder's part of a pool, and what holders may do with it.
use super::{MAX_LOCK_S, Pool, Rewards, StakeError, WORN_OUT, add, sub, warm_epoch};
use crate::index::{earned, earned_at};
use crate::math::mul_div_floor;

/// One holder's part of a pool. Amounts but `reserved` and `owed` are as of `factor`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Position {
    pub active: u64,
    /// Standing for jobs; only in the own position of a pool's operator.
    pub reserved: u64,
    pub warming: u64,
    /// First epoch in which `warming` may become active.
    pub warm_epoch: u64,
    pub cooling: u64,
    /// First epoch in which `cooling` may be withdrawn.
    pub cool_epoch: u64,
    /// The pool's, when the position was last settled; its indices likewise.
    pub factor: u64,
    pub index: u128,
    pub scaled_index: u128,
    /// Rewards not paid out yet, in the pool's coin.
    pub owed: u64,
    /// Nothing can be taken out before, unix time in seconds.
    pub locked_until: i64,
}

/// What was due before a step and came first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Due {
    /// Reward that the pool brought in, commission included.
    pub fold: u64,
    /// Stake that was warm and became active.
    pub activated: u64,
}

impl Position {
    /// An empty position that earns from now on.
    pub fn open(pool: &Pool) -> Self {
        Position {
            factor: pool.factor,
            index: pool.index.value,
            scaled_index: pool.scaled_index,
            ..Position::default()
        }
    }

    /// Brings in what the position earned and lost since it was last settled: must come before any change of it.
    /// Rewards are rounded down, and so is what is left of its stake.
    ///
    /// # Errors
    /// If an amount does not fit.
    pub fn settle(&mut self, pool: &Pool) -> Result<(), StakeError> {
        let growth = pool.index.value.checked_sub(self.index).ok_or(StakeError::Books)?;
        let scaled_growth = pool.scaled_index.checked_sub(self.scaled_index).ok_or(StakeError::Books)?;
        let active = earned_at(self.active, scaled_growth, self.factor)?;
        self.owed = add(self.owed, add(active, earned(self.reserved, growth)?)?)?;
        (self.index, self.scaled_index) = (pool.index.value, pool.scaled_index);
        if self.factor != pool.factor {
            for bucket in [&mut self.active, &mut self.warming, &mut self.cooling] {
                *bucket = mul_div_floor(*bucket, pool.factor, self.factor)?;
            }
            self.factor = pool.factor;
        }
        Ok(())
    }

    /// What the position counts in a vote: active and reserved, after the pool's losses. Rounded down.
    ///
    /// # Errors
    /// If the sum does not fit.
    pub fn weight(&self, pool_factor: u64) -> Result<u64, StakeError> {
        let active = match self.factor {
            factor if factor == pool_factor => self.active,
            factor => mul_div_floor(self.active, pool_factor, factor)?,
        };
        add(active, self.reserved)
    }

    /// Keeps everything in until `until`, or longer if it was locked for longer.
    ///
    /// # Errors
    /// [`StakeError::LockTooLong`] past [`MAX_LOCK_S`] from `now`.
    pub fn lock(&mut self, until: i64, now: i64) -> Result<(), StakeError> {
        if until > now.saturating_add(MAX_LOCK_S) {
            return Err(StakeError::LockTooLong);
        }
        self.locked_until = self.locked_until.max(until);
        Ok(())
    }

    /// Nothing staked and nothing owed: it may be closed.
    pub fn is_empty(&self) -> bool {
        [self.active, self.reserved, self.warming, self.cooling, self.owed] == [0; 5]
    }
}

/// Brings everything up to date: the pool's rewards, the position's rewards and losses, and stake that is warm becomes
/// active. Anyone may do it at any time, and nobody loses by when it is done but for a rounding of less than one unit
/// of reward.
///
/// # Errors
/// If an amount does not fit.
pub fn refresh(rewards: &mut Rewards, pool: &mut Pool, position: &mut Position, epoch: u64) -> Result<Due, StakeError> {
    let fold = pool.fold(rewards)?.reward;
    position.settle(pool)?;
    if position.warming == 0 || epoch < position.warm_epoch {
        return Ok(Due { fold, activated: 0 });
    }
    let activated = core::mem::take(&mut position.warming);
    position.active = add(position.active, activated)?;
    pool.warming = sub(pool.warming, activated)?;
    pool.active = add(pool.active, activated)?;
    rewards.join(pool, activated)?;
    Ok(Due { fold, activated })
}

/// Adds `amount`, which must have arrived in the vault. It warms until a full epoch has passed, with everything that is
/// still warming. Exact.
///
/// # Errors
/// [`StakeError::Zero`], or [`StakeError::WornOut`] in a pool that has lost nearly everything.
pub fn stake(
    rewards: &mut Rewards,
    pool: &mut Pool,
    position: &mut Position,
    amount: u64,
    epoch: u64,
) -> Result<Due, StakeError> {
    if amount == 0 {
        return Err(StakeError::Zero);
    }
    if pool.factor < WORN_OUT {
        return Err(StakeError::WornOut);
    }
    let due = refresh(rewards, pool, position, epoch)?;
    position.warming = add(position.warming, amount)?;
    position.warm_epoch = warm_epoch(epoch);
    pool.warming = add(pool.warming, amount)?;
    Ok(due)
}

/// Takes `amount` out of active and then of warming stake; it can be withdrawn in epoch `cool_epoch`, with everything
/// that is still cooling. Exact.
///
/// # Errors
/// [`StakeError::Locked`] by a vote, [`StakeError::Zero`], [`StakeError::NotEnoughStake`]: what is reserved stays in.
pub fn unstake(
    rewards: &mut Rewards,
    pool: &mut Pool,
    position: &mut Position,
    amount: u64,
    now: i64,
    epoch: u64,
    cool_epoch: u64,
) -> Result<Due, StakeError> {
    if now < position.locked_until {
        return Err(StakeError::Locked);
    }
    if amount == 0 {
        return Err(StakeError::Zero);
    }
    let due = refresh(rewards, pool, position, epoch)?;
    let active = amount.min(position.active);
    let warming = sub(amount, active)?;
    position.active = sub(position.active, active)?;
    position.warming = position.warming.checked_sub(warming).ok_or(StakeError::NotEnoughStake)?;
    position.cooling = add(position.cooling, amount)?;
    position.cool_epoch = cool_epoch;
    pool.active = sub(pool.active, active)?;
    pool.warming = sub(pool.warming, warming)?;
    pool.cooling = add(pool.cooling, amount)?;
    rewards.leave(pool, active)?;
    Ok(due)
}

/// Takes all cooling stake out of the books and returns it, to be paid from the vault. Exact, after the pool's losses.
///
/// # Errors
/// [`StakeError::StillCooling`], or [`StakeError::Nothing`] if nothing is cooling.
pub fn withdraw(
    rewards: &mut Rewards,
    pool: &mut Pool,
    position: &mut Position,
    epoch: u64,
) -> Result<(Due, u64), StakeError> {
    let due = refresh(rewards, pool, position, epoch)?;
    if position.cooling == 0 {
        return Err(StakeError::Nothing);
    }
    if epoch < position.cool_epoch {
        return Err(StakeError::StillCooling);
    }
    let amount = core::mem::take(&mut position.cooling);
    pool.cooling = sub(pool.cooling, amount)?;
    Ok((due, amount))
}

/// Takes all rewards of the position out of the books and returns them, to be paid from the reward vault (an operator's
/// pool) or minted (a user's). Rounded down.
///
/// # Errors
/// [`StakeError::Nothing`] if nothing is owed.
pub fn claim(
    rewards: &mut Rewards,
    pool: &mut Pool,
    position: &mut Position,
    epoch: u64,
) -> Result<(Due, u64), StakeError> {
    let due = refresh(rewards, pool, position, epoch)?;
    let amount = core::mem::take(&mut position.owed);
    if amount == 0 {
        return Err(StakeError::Nothing);
    }
    if pool.operator {
        rewards.pay(amount)?;
    }
    Ok((due, amount))
}
