mod support;

use indexer::Round;
use sqlx::{Connection, PgConnection};
use support::Database;
use support::indexed::{derived, open, text, to_tip};
use support::story::key;
use support::world::{GENESIS_SUPPLY, World};

async fn indexed(world: &World) -> Database {
    let database = Database::start();
    let mut frontier = open(&world.story.chain, &database).await;
    to_tip(&mut frontier).await;
    assert_eq!(frontier.store().alarms().await.unwrap(), (0, 0));
    database
}

/// One line of space-separated values for each row that `sql` gives.
async fn lines(database: &Database, sql: &'static str) -> Vec<String> {
    let mut connection = PgConnection::connect(database.url()).await.unwrap();
    sqlx::query_scalar(sql).fetch_all(&mut connection).await.unwrap()
}

#[tokio::test]
async fn pools_and_positions_are_what_the_rules_made_of_them() {
    let world = World::lived_in();
    let database = indexed(&world).await;
    let mut expected: Vec<String> = world
        .ledger
        .pools
        .values()
        .map(|p| {
            let held = world
                .ledger
                .positions
                .values()
                .filter(|q| world.ledger.pools[&q.pool].owner == p.owner && world.ledger.pools[&q.pool].kind == p.kind)
                .count();
            format!(
                "{} {} {} {} {} {} {} {} {} {} {} {held}",
                hex(&p.owner.to_bytes()),
                p.active,
                p.reserved,
                p.warming,
                p.cooling,
                p.factor,
                p.index,
                p.scaled_index,
                p.commission_owed,
                p.undistributed,
                p.commission_bps
            )
        })
        .collect();
    expected.sort();
    let pools =
        "SELECT concat_ws(' ', encode(owner, 'hex'), active, reserved, warming, cooling, factor, index, scaled_index,
                     commission_owed, undistributed, commission_bps, positions) FROM pools ORDER BY 1";
    assert_eq!(lines(&database, pools).await, expected);

    let mut expected: Vec<String> = world
        .ledger
        .positions
        .values()
        .map(|q| {
            format!(
                "{} {} {} {} {} {} {} {} {}",
                hex(&q.pool.to_bytes()),
                hex(&q.holder.to_bytes()),
                q.active,
                q.reserved,
                q.warming,
                q.cooling,
                q.owed,
                q.factor,
                q.locked_until
            )
        })
        .collect();
    expected.sort();
    let positions =
        "SELECT concat_ws(' ', encode(pool, 'hex'), encode(holder, 'hex'), active, reserved, warming, cooling,
                         owed, factor, coalesce(locked_until, 0)) FROM positions WHERE NOT closed ORDER BY 1";
    assert_eq!(lines(&database, positions).await, expected);
    assert_eq!(text(&database, "SELECT count(*)::text FROM positions WHERE closed").await, "1");

    let r = &world.ledger.rewards;
    let rewards =
        "SELECT concat_ws(' ', weight, staked, index, undistributed, collected, claimed, slashed, burned) FROM rewards";
    let expected = format!(
        "{} {} {} {} {} {} {} {}",
        r.weight, r.staked, r.index, r.undistributed, r.collected, r.claimed, r.slashed, r.burned
    );
    assert_eq!(text(&database, rewards).await, expected);
    assert!(r.slashed > 0 && r.claimed > 0, "the story has losses and rewards");
    let losses = "SELECT (sum(slashed_reserved) + sum(slashed_beyond))::text FROM pools";
    assert_eq!(text(&database, losses).await, r.slashed.to_string());
    // Nothing that is rewarded is lost: what is not paid yet is owed, in the index, or carried.
    let paid = "SELECT (sum(claimed) FILTER (WHERE kind = 'operator') + sum(commission_claimed))::text FROM pools";
    assert_eq!(text(&database, paid).await, r.claimed.to_string());
}

