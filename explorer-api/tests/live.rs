#[path = "../../indexer/tests/support/mod.rs"]
mod support;
mod website;

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
