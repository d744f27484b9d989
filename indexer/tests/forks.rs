mod support;

use indexer::{Frontier, Round, Stall, Store};
use support::indexed::{derived, open, text, to_tip};
use support::story::{Story, key};
use support::{Database, FakeChain};

/// Two ways on from the same beginning: in the second, some of what happens in the first never does.
fn two_ways() -> (Story, Story) {
    let way = |branch: u8| {
        let mut story = Story::every_ending();
        story.chain.branch(branch);
        if branch == 1 {
            story.buy(key(50), 5);
            let job = story.post(key(50), 3);
            story.cancel(&job);
        } else {
            story.empty_blocks(1);
            story.buy(key(51), 7);
            story.buy(key(50), 6);
            story.empty_blocks(2);
        }
        story
    };
    (way(1), way(2))
}

async fn fresh(chain: &FakeChain) -> String {
    let database = Database::start();
    to_tip(&mut open(chain, &database).await).await;
    derived(&database).await
}

const REVERTED: &str = "SELECT count(*) || ' of ' || (SELECT count(*) FROM orphaned_blocks) FROM reverted_events";

#[tokio::test]
async fn blocks_that_the_chain_left_are_replaced_and_their_events_are_reverted() {
    let ((old, new), database) = (two_ways(), Database::start());
    // One transaction is in both branches.
    let both = old.chain.block_at(old.slot - 2).transactions[0].signature;
    new.chain.edit(new.slot - 2, |block| block.transactions[0].signature = both);
    let mut frontier = open(&old.chain, &database).await;
    to_tip(&mut frontier).await;
    let newest = text(&database, "SELECT max(id)::text FROM events").await.parse::<i64>().unwrap();

    old.chain.switch_to(&new.chain);
    to_tip(&mut frontier).await;
    assert!(derived(&database).await == fresh(&new.chain).await);
    assert_eq!(text(&database, REVERTED).await, "5 of 3");
    let last_first = "SELECT string_agg(event_id::text, ' ' ORDER BY id) FROM reverted_events WHERE id > event_id";
    let expected: Vec<String> = (0..5).map(|n| (newest - n).to_string()).collect();
    assert_eq!(text(&database, last_first).await, expected.join(" "));
    let moved = "SELECT (r.signature = e.signature AND e.id > r.id)::text
                 FROM reverted_events r JOIN events e USING (signature, instruction_index, inner_index)";
    assert_eq!(text(&database, moved).await, "true", "it goes, and comes again later in the stream");
    assert_eq!(frontier.store().checkpoint().await.unwrap().unwrap().slot, new.slot);
    assert_eq!(frontier.store().alarms().await.unwrap(), (0, 0));
}

#[tokio::test]
async fn a_fork_that_only_the_finalized_chain_shows_is_found_at_promotion() {
    let ((old, new), database) = (two_ways(), Database::start());
    let mut frontier = open(&old.chain, &database).await;
    to_tip(&mut frontier).await;
    // The chain does not grow past what was indexed.
    for slot in old.slot + 1..=new.slot {
        new.chain.remove(slot);
    }
    old.chain.switch_to(&new.chain);
    to_tip(&mut frontier).await;
    assert_eq!(text(&database, REVERTED).await, "0 of 0");
    old.chain.finalize(old.slot);
    to_tip(&mut frontier).await;
    assert_eq!(text(&database, REVERTED).await, "5 of 3");
    assert!(derived(&database).await == fresh(&new.chain).await);
    to_tip(&mut frontier).await;
    let finalized = "SELECT (finalized_slot = slot)::text FROM checkpoint";
    assert_eq!(text(&database, finalized).await, "true");
    assert_eq!(text(&database, "SELECT count(*)::text FROM blocks WHERE NOT finalized").await, "0");
}

