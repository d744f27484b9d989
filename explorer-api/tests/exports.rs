//! Lists as files.
#[path = "../../indexer/tests/support/mod.rs"]
mod support;
mod website;

use reqwest::StatusCode;
use serde_json::Value;
use sqlx::Connection;
use std::time::Duration;
use support::story::Story;
use website::Website;

/// More rows than an export has, more bytes than a connection takes unread. Returns how many there are.
async fn fill(site: &Website) -> usize {
    let mut database = sqlx::PgConnection::connect(site.database_url()).await.unwrap();
    sqlx::query(
        "INSERT INTO epochs (index, io_burned, iosd_bought, slash_burned, requested, settled, settled_io, io_redeemed,
                             minted_idle, minted_stakers, minted_treasury, slot)
         SELECT 9000000000000000000 + i, n, n, n, n, n, n, n, n, n, n, 1
         FROM generate_series(1, 50010) AS i, (SELECT 10000000000000000000::numeric AS n) AS long",
    )
    .execute(&mut database)
    .await
    .unwrap();
    let rows: i64 = sqlx::query_scalar("SELECT count(*) FROM epochs").fetch_one(&mut database).await.unwrap();
    rows.try_into().unwrap()
}

#[tokio::test]
async fn an_export_that_is_cut_off_says_so_and_where_to_go_on() {
    let site = Website::open(Story::every_ending()).await;
    let rows = fill(&site).await;
    let text = site.get("/v1/epochs?format=csv").await.text().await.unwrap();
    let lines: Vec<&str> = text.split_terminator("\r\n").collect();
    assert_eq!(lines.len(), 1 + 50_000 + 1);
    let last = lines.last().unwrap();
    let cursor =
        last.strip_prefix("# cut off after 50000 rows; go on with cursor=").unwrap_or_else(|| panic!("{last}"));
    let rest = site.get(&format!("/v1/epochs?format=csv&cursor={cursor}")).await.text().await.unwrap();
    let rest: Vec<&str> = rest.split_terminator("\r\n").collect();
    assert_eq!(rest.len(), 1 + rows - 50_000);
    assert!(rest[0] == lines[0] && !rest.last().unwrap().starts_with('#'), "whole");
    // Who asks for so many gets no more than these.
    let few = site.get("/v1/epochs?format=csv&limit=3").await.text().await.unwrap();
    assert_eq!(few.split_terminator("\r\n").count(), 1 + 3);
}

#[tokio::test]
async fn a_client_reads_one_export_at_a_time() {
    let site = Website::open(Story::every_ending()).await;
    fill(&site).await;
    let unread = site.get("/v1/epochs?format=csv").await;
    assert_eq!(unread.status(), StatusCode::OK);
    let refused = site.get("/v1/jobs?format=csv").await;
    assert_eq!(
        (refused.status(), &refused.headers()["retry-after"]),
        (StatusCode::TOO_MANY_REQUESTS, &"3".parse().unwrap())
    );
    assert_eq!(refused.json::<Value>().await.unwrap()["code"], "too_many_exports");
    assert_eq!(site.get("/v1/jobs").await.status(), StatusCode::OK, "not an export");
    drop(unread);
    let began = std::time::Instant::now();
    while site.get("/v1/jobs?format=csv").await.status() != StatusCode::OK {
        assert!(began.elapsed().as_secs() < 30, "who hangs up gives back its place");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
