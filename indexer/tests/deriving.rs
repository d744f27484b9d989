mod support;

use indexer::{DERIVED_TABLES, rebuild, rebuild_by};
use sqlx::{Connection, PgConnection};
use support::indexed::{open, text, to_tip, whole};
use support::muddle::{Dice, muddle};
use support::story::Story;
use support::world::World;
use support::{Database, FakeChain};

/// Indexes a chain, then derives everything anew in several ways.
async fn rebuilt_is_the_same(chain: &FakeChain) -> Database {
    let database = Database::start();
    to_tip(&mut open(chain, &database).await).await;
    let mut connection = PgConnection::connect(database.url()).await.unwrap();
    let events: i64 = sqlx::query_scalar("SELECT count(*) FROM events").fetch_one(&mut connection).await.unwrap();
    let followed = whole(&mut connection).await;
    let mut dice = Dice(events.unsigned_abs());
    for way in ["at once", "one by one", "in random batches", "in larger random batches"] {
        let mut tx = connection.begin().await.unwrap();
        let applied = match way {
            "at once" => rebuild(&mut tx).await,
            "one by one" => rebuild_by(&mut tx, || 1).await,
            "in random batches" => rebuild_by(&mut tx, || 1 + dice.below(9)).await,
            _ => rebuild_by(&mut tx, || 1 + dice.below(200)).await,
        };
        assert_eq!(applied.unwrap(), events.unsigned_abs());
        let again = whole(&mut tx).await;
        let differing: Vec<_> = followed.lines().zip(again.lines()).filter(|(a, b)| a != b).take(3).collect();
        assert!(followed == again, "{way}: {differing:#?}");
        tx.rollback().await.unwrap();
    }
    database
}

#[tokio::test]
async fn derived_tables_are_the_same_in_batches_of_any_size() {
    rebuilt_is_the_same(&World::lived_in().story.chain).await;
    rebuilt_is_the_same(&Story::every_ending().chain).await;
    rebuilt_is_the_same(&Story::withheld().chain).await;
}

/// All kinds, also where the row that an event is about is missing or in the wrong state.
#[tokio::test]
async fn events_in_an_impossible_order_derive_the_same_in_batches_of_any_size() {
    let database = rebuilt_is_the_same(&muddle(1, 1_500).chain).await;
    assert_eq!(text(&database, "SELECT count(*)::text FROM dead_letters").await, "0");
    let mut connection = PgConnection::connect(database.url()).await.unwrap();
    for table in DERIVED_TABLES {
        let sql = format!("SELECT EXISTS (SELECT FROM {table})");
        let filled: bool = sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).fetch_one(&mut connection).await.unwrap();
        assert!(filled, "the story leaves {table} empty");
    }
}
