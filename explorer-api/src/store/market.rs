use super::Snapshot;
use super::series::PRICED_WORK;
use explorer_client::{Amount, ClassMarket, Market, Trade};
use sqlx::{FromRow, PgPool};
use std::collections::BTreeMap;

/// Newest jobs of a kind that prices are taken from: enough for a market, bounded for the database.
const NEWEST: i64 = 1_000;

#[derive(FromRow)]
struct TradeRow {
    class: i16,
    /// `posted`, `claimed` or `paid`.
    kind: String,
    jobs: i64,
    work: String,
    value: String,
    median: Option<String>,
    mean: Option<String>,
}

#[derive(FromRow)]
struct SupplyRow {
    class: i16,
    devices: i64,
    online: i64,
    hired: i64,
    throughput: String,
    lowest_offer: Option<String>,
    median_offer: Option<String>,
}

fn nothing() -> Trade {
    Trade { jobs: 0, work: "0".into(), value: Amount::iosd("0".into()), median_price: None, mean_price: None }
}

impl TradeRow {
    fn show(self) -> Trade {
        Trade {
            jobs: self.jobs,
            work: self.work,
            value: Amount::iosd(self.value),
            median_price: self.median.map(Amount::iosd),
            mean_price: self.mean.map(Amount::iosd),
        }
    }
}

pub async fn market(pool: &PgPool) -> Result<Market, sqlx::Error> {
    let mut snapshot = Snapshot::open(pool).await?;
    let (slot, finality) = (snapshot.slot, snapshot.finality());
    let trades: Vec<TradeRow> = sqlx::query_as(sqlx::AssertSqlSafe(format!(
        "WITH newest AS (
             (SELECT 'posted' AS kind, -1::smallint AS class, price, rows, model_root FROM jobs
              WHERE status = 'posted' ORDER BY posted_time DESC LIMIT $1)
             UNION ALL (SELECT 'claimed', coalesce(class, 0::smallint), price, rows, model_root FROM jobs
                        WHERE status IN ('claimed', 'committed') ORDER BY posted_time DESC LIMIT $1)
             UNION ALL (SELECT 'paid', coalesce(class, 0::smallint), price, rows, model_root FROM jobs
                        WHERE status = 'paid' ORDER BY posted_time DESC LIMIT $1)
         ), priced AS (
             SELECT kind, class, price, n.rows * m.macs_per_row AS work,
                    div(price * {PRICED_WORK}, nullif(n.rows * m.macs_per_row, 0)) AS each
             FROM newest n JOIN models m ON m.root = n.model_root
         )
         SELECT kind, class, count(*) AS jobs, sum(work)::text AS work, sum(price)::text AS value,
                (percentile_disc(0.5) WITHIN GROUP (ORDER BY each))::text AS median,
                div(sum(price) * {PRICED_WORK}, nullif(sum(work), 0))::text AS mean
         FROM priced GROUP BY kind, class"
    )))
    .bind(NEWEST)
    .fetch_all(&mut *snapshot.tx)
    .await?;
    let supply: Vec<SupplyRow> = sqlx::query_as(
        "SELECT class, count(*) AS devices, count(*) FILTER (WHERE online) AS online,
                count(*) FILTER (WHERE live_job IS NOT NULL) AS hired,
                coalesce(sum(measured) FILTER (WHERE online), 0)::text AS throughput,
                (min(offer) FILTER (WHERE online AND offer > 0))::text AS lowest_offer,
                (percentile_disc(0.5) WITHIN GROUP (ORDER BY offer) FILTER (WHERE online AND offer > 0))::text AS median_offer
         FROM (SELECT class, live_job, measured, offer,
                      NOT caught AND good_round >= failed_round
                      AND good_round >= (SELECT coalesce(max(number), 0) FROM rounds WHERE phase = 'ended') AS online
               FROM devices WHERE NOT retired) AS standing
         GROUP BY class ORDER BY class",
    )
    .fetch_all(&mut *snapshot.tx)
    .await?;
    snapshot.close().await?;
    let class = |row: SupplyRow| ClassMarket {
        class: row.class,
        devices: row.devices,
        online: row.online,
        hired: row.hired,
        throughput: row.throughput,
        lowest_offer: row.lowest_offer.map(Amount::iosd),
        median_offer: row.median_offer.map(Amount::iosd),
        claimed: nothing(),
        paid: nothing(),
        slot,
        finality,
    };
    let mut classes: BTreeMap<i16, ClassMarket> = supply.into_iter().map(|row| (row.class, class(row))).collect();
    let mut posted = nothing();
    for trade in trades {
        if trade.kind == "posted" {
            posted = trade.show();
            continue;
        }
        // All its devices may be retired by now.
        let of = classes.entry(trade.class).or_insert_with(|| ClassMarket {
            class: trade.class,
            devices: 0,
            online: 0,
            hired: 0,
            throughput: "0".into(),
            lowest_offer: None,
            median_offer: None,
            claimed: nothing(),
            paid: nothing(),
            slot,
            finality,
        });
        if trade.kind == "paid" {
            of.paid = trade.show();
        } else {
            of.claimed = trade.show();
        }
    }
    Ok(Market { posted, classes: classes.into_values().collect(), slot, finality })
}
