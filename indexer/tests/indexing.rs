mod support;

use credits::events::EarningsOpened;
use indexer::{IndexerError, Program, Round, Stall};
use support::indexed::{derived, open, open_from, text, to_tip};
use support::story::{Story, key};
use support::{Database, FakeChain, emitted, event_data};

#[tokio::test]
async fn a_story_adds_up_and_reading_it_again_changes_nothing() {
    let (story, database) = (Story::every_ending(), Database::start());
    story.chain.finalize(10);
    let mut frontier = open(&story.chain, &database).await;
    to_tip(&mut frontier).await;
    assert_eq!(frontier.store().alarms().await.unwrap(), (0, 0));
    assert_eq!(frontier.store().checkpoint().await.unwrap().unwrap().slot, story.slot);

    let jobs = "SELECT string_agg(concat_ws(' ', user_seq, status, verification, price,
                    supplier_share + fee_retired + fee_incentives, refund, fault_expected), ', ' ORDER BY event_id) FROM jobs";
    assert_eq!(
        text(&database, jobs).await,
        "1 paid accepted 1000001 1000001, 2 paid unchallenged 2000000 2000000, 3 cancelled 700000 700000, \
         4 expired 300000 300000, 5 refunded 400000 400000 -3, 6 posted 123456, 7 committed 900000, 8 claimed 800000"
    );
    let totals = "SELECT concat_ws(' ', devices, operators, users, models, iosd_bought, iosd_locked, iosd_refunded,
                      iosd_spent, iosd_earned + iosd_retired + iosd_incentives, price_spot) FROM totals";
    assert_eq!(text(&database, totals).await, "1 1 2 1 55000000 6223457 1400000 3000001 3000001 20000000");
    let device = "SELECT concat_ws(' ', name, jobs_paid, jobs_expired, jobs_faulted, earned) FROM devices";
    assert_eq!(text(&database, device).await, "rtx-4090-berlin 2 1 1 2850000");
    let counts = "SELECT string_agg(status || jobs, ' ' ORDER BY status) FROM job_counts";
    assert_eq!(
        text(&database, counts).await,
        "cancelled1 claimed1 committed1 expired1 paid2 posted1 refunded1 unanswered0"
    );
    assert_eq!(text(&database, "SELECT finalized_slot::text FROM checkpoint").await, "10");

    let before = derived(&database).await;
    let events = text(&database, "SELECT count(*)::text FROM events").await;
    drop(frontier);
    let back = "UPDATE checkpoint SET slot = b.slot, blockhash = b.blockhash
                FROM (SELECT * FROM blocks ORDER BY slot LIMIT 1) b RETURNING b.slot::text";
    assert!(text(&database, back).await.parse::<u64>().unwrap() < 5);
    let mut again = open(&story.chain, &database).await;
    let slot = story.slot;
    assert_eq!(again.round().await.unwrap(), Round::Advanced { slot, new_events: 0 });
    assert!(derived(&database).await == before);
    assert_eq!(text(&database, "SELECT count(*)::text FROM events").await, events);
    assert_eq!(again.store().alarms().await.unwrap(), (0, 0));
}

#[tokio::test]
async fn a_block_that_fails_stops_the_frontier_and_a_restart_there_loses_nothing() {
    let (story, whole, broken) = (Story::every_ending(), Database::start(), Database::start());
    to_tip(&mut open(&story.chain, &whole).await).await;

    story.chain.fail_block(12, 2);
    let mut frontier = open(&story.chain, &broken).await;
    assert!(matches!(frontier.round().await, Err(Stall::Source(_))));
    assert_eq!(frontier.store().checkpoint().await.unwrap().unwrap().slot, 11);
    let reason = text(&broken, "SELECT stall_reason FROM indexer_status").await;
    assert_eq!(reason, "chain: getBlock(12): node is tired");

    drop(frontier);
    let mut frontier = open(&story.chain, &broken).await;
    assert!(matches!(frontier.round().await, Err(Stall::Source(_))));
    to_tip(&mut frontier).await;
    assert_eq!(text(&broken, "SELECT stall_reason FROM indexer_status").await, "");
    assert!(derived(&broken).await == derived(&whole).await, "the same rows, whatever happened on the way");
}

#[tokio::test]
async fn whatever_a_reason_is_made_of_it_is_stored_short_and_on_one_line() {
    let (story, database) = (Story::every_ending(), Database::start());
    story.chain.say(&format!("a\0b\nc\u{1b}[31m{}", "é".repeat(1_000)));
    story.chain.fail_block(12, 1);
    let mut frontier = open(&story.chain, &database).await;
    assert!(matches!(frontier.round().await, Err(Stall::Source(_))));
    let reason = text(&database, "SELECT stall_reason FROM indexer_status").await;
    assert!(reason.starts_with("chain: getBlock(12): a b c [31mé"), "{reason}");
    assert_eq!(reason.chars().count(), 300);
    assert!(!reason.contains(char::is_control), "{reason}");
}

