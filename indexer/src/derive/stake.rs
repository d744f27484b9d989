//! Stake, its rewards and its losses.
use super::pools::{self, PositionChange};
use super::{Inserted, amount, bytes, ensure_operator, ensure_user, orders};
use crate::decode::{StakingEvent, words};
use ::staking::events::*;
use ::staking::state::{PoolKind, PoolState, PositionState};
use anchor_lang::prelude::Pubkey;
use sqlx::PgConnection;

/// What most events say of a position and its pool.
struct Said<'a> {
    pool: &'a Pubkey,
    holder: &'a Pubkey,
    state: &'a PositionState,
    pool_state: &'a PoolState,
    fold: u64,
    about: u64,
}

impl<'a> Said<'a> {
    fn change(&self) -> PositionChange<'a> {
        PositionChange {
            pool: self.pool,
            holder: self.holder,
            state: self.state,
            factor: self.pool_state.factor,
            warm_epoch: None,
            cool_epoch: None,
            claimed: 0,
        }
    }
}

/// The fields have the same names in all of these events.
macro_rules! said {
    ($e:ident, $fold:expr, $about:expr) => {
        Said {
            pool: &$e.pool,
            holder: &$e.holder,
            state: &$e.position,
            pool_state: &$e.pool_state,
            fold: $fold,
            about: $about,
        }
    };
}

pub async fn apply(tx: &mut PgConnection, row: &Inserted<'_>, event: &StakingEvent) -> Result<(), sqlx::Error> {
    match event {
        StakingEvent::ShardOpened(_) => Ok(()),
        StakingEvent::PoolOpened(e) => opened(tx, row, e).await,
        StakingEvent::StakeAdded(e) => {
            let said = said!(e, e.fold, e.amount);
            let change = PositionChange { warm_epoch: Some(e.warm_epoch), ..said.change() };
            held(tx, row, &said, change).await
        }
        StakingEvent::StakeActivated(e) => {
            let said = said!(e, e.fold, e.activated);
            held(tx, row, &said, said.change()).await
        }
        StakingEvent::UnstakeStarted(e) => {
            let said = said!(e, e.fold, e.amount);
            let change = PositionChange { cool_epoch: Some(e.cool_epoch), ..said.change() };
            held(tx, row, &said, change).await
        }
        StakingEvent::StakeWithdrawn(e) => {
            let said = said!(e, e.fold, e.amount);
            held(tx, row, &said, said.change()).await
        }
        StakingEvent::PositionClosed(e) => {
            pools::pool(tx, row, &e.pool, &e.pool_state, e.fold).await?;
            pools::close(tx, row, &e.pool, &e.holder).await?;
            pools::tell(tx, row, Some(&e.pool), Some(&e.holder), None).await
        }
        StakingEvent::RewardsCollected(e) => collected(tx, row, e).await,
        StakingEvent::PoolFolded(e) => {
            pools::pool(tx, row, &e.pool, &e.pool_state, e.reward).await?;
            pools::tell(tx, row, Some(&e.pool), None, Some(e.reward.into())).await
        }
        StakingEvent::RewardsClaimed(e) => {
            count_claimed(tx, e.amount).await?;
            claimed(tx, row, &said!(e, e.fold, e.amount)).await
        }
        StakingEvent::RebatesClaimed(e) => claimed(tx, row, &said!(e, 0, e.amount)).await,
        StakingEvent::CommissionClaimed(e) => {
            count_claimed(tx, e.amount).await?;
            pools::pool(tx, row, &e.pool, &e.pool_state, e.fold).await?;
            sqlx::query("UPDATE pools SET commission_claimed = commission_claimed + $2::numeric WHERE address = $1")
                .bind(bytes(&e.pool))
                .bind(amount(e.amount))
                .execute(&mut *tx)
                .await?;
            pools::tell(tx, row, Some(&e.pool), Some(&e.owner), Some(e.amount.into())).await
        }
        StakingEvent::CommissionSet(e) => {
            pools::pool(tx, row, &e.pool, &e.pool_state, e.fold).await?;
            sqlx::query("UPDATE pools SET commission_bps = $2 WHERE address = $1")
                .bind(bytes(&e.pool))
                .bind(i32::from(e.new))
                .execute(&mut *tx)
                .await?;
            pools::tell(tx, row, Some(&e.pool), None, None).await
        }
        StakingEvent::LoyaltyShared(e) => {
            pools::pool(tx, row, &e.pool, &e.pool_state, e.to_stakers).await?;
            pools::tell(tx, row, Some(&e.pool), None, Some(e.to_stakers.into())).await
        }
        StakingEvent::StakeReserved(e) => {
            own(tx, row, &e.pool, &e.position, &e.pool_state, 0).await?;
            pools::tell(tx, row, Some(&e.pool), None, Some(e.amount.into())).await
        }
        StakingEvent::StakeReleased(e) => {
            own(tx, row, &e.pool, &e.position, &e.pool_state, 0).await?;
            pools::tell(tx, row, Some(&e.pool), None, Some(e.amount.into())).await
        }
        StakingEvent::StakeForfeited(e) => forfeited(tx, row, e).await,
        StakingEvent::StakeSlashed(e) => slashed(tx, row, e).await,
        StakingEvent::PositionLocked(e) => {
            sqlx::query("UPDATE positions SET locked_until = $2, slot = $3 WHERE address = $1")
                .bind(bytes(&pools::position_address(&e.pool, &e.holder)))
                .bind(e.until)
                .bind(row.slot)
                .execute(&mut *tx)
                .await?;
            pools::tell(tx, row, Some(&e.pool), Some(&e.holder), None).await
        }
        StakingEvent::ParameterSet(e) => orders::parameter(tx, row, &words::name(e.parameter), e.old, e.new).await,
        StakingEvent::Paused(e) => orders::paused(tx, row, e.flags).await,
        StakingEvent::AuthorityOffered(e) => orders::offered(tx, row, &e.to).await,
        StakingEvent::AuthorityAccepted(e) => orders::accepted(tx, row, &e.authority).await,
    }
}