#[tokio::test]
async fn a_tip_that_goes_back_or_a_node_that_forgets_takes_nothing_out() {
    let ((old, new), database) = (two_ways(), Database::start());
    let whole = FakeChain::default();
    whole.switch_to(&old.chain);
    let mut frontier = open(&old.chain, &database).await;
    to_tip(&mut frontier).await;
    let before = derived(&database).await;
    for slot in old.slot - 2..=old.slot {
        old.chain.remove(slot);
    }
    assert_eq!(frontier.round().await.unwrap(), Round::AtTip);
    old.chain.switch_to(&new.chain);
    old.chain.prune(old.slot + 1);
    assert!(matches!(frontier.round().await, Err(Stall::Source(_))), "it cannot be told what the chain has");
    assert!(derived(&database).await == before);
    assert_eq!(text(&database, REVERTED).await, "0 of 0");
    old.chain.switch_to(&whole);
    to_tip(&mut frontier).await;
    assert!(derived(&database).await == before);
}

#[tokio::test]
async fn what_is_final_is_never_taken_out() {
    let (story, database) = (Story::every_ending(), Database::start());
    story.chain.finalize(story.slot);
    let mut frontier = open(&story.chain, &database).await;
    to_tip(&mut frontier).await;
    to_tip(&mut frontier).await;
    let before = derived(&database).await;
    let mut other = Story::new();
    other.chain.branch(9);
    other.empty_blocks(story.slot + 5);
    story.chain.switch_to(&other.chain);
    let stall = frontier.round().await.unwrap_err().to_string();
    assert!(stall.contains("no finalized or earlier block is in both"), "{stall}");
    assert!(derived(&database).await == before);
}

#[tokio::test]
async fn only_blocks_that_the_finalized_chain_has_are_promoted() {
    let (story, database) = (Story::every_ending(), Database::start());
    story.chain.finalize(10);
    let mut frontier = open(&story.chain, &database).await;
    to_tip(&mut frontier).await;
    let finalized = "SELECT concat_ws(' ', c.finalized_slot, max(b.slot) FILTER (WHERE b.finalized), count(*) FILTER
                         (WHERE b.slot <= 10 AND NOT b.finalized)) FROM checkpoint c, blocks b GROUP BY c.finalized_slot";
    assert_eq!(text(&database, finalized).await, "10 10 0");
    // A node that knows less does not take it back.
    story.chain.finalize(3);
    frontier.round().await.unwrap();
    assert_eq!(text(&database, finalized).await, "10 10 0");
}

#[tokio::test]
async fn an_emptied_block_leaves_a_hole_that_heals_itself() {
    let (story, whole, database) = (Story::every_ending(), Database::start(), Database::start());
    to_tip(&mut open(&story.chain, &whole).await).await;
    story.chain.empty_once(2);
    let mut frontier = open(&story.chain, &database).await;
    to_tip(&mut frontier).await;
    assert_eq!(frontier.store().alarms().await.unwrap(), (0, 0));
    let healed = "SELECT (count(*) > 0)::text FROM sequence_faults WHERE healed_at IS NOT NULL AND heal_attempts = 1";
    assert_eq!(text(&database, healed).await, "true", "and it is on record");
    assert!(derived(&database).await == derived(&whole).await);
}

#[tokio::test]
async fn a_hole_that_the_node_cannot_fill_stays_open_until_another_node_can() {
    let (story, whole, database) = (Story::every_ending(), Database::start(), Database::start());
    to_tip(&mut open(&story.chain, &whole).await).await;
    let lost = story.chain.block_at(2);
    story.chain.edit(2, |block| block.transactions.clear());
    let mut frontier = open(&story.chain, &database).await;
    to_tip(&mut frontier).await;
    assert!(frontier.store().alarms().await.unwrap().0 > 0);
    drop(frontier);
    story.chain.edit(2, |block| *block = lost);
    let mut frontier = open(&story.chain, &database).await;
    to_tip(&mut frontier).await;
    assert_eq!(frontier.store().alarms().await.unwrap(), (0, 0));
    assert!(derived(&database).await == derived(&whole).await);
}

