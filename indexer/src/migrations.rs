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

    /// Statements after which the release before cannot read or write any more.
    const CONTRACTING: [&str; 7] =
        ["DROP TABLE", "DROP COLUMN", "DROP VIEW", " RENAME ", " TYPE ", "SET NOT NULL", "TRUNCATE"];

    #[test]
    fn migrations_since_the_indexer_is_released_only_add() {
        for migration in MIGRATIONS.iter().filter(|migration| migration.version > 6) {
            let sql = migration.sql.as_str().to_uppercase();
            for statement in sql.split(';') {
                let forbidden = CONTRACTING.iter().find(|words| statement.contains(*words));
                assert_eq!(forbidden, None, "migration {}: {statement}", migration.version);
                let column = statement.contains("ADD COLUMN") && statement.contains("NOT NULL");
                assert!(
                    !column || statement.contains("DEFAULT"),
                    "migration {}: the release before does not fill in {statement}",
                    migration.version
                );
            }
        }
    }
}
