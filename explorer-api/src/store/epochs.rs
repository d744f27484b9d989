use crate::list::{Listed, only, only_number};
use explorer_client::{
    Amount, Budgets, Closing, Epoch, EpochsQuery, Finality, Key, Minted, Redemption, Redemptions, RedemptionsQuery,
    Time, Unit, base58,
};
use sqlx::{FromRow, PgPool, Postgres, QueryBuilder};

const COLUMNS: &str = "index::text, io_burned::text, iosd_bought::text, slash_burned::text,
    requested::text, settled::text, settled_io::text, io_redeemed::text, minted_idle::text, minted_stakers::text,
    minted_treasury::text, closed_time, closed_signature, smoothed_burn::text, paid::text, allocated::text, price::text,
    reserve::text, budget_idle::text, budget_stakers::text, budget_treasury::text, supply::text, staked::text, slot";

#[derive(Debug, FromRow)]
pub struct EpochRow {
    index: String,
    io_burned: String,
    iosd_bought: String,
    slash_burned: String,
    requested: String,
    settled: String,
    settled_io: String,
    io_redeemed: String,
    minted_idle: String,
    minted_stakers: String,
    minted_treasury: String,
    closed_time: Option<i64>,
    closed_signature: Option<Vec<u8>>,
    smoothed_burn: Option<String>,
    paid: Option<String>,
    allocated: Option<String>,
    price: Option<String>,
    reserve: Option<String>,
    budget_idle: Option<String>,
    budget_stakers: Option<String>,
    budget_treasury: Option<String>,
    supply: Option<String>,
    staked: Option<String>,
    slot: i64,
}

fn io(amount: Option<String>) -> Amount {
    Amount::io(amount.unwrap_or_else(|| "0".into()))
}

impl EpochRow {
    pub fn show(self, finalized_slot: Option<i64>) -> Epoch {
        let closing = self.closed_time.map(|time| Closing {
            at: Time(time),
            signature: self.closed_signature.as_deref().map(base58).unwrap_or_default(),
            smoothed_burn: io(self.smoothed_burn),
            paid: Amount::iosd(self.paid.unwrap_or_else(|| "0".into())),
            promised: io(self.allocated),
            price: self.price.filter(|price| price != "0").map(|price| Amount::new(price, Unit::UsdPerIo)),
            reserve: io(self.reserve),
            scheduled: Budgets {
                idle: io(self.budget_idle),
                stakers: io(self.budget_stakers),
                treasury: io(self.budget_treasury),
            },
            supply: io(self.supply),
            staked: io(self.staked),
        });
        Epoch {
            index: self.index,
            io_burned: Amount::io(self.io_burned),
            iosd_bought: Amount::iosd(self.iosd_bought),
            slash_burned: Amount::io(self.slash_burned),
            minted: Minted {
                redemptions: Amount::io(self.io_redeemed),
                idle: Amount::io(self.minted_idle),
                stakers: Amount::io(self.minted_stakers),
                treasury: Amount::io(self.minted_treasury),
            },
            redemptions: Redemptions {
                requested: Amount::iosd(self.requested),
                settled: Amount::iosd(self.settled),
                settled_io: Amount::io(self.settled_io),
            },
            closing,
            slot: self.slot,
            finality: Finality::of(self.slot, finalized_slot),
        }
    }
}

/// Newest first, below `before`.
impl Listed for EpochsQuery {
    type Record = EpochRow;
    const COLUMNS: &'static [&'static str] = &[COLUMNS];
    const FROM: &'static str = "epochs";
    const ID: &'static str = "epochs.index";
    const EVENT: Option<&'static str> = None;
    const CSV: &'static [&'static str] = &[
        "index",
        "io_burned.amount",
        "iosd_bought.amount",
        "slash_burned.amount",
        "redemptions.requested.amount",
        "redemptions.settled.amount",
        "redemptions.settled_io.amount",
        "minted.redemptions.amount",
        "minted.idle.amount",
        "minted.stakers.amount",
        "minted.treasury.amount",
        "closing.at",
        "closing.price.amount",
        "closing.supply.amount",
        "closing.staked.amount",
        "closing.signature",
        "slot",
        "finality",
    ];

    fn filter(&self, _: &mut QueryBuilder<Postgres>) {}

    fn show(record: EpochRow, finalized_slot: Option<i64>) -> Epoch {
        record.show(finalized_slot)
    }
}

pub async fn find(pool: &PgPool, index: i64) -> Result<Option<EpochRow>, sqlx::Error> {
    let mut query = QueryBuilder::new("SELECT ");
    query.push(COLUMNS).push(" FROM epochs WHERE index = ").push_bind(index);
    query.build_query_as().fetch_optional(pool).await
}

#[derive(Debug, FromRow)]
pub struct RedemptionRow {
    owner: Vec<u8>,
    epoch: String,
    kind: String,
    amount: String,
    charged: Option<String>,
    io_minted: Option<String>,
    rest: Option<String>,
    joined: Option<String>,
    time: i64,
    signature: Vec<u8>,
    slot: i64,
}

impl RedemptionRow {
    pub fn show(self, finalized_slot: Option<i64>) -> Redemption {
        Redemption {
            owner: base58(&self.owner),
            epoch: self.epoch,
            kind: self.kind,
            amount: Amount::iosd(self.amount),
            charged: self.charged.map(Amount::iosd),
            received: self.io_minted.map(Amount::io),
            rest: self.rest.map(Amount::iosd),
            joined: self.joined,
            at: Time(self.time),
            signature: base58(&self.signature),
            slot: self.slot,
            finality: Finality::of(self.slot, finalized_slot),
        }
    }
}

impl Listed for RedemptionsQuery {
    type Record = RedemptionRow;
    const COLUMNS: &'static [&'static str] =
        &["owner, epoch::text, kind, amount::text, charged::text, io_minted::text, rest::text,
         joined::text, time, signature, slot"];
    const FROM: &'static str = "redemptions";
    const ID: &'static str = "event_id";
    const EVENT: Option<&'static str> = Some("event_id");
    const CSV: &'static [&'static str] = &[
        "owner",
        "epoch",
        "kind",
        "amount.amount",
        "amount.unit",
        "charged.amount",
        "received.amount",
        "received.unit",
        "rest.amount",
        "joined",
        "at",
        "signature",
        "slot",
        "finality",
    ];

    fn filter(&self, sql: &mut QueryBuilder<Postgres>) {
        only(sql, "owner =", self.owner.map(Key::bytes));
        only_number(sql, "epoch =", self.epoch);
    }

    fn show(record: RedemptionRow, finalized_slot: Option<i64>) -> Redemption {
        record.show(finalized_slot)
    }
}
