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
    /// Of what has no answer of its own: the address of the holder, the job or the device that tells of it.
    #[sqlx(default)]
    told_by: Option<Vec<u8>>,
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
            "position" => (HitKind::Position, "/v1/stakers/"),
            "voter" => (HitKind::Voter, "/v1/votes?voter="),
            "proposer" => (HitKind::Proposer, "/v1/proposals?proposer="),
            "publisher" => (HitKind::Publisher, "/v1/models?publisher="),
            "prover in a job" => (HitKind::Prover, "/v1/jobs/"),
            "prover in a challenge" => (HitKind::Prover, "/v1/devices/"),
            "demander" => (HitKind::Demander, "/v1/jobs/"),
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
            _ => (self.name, self.told_by.map_or_else(|| id.clone(), |address| base58(&address))),
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

/// Addresses of those who did something, which many rows may have: kind, table, column, and what tells of the newest row. Each
/// has an index on the column and `event_id`.
const DOERS: [[&str; 4]; 8] = [
    ["voter", "votes", "voter", "NULL::bytea"],
    ["proposer", "proposals", "proposer", "NULL::bytea"],
    ["publisher", "models", "publisher", "NULL::bytea"],
    ["prover in a job", "jobs", "fault_prover", "address"],
    ["prover in a job", "audited_cells", "prover", "job"],
    ["prover in a job", "demands", "answered_by", "job"],
    ["prover in a challenge", "challenges", "prover", "device"],
    ["demander", "demands", "demander", "job"],
];

/// Jumps from the newest row of each address to that of the next one, so that their other rows cost nothing.
fn doers() -> String {
    let each = |[kind, table, column, told_by]: [&str; 4]| {
        let newest = |range: &str| {
            format!(
                "SELECT {column} AS id, {told_by} AS told_by, slot FROM {table} WHERE {range}
                 ORDER BY {column}, event_id DESC LIMIT 1"
            )
        };
        let (first, next) = (
            newest(&format!("{column} BETWEEN low AND high")),
            newest(&format!("{column} > each.id AND {column} <= high")),
        );
        format!(
            " UNION ALL (WITH RECURSIVE each AS (({first}) UNION ALL SELECT next.* FROM each, LATERAL ({next}) AS next)
              SELECT '{kind}', id, NULL, told_by, slot FROM each LIMIT $3)"
        )
    };
    DOERS.map(each).concat()
}

/// Whatever has an address in one of the ranges.
pub async fn addresses(
    pool: &PgPool,
    ranges: Vec<Range>,
    finalized_slot: Option<i64>,
) -> Result<(Vec<Hit>, bool), sqlx::Error> {
    let (low, high): (Vec<_>, Vec<_>) = ranges.into_iter().unzip();
    let rows = sqlx::query_as(sqlx::AssertSqlSafe(format!(
        "SELECT found.* FROM unnest($1::bytea[], $2::bytea[]) AS range (low, high), LATERAL (
             (SELECT 'job' AS kind, address AS id, NULL AS name, NULL::bytea AS told_by, slot FROM jobs
              WHERE address BETWEEN low AND high ORDER BY address LIMIT $3)
             UNION ALL (SELECT 'device', key, name, NULL, slot FROM devices
                        WHERE key BETWEEN low AND high ORDER BY key LIMIT $3)
             UNION ALL (SELECT 'operator', key, NULL, NULL, slot FROM operators
                        WHERE key BETWEEN low AND high ORDER BY key LIMIT $3)
             UNION ALL (SELECT 'user', key, NULL, NULL, slot FROM users
                        WHERE key BETWEEN low AND high ORDER BY key LIMIT $3)
             UNION ALL (SELECT 'pool', address, NULL, NULL, slot FROM pools
                        WHERE address BETWEEN low AND high ORDER BY address LIMIT $3)
             UNION ALL (SELECT 'staker', holder, NULL, NULL, max(slot) FROM positions
                        WHERE holder BETWEEN low AND high GROUP BY holder ORDER BY holder LIMIT $3)
             UNION ALL (SELECT 'position', address, NULL, holder, slot FROM positions
                        WHERE address BETWEEN low AND high ORDER BY address LIMIT $3)
             UNION ALL (SELECT 'proposal', address, number::text, NULL, slot FROM proposals
                        WHERE address BETWEEN low AND high ORDER BY address LIMIT $3){}
         ) AS found",
        doers()
    )))
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