#[tokio::test]
async fn money_adds_up_by_epoch_and_in_all() {
    let world = World::lived_in();
    let database = indexed(&world).await;
    let l = &world.ledger;
    let supply = "SELECT io_supply::text FROM totals";
    assert_eq!(text(&database, supply).await, l.io_supply.to_string());
    let books =
        "SELECT (io_redeemed + io_scheduled - io_burned - io_slash_burned - io_deposits_burned)::text FROM totals";
    let change = i128::from(l.io_supply) - i128::from(GENESIS_SUPPLY);
    assert_eq!(text(&database, books).await, change.to_string());
    let by_epoch = "SELECT (sum(minted_redemptions + minted_idle + minted_stakers + minted_treasury - io_burned
                    - slash_burned) - (SELECT io_deposits_burned FROM totals))::text FROM supply_by_epoch";
    assert_eq!(text(&database, by_epoch).await, change.to_string());
    let iosd = "SELECT (iosd_bought + iosd_rebates_minted - iosd_locked + iosd_refunded)::text FROM totals";
    assert_eq!(text(&database, iosd).await, l.iosd_supply.to_string());

    let e = &l.emission;
    let emission = "SELECT concat_ws(' ', next_epoch, reserve, allocated, smoothed_burn) FROM totals";
    let expected = format!("{} {} {} {}", e.next_epoch, e.reserve, e.allocated, e.smoothed_burn);
    assert_eq!(text(&database, emission).await, expected);
    let budgets = "SELECT concat_ws(' ', purpose, available, minted, epoch_minted) FROM budgets ORDER BY purpose";
    let expected: Vec<String> = ["idle", "stakers", "treasury"]
        .iter()
        .zip(&e.budgets)
        .map(|(name, b)| format!("{name} {} {} {}", b.available, b.minted, b.epoch_minted))
        .collect();
    assert_eq!(lines(&database, budgets).await, expected);
    let scheduled = "SELECT sum(scheduled)::text FROM budgets";
    assert_eq!(text(&database, scheduled).await, e.scheduled.to_string());

    let mut expected: Vec<String> = l
        .epochs
        .values()
        .map(|e| format!("{} {} {} {} {}", e.index, e.io_burned, e.requested, e.settled, e.minted))
        .collect();
    expected.sort();
    let epochs: Vec<String> = lines(
        &database,
        "SELECT concat_ws(' ', index, io_burned, requested, settled, settled_io) FROM epochs ORDER BY 1",
    )
    .await;
    assert!(expected.iter().all(|e| epochs.contains(e)), "{expected:?} in {epochs:?}");

    let loyalty =
        "SELECT concat_ws(' ', encode(user_key, 'hex'), coalesce(since, 0), points, spent, incentives, rebated,
                       pooled, shared::text) FROM loyalty ORDER BY user_key";
    let expected: Vec<String> = l
        .loyalty
        .values()
        .map(|y| {
            format!(
                "{} {} {} {} {} {} {} {}",
                hex(&y.user.to_bytes()),
                y.since,
                y.points,
                y.spent,
                y.incentives,
                y.rebated,
                y.pooled,
                y.shared
            )
        })
        .collect();
    assert_eq!(lines(&database, loyalty).await, expected);
    let owed = "SELECT concat_ws(' ', earnings_owed, requested, iosd_redeemed, jobs_paid, jobs_expired, jobs_faulted,
                    required_stake, devices) FROM operators ORDER BY key";
    let expected: Vec<String> = l
        .operators
        .values()
        .map(|o| {
            let y = &l.earnings[&o.owner];
            format!(
                "{} {} {} {} {} {} {} {}",
                y.owed,
                y.requested,
                y.redeemed,
                o.jobs_paid,
                o.jobs_expired,
                o.jobs_faulted,
                o.required_stake,
                o.devices
            )
        })
        .collect();
    assert_eq!(lines(&database, owed).await, expected);
}

