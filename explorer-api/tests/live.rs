#[path = "../../indexer/tests/support/mod.rs"]
mod support;
mod website;

use explorer_api::Limits;
use sqlx::Connection;
use support::story::{Story, key};
use website::{Stream, Website};

fn id(message: &str) -> i64 {
    message.lines().find_map(|line| line.strip_prefix("id: ")).unwrap().parse().unwrap()
}

#[tokio::test]
async fn a_client_that_comes_back_gets_exactly_what_it_missed() {
    let mut site = Website::open(Story::every_ending()).await;
    let mut stream = Stream::open(&site, None).await;
    site.story.price(21_000_000);
    site.index().await;
    let first = stream.next_event().await;
    assert!(first.contains("event: event") && first.contains("\"kind\":\"PriceSubmitted\""), "{first}");
    drop(stream);

    let job = site.story.post(key(1), 10);
    site.story.cancel(&job);
    site.index().await;
    let mut stream = Stream::open(&site, Some(&id(&first).to_string())).await;
    let mut last = id(&first);
    for kind in ["EscrowLocked", "JobPosted", "EscrowRefunded", "JobCancelled"] {
        let message = stream.next_event().await;
        assert!(message.contains(&format!("\"kind\":\"{kind}\"")), "{message}");
        assert!(id(&message) > last);
        last = id(&message);
    }
}

#[tokio::test]
async fn a_client_from_another_time_is_told_to_start_again() {
    let mut site = Website::open(Story::every_ending()).await;
    for unknown in ["9999999", "-1", "yesterday"] {
        let mut stream = Stream::open(&site, Some(unknown)).await;
        assert!(stream.next_event().await.contains("event: reset"), "{unknown}");
    }
    for _ in 0..510 {
        site.story.post(key(1), 1);
    }
    site.index().await;
    let mut stream = Stream::open(&site, Some("1")).await;
    let reset = stream.next_event().await;
    assert!(reset.contains("event: reset"), "{reset}");
    site.story.price(5);
    site.index().await;
    let next = stream.next_event().await;
    assert!(next.contains("PriceSubmitted") && id(&next) > id(&reset), "{next}");
}

#[tokio::test]
async fn what_the_chain_took_back_is_told_and_is_in_no_list_any_more() {
    let way = |branch| {
        let mut story = Story::every_ending();
        story.chain.branch(branch);
        if branch == 1 {
            story.post(key(1), 77);
        } else {
            story.empty_blocks(1);
            story.price(22_000_000);
            story.empty_blocks(1);
        }
        story.chain.finalize(10);
        story
    };
    let (mut site, other) = (Website::open(way(1)).await, way(2));
    assert_eq!(site.json("/v1/jobs?max_price=77").await["data"].as_array().unwrap().len(), 1);
    let mut stream = Stream::open(&site, None).await;
    site.story.chain.switch_to(&other.chain);
    site.index().await;
    let (last, first) = (stream.next_event().await, stream.next_event().await);
    for (message, kind) in [(&last, "JobPosted"), (&first, "EscrowLocked")] {
        assert!(
            message.contains("event: reverted") && message.contains(kind) && message.contains("event_id"),
            "{message}"
        );
    }
    let next = stream.next_event().await;
    assert!(next.contains("event: event") && next.contains("PriceSubmitted") && id(&next) > id(&first), "{next}");
    assert_eq!(site.json("/v1/jobs?max_price=77").await["data"].as_array().unwrap().len(), 0);
    // Whoever was away hears of it too.
    let mut back = Stream::open(&site, Some(&(id(&last) - 1).to_string())).await;
    assert_eq!(id(&back.next_event().await), id(&last));
}

/// Queries for new rows so far.
async fn reads(site: &Website) -> u64 {
    let metrics = site.get("/metrics").await.text().await.unwrap();
    let line = metrics.lines().find_map(|line| line.strip_prefix("explorer_event_reads_total "));
    line.unwrap_or_else(|| panic!("{metrics}")).parse().unwrap()
}

#[tokio::test]
async fn however_many_streams_there_are_a_commit_is_read_once_and_each_gets_every_row_once() {
    let mut site = Website::limited(Story::every_ending(), Limits { streams: 300, ..Limits::default() }).await;
    let mut streams = Vec::new();
    for _ in 0..200 {
        streams.push(Stream::open(&site, None).await);
    }
    let before = reads(&site).await;
    for _ in 0..3 {
        site.story.post(key(1), 10);
        site.index().await;
    }
    site.story.price(21_000_000);
    site.index().await;
    let mut first: Option<Vec<i64>> = None;
    for stream in &mut streams {
        let mut ids = Vec::new();
        for kind in ["EscrowLocked", "JobPosted"].repeat(3).into_iter().chain(["PriceSubmitted"]) {
            let message = stream.next_event().await;
            assert!(message.contains(&format!("\"kind\":\"{kind}\"")), "{message}");
            ids.push(id(&message));
        }
        assert!(ids.is_sorted_by(|one, next| one < next), "{ids:?}");
        assert_eq!(*first.get_or_insert_with(|| ids.clone()), ids);
    }
    let reads = reads(&site).await - before;
    assert!((1..=8).contains(&reads), "{reads} reads of four commits for 200 streams");
}

#[tokio::test]
async fn nothing_is_missed_or_doubled_when_notifications_are_cut_off() {
    let mut site = Website::open(Story::every_ending()).await;
    let mut stream = Stream::open(&site, None).await;
    let mut database = sqlx::PgConnection::connect(site.database_url()).await.unwrap();
    for _ in 0..3 {
        let cut = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'";
        sqlx::query(cut).execute(&mut database).await.unwrap();
        site.story.post(key(1), 10);
        site.index().await;
        for kind in ["EscrowLocked", "JobPosted"] {
            let message = stream.next_event().await;
            assert!(message.contains(&format!("\"kind\":\"{kind}\"")), "{message}");
        }
    }
}

#[tokio::test]
async fn a_stream_starts_again_when_the_database_holds_less_than_before() {
    let site = Website::open(Story::every_ending()).await;
    let mut stream = Stream::open(&site, None).await;
    let mut database = sqlx::PgConnection::connect(site.database_url()).await.unwrap();
    sqlx::query("DELETE FROM events WHERE id > 5").execute(&mut database).await.unwrap();
    let reset = stream.next_event().await;
    assert!(reset.contains("event: reset") && id(&reset) == 5, "{reset}");
}
