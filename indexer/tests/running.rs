mod support;

use indexer::{BATCH_BLOCKS, Finality, NOTIFY_CHANNEL, Settings, run_from};
use sqlx::postgres::PgListener;
use sqlx::{Connection, PgConnection};
use std::time::Duration;
use support::Database;
use support::story::{Story, key};
use tokio::sync::watch;

#[tokio::test]
async fn it_waits_for_a_tired_node_notifies_and_stops_when_told() {
    let (story, database) = (Story::every_ending(), Database::start());
    story.chain.fail_block(20, 2);
    let mut listener = PgListener::connect(database.url()).await.unwrap();
    listener.listen(NOTIFY_CHANNEL).await.unwrap();

    let mut connection = PgConnection::connect(database.url()).await.unwrap();
    let settings = Settings {
        rpc_url: String::new(),
        ws_url: None,
        database_url: database.url().to_owned(),
        poll_interval: Duration::from_millis(5),
        start_slot: None,
        commitment: Finality::Confirmed,
        batch_blocks: BATCH_BLOCKS,
    };
    let (stop, stopped) = watch::channel(false);
    let chain = story.chain.clone();
    let running = tokio::spawn(async move { run_from(|| chain.clone(), &settings, stopped).await });
    let last_job = key(1_008).to_bytes();
    let mut newest = 0;
    let all_is_in = async {
        loop {
            let id: i64 = listener.recv().await.unwrap().payload().parse().unwrap();
            assert!(id > newest, "ids ascend");
            newest = id;
            let claimed = sqlx::query("SELECT FROM jobs WHERE address = $1 AND status = 'claimed'")
                .bind(last_job.as_slice())
                .fetch_optional(&mut connection);
            if claimed.await.unwrap().is_some() {
                return;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(30), all_is_in).await.expect("the whole story is indexed");
    stop.send_replace(true);
    running.await.unwrap().unwrap();
}