async fn opened(tx: &mut PgConnection, row: &Inserted<'_>, e: &PoolOpened) -> Result<(), sqlx::Error> {
    match e.kind {
        PoolKind::Operator => ensure_operator(tx, row, &e.owner).await?,
        PoolKind::User => ensure_user(tx, row, &e.owner).await?,
    }
    sqlx::query(
        "INSERT INTO pools (address, event_id, owner, kind, commission_bps, opened_time, opened_signature, slot)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (address) DO NOTHING",
    )
    .bind(bytes(&e.pool))
    .bind(row.id)
    .bind(bytes(&e.owner))
    .bind(words::pool_kind(e.kind))
    .bind(i32::from(e.commission_bps))
    .bind(e.stamp.time)
    .bind(row.signature.as_slice())
    .bind(row.slot)
    .execute(&mut *tx)
    .await?;
    pools::tell(tx, row, Some(&e.pool), None, None).await
}

async fn held(
    tx: &mut PgConnection,
    row: &Inserted<'_>,
    said: &Said<'_>,
    change: PositionChange<'_>,
) -> Result<(), sqlx::Error> {
    pools::pool(tx, row, said.pool, said.pool_state, said.fold).await?;
    pools::position(tx, row, change).await?;
    pools::tell(tx, row, Some(said.pool), Some(said.holder), Some(said.about.into())).await
}

async fn claimed(tx: &mut PgConnection, row: &Inserted<'_>, said: &Said<'_>) -> Result<(), sqlx::Error> {
    held(tx, row, said, PositionChange { claimed: said.about, ..said.change() }).await?;
    sqlx::query("UPDATE pools SET claimed = claimed + $2::numeric WHERE address = $1")
        .bind(bytes(said.pool))
        .bind(amount(said.about))
        .execute(tx)
        .await?;
    Ok(())
}

