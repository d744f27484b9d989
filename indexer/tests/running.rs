mod support;

use indexer::{NOTIFY_CHANNEL, Settings, run_from};
use sqlx::postgres::PgListener;
use std::time::Duration;
use support::Database;
use support::story::Story;
use tokio::sync::watch;

#[tokio::test]
async fn it_waits_for_a_tired_node_notifies_and_stops_when_told() {
    let (story, database) = (Story::every_ending(), Database::start());
    story.chain.fail_block(20, 2);
    let mut listener = PgListener::connect(database.url()).await.unwrap();
    listener.listen(NOTIFY_CHANNEL).await.unwrap();

    let settings = Settings {
        rpc_url: String::new(),
        database_url: database.url().to_owned(),
        poll_interval: Duration::from_millis(5),
        start_slot: None,
    };
    let (stop, stopped) = watch::channel(false);
    let chain = story.chain.clone();
    let running = tokio::spawn(async move { run_from(|| chain.clone(), &settings, stopped).await });
    let newest = 46;
    let mut last = 0;
    while last < newest {
        let id: i64 = listener.recv().await.unwrap().payload().parse().unwrap();
        assert!(id > last, "ids ascend");
        last = id;
    }
    stop.send_replace(true);
    running.await.unwrap().unwrap();
}