#[tokio::test]
async fn slots_without_a_block_are_passed_only_when_a_later_block_proves_it() {
    let (chain, database) = (FakeChain::default(), Database::start());
    chain.add(5, 100, vec![]);
    chain.add(20_000, 200, vec![]);
    let mut frontier = open(&chain, &database).await;
    assert_eq!(frontier.store().checkpoint().await.unwrap(), None);
    to_tip(&mut frontier).await;
    assert_eq!(frontier.store().checkpoint().await.unwrap().unwrap().slot, 20_000);
    // Two runs of empty slots, one row each.
    assert_eq!(text(&database, "SELECT string_agg(slot::text, ' ' ORDER BY slot) FROM blocks").await, "5 20000");
}

#[tokio::test]
async fn a_missed_event_is_recorded_as_a_hole() {
    let (mut story, database) = (Story::new(), Database::start());
    for n in 0..4 {
        story.device(key(0x0100 + n), key(0x0200 + n), "d");
    }
    // The third device's registration is lost.
    story.chain.edit(6, |block| block.transactions.clear());
    let mut frontier = open(&story.chain, &database).await;
    to_tip(&mut frontier).await;
    assert_eq!(frontier.store().alarms().await.unwrap(), (2, 0));
    let holes = "SELECT string_agg(concat_ws(' ', kind, program, shard, expected, found, slot), ', ' ORDER BY id)
                 FROM sequence_faults";
    assert_eq!(text(&database, holes).await, "hole jobs 2 3 4 8, hole jobs 1 3 4 8");
    assert_eq!(frontier.store().checkpoint().await.unwrap().unwrap().slot, story.slot);
}

#[tokio::test]
async fn two_events_of_one_instruction_are_two_rows_and_the_same_number_twice_is_a_repeat() {
    let (chain, database) = (FakeChain::default(), Database::start());
    let mut story = Story::new();
    let stamp = story.stamp(Program::Credits, 0);
    let (first, second) = (EarningsOpened { stamp, owner: key(1) }, EarningsOpened { stamp, owner: key(2) });
    let inner =
        vec![emitted(Program::Credits, 0, event_data(&first)), emitted(Program::Credits, 1, event_data(&second))];
    chain.add(1, 100, vec![inner]);
    let mut frontier = open(&chain, &database).await;
    to_tip(&mut frontier).await;
    assert_eq!(text(&database, "SELECT string_agg(inner_index::text, ' ') FROM events").await, "0 1");
    assert_eq!(text(&database, "SELECT count(*)::text FROM operators").await, "2");
    assert_eq!(text(&database, "SELECT kind FROM sequence_faults").await, "repeat");
}

#[tokio::test]
async fn unreadable_events_become_dead_letters_once() {
    let (mut story, database) = (Story::new(), Database::start());
    let opened = EarningsOpened { stamp: story.stamp(Program::Credits, 0), owner: key(1) };
    let mut foreign = emitted(Program::Credits, 1, event_data(&opened));
    foreign.accounts = vec![[9; 32]];
    let cut = event_data(&opened)[..30].to_vec();
    story.chain.add(1, 100, vec![vec![emitted(Program::Credits, 0, cut), foreign]]);
    for _ in 0..2 {
        let mut frontier = open(&story.chain, &database).await;
        to_tip(&mut frontier).await;
        assert_eq!(frontier.store().alarms().await.unwrap(), (0, 2));
    }
    assert_eq!(text(&database, "SELECT length(data)::text FROM dead_letters WHERE inner_index = 0").await, "30");
    assert_eq!(text(&database, "SELECT count(*)::text FROM events").await, "0");
}

#[tokio::test]
async fn names_with_a_zero_character_do_not_stop_the_indexer() {
    let (mut story, database) = (Story::new(), Database::start());
    story.model([1; 32], "a\0b");
    story.device(key(4), key(3), "\0");
    to_tip(&mut open(&story.chain, &database).await).await;
    assert_eq!(text(&database, "SELECT name FROM models").await, "a\u{fffd}b");
}

#[tokio::test]
async fn another_chain_and_a_late_start_are_refused() {
    let (story, database) = (Story::every_ending(), Database::start());
    to_tip(&mut open(&story.chain, &database).await).await;
    let late = story.slot + 2;
    let error = open_from(&story.chain, &database, Some(late)).await.err().unwrap();
    assert!(matches!(error, IndexerError::StartPastCheckpoint { start_slot, .. } if start_slot == late), "{error}");
    story.chain.set_genesis("elsewhere");
    let error = open_from(&story.chain, &database, None).await.err().unwrap();
    assert!(matches!(error, IndexerError::OtherChain { .. }), "{error}");
}
