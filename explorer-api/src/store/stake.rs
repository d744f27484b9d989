//! Pools, positions and what happened to them.
use crate::list::{Listed, only};
use explorer_client::{
    Amount, Finality, Key, Losses, Pool, Position, Rewards, Stake, StakeChange, StakeChangesQuery, Time, Unit, base58,
};
use sqlx::{FromRow, PgPool, Postgres, QueryBuilder};

#[derive(Debug, FromRow)]
pub struct PoolRow {
    pool_address: Option<Vec<u8>>,
    commission_bps: Option<i32>,
    active: Option<String>,
    pool_reserved: Option<String>,
    warming: Option<String>,
    cooling: Option<String>,
    pool_total: Option<String>,
    commission_owed: Option<String>,
    rewarded: Option<String>,
    claimed: Option<String>,
    commission_claimed: Option<String>,
    slashes: Option<i64>,
    slashed: Option<String>,
    forfeited: Option<String>,
    positions: Option<i64>,
    opened_time: Option<i64>,
}

/// Columns of [`PoolRow`], of a table of pools called `p`.
pub const POOL_COLUMNS: &str =
    "p.address AS pool_address, p.commission_bps, p.active::text, p.reserved::text AS pool_reserved,
    p.warming::text, p.cooling::text, (p.active + p.reserved + p.warming + p.cooling)::text AS pool_total,
    p.commission_owed::text, p.rewarded::text, p.claimed::text, p.commission_claimed::text, p.slashes,
    (p.slashed_reserved + p.slashed_beyond)::text AS slashed, p.forfeited::text, p.positions, p.opened_time";

impl PoolRow {
    pub fn show(self) -> Option<Pool> {
        let io = |amount: Option<String>| Amount::io(amount.unwrap_or_else(|| "0".into()));
        Some(Pool {
            address: base58(&self.pool_address?),
            commission_bps: self.commission_bps?,
            stake: Stake {
                active: io(self.active),
                reserved: io(self.pool_reserved),
                warming: io(self.warming),
                cooling: io(self.cooling),
                total: io(self.pool_total),
            },
            stakers: self.positions?,
            rewards: Rewards {
                earned: io(self.rewarded),
                claimed: io(self.claimed),
                commission_owed: io(self.commission_owed),
                commission_claimed: io(self.commission_claimed),
            },
            losses: Losses { slashes: self.slashes?, slashed: io(self.slashed), forfeited: io(self.forfeited) },
            opened_at: Time(self.opened_time?),
        })
    }
}

#[derive(Debug, FromRow)]
pub struct PositionRow {
    address: Vec<u8>,
    pool: Vec<u8>,
    kind: String,
    owner: Vec<u8>,
    holder: Vec<u8>,
    active: String,
    reserved: String,
    warming: String,
    cooling: String,
    total: String,
    owed: String,
    claimed: String,
    warm_epoch: Option<String>,
    cool_epoch: Option<String>,
    locked_until: Option<i64>,
    closed: bool,
    slot: i64,
}

impl PositionRow {
    pub fn show(self, finalized_slot: Option<i64>) -> Position {
        let unit = if self.kind == "user" { Unit::Iosd } else { Unit::Io };
        let warms = self.warming != "0";
        let cools = self.cooling != "0";
        Position {
            address: base58(&self.address),
            pool: base58(&self.pool),
            pool_kind: self.kind,
            pool_owner: base58(&self.owner),
            holder: base58(&self.holder),
            stake: Stake {
                active: Amount::io(self.active),
                reserved: Amount::io(self.reserved),
                warming: Amount::io(self.warming),
                cooling: Amount::io(self.cooling),
                total: Amount::io(self.total),
            },
            owed: Amount::new(self.owed, unit),
            claimed: Amount::new(self.claimed, unit),
            warm_epoch: self.warm_epoch.filter(|_| warms),
            cool_epoch: self.cool_epoch.filter(|_| cools),
            locked_until: self.locked_until.map(Time),
            closed: self.closed,
            slot: self.slot,
            finality: Finality::of(self.slot, finalized_slot),
        }
    }
}

/// What positions are worth now: a pool's losses lower them when they are next touched.
const POSITIONS: &str = "
    SELECT address, pool, kind, owner, holder, active::text, reserved::text, warming::text, cooling::text,
           (active + reserved + warming + cooling)::text AS total, owed::text, claimed::text, warm_epoch::text,
           cool_epoch::text, locked_until, closed, slot
    FROM (SELECT q.address, q.pool, p.kind, p.owner, q.holder, q.reserved, q.owed, q.claimed, q.warm_epoch, q.cool_epoch,
                 q.locked_until, q.closed, greatest(q.slot, p.slot) AS slot, q.event_id,
                 coalesce(div(q.active * p.factor, nullif(q.factor, 0)), 0) AS active,
                 coalesce(div(q.warming * p.factor, nullif(q.factor, 0)), 0) AS warming,
                 coalesce(div(q.cooling * p.factor, nullif(q.factor, 0)), 0) AS cooling
          FROM positions q JOIN pools p ON p.address = q.pool) AS worth ";

