//! What whoever runs the server relies on.
#[path = "../../indexer/tests/support/mod.rs"]
mod support;
mod website;

use explorer_api::Limits;
use private_postgres::{Durability, PrivatePostgres};
use serde_json::Value;
use sqlx::Connection;
use std::collections::BTreeSet;
use std::os::unix::fs::MetadataExt;
use std::process::Command;
use support::story::{Story, key};
use website::{Stream, Website};

/// A streaming replica of a database, made the way that an operator makes one.
fn replica(of: &PrivatePostgres) -> (PrivatePostgres, tempfile::TempDir) {
    let dir = tempfile::tempdir().unwrap();
    // Finds the place, and who owns it.
    let fresh = PrivatePostgres::start_with(dir.path(), Durability::Volatile).unwrap();
    let cluster = fresh.cluster_dir().to_owned();
    let owner = std::fs::metadata(&cluster).unwrap();
    fresh.stop().unwrap();
    std::fs::remove_dir_all(&cluster).unwrap();
    let run = |program: &str, arguments: &[&str]| {
        let done = Command::new(program).args(arguments).output().unwrap();
        assert!(done.status.success(), "{program}: {}", String::from_utf8_lossy(&done.stderr));
    };
    run("pg_basebackup", &["-d", of.url(), "-D", cluster.to_str().unwrap(), "-R", "-X", "stream", "-c", "fast"]);
    run("chown", &["-R", &format!("{}:{}", owner.uid(), owner.gid()), cluster.to_str().unwrap()]);
    (PrivatePostgres::start_with(dir.path(), Durability::Volatile).unwrap(), dir)
}

async fn execute(url: &str, sql: &'static str) {
    let mut connection = sqlx::PgConnection::connect(url).await.unwrap();
    sqlx::query(sql).execute(&mut connection).await.unwrap();
}

async fn ready(site: &Website) -> (u16, String) {
    let answer = site.get("/readyz").await;
    let status = answer.status().as_u16();
    let body: Value = answer.json().await.unwrap();
    assert_eq!(body["ready"], status == 200);
    (status, body["reasons"].to_string())
}

/// Asks until the answer is so; returns the reasons.
async fn until(site: &Website, so: impl Fn(u16, &str) -> bool) -> String {
    let began = std::time::Instant::now();
    loop {
        let (status, reasons) = ready(site).await;
        if so(status, &reasons) {
            return reasons;
        }
        assert!(began.elapsed().as_secs() < 60, "{status} {reasons}");
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    }
}

#[tokio::test]
async fn a_replica_is_read_told_of_news_at_once_and_not_ready_when_it_falls_behind() {
    let primary = support::Database::start();
    // Something must be there to be copied, and the schema with it.
    drop(indexer::Store::open(primary.url()).await.unwrap());
    let (standby, _dir) = replica(&primary.postgres);
    let mut site =
        Website::open_on(Story::every_ending(), primary, Some(standby.url().to_owned()), Limits::default()).await;
    // A replica gets everything a moment later.
    until(&site, |status, _| status == 200).await;
    let mut stream = Stream::open(&site, None).await;
    site.story.post(key(1), 10);
    site.index().await;
    let told = tokio::time::timeout(std::time::Duration::from_secs(10), stream.next_event()).await.unwrap();
    assert!(told.contains("EscrowLocked"), "{told}");
    assert!(site.get("/metrics").await.text().await.unwrap().contains("\nexplorer_replica_lag_seconds "));

    execute(standby.url(), "SELECT pg_wal_replay_pause()").await;
    let jobs = async |site: &Website| site.json("/v1/jobs?limit=100").await["data"].as_array().unwrap().len();
    let before = jobs(&site).await;
    site.story.post(key(1), 10);
    site.index().await;
    assert_eq!(jobs(&site).await, before, "the replica is read");
    let reasons = until(&site, |status, reasons| status == 503 && reasons.contains("the replica is ")).await;
    assert!(reasons.contains("s behind, more than 20"), "{reasons}");
    execute(standby.url(), "SELECT pg_wal_replay_resume()").await;
    // Stops before the database that it follows: a clean end of that one waits for its replicas.
    standby.stop().unwrap();
}

