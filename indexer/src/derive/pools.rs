//! Rows of pools and positions.
use super::{Inserted, amount, bytes, expect_row};
use ::staking::constants::POSITION_SEED;
use ::staking::state::{PoolState, PositionState};
use anchor_lang::prelude::Pubkey;
use sqlx::PgConnection;

/// Writes what a pool holds now, and counts what it gained or lost of earning stake for all pools. `rewarded` is what it
/// brought in.
pub async fn pool(
    tx: &mut PgConnection,
    row: &Inserted<'_>,
    pool: &Pubkey,
    state: &PoolState,
    rewarded: u64,
) -> Result<(), sqlx::Error> {
    let changed = sqlx::query(
        "WITH before AS (SELECT kind, active + reserved AS weight FROM pools WHERE address = $1),
         changed AS (
             UPDATE pools SET active = $2::numeric, reserved = $3::numeric, warming = $4::numeric,
                 cooling = $5::numeric, factor = $6::numeric, index = $7::numeric, scaled_index = $8::numeric,
                 commission_owed = $9::numeric, undistributed = $10::numeric, rewarded = rewarded + $11::numeric,
                 slot = $12
             WHERE address = $1)
         UPDATE rewards AS r SET
             staked = r.staked + $2::numeric + $3::numeric - before.weight,
             weight = r.weight + CASE before.kind WHEN 'operator' THEN $2::numeric + $3::numeric - before.weight ELSE 0 END,
             slot = $12
         FROM before",
    )
    .bind(bytes(pool))
    .bind(amount(state.active))
    .bind(amount(state.reserved))
    .bind(amount(state.warming))
    .bind(amount(state.cooling))
    .bind(amount(state.factor))
    .bind(amount(state.index))
    .bind(amount(state.scaled_index))
    .bind(amount(state.commission_owed))
    .bind(amount(state.undistributed))
    .bind(amount(rewarded))
    .bind(row.slot)
    .execute(tx)
    .await?;
    expect_row(changed.rows_affected(), row);
    Ok(())
}

/// Where a position is.
pub fn position_address(pool: &Pubkey, holder: &Pubkey) -> Pubkey {
    Pubkey::find_program_address(&[POSITION_SEED, pool.as_ref(), holder.as_ref()], &::staking::ID).0
}

/// What an event says of a position.
pub struct PositionChange<'a> {
    pub pool: &'a Pubkey,
    pub holder: &'a Pubkey,
    pub state: &'a PositionState,
    /// The pool's, which the amounts are as of.
    pub factor: u64,
    pub warm_epoch: Option<u64>,
    pub cool_epoch: Option<u64>,
    pub claimed: u64,
}

/// Writes what a position holds now; opens it if this is the first that is heard of it, or if it was closed.
pub async fn position(
    tx: &mut PgConnection,
    row: &Inserted<'_>,
    change: PositionChange<'_>,
) -> Result<(), sqlx::Error> {
    let PositionChange { pool, holder, state, factor, warm_epoch, cool_epoch, claimed } = change;
    let address = position_address(pool, holder);
    let closed: Option<bool> = sqlx::query_scalar("SELECT closed FROM positions WHERE address = $1")
        .bind(bytes(&address))
        .fetch_optional(&mut *tx)
        .await?;
    if closed != Some(false) {
        sqlx::query("UPDATE pools SET positions = positions + 1 WHERE address = $1")
            .bind(bytes(pool))
            .execute(&mut *tx)
            .await?;
    }
    sqlx::query(
        "INSERT INTO positions AS p (address, event_id, pool, holder, active, reserved, warming, cooling, owed, factor,
                                     warm_epoch, cool_epoch, claimed, slot)
         VALUES ($1, $2, $3, $4, $5::numeric, $6::numeric, $7::numeric, $8::numeric, $9::numeric, $10::numeric,
                 $11::numeric, $12::numeric, $13::numeric, $14)
         ON CONFLICT (address) DO UPDATE SET
             active = excluded.active, reserved = excluded.reserved, warming = excluded.warming,
             cooling = excluded.cooling, owed = excluded.owed, factor = excluded.factor,
             warm_epoch = coalesce(excluded.warm_epoch, p.warm_epoch),
             cool_epoch = coalesce(excluded.cool_epoch, p.cool_epoch),
             claimed = p.claimed + excluded.claimed, closed = FALSE, slot = excluded.slot",
    )
    .bind(bytes(&address))
    .bind(row.id)
    .bind(bytes(pool))
    .bind(bytes(holder))
    .bind(amount(state.active))
    .bind(amount(state.reserved))
    .bind(amount(state.warming))
    .bind(amount(state.cooling))
    .bind(amount(state.owed))
    .bind(amount(factor))
    .bind(warm_epoch.map(amount))
    .bind(cool_epoch.map(amount))
    .bind(amount(claimed))
    .bind(row.slot)
    .execute(tx)
    .await?;
    Ok(())
}

/// A position is gone: it held nothing any more.
pub async fn close(
    tx: &mut PgConnection,
    row: &Inserted<'_>,
    pool: &Pubkey,
    holder: &Pubkey,
) -> Result<(), sqlx::Error> {
    let closed = sqlx::query(
        "UPDATE positions SET active = 0, reserved = 0, warming = 0, cooling = 0, owed = 0, warm_epoch = NULL,
             cool_epoch = NULL, locked_until = NULL, closed = TRUE, slot = $2
         WHERE address = $1 AND NOT closed",
    )
    .bind(bytes(&position_address(pool, holder)))
    .bind(row.slot)
    .execute(&mut *tx)
    .await?;
    expect_row(closed.rows_affected(), row);
    sqlx::query("UPDATE pools SET positions = positions - 1 WHERE address = $1").bind(bytes(pool)).execute(tx).await?;
    Ok(())
}

/// Whose pool it is; none if its opening was missed.
pub async fn owner(tx: &mut PgConnection, row: &Inserted<'_>, pool: &Pubkey) -> Result<Option<Pubkey>, sqlx::Error> {
    let owner: Option<Vec<u8>> =
        sqlx::query_scalar("SELECT owner FROM pools WHERE address = $1").bind(bytes(pool)).fetch_optional(tx).await?;
    let owner = owner.and_then(|owner| Pubkey::try_from(owner.as_slice()).ok());
    expect_row(u64::from(owner.is_some()), row);
    Ok(owner)
}

/// Adds to the history.
pub async fn tell(
    tx: &mut PgConnection,
    row: &Inserted<'_>,
    pool: Option<&Pubkey>,
    holder: Option<&Pubkey>,
    about: Option<u128>,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO stake_events (event_id, pool, holder, kind, amount, time, signature, slot)
         VALUES ($1, $2, $3, $4, $5::numeric, $6, $7, $8)",
    )
    .bind(row.id)
    .bind(pool.map(bytes))
    .bind(holder.map(bytes))
    .bind(row.event.kind())
    .bind(about.map(amount))
    .bind(row.stamp().time)
    .bind(row.signature.as_slice())
    .bind(row.slot)
    .execute(tx)
    .await?;
    Ok(())
}
