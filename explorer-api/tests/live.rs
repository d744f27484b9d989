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