#[tokio::test]
async fn missing_migrations_and_a_lag_over_the_limit_are_not_ready() {
    let site = Website::open(Story::every_ending()).await;
    execute(site.database_url(), "UPDATE indexer_status SET tip_slot = tip_slot + 151").await;
    // The condition is kept for a second.
    until(&site, |status, reasons| status == 503 && reasons.contains("151 slots behind, more than 150")).await;
    execute(site.database_url(), "UPDATE indexer_status SET tip_slot = tip_slot - 151").await;
    until(&site, |status, _| status == 200).await;
    execute(site.database_url(), "DELETE FROM _sqlx_migrations WHERE version >= 8").await;
    until(&site, |status, reasons| status == 503 && reasons.contains("the schema is at migration 7")).await;
}

#[tokio::test]
async fn health_is_read_once_a_second_at_most() {
    let site = Website::open(Story::every_ending()).await;
    until(&site, |status, _| status == 200).await;
    tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;
    let asked = std::time::Instant::now();
    assert_eq!(ready(&site).await.0, 200);
    execute(site.database_url(), "UPDATE indexer_status SET tip_slot = tip_slot + 151").await;
    let (status, _) = ready(&site).await;
    assert!(status == 200 || asked.elapsed().as_millis() >= 1_000, "kept for a second");
    until(&site, |status, _| status == 503).await;
}

/// Names of our metrics in a text.
fn metrics_in(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    words.filter(|word| word.starts_with("indexer_") || word.starts_with("explorer_")).map(str::to_owned).collect()
}

#[tokio::test]
async fn the_dashboard_and_the_alerts_name_only_metrics_that_exist() {
    let primary = support::Database::start();
    drop(indexer::Store::open(primary.url()).await.unwrap());
    let (standby, _dir) = replica(&primary.postgres);
    let settings = indexer::OpsSettings {
        bind: "127.0.0.1:0".parse().unwrap(),
        database_url: primary.url().to_owned(),
        max_lag_slots: 150,
    };
    let ops = indexer::Ops::bind(&settings).await.unwrap();
    let address = ops.local_addr();
    let (_stop, stopped) = tokio::sync::watch::channel(false);
    tokio::spawn(ops.run(stopped));
    let story = Story::every_ending();
    // One interruption, so that there is one to count.
    story.chain.fail_block(3, 1);
    let site = Website::open_on(story, primary, Some(standby.url().to_owned()), Limits::default()).await;
    let mut served = site.get("/metrics").await.text().await.unwrap();
    served += &site.http.get(format!("http://{address}/metrics")).send().await.unwrap().text().await.unwrap();
    let lines = served.lines().filter(|line| !line.starts_with('#'));
    let exist: BTreeSet<String> = lines.map(|line| line.split([' ', '{']).next().unwrap().to_owned()).collect();

    let deploy = concat!(env!("CARGO_MANIFEST_DIR"), "/../deploy");
    let dashboard: Value =
        serde_json::from_str(&std::fs::read_to_string(format!("{deploy}/grafana/dashboard.json")).unwrap()).unwrap();
    let mut shown = BTreeSet::new();
    for panel in dashboard["panels"].as_array().unwrap() {
        for target in panel["targets"].as_array().unwrap() {
            let names = metrics_in(target["expr"].as_str().unwrap());
            assert!(!names.is_empty(), "{}", panel["title"]);
            shown.extend(names);
        }
    }
    let alerts = std::fs::read_to_string(format!("{deploy}/prometheus/alerts.yml")).unwrap();
    let alerts = metrics_in(&alerts.lines().filter(|line| line.contains("expr:")).collect::<String>());
    let missing: Vec<_> = shown.union(&alerts).filter(|name| !exist.contains(*name)).collect();
    assert!(missing.is_empty(), "{missing:?} are not among {exist:?}");
    standby.stop().unwrap();
}