/// Rewards in IO, paid from the schedule.
async fn count_claimed(tx: &mut PgConnection, paid: u64) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE rewards SET claimed = claimed + $1::numeric").bind(amount(paid)).execute(tx).await?;
    Ok(())
}

async fn collected(tx: &mut PgConnection, row: &Inserted<'_>, e: &RewardsCollected) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE rewards SET collected = $1::numeric, index = $2::numeric, undistributed = $3::numeric, slot = $4",
    )
    .bind(amount(e.collected))
    .bind(amount(e.index))
    .bind(amount(e.undistributed))
    .bind(row.slot)
    .execute(&mut *tx)
    .await?;
    pools::tell(tx, row, None, None, Some(e.amount.into())).await
}

/// The operator's own position, which these events do not name. Returns whose it is.
async fn own(
    tx: &mut PgConnection,
    row: &Inserted<'_>,
    pool: &Pubkey,
    state: &PositionState,
    pool_state: &PoolState,
    fold: u64,
) -> Result<Option<Pubkey>, sqlx::Error> {
    pools::pool(tx, row, pool, pool_state, fold).await?;
    let owner = pools::owner(tx, row, pool).await?;
    if let Some(holder) = &owner {
        let said = Said { pool, holder, state, pool_state, fold, about: 0 };
        pools::position(tx, row, said.change()).await?;
    }
    Ok(owner)
}

async fn forfeited(tx: &mut PgConnection, row: &Inserted<'_>, e: &StakeForfeited) -> Result<(), sqlx::Error> {
    let owner = own(tx, row, &e.pool, &e.position, &e.pool_state, e.fold).await?;
    sqlx::query("UPDATE pools SET forfeited = forfeited + $2::numeric WHERE address = $1")
        .bind(bytes(&e.pool))
        .bind(amount(e.to_user))
        .execute(&mut *tx)
        .await?;
    pools::tell(tx, row, Some(&e.pool), owner.as_ref(), Some(e.to_user.into())).await
}

async fn slashed(tx: &mut PgConnection, row: &Inserted<'_>, e: &StakeSlashed) -> Result<(), sqlx::Error> {
    let owner = own(tx, row, &e.pool, &e.position, &e.pool_state, e.fold).await?;
    sqlx::query(
        "UPDATE pools SET slashes = slashes + 1, slashed_reserved = slashed_reserved + $2::numeric,
             slashed_beyond = slashed_beyond + $3::numeric
         WHERE address = $1",
    )
    .bind(bytes(&e.pool))
    .bind(amount(e.reserved))
    .bind(amount(e.beyond))
    .execute(&mut *tx)
    .await?;
    let total = u128::from(e.reserved) + u128::from(e.beyond);
    sqlx::query("UPDATE rewards SET slashed = slashed + $1::numeric, burned = burned + $2::numeric")
        .bind(amount(total))
        .bind(amount(e.burned))
        .execute(&mut *tx)
        .await?;
    sqlx::query(
        "INSERT INTO epochs AS x (index, slash_burned, slot) VALUES ($1::numeric, $2::numeric, $3)
         ON CONFLICT (index) DO UPDATE SET slash_burned = x.slash_burned + $2::numeric, slot = $3",
    )
    .bind(amount(e.epoch))
    .bind(amount(e.burned))
    .bind(row.slot)
    .execute(&mut *tx)
    .await?;
    sqlx::query(
        "UPDATE totals SET io_slash_burned = io_slash_burned + $1::numeric, io_supply = io_supply - $1::numeric",
    )
    .bind(amount(e.burned))
    .execute(&mut *tx)
    .await?;
    pools::tell(tx, row, Some(&e.pool), owner.as_ref(), Some(total)).await
}
