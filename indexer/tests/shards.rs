//! Events that no later event shows to be missing, against the numbers in their shards' accounts.
mod support;

use indexer::{Frontier, Shards};
use std::time::{Duration, Instant};
use support::indexed::{derived, open, text, to_tip};
use support::story::Story;
use support::{Database, FakeChain};

const FAULTS: &str = "SELECT count(*)::text FROM sequence_faults";

/// Compares as often as it can.
async fn checking(chain: &FakeChain, database: &Database) -> Frontier<FakeChain> {
    open(chain, database).await.with_shard_checks(Duration::ZERO)
}

/// Rounds until the shards agree at `slot` and nothing is missing; says how many alarms there were at most.
async fn until_whole(frontier: &mut Frontier<FakeChain>, slot: u64) -> i64 {
    let (began, mut most) = (Instant::now(), 0);
    loop {
        to_tip(frontier).await;
        let (holes, _) = frontier.store().alarms().await.unwrap();
        most = most.max(holes);
        if holes == 0 && frontier.shards_agreed_at() == Some(slot) {
            return most;
        }
        assert!(began.elapsed() < Duration::from_secs(30), "{holes} holes, {:?}", frontier.shards_agreed_at());
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

async fn rounds_for(frontier: &mut Frontier<FakeChain>, time: Duration) {
    let began = Instant::now();
    while began.elapsed() < time {
        to_tip(frontier).await;
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

/// The last block with an event: at least one shard's last event is in it.
fn last_with_events(story: &Story) -> u64 {
    let told = |slot: &u64| story.chain.block_at(*slot).transactions.iter().any(|t| !t.inner.is_empty());
    (1..=story.slot).rev().find(told).unwrap()
}

/// As the accounts are, with one more event of one shard.
fn one_more(shards: &Shards) -> Shards {
    let mut more = shards.clone();
    *more.last.values_mut().next().unwrap() += 1;
    more
}

#[tokio::test]
async fn a_last_event_that_the_node_left_out_is_noticed_and_comes_in() {
    let (story, whole, database) = (Story::every_ending(), Database::start(), Database::start());
    to_tip(&mut open(&story.chain, &whole).await).await;
    story.chain.empty_once(last_with_events(&story));
    story.chain.show_shards([story.chain.shards_at(story.slot)]);
    let mut frontier = checking(&story.chain, &database).await;
    until_whole(&mut frontier, story.slot).await;
    assert!(derived(&database).await == derived(&whole).await);
    assert_eq!(text(&database, "SELECT (count(healed_at) > 0)::text FROM sequence_faults").await, "true", "on record");
}

#[tokio::test]
async fn a_last_event_that_the_node_never_shows_is_one_alarm_until_it_does() {
    let (story, whole, database) = (Story::every_ending(), Database::start(), Database::start());
    to_tip(&mut open(&story.chain, &whole).await).await;
    story.chain.show_shards([story.chain.shards_at(story.slot)]);
    let slot = last_with_events(&story);
    let lost = story.chain.block_at(slot);
    story.chain.edit(slot, |block| block.transactions.clear());
    let mut frontier = checking(&story.chain, &database).await;
    rounds_for(&mut frontier, Duration::from_millis(600)).await;
    assert!(frontier.store().alarms().await.unwrap().0 > 0);
    let shards = "SELECT (count(*) = count(DISTINCT (program, shard)))::text FROM sequence_faults";
    assert_eq!(text(&database, shards).await, "true", "once, however often it is compared");
    assert_eq!(frontier.shards_agreed_at(), None);
    story.chain.edit(slot, |block| *block = lost);
    until_whole(&mut frontier, story.slot).await;
    assert!(derived(&database).await == derived(&whole).await);
}

#[tokio::test]
async fn accounts_that_are_ahead_of_the_index_are_no_alarm() {
    let (story, database) = (Story::every_ending(), Database::start());
    let ahead = Shards { slot: story.slot + 1, ..one_more(&story.chain.shards_at(story.slot)) };
    story.chain.show_shards([ahead]);
    let mut frontier = checking(&story.chain, &database).await;
    rounds_for(&mut frontier, Duration::from_millis(200)).await;
    assert_eq!((text(&database, FAULTS).await, frontier.shards_agreed_at()), ("0".into(), None));
}

#[tokio::test]
async fn what_only_one_reading_says_is_no_alarm() {
    let (story, database) = (Story::every_ending(), Database::start());
    let now = story.chain.shards_at(story.slot);
    story.chain.show_shards([one_more(&now), now]);
    let mut frontier = checking(&story.chain, &database).await;
    assert_eq!(until_whole(&mut frontier, story.slot).await, 0);
    assert_eq!(text(&database, FAULTS).await, "0");
}

#[tokio::test]
async fn a_hole_that_grows_is_one_alarm() {
    let (story, database) = (Story::every_ending(), Database::start());
    let one = one_more(&story.chain.shards_at(story.slot));
    let two = one_more(&one);
    story.chain.show_shards([one.clone(), one, two]);
    let mut frontier = checking(&story.chain, &database).await;
    rounds_for(&mut frontier, Duration::from_millis(600)).await;
    let missing = "SELECT string_agg((found - expected)::text, ' ') FROM sequence_faults";
    assert_eq!(text(&database, missing).await, "2");
}

#[tokio::test]
async fn an_alarm_goes_when_the_accounts_do_not_say_so_any_more() {
    let (story, database) = (Story::every_ending(), Database::start());
    let now = story.chain.shards_at(story.slot);
    // Of a branch that is left.
    story.chain.show_shards([one_more(&now), one_more(&now), now]);
    let mut frontier = checking(&story.chain, &database).await;
    assert_eq!(until_whole(&mut frontier, story.slot).await, 1);
    assert_eq!(text(&database, FAULTS).await, "0");
}
