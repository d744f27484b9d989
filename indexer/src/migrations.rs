//! The schema and how it moves. Old and new programs run on one database while a release rolls out: a migration only adds
//! (expand); what nothing uses any more goes one release later (contract).
use crate::IndexerError;
use std::sync::LazyLock;

static MIGRATIONS: LazyLock<sqlx::migrate::Migrator> = LazyLock::new(|| {
    let mut migrations = sqlx::migrate!("../migrations");
    // A newer release has added to the schema: this one can go on with it.
    migrations.set_ignore_missing(true);
    migrations
});

/// Brings the schema up to date; one that is newer already is left as it is. Safe to call from several processes at once.
///
/// # Errors
/// The database refused, or a migration that was applied is not the one in this program.
pub async fn migrate(pool: &sqlx::PgPool) -> Result<(), IndexerError> {
    migrate_connection(&mut *pool.acquire().await?).await
}

/// Not through `Migrator::run`: with it the compiler cannot show that the future may move between threads.
pub(crate) async fn migrate_connection(connection: &mut sqlx::PgConnection) -> Result<(), IndexerError> {
    MIGRATIONS.run_direct(None, connection, false).await.map_err(IndexerError::Migrate)
}

/// The newest migration that this program knows, and so needs.
pub fn schema_version() -> i64 {
    MIGRATIONS.iter().map(|migration| migration.version).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Words of statements after which the release before cannot read or write any more, or not everything that it does.
    const CONTRACTING: [&str; 13] = [
        "DROP TABLE",
        "DROP COLUMN",
        "DROP VIEW",
        " RENAME ",
        " TYPE ",
        "SET NOT NULL",
        "TRUNCATE",
        "ADD CONSTRAINT",
        "ADD CHECK",
        "ADD UNIQUE",
        "ADD PRIMARY KEY",
        "ADD FOREIGN KEY",
        "DROP CONSTRAINT",
    ];
    /// Statements on rows: the release before goes on to write rows as they were. What is derived is derived anew instead.
    const REWRITING: [&str; 5] = ["UPDATE ", "DELETE ", "WITH ", "MERGE ", "DO "];
    /// Migration, words, and why the release before can live with it.
    const EXCEPTIONS: [(i64, &str, &str); 1] =
        [(10, "DROP CONSTRAINT", "foreign keys to events: nothing names them or relies on their cascade")];

    fn code(sql: &str) -> String {
        let lines = sql.lines().map(|line| line.split("--").next().unwrap_or_default());
        lines.collect::<Vec<_>>().join("\n").to_uppercase()
    }

    /// What the release before could not live with in a migration.
    fn refused(version: i64, sql: &str) -> Option<String> {
        let sql = code(sql);
        sql.split(';').map(str::trim).find_map(|statement| {
            let excepted = |words: &str| EXCEPTIONS.iter().any(|(at, what, _)| *at == version && *what == words);
            let contracting = CONTRACTING.iter().any(|words| statement.contains(*words) && !excepted(words));
            let rewriting = REWRITING.iter().any(|words| statement.starts_with(*words));
            let column = statement.contains("ADD COLUMN") && statement.contains("NOT NULL");
            let unfilled = column && !statement.contains("DEFAULT");
            // On a table of the same migration it hinders nobody.
            let table = statement.split(" ON ").nth(1).and_then(|rest| rest.split([' ', '(']).next());
            let unique = statement.starts_with("CREATE UNIQUE INDEX")
                && !table.is_some_and(|table| sql.contains(&format!("CREATE TABLE {table} (")));
            (contracting || rewriting || unfilled || unique).then(|| statement.to_owned())
        })
    }

    #[test]
    fn migrations_since_the_indexer_is_released_only_add() {
        for migration in MIGRATIONS.iter().filter(|migration| migration.version > 6) {
            assert_eq!(refused(migration.version, migration.sql.as_str()), None, "migration {}", migration.version);
        }
    }

    #[test]
    fn what_the_release_before_could_not_live_with_is_refused() {
        for sql in [
            "ALTER TABLE jobs ADD CONSTRAINT priced CHECK (price > 0)",
            "ALTER TABLE jobs DROP CONSTRAINT jobs_status_check",
            "ALTER TABLE jobs ALTER COLUMN class SET NOT NULL",
            "ALTER TABLE jobs ADD COLUMN class SMALLINT NOT NULL",
            "CREATE UNIQUE INDEX one_name ON devices (name)",
            "-- Fills it in.\nUPDATE jobs SET class = 0",
            "DELETE FROM hours",
        ] {
            assert!(refused(12, sql).is_some(), "{sql}");
        }
        for sql in [
            "ALTER TABLE jobs ADD COLUMN class SMALLINT NOT NULL DEFAULT 0; -- UPDATE is not a statement here",
            "CREATE TABLE names (name TEXT); CREATE UNIQUE INDEX one_name ON names (name)",
            "CREATE INDEX jobs_by_name ON jobs (name); INSERT INTO names VALUES ('a')",
        ] {
            assert_eq!(refused(12, sql), None);
        }
    }
}
