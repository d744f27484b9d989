//! A chain read into a database.
use super::{Database, FakeChain};
use indexer::{Frontier, IndexerError, Round, Store};
use sqlx::{Connection, PgConnection};

pub async fn open(chain: &FakeChain, database: &Database) -> Frontier<FakeChain> {
    open_from(chain, database, None).await.unwrap()
}

pub async fn open_from(
    chain: &FakeChain,
    database: &Database,
    start_slot: Option<u64>,
) -> Result<Frontier<FakeChain>, IndexerError> {
    let store = Store::open(database.url()).await.unwrap();
    Frontier::open(chain.clone(), store, start_slot).await.unwrap()
}

pub async fn to_tip(frontier: &mut Frontier<FakeChain>) {
    while frontier.round().await.unwrap() != Round::AtTip {}
}

pub async fn text(database: &Database, sql: &'static str) -> String {
    let mut connection = PgConnection::connect(database.url()).await.unwrap();
    sqlx::query_scalar::<_, Option<String>>(sql).fetch_one(&mut connection).await.unwrap().unwrap_or_default()
}

/// Every derived table, row ids aside.
const DERIVED: [&str; 24] = [
    "jobs",
    "devices",
    "operators",
    "users",
    "models",
    "epochs",
    "price_points",
    "totals",
    "job_counts",
    "redemptions",
    "budgets",
    "schedule_mints",
    "rewards",
    "pools",
    "positions",
    "stake_events",
    "loyalty",
    "proposals",
    "votes",
    "governance",
    "parameter_changes",
    "pauses",
    "authorities",
    "sequences",
];

/// Everything that is derived.
pub async fn derived(database: &Database) -> String {
    let mut connection = PgConnection::connect(database.url()).await.unwrap();
    let mut all = String::new();
    for table in DERIVED {
        let sql = format!(
            "SELECT string_agg(line, E'\\n' ORDER BY line) FROM (SELECT (to_jsonb(t) - 'event_id')::text AS line FROM {table} t) l"
        );
        let rows: Option<String> =
            sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).fetch_one(&mut connection).await.unwrap();
        all.push_str(&format!("{table}\n{}\n", rows.unwrap_or_default()));
    }
    all
}