/// Open ones first, then the newest.
pub async fn positions_of(pool: &PgPool, holder: Key, limit: u32) -> Result<Vec<PositionRow>, sqlx::Error> {
    let mut query = QueryBuilder::new(POSITIONS);
    query.push("WHERE holder = ").push_bind(holder.0.to_vec());
    query.push(" ORDER BY closed, event_id DESC LIMIT ").push_bind(i64::from(limit));
    query.build_query_as().fetch_all(pool).await
}

/// The largest first.
pub async fn positions_in(
    pool: &PgPool,
    kind: &'static str,
    owner: Key,
    limit: u32,
) -> Result<Vec<PositionRow>, sqlx::Error> {
    let mut query = QueryBuilder::new(POSITIONS);
    query.push("WHERE NOT closed AND kind = ").push_bind(kind);
    query.push(" AND owner = ").push_bind(owner.0.to_vec());
    query.push(" ORDER BY worth.active + worth.reserved + worth.warming + worth.cooling DESC, event_id LIMIT ");
    query.push_bind(i64::from(limit));
    query.build_query_as().fetch_all(pool).await
}

#[derive(Debug, FromRow)]
pub struct ChangeRow {
    pub event_id: i64,
    pool: Option<Vec<u8>>,
    pool_owner: Option<Vec<u8>>,
    holder: Option<Vec<u8>>,
    kind: String,
    amount: Option<String>,
    time: i64,
    signature: Vec<u8>,
    slot: i64,
}

impl ChangeRow {
    pub fn show(self, finalized_slot: Option<i64>) -> StakeChange {
        let unit = if matches!(self.kind.as_str(), "RebatesClaimed" | "LoyaltyShared") { Unit::Iosd } else { Unit::Io };
        StakeChange {
            id: self.event_id,
            kind: self.kind,
            pool: self.pool.as_deref().map(base58),
            pool_owner: self.pool_owner.as_deref().map(base58),
            holder: self.holder.as_deref().map(base58),
            amount: self.amount.map(|amount| Amount::new(amount, unit)),
            at: Time(self.time),
            signature: base58(&self.signature),
            slot: self.slot,
            finality: Finality::of(self.slot, finalized_slot),
        }
    }
}

const CHANGES: &str =
    "e.event_id, e.pool, p.owner AS pool_owner, e.holder, e.kind, e.amount::text, e.time, e.signature, e.slot";
const CHANGES_FROM: &str = "stake_events e LEFT JOIN pools p ON p.address = e.pool";

impl Listed for StakeChangesQuery {
    type Record = ChangeRow;
    const COLUMNS: &'static [&'static str] = &[CHANGES];
    const FROM: &'static str = CHANGES_FROM;
    const ID: &'static str = "e.event_id";
    const EVENT: Option<&'static str> = Some("e.event_id");
    const CSV: &'static [&'static str] = &[
        "id",
        "kind",
        "pool",
        "pool_owner",
        "holder",
        "amount.amount",
        "amount.unit",
        "at",
        "signature",
        "slot",
        "finality",
    ];

    fn filter(&self, sql: &mut QueryBuilder<Postgres>) {
        only(sql, "e.holder =", self.holder.map(Key::bytes));
        only(sql, "e.pool =", self.pool.map(Key::bytes));
    }

    fn show(record: ChangeRow, finalized_slot: Option<i64>) -> StakeChange {
        record.show(finalized_slot)
    }
}

/// What an operator's pool lost, newest first.
pub async fn losses(pool: &PgPool, operator: Key, limit: u32) -> Result<Vec<ChangeRow>, sqlx::Error> {
    let mut query = QueryBuilder::new("SELECT ");
    query.push(CHANGES).push(" FROM ").push(CHANGES_FROM);
    query.push(" WHERE e.pool = (SELECT address FROM pools WHERE kind = 'operator' AND owner = ");
    query.push_bind(operator.0.to_vec());
    // In the words of the index `stake_losses_by_pool`, without parameters, so that it always serves.
    query.push(") AND e.kind IN ('StakeSlashed', 'StakeForfeited') ORDER BY e.event_id DESC LIMIT ");
    query.push_bind(i64::from(limit));
    query.build_query_as().fetch_all(pool).await
}
