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

/// Everything that is derived, row ids aside.
pub async fn derived(database: &Database) -> String {
    derived_in(&mut PgConnection::connect(database.url()).await.unwrap()).await
}

pub async fn derived_in(connection: &mut PgConnection) -> String {
    tables(connection, "to_jsonb(t) - 'event_id'").await
}

/// Every row of every derived table, ordered by its text.
pub async fn whole(connection: &mut PgConnection) -> String {
    tables(connection, "to_jsonb(t)").await
}

async fn tables(connection: &mut PgConnection, row: &str) -> String {
    let mut all = String::new();
    for table in indexer::DERIVED_TABLES.iter().chain(&["sequences"]) {
        let sql = format!(
            "SELECT string_agg(line, E'\\n' ORDER BY line) FROM (SELECT ({row})::text AS line FROM {table} t) l"
        );
        let rows: Option<String> =
            sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).fetch_one(&mut *connection).await.unwrap();
        all.push_str(&format!("{table}\n{}\n", rows.unwrap_or_default()));
    }
    all
}