#[tokio::test]
async fn a_hole_is_never_filled_from_another_fork() {
    let mut holes = 0;
    let (old, new) = two_ways();
    let differ = |slot: &u64| old.chain.block_at(*slot).blockhash != new.chain.block_at(*slot).blockhash;
    let branch: Vec<u64> = (0..=old.slot.min(new.slot)).filter(differ).collect();
    let expected = fresh(&new.chain).await;
    for slot in branch {
        let ((old, new), database) = (two_ways(), Database::start());
        old.chain.edit(slot, |block| block.transactions.clear());
        let mut frontier = open(&old.chain, &database).await;
        to_tip(&mut frontier).await;
        if frontier.store().alarms().await.unwrap().0 == 0 {
            continue; // Nothing later shows that it is missing.
        }
        holes += 1;
        // The healer finds the other fork's block at the slot of the hole.
        old.chain.switch_to(&new.chain);
        to_tip(&mut frontier).await;
        assert!(derived(&database).await == expected, "slot {slot}");
        assert_eq!(frontier.store().alarms().await.unwrap(), (0, 0), "slot {slot}");
    }
    assert!(holes > 0, "no block of the branch leaves a hole");
}

#[tokio::test]
async fn a_listing_that_leaves_a_block_out_stops_the_frontier_before_it() {
    let (story, whole, database) = (Story::every_ending(), Database::start(), Database::start());
    to_tip(&mut open(&story.chain, &whole).await).await;
    story.chain.hide_once(7);
    let mut frontier = open(&story.chain, &database).await;
    let stall = frontier.round().await.unwrap_err().to_string();
    assert_eq!(stall, "chain: block 8: follows block 7, which was not listed");
    assert_eq!(frontier.store().checkpoint().await.unwrap().unwrap().slot, 6);
    to_tip(&mut frontier).await;
    assert!(derived(&database).await == derived(&whole).await);
    assert_eq!(text(&database, "SELECT count(*)::text FROM sequence_faults").await, "0");
}

#[tokio::test]
async fn a_listing_that_leaves_out_the_first_block_after_the_named_start_stops_the_frontier_there() {
    let (story, database) = (Story::every_ending(), Database::start());
    story.chain.hide_once(2);
    let store = Store::open(database.url()).await.unwrap();
    let mut frontier = Frontier::open(story.chain.clone(), store, Some(2)).await.unwrap().unwrap();
    let stall = frontier.round().await.unwrap_err().to_string();
    assert_eq!(stall, "chain: block 3: follows block 2, which was not listed");
    assert!(frontier.store().checkpoint().await.unwrap().is_none());
    to_tip(&mut frontier).await;
    assert_eq!(text(&database, "SELECT min(slot)::text FROM blocks").await, "2");
}

/// A story with long silences, all of it final.
fn sparse() -> Story {
    let mut story = Story::new();
    for n in 0..12 {
        story.empty_blocks(1_500);
        story.buy(key(0x0100 * n + 1), 5 + u64::from(n));
        story.buy(key(1), 5);
    }
    story.empty_blocks(20);
    story.chain.finalize(story.slot - 10);
    story
}

#[tokio::test]
async fn sparse_ranges_are_read_by_the_address_index_and_give_the_same() {
    let (story, whole, database) = (sparse(), Database::start(), Database::start());
    to_tip(&mut open(&story.chain, &whole).await).await;
    assert_eq!(story.chain.fetched() as u64, story.slot + 1);
    story.chain.index_addresses(&[]);
    let mut frontier = open(&story.chain, &database).await;
    to_tip(&mut frontier).await;
    let fetched = story.chain.fetched();
    assert!(fetched < 5_100, "{fetched}: the first range to measure, then few");
    assert!(derived(&database).await == derived(&whole).await);
    assert_eq!(frontier.store().checkpoint().await.unwrap().unwrap().slot, story.slot);
}

#[tokio::test]
async fn what_the_address_index_leaves_out_is_noticed_and_read_block_by_block() {
    let (story, whole, database) = (sparse(), Database::start(), Database::start());
    to_tip(&mut open(&story.chain, &whole).await).await;
    let missing =
        (12_000..story.slot).find(|slot| !story.chain.block_at(*slot).transactions[0].inner.is_empty()).unwrap();
    story.chain.index_addresses(&[missing, missing + 1]);
    let mut frontier = open(&story.chain, &database).await;
    to_tip(&mut frontier).await;
    assert_eq!(frontier.store().alarms().await.unwrap(), (0, 0));
    assert_eq!(text(&database, "SELECT (count(healed_at) > 0)::text FROM sequence_faults").await, "true");
    assert!(derived(&database).await == derived(&whole).await);
}
