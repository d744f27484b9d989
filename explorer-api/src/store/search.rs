use explorer_client::{Finality, Hit, HitKind, base58, hex};
use sqlx::{FromRow, PgPool};

/// Hits shown of each kind.
const OF_KIND: i64 = 5;

/// Keys from one to another, both included.
pub type Range = (Vec<u8>, Vec<u8>);

#[derive(Debug, FromRow)]
struct Row {
    kind: String,
    id: Vec<u8>,
    name: Option<String>,
    slot: i64,
}

impl Row {
    fn show(self, finalized_slot: Option<i64>) -> Option<Hit> {
        let (kind, prefix) = match self.kind.as_str() {
            "job" => (HitKind::Job, "/v1/jobs/"),
            "device" => (HitKind::Device, "/v1/devices/"),
            "operator" => (HitKind::Operator, "/v1/operators/"),
            "user" => (HitKind::User, "/v1/jobs?user="),
            "staker" => (HitKind::Staker, "/v1/stakers/"),
            "pool" => (HitKind::Pool, "/v1/stake-changes?pool="),
            "model" => (HitKind::Model, "/v1/jobs?model="),
            "proposal" => (HitKind::Proposal, "/v1/proposals/"),
            "epoch" => (HitKind::Epoch, "/v1/epochs/"),
            "transaction" => (HitKind::Transaction, "/v1/transactions/"),
            _ => return None,
        };
        let id = match kind {
            HitKind::Model => hex(&self.id),
            HitKind::Epoch => self.name.clone()?,
            _ => base58(&self.id),
        };
        let (name, last) = match kind {
            HitKind::Proposal => (None, self.name?),
            HitKind::Epoch => (None, id.clone()),
            _ => (self.name, id.clone()),
        };
        let finality = Finality::of(self.slot, finalized_slot);
        Some(Hit { kind, id, name, path: format!("{prefix}{last}"), slot: self.slot, finality })
    }
}

fn hits(rows: Vec<Row>, finalized_slot: Option<i64>) -> (Vec<Hit>, bool) {
    let full = |kind: &str| rows.iter().filter(|row| row.kind == kind).count() as i64 >= OF_KIND;
    let truncated = rows.iter().any(|row| full(&row.kind));
    (rows.into_iter().filter_map(|row| row.show(finalized_slot)).collect(), truncated)
}

/// Whatever has an address in one of the ranges.
pub async fn addresses(
    pool: &PgPool,
    ranges: Vec<Range>,
    finalized_slot: Option<i64>,
) -> Result<(Vec<Hit>, bool), sqlx::Error> {
    let (low, high): (Vec<_>, Vec<_>) = ranges.into_iter().unzip();
    let rows = sqlx::query_as(
        "SELECT found.* FROM unnest($1::bytea[], $2::bytea[]) AS range (low, high), LATERAL (
             (SELECT 'job' AS kind, address AS id, NULL AS name, slot FROM jobs
              WHERE address BETWEEN low AND high ORDER BY address LIMIT $3)
             UNION ALL (SELECT 'device', key, name, slot FROM devices WHERE key BETWEEN low AND high ORDER BY key LIMIT $3)
             UNION ALL (SELECT 'operator', key, NULL, slot FROM operators
                        WHERE key BETWEEN low AND high ORDER BY key LIMIT $3)
             UNION ALL (SELECT 'user', key, NULL, slot FROM users WHERE key BETWEEN low AND high ORDER BY key LIMIT $3)
             UNION ALL (SELECT 'pool', address, NULL, slot FROM pools
                        WHERE address BETWEEN low AND high ORDER BY address LIMIT $3)
             UNION ALL (SELECT 'staker', holder, NULL, max(slot) FROM positions
                        WHERE holder BETWEEN low AND high GROUP BY holder ORDER BY holder LIMIT $3)
             UNION ALL (SELECT 'proposal', address, number::text, slot FROM proposals
                        WHERE address BETWEEN low AND high ORDER BY address LIMIT $3)
         ) AS found",
    )
    .bind(low)
    .bind(high)
    .bind(OF_KIND)
    .fetch_all(pool)
    .await?;
    Ok(hits(rows, finalized_slot))
}

pub async fn models(pool: &PgPool, range: Range, finalized_slot: Option<i64>) -> Result<(Vec<Hit>, bool), sqlx::Error> {
    let rows = sqlx::query_as(
        "SELECT 'model' AS kind, root AS id, name, slot FROM models WHERE root BETWEEN $1 AND $2 ORDER BY root LIMIT $3",
    )
    .bind(range.0)
    .bind(range.1)
    .bind(OF_KIND)
    .fetch_all(pool)
    .await?;
    Ok(hits(rows, finalized_slot))
}

/// Devices and models whose name begins so, in any case.
pub async fn names(pool: &PgPool, start: &str, finalized_slot: Option<i64>) -> Result<(Vec<Hit>, bool), sqlx::Error> {
    let escaped = start.to_lowercase().replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    let rows = sqlx::query_as(
        "(SELECT 'device' AS kind, key AS id, name, slot FROM devices WHERE lower(name) LIKE $1 ORDER BY name LIMIT $2)
         UNION ALL (SELECT 'model', root, name, slot FROM models WHERE lower(name) LIKE $1 ORDER BY name LIMIT $2)",
    )
    .bind(format!("{escaped}%"))
    .bind(OF_KIND)
    .fetch_all(pool)
    .await?;
    Ok(hits(rows, finalized_slot))
}

/// The proposal and the epoch of that number.
pub async fn numbers(pool: &PgPool, number: u64, finalized_slot: Option<i64>) -> Result<(Vec<Hit>, bool), sqlx::Error> {
    let rows = sqlx::query_as(
        "SELECT 'proposal' AS kind, address AS id, number::text AS name, slot FROM proposals WHERE number = $1::numeric
         UNION ALL SELECT 'epoch', ''::bytea, e.index::text, slot FROM epochs e WHERE e.index = $1::numeric",
    )
    .bind(number.to_string())
    .fetch_all(pool)
    .await?;
    Ok(hits(rows, finalized_slot))
}

pub async fn transaction(
    pool: &PgPool,
    signature: &[u8],
    finalized_slot: Option<i64>,
) -> Result<(Vec<Hit>, bool), sqlx::Error> {
    let rows = sqlx::query_as(
        "SELECT 'transaction' AS kind, signature AS id, NULL AS name, slot FROM events WHERE signature = $1 LIMIT 1",
    )
    .bind(signature)
    .fetch_all(pool)
    .await?;
    Ok(hits(rows, finalized_slot))
}
