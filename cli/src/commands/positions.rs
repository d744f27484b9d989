//! Positions and pools as tables.
use crate::commands::pools::{kind_word, rate};
use crate::context::{Context, address};
use crate::output::Output;
use crate::table::table;
use crate::time::moment;
use anyhow::{Context as _, Result};
use client::read::Holding;
use client::{Chain, Pubkey, Signer};
use economy::amount::{io, iosd};
use economy::stake as rules;
use jobs::state::Operator;
use serde_json::{Value, json};
use staking::state::{Pool, PoolKind, Position};

/// A position with its pool, as it would be if it were touched now.
pub struct Held {
    pub address: Pubkey,
    pub stored: Position,
    pub pool: Pool,
    pub now: rules::Position,
    /// The pool's factor and buckets now.
    pub pool_now: rules::Pool,
}

impl Held {
    pub fn owed(&self) -> String {
        match self.pool.kind {
            PoolKind::Operator => format!("{} IO", io(self.now.owed)),
            PoolKind::User => format!("{} IOSD", iosd(self.now.owed)),
        }
    }

    fn json(&self) -> Value {
        let now = &self.now;
        json!({
            "position": self.address.to_string(), "pool": self.stored.pool.to_string(),
            "owner": self.pool.owner.to_string(), "kind": kind_word(self.pool.kind),
            "active_io": io(now.active).to_string(), "reserved_io": io(now.reserved).to_string(),
            "warming_io": io(now.warming).to_string(), "warm_epoch": now.warm_epoch,
            "cooling_io": io(now.cooling).to_string(), "cool_epoch": now.cool_epoch,
            "owed": self.owed(), "locked_until": now.locked_until,
        })
    }
}

/// All positions of `holder`, largest first.
///
/// # Errors
/// If the node cannot be reached.
pub async fn held(chain: &Chain, holder: &Pubkey, epoch: u64) -> Result<Vec<Held>> {
    let rewards = chain.rewards().await?;
    let mut all = Vec::new();
    for (address, stored) in chain.positions(holder).await? {
        let pool = chain.find::<Pool>("pool", &stored.pool).await?;
        let pool = pool.with_context(|| format!("the pool {} of a position is missing", stored.pool))?;
        let Holding { position, pool: pool_now } = Holding::at(epoch, &rewards, &pool, &stored);
        all.push(Held { address, stored, pool, now: position, pool_now });
    }
    all.sort_by_key(|h| std::cmp::Reverse(h.now.active + h.now.reserved + h.now.warming + h.now.cooling));
    Ok(all)
}

/// Flags that name a position's pool.
fn flags(h: &Held) -> String {
    format!(" --{} {}", kind_word(h.pool.kind), h.pool.owner)
}

/// Whose positions: the given address or the wallet.
///
/// # Errors
/// If it is not an address, or there is no wallet.
pub fn whose(context: &Context, text: Option<String>) -> Result<Pubkey> {
    match text {
        Some(text) => address(&text),
        None => Ok(context.wallet()?.pubkey()),
    }
}

pub async fn show(context: &Context, text: Option<String>) -> Result<Output> {
    let (chain, holder) = (context.chain(), whose(context, text)?);
    let calendar = chain.calendar().await?;
    let all = held(&chain, &holder, calendar.epoch()).await?;
    let json: Vec<Value> = all.iter().map(Held::json).collect();
    let json =
        json!({ "holder": holder.to_string(), "epoch": calendar.epoch(), "now": calendar.now, "positions": json });
    if all.is_empty() {
        let text = format!("{holder} has no stake (hint: `io stake operators` lists whom it can be staked with)");
        return Ok(Output::new(&json, text));
    }
    let row = |h: &Held| {
        vec![
            format!("{} {}", kind_word(h.pool.kind), h.pool.owner),
            io(h.now.active).to_string(),
            io(h.now.reserved).to_string(),
            io(h.now.warming).to_string(),
            io(h.now.cooling).to_string(),
            h.owed(),
        ]
    };
    let rows: Vec<Vec<String>> = all.iter().map(row).collect();
    let mut text = table(&["pool of", "active IO", "reserved", "warming", "cooling", "earned"], &rows);
    for h in &all {
        let of = format!("{} {}", kind_word(h.pool.kind), h.pool.owner);
        if h.now.warming > 0 {
            let at = moment(calendar.start_of(h.now.warm_epoch), calendar.now);
            text += &format!("\n{} IO with {of} count from epoch {} on, {at}", io(h.now.warming), h.now.warm_epoch);
        }
        if h.stored.warming > 0 && h.stored.warm_epoch <= calendar.epoch() {
            let warm = io(h.stored.warming);
            text += &format!(
                "\n{warm} IO with {of} have warmed up and count once anybody says so: io stake refresh{}",
                flags(h)
            );
        }
        if h.now.cooling > 0 {
            let at = moment(calendar.start_of(h.now.cool_epoch), calendar.now);
            text += &format!(
                "\n{} IO with {of} can be withdrawn from epoch {} on, {at}",
                io(h.now.cooling),
                h.now.cool_epoch
            );
        }
        if h.now.locked_until > calendar.now {
            text += &format!(
                "\nthe position with {of} is locked by a vote, it ends {}",
                moment(h.now.locked_until, calendar.now)
            );
        }
    }
    Ok(Output::new(&json, text))
}

/// An operator's pool in the list of operators.
pub struct Row {
    pub address: Pubkey,
    pub pool: Pool,
    /// None if the pool's owner has not registered as an operator.
    pub operator: Option<Operator>,
}

impl Row {
    pub fn cells(&self) -> Vec<String> {
        let mut cells = vec![self.pool.owner.to_string()];
        cells.extend([self.pool.active, self.pool.reserved, self.pool.warming].map(|amount| io(amount).to_string()));
        let o = self.operator.as_ref();
        cells.push(io(o.map_or(0, |o| o.required_stake)).to_string());
        cells.push(rate(self.pool.commission_bps));
        let counts = o.map_or([0; 4], |o| [o.devices.into(), o.jobs_paid, o.jobs_expired, o.jobs_faulted]);
        cells.extend(counts.map(|count| count.to_string()));
        cells
    }

    pub fn json(&self) -> Value {
        let (pool, o) = (&self.pool, self.operator.as_ref());
        json!({
            "operator": pool.owner.to_string(), "pool": self.address.to_string(),
            "active_io": io(pool.active).to_string(), "reserved_io": io(pool.reserved).to_string(),
            "warming_io": io(pool.warming).to_string(), "commission_bps": pool.commission_bps,
            "required_io": io(o.map_or(0, |o| o.required_stake)).to_string(), "devices": o.map_or(0, |o| o.devices),
            "jobs_paid": o.map_or(0, |o| o.jobs_paid), "jobs_expired": o.map_or(0, |o| o.jobs_expired),
            "jobs_faulted": o.map_or(0, |o| o.jobs_faulted),
        })
    }
}
