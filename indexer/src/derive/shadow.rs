//! What the events give, beside what the tables hold.
use super::rebuild::{BATCH, TABLES, rebuild_by};
use super::{plan_each, version};
use sqlx::{AssertSqlSafe, PgConnection, Row};
use std::fmt;

/// Rows of one table that are told; more are only counted.
const MOST: i64 = 1_000;

/// Rows of a derived table that are not as they were.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TableChange {
    pub table: &'static str,
    pub rows_before: i64,
    pub rows_after: i64,
}

/// A row that is not what the events give.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowDifference {
    pub table: &'static str,
    /// The columns of the primary key.
    pub key: String,
    /// The columns that differ, as JSON; `None`: there is no such row.
    pub stored: Option<String>,
    pub derived: Option<String>,
}

impl fmt::Display for RowDifference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of = |columns: &Option<String>| columns.clone().unwrap_or_else(|| "no such row".to_owned());
        let (table, key, stored, derived) = (self.table, &self.key, of(&self.stored), of(&self.derived));
        write!(f, "row {key} of {table}: the events give {derived}, the table has {stored}")
    }
}

/// All derived tables anew, in temporary tables that hide those of the same names until the transaction ends. Nothing that
/// others read or write is locked or changed.
pub struct Shadow {
    /// Where the hidden tables are.
    schema: String,
    /// Events that they were made from.
    pub applied: u64,
}

impl Shadow {
    /// If others may write meanwhile, the transaction must be at REPEATABLE READ: then events and tables are of one instant.
    ///
    /// # Errors
    /// The database failed, or a stored event is not readable; then the transaction must be rolled back.
    pub async fn derive(tx: &mut PgConnection) -> Result<Self, sqlx::Error> {
        let schema: String = sqlx::query_scalar("SELECT quote_ident(current_schema())").fetch_one(&mut *tx).await?;
        for table in TABLES {
            // Without the checks: what breaks them is to be told, not to be an error.
            let (like, key) = (format!("LIKE {schema}.{table} INCLUDING DEFAULTS"), key(tx, &schema, table).await?);
            execute(tx, format!("CREATE TEMP TABLE {table} ({like}, PRIMARY KEY ({key})) ON COMMIT DROP")).await?;
        }
        // Statements that were prepared before still mean the hidden tables.
        execute(tx, "DISCARD PLANS".to_owned()).await?;
        let applied = rebuild_by(tx, || BATCH).await?;
        plan_each(tx).await?;
        Ok(Self { schema, applied })
    }

    /// Rows that are only in the table, and rows that only the events give.
    fn differing(&self, table: &str) -> (String, String) {
        let (stored, derived) = (format!("{}.{table}", self.schema), format!("pg_temp.{table}"));
        (
            format!("(SELECT * FROM {stored} EXCEPT SELECT * FROM {derived})"),
            format!("(SELECT * FROM {derived} EXCEPT SELECT * FROM {stored})"),
        )
    }

    /// Tables that are not what the events give.
    ///
    /// # Errors
    /// The database failed.
    pub async fn changes(&self, tx: &mut PgConnection) -> Result<Vec<TableChange>, sqlx::Error> {
        let mut changes = Vec::new();
        for table in TABLES {
            let (stored, derived) = self.differing(table);
            let sql = format!("SELECT (SELECT count(*) FROM {stored} s), (SELECT count(*) FROM {derived} d)");
            let row = sqlx::query(AssertSqlSafe(sql)).persistent(false).fetch_one(&mut *tx).await?;
            let (rows_before, rows_after): (i64, i64) = (row.try_get(0)?, row.try_get(1)?);
            if rows_before != 0 || rows_after != 0 {
                changes.push(TableChange { table, rows_before, rows_after });
            }
        }
        Ok(changes)
    }

    /// Rows that are not what the events give, and how many there are beyond those.
    ///
    /// # Errors
    /// The database failed.
    pub async fn rows(&self, tx: &mut PgConnection) -> Result<(Vec<RowDifference>, usize), sqlx::Error> {
        let (mut rows, mut more) = (Vec::new(), 0);
        for table in TABLES {
            let key = key(tx, &self.schema, table).await?;
            let (stored, derived) = self.differing(table);
            let sql = format!(
                "SELECT count(*) OVER (), concat_ws(' ', {key}),
                        (SELECT jsonb_object_agg(key, value)::text FROM jsonb_each(to_jsonb(s))
                         WHERE (to_jsonb(d) -> key) IS DISTINCT FROM value),
                        (SELECT jsonb_object_agg(key, value)::text FROM jsonb_each(to_jsonb(d))
                         WHERE (to_jsonb(s) -> key) IS DISTINCT FROM value)
                 FROM {stored} s FULL JOIN {derived} d USING ({key}) ORDER BY {key} LIMIT {MOST}"
            );
            let found = sqlx::query(AssertSqlSafe(sql)).persistent(false).fetch_all(&mut *tx).await?;
            if let Some(first) = found.first() {
                let all = usize::try_from(first.try_get::<i64, _>(0)?).unwrap_or(usize::MAX);
                more += all.saturating_sub(found.len());
            }
            for row in &found {
                let (key, stored, derived) = (row.try_get(1)?, row.try_get(2)?, row.try_get(3)?);
                rows.push(RowDifference { table, key, stored, derived });
            }
        }
        Ok((rows, more))
    }

    /// Gives the tables that differ what the events give.
    ///
    /// # Errors
    /// The database failed; then the transaction must be rolled back.
    pub async fn adopt(&self, tx: &mut PgConnection, changes: &[TableChange]) -> Result<(), sqlx::Error> {
        let schema = &self.schema;
        for TableChange { table, .. } in changes {
            // Not TRUNCATE: it would keep readers out.
            execute(tx, format!("DELETE FROM {schema}.{table}")).await?;
            execute(tx, format!("INSERT INTO {schema}.{table} SELECT * FROM pg_temp.{table}")).await?;
        }
        version::record(tx).await
    }
}

/// The columns of a table's primary key.
async fn key(tx: &mut PgConnection, schema: &str, table: &str) -> Result<String, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum)
         FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey)
         WHERE i.indrelid = to_regclass($1) AND i.indisprimary",
    )
    .bind(format!("{schema}.{table}"))
    .fetch_one(tx)
    .await
}

async fn execute(tx: &mut PgConnection, sql: String) -> Result<(), sqlx::Error> {
    sqlx::query(AssertSqlSafe(sql)).persistent(false).execute(tx).await?;
    Ok(())
}