#[tokio::test]
async fn proposals_votes_and_orders_are_kept() {
    let world = World::lived_in();
    let database = indexed(&world).await;
    let proposals = "SELECT concat_ws(' | ', number, status, votes, (deposit_returned > 0)::text, words) FROM proposals
                     ORDER BY number";
    let expected = [
        "0 | executed | 2 | true | Set the fee on settled prices to 4.50 %",
        &format!("1 | executed | 1 | Pay 3 IO from the treasury's budget to {}", key(61)),
        "2 | rejected | 0 | false | Declare “a proposal that nobody voted for”",
        &format!("3 | rejected | 1 | Make {} the guardian", key(62)),
        "4 | passed | 1 | Set the user's slice of an expired claim's reservation to 6.00 %",
        "5 | executed | 1 | Set the quorum, of all stake to 15.00 %",
        &format!("6 | vetoed | 0 | true | Pay 1 IO from the treasury's budget to {}", key(2)),
        "7 | voting | 0 | Lift every pause of staking",
    ];
    assert_eq!(lines(&database, proposals).await, expected);
    let open = "SELECT concat_ws(' ', yes, no, abstain) FROM proposals WHERE number = 0";
    let first = lines(
        &database,
        "SELECT sum(weight)::text FROM votes v JOIN proposals p ON p.address = v.proposal
                                  WHERE p.number = 0 GROUP BY choice ORDER BY choice DESC",
    )
    .await;
    assert_eq!(text(&database, open).await, format!("{} 0 {}", first[0], first[1]));
    let changes = "SELECT concat_ws(' ', program, parameter, old, new) FROM parameter_changes ORDER BY event_id";
    assert_eq!(lines(&database, changes).await, ["credits FeeBps 500 450", "governance QuorumBps 2000 1500"]);
    let pauses = "SELECT concat_ws(' ', program, flags, (guardian IS NOT NULL)::text) FROM pauses ORDER BY event_id";
    assert_eq!(lines(&database, pauses).await, ["staking 2 true", "governance 1 true"]);
    let authorities =
        "SELECT concat_ws(' ', program, (authority IS NOT NULL)::text, (pending IS NULL)::text) FROM authorities
                       ORDER BY program";
    let expected = ["credits true true", "governance true true", "jobs true true", "staking true true"];
    assert_eq!(lines(&database, authorities).await, expected);
    let g = &world.ledger.governance;
    let governance = "SELECT concat_ws(' ', rules_version, deposits_burned) FROM governance";
    assert_eq!(text(&database, governance).await, format!("{} {}", g.rules_version, g.deposits_burned));
}

#[tokio::test]
async fn reading_the_economy_again_changes_nothing() {
    let world = World::lived_in();
    let database = indexed(&world).await;
    let before = derived(&database).await;
    let back = "UPDATE checkpoint SET slot = b.slot, blockhash = b.blockhash
                FROM (SELECT * FROM blocks ORDER BY slot LIMIT 1) b RETURNING b.slot::text";
    for _ in 0..2 {
        assert!(text(&database, back).await.parse::<u64>().unwrap() < world.story.slot);
        let mut again = open(&world.story.chain, &database).await;
        assert!(matches!(again.round().await.unwrap(), Round::Advanced { new_events: 0, .. }));
        to_tip(&mut again).await;
    }
    assert!(derived(&database).await == before);
}

#[tokio::test]
async fn a_missed_event_of_stake_or_of_a_vote_is_a_hole() {
    let mut world = World::lived_in();
    let (pool, _) = world.ledger.pools.iter().find(|(_, pool)| pool.owner == key(3)).unwrap();
    let (proposal, _) = world.ledger.proposals.iter().find(|(_, p)| p.number == 7).unwrap();
    let (pool, proposal) = (*pool, *proposal);
    // Events that nobody sees take a number each.
    world.story.stamp(indexer::Program::Staking, credits::constants::shard_of(&pool));
    world.story.stamp(indexer::Program::Governance, credits::constants::shard_of(&proposal));
    world.fold(pool);
    world.wait(60);
    world.finish(proposal);
    let database = Database::start();
    let mut frontier = open(&world.story.chain, &database).await;
    to_tip(&mut frontier).await;
    assert_eq!(frontier.store().alarms().await.unwrap(), (2, 0));
    let programs = "SELECT string_agg(program, ' ' ORDER BY program) FROM sequence_faults WHERE kind = 'hole'";
    assert_eq!(text(&database, programs).await, "governance staking");
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}
