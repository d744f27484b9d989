mod support;

use anchor_lang::{AnchorDeserialize, Discriminator};
use indexer::audit::{AuditError, ChainState, Reading, Report, Settings, Subject, audit};
use indexer::{Program, Round, SourceError};
use sqlx::{Connection, PgConnection};
use std::time::Duration;
use support::indexed::{open, to_tip};
use support::memory::Memory;
use support::story::key;
use support::world::{IO, World};
use support::{Database, event_data};

struct Audited {
    chain: Memory,
    connection: PgConnection,
    _database: Database,
}

impl Audited {
    async fn new(world: &World) -> Self {
        let database = Database::start();
        to_tip(&mut open(&world.story.chain, &database).await).await;
        let connection = PgConnection::connect(database.url()).await.unwrap();
        Self { chain: Memory::of(world), connection, _database: database }
    }

    async fn report(&mut self, chain: &Memory) -> Report {
        let settings = Settings { patience: Duration::ZERO };
        audit(&mut self.connection, chain, &settings).await.unwrap()
    }

    /// Rewrites the first event of a kind that `change` says it changed; returns its id and its bytes as they were.
    async fn tamper<E: anchor_lang::Event + AnchorDeserialize>(
        &mut self,
        kind: &str,
        change: impl Fn(&mut E) -> bool,
    ) -> (i64, Vec<u8>) {
        let rows: Vec<(i64, Vec<u8>)> = sqlx::query_as("SELECT id, data FROM events WHERE kind = $1 ORDER BY id")
            .bind(kind)
            .fetch_all(&mut self.connection)
            .await
            .unwrap();
        for (id, data) in rows {
            let Ok(mut event) = E::try_from_slice(&data[16..]) else { continue };
            if change(&mut event) {
                self.write(id, &event_data(&event)).await;
                return (id, data);
            }
        }
        panic!("no such event: {kind}");
    }

    async fn write(&mut self, id: i64, data: &[u8]) {
        let update = sqlx::query("UPDATE events SET data = $2 WHERE id = $1").bind(id).bind(data);
        update.execute(&mut self.connection).await.unwrap();
    }
}

fn told(report: &Report) -> String {
    report.differences.iter().map(|difference| format!("{difference}\n")).collect()
}

#[tokio::test]
async fn nothing_differs_on_an_honest_chain() {
    let mut audited = Audited::new(&World::lived_in()).await;
    let chain = audited.chain.clone();
    let report = audited.report(&chain).await;
    assert!(report.is_clean(), "{}", told(&report));
    assert_eq!((report.outside.len(), report.slots), (0, (chain.slot, chain.slot)));
    assert!(report.events > 140 && report.checks > 2_000, "{} events, {} checks", report.events, report.checks);
}

#[tokio::test]
async fn one_unit_in_any_account_is_found_by_account_and_field() {
    let mut audited = Audited::new(&World::lived_in()).await;
    /// Adds one to a field of an account that passes, and returns what must be found.
    macro_rules! plant {
        ($($type:ty where $account:ident: $fits:expr, $($field:ident).+ as $name:literal;)*) => {
            $({
                let mut chain = audited.chain.clone();
                let address = chain.change::<$type>(|$account| {
                    let fits = $fits;
                    if fits {
                        $account.$($field).+ += 1;
                    }
                    fits
                });
                let report = audited.report(&chain).await;
                let found: Vec<_> = report.differences.iter().map(|d| (d.subject.address(), d.field)).collect();
                assert_eq!(found, [(address, $name)], "{}", told(&report));
                assert!(!report.is_clean());
            })*
        };
    }
    use {credits::state as c, governance::state as g, jobs::state as j, staking::state as s};
    plant! {
        c::Config where _a: true, fee_bps as "parameter";
        c::Emission where _a: true, reserve as "reserve";
        c::Emission where _a: true, funded as "funded";
        c::Emission where _a: true, smoothed_burn as "smoothed_burn";
        c::Epoch where a: a.requested > 0, requested as "requested";
        c::Epoch where _a: true, io_burned as "io_burned";
        c::Escrow where _a: true, amount as "amount";
        c::Earnings where a: a.redeemed > 0, redeemed as "redeemed";
        c::Earnings where _a: true, owed as "owed";
        c::Loyalty where a: a.points > 0, points as "points";
        c::Loyalty where a: a.pooled > 0, pooled as "pooled";
        c::Loyalty where a: a.since > 0, since as "since";
        c::Shard where a: a.totals.bought > 0, totals.bought as "bought";
        c::Shard where a: a.totals.io_scheduled > 0, totals.io_scheduled as "io_scheduled";
        c::Shard where a: a.seq > 0, seq as "seq";
        s::Config where _a: true, genesis_time as "genesis_time";
        s::Rewards where _a: true, weight as "weight";
        s::Rewards where _a: true, index as "index";
        s::Rewards where _a: true, carry as "carry";
        s::Rewards where _a: true, claimed as "claimed";
        s::Pool where a: a.kind == s::PoolKind::Operator, active as "active";
        s::Pool where a: a.kind == s::PoolKind::User, index as "index";
        s::Pool where _a: true, scaled_index as "scaled_index";
        s::Pool where _a: true, carry as "carry";
        s::Pool where a: a.slash_base > 0, slashed as "slashed";
        s::Position where a: a.active > 0, active as "active";
        s::Position where a: a.owed > 0, owed as "owed";
        s::Position where _a: true, scaled_index as "scaled_index";
        s::Position where a: a.locked_until > 0, locked_until as "locked_until";
        s::Shard where a: a.seq > 0, seq as "seq";
        j::Operator where _a: true, required_stake as "required_stake";
        j::Device where a: a.jobs_paid > 0, jobs_paid as "jobs_paid";
        j::User where _a: true, next_seq as "next_seq";
        j::Job where a: a.reserved > 0, reserved as "reserved";
        j::Job where _a: true, price as "price";
        j::Job where a: a.audit_bps > 0, audit_bps as "audit_bps";
        j::Job where a: a.audit_cells > 0, audit_cells as "audit_cells";
        j::Job where a: a.window_end > 0, window_end as "window_end";
        j::Demand where _a: true, bond as "bond";
        j::Demand where _a: true, deadline as "deadline";
        j::Shard where a: a.seq > 0, seq as "seq";
        g::Config where _a: true, quorum_bps as "parameter";
        g::Config where _a: true, deposits_burned as "deposits_burned";
        g::Config where _a: true, rules_version as "rules_version";
        g::Proposal where a: a.yes > 0, yes as "yes";
        g::Proposal where _a: true, deposit as "deposit";
        g::Vote where _a: true, weight as "weight";
        g::Shard where a: a.seq > 0, seq as "seq";
    }
    let mut chain = audited.chain.clone();
    chain.change::<c::Emission>(|emission| {
        emission.budgets[1].available += 1;
        true
    });
    assert_eq!(audited.report(&chain).await.differences[0].field, "available");
}

#[tokio::test]
async fn coins_too_many_or_too_few_are_found_and_what_holders_did_is_told_apart() {
    let mut audited = Audited::new(&World::lived_in()).await;
    for (subject, at, honest_direction) in [
        (Subject::IoMint, 36, -1i64),
        (Subject::IosdMint, 36, -1),
        (Subject::StakeVault, 64, 1),
        (Subject::RewardVault, 64, 1),
        (Subject::DepositVault, 64, 1),
    ] {
        for change in [1i64, -1] {
            let mut chain = audited.chain.clone();
            let (_, data) = chain.accounts.get_mut(&subject.address()).unwrap();
            let amount = u64::from_le_bytes(data[at..at + 8].try_into().unwrap());
            data[at..at + 8].copy_from_slice(&amount.wrapping_add_signed(change).to_le_bytes());
            let report = audited.report(&chain).await;
            let (found, outside) = (&report.differences, &report.outside);
            let (told, silent) = if change == honest_direction { (outside, found) } else { (found, outside) };
            assert_eq!((told.len(), silent.len()), (1, 0), "{subject} {change}: {report:?}");
            assert_eq!(told[0].subject, subject);
        }
    }
}

#[tokio::test]
async fn accounts_that_nobody_made_and_accounts_that_are_gone_are_found() {
    let mut audited = Audited::new(&World::lived_in()).await;
    let mut chain = audited.chain.clone();
    let position = chain.change::<staking::state::Position>(|_| true);
    let copy = chain.accounts[&position].clone();
    chain.accounts.insert(key(999), copy);
    let earnings = chain.change::<credits::state::Earnings>(|_| true);
    chain.accounts.remove(&earnings);
    let report = audited.report(&chain).await;
    let found: Vec<_> = report.differences.iter().map(|d| (d.subject.address(), d.field)).collect();
    assert_eq!(found, [(earnings, "account"), (key(999), "account")]);
}

#[tokio::test]
async fn one_unit_in_any_event_is_found() {
    let mut audited = Audited::new(&World::lived_in()).await;
    let chain = audited.chain.clone();
    macro_rules! tamper {
        ($($type:ty, $($field:ident).+ as $name:literal;)*) => {
            $({
                let kind = stringify!($type).rsplit("::").next().unwrap().trim();
                let (id, before) = audited
                    .tamper::<$type>(kind, |event| {
                        event.$($field).+ += 1;
                        true
                    })
                    .await;
                assert_eq!(&before[8..16], <$type as Discriminator>::DISCRIMINATOR);
                let report = audited.report(&chain).await;
                let found = report.differences.iter().any(|d| d.field == $name);
                assert!(found, "{} of {kind}: {}", $name, told(&report));
                audited.write(id, &before).await;
            })*
        };
    }
    use {credits::events as c, governance::events as g, jobs::events as j, staking::events as s};
    tamper! {
        c::CreditsBought, iosd_minted as "iosd_minted";
        c::CreditsBought, epoch_io_burned as "io_burned";
        c::CreditsBought, iosd_balance as "iosd_balance";
        c::EscrowLocked, amount as "amount";
        c::EscrowRefunded, amount as "amount";
        c::EscrowSettled, supplier_share as "supplier_share";
        c::EscrowSettled, earnings_owed as "owed";
        c::EscrowSettled, points as "points";
        c::RedemptionRequested, epoch_requested as "requested";
        c::EpochClosed, smoothed_burn as "smoothed_burn";
        c::EpochClosed, reserve as "reserve";
        c::EpochClosed, treasury as "treasury";
        c::EpochClosed, supply as "supply";
        c::RedemptionSettled, io_minted as "io_minted";
        c::RedemptionSettled, dust as "dust";
        c::ScheduleMinted, amount as "minted";
        c::ScheduleMinted, available as "available";
        c::LoyaltyRedeemed, to_stakers as "to_stakers";
        c::RebateMinted, pooled as "pooled";
        s::StakeAdded, amount as "warming";
        s::StakeAdded, position.owed as "owed";
        s::StakeActivated, activated as "activated";
        s::UnstakeStarted, cool_epoch as "cool_epoch";
        s::StakeWithdrawn, amount as "withdrawn";
        s::RewardsCollected, index as "index";
        s::PoolFolded, commission as "commission";
        s::RewardsClaimed, amount as "claimed";
        s::RewardsClaimed, fold as "fold";
        s::RebatesClaimed, amount as "claimed";
        s::CommissionClaimed, amount as "commission";
        s::CommissionSet, pool_state.index as "index";
        s::StakeReserved, amount as "reserved";
        s::StakeReleased, pool_state.reserved as "reserved";
        s::StakeForfeited, to_user as "reserved";
        s::StakeSlashed, burned as "burned";
        s::StakeSlashed, factor as "factor";
        s::PositionLocked, until as "locked_until";
        j::DeviceRegistered, required_stake as "required_stake";
        j::JobPosted, price as "price";
        j::JobClaimed, reserved as "reserved";
        j::JobPaid, device_jobs_paid as "jobs_paid";
        j::JobExpired, forfeited as "forfeited";
        j::JobClaimed, audit_bps as "audit_bps";
        j::JobClaimed, audit_cells as "audit_cells";
        j::ResultCommitted, draw_slot as "draw_slot";
        j::AuditDrawn, deadline as "deadline";
        j::AuditDrawn, cells as "cells";
        j::AuditDrawn, fee as "fee";
        j::AuditMissed, draw_slot as "draw_slot";
        j::AuditMissed, cells as "audit_cells";
        j::CellOpened, left as "left";
        j::AuditExpired, left as "left";
        j::AuditExpired, slashed as "slashed";
        j::FaultProven, slashed as "slashed";
        g::ProposalCreated, quorum as "quorum";
        g::VoteCast, weight as "weight";
        g::VoteCast, yes as "yes";
        g::ProposalFinished, yes as "yes";
        g::ProposalExecuted, rules_version as "rules_version";
        g::ProposalClosed, deposit_returned as "deposit_returned";
    }
    assert!(audited.report(&chain).await.is_clean(), "everything was put back");

    let turned = |event: &mut j::AuditDrawn| {
        event.audited = !event.audited;
        true
    };
    let (id, before) = audited.tamper::<j::AuditDrawn>("AuditDrawn", turned).await;
    let report = audited.report(&chain).await;
    assert!(report.differences.iter().any(|d| d.field == "audited"), "{}", told(&report));
    audited.write(id, &before).await;
    let another = |event: &mut j::AuditDrawn| {
        event.slot_hash[0] ^= 1;
        true
    };
    audited.tamper::<j::AuditDrawn>("AuditDrawn", another).await;
    let report = audited.report(&chain).await;
    assert!(report.differences.iter().any(|d| d.field == "seed"), "{}", told(&report));
}

#[tokio::test]
async fn programs_that_are_read_at_different_slots_are_compared_each_at_its_own() {
    let mut world = World::lived_in();
    let (slot, before) = (world.story.slot, world.accounts());
    world.buy(key(1), 7 * IO);
    world.collect();
    let pool = *world.ledger.pools.iter().find(|(_, pool)| pool.owner == key(3)).unwrap().0;
    world.stake(pool, key(9), 11 * IO);
    let mut audited = Audited::new(&world).await;
    let mut chain = audited.chain.clone();
    for program in [Program::Staking, Program::Governance] {
        chain.earlier.insert(program.id(), (slot, before.clone()));
    }
    let report = audited.report(&chain).await;
    assert!(report.is_clean(), "{}", told(&report));
    assert_eq!(report.slots, (slot, world.story.slot));
    // The same accounts, said to be newer than they are, differ.
    chain.earlier.insert(Program::Staking.id(), (world.story.slot, before));
    assert!(!audited.report(&chain).await.is_clean());
}

#[tokio::test]
async fn accounts_that_later_transactions_have_changed_already_are_compared_where_their_sequences_say() {
    let mut world = World::lived_in();
    let confirmed = world.story.slot;
    world.buy(key(1), 7 * IO);
    let credits_only = world.accounts();
    world.collect();
    let database = Database::start();
    let mut frontier = open(&world.story.chain, &database).await;
    to_tip(&mut frontier).await;
    // A node that is making a block answers with the slot before it, and each call sees more of the block than the last.
    let mut chain = Memory { slot: confirmed, ..Memory::of(&world) };
    chain.earlier.insert(Program::Credits.id(), (confirmed, credits_only.clone()));
    let mut connection = PgConnection::connect(database.url()).await.unwrap();
    let settings = Settings { patience: Duration::from_secs(20) };
    let report = audit(&mut connection, &chain, &settings).await.unwrap();
    assert!(report.is_clean(), "{}", told(&report));
    assert_eq!(report.slots, (confirmed, confirmed));

    // What is in the accounts comes into the index while the audit waits for it.
    world.buy(key(1), 5 * IO);
    world.buy(key(2), 6 * IO);
    let chain = Memory { slot: confirmed, ..Memory::of(&world) };
    let late = async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        to_tip(&mut frontier).await;
    };
    let (report, ()) = tokio::join!(audit(&mut connection, &chain, &settings), late);
    assert!(report.as_ref().unwrap().is_clean(), "{}", told(report.as_ref().unwrap()));

    // One unit more in an account is a difference all the same.
    let mut chain = chain;
    chain.change::<credits::state::Emission>(|emission| {
        emission.budgets[0].available += 1;
        true
    });
    let report = audit(&mut connection, &chain, &settings).await.unwrap();
    assert_eq!(report.differences.len(), 1, "{}", told(&report));
}

/// A chain whose slot moves between the answers, and a node that is behind at first.
struct Moving {
    before: Memory,
    after: Memory,
    behind: std::sync::atomic::AtomicU32,
}

impl ChainState for Moving {
    async fn owned_by(&self, program: [u8; 32], not_before: u64) -> Result<Reading, SourceError> {
        if not_before > self.before.slot {
            let tries = self.behind.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            if tries < 2 {
                return Err(SourceError::Call {
                    call: "getProgramAccounts".into(),
                    message: "slot not reached".into(),
                });
            }
        } else if program == Program::Credits.id() {
            return self.before.owned_by(program, not_before).await;
        }
        self.after.owned_by(program, not_before).await
    }

    async fn accounts(&self, addresses: &[[u8; 32]], not_before: u64) -> Result<Reading, SourceError> {
        self.after.accounts(addresses, not_before).await
    }
}

#[tokio::test]
async fn accounts_are_read_again_until_all_are_of_one_slot() {
    let mut world = World::lived_in();
    let before = Memory::of(&world);
    world.buy(key(1), 7 * IO);
    let mut audited = Audited::new(&world).await;
    let slot = world.story.slot;
    let chain = Moving { before, after: audited.chain.clone(), behind: 0.into() };
    let report = audit(&mut audited.connection, &chain, &Settings::default()).await.unwrap();
    assert!(report.is_clean(), "{}", told(&report));
    assert_eq!(report.slots, (slot, slot));
}

#[tokio::test]
async fn an_index_that_is_behind_or_has_holes_is_not_called_clean() {
    let mut world = World::lived_in();
    let mut audited = Audited::new(&world).await;
    let mut ahead = audited.chain.clone();
    ahead.slot += 1;
    let settings = Settings { patience: Duration::from_millis(300) };
    let error = audit(&mut audited.connection, &ahead, &settings).await.unwrap_err();
    assert!(matches!(error, AuditError::Behind { indexed, slot } if slot == indexed + 1), "{error}");

    // An event that nobody sees takes a number.
    world.story.stamp(Program::Credits, credits::constants::shard_of(&key(1)));
    world.buy(key(1), IO);
    let database = Database::start();
    let mut frontier = open(&world.story.chain, &database).await;
    while frontier.round().await.unwrap() != Round::AtTip {}
    let mut connection = PgConnection::connect(database.url()).await.unwrap();
    let report = audit(&mut connection, &Memory::of(&world), &settings).await.unwrap();
    assert_eq!(report.incomplete, 1);
    assert!(!report.is_clean() && report.differences.iter().any(|d| d.field == "seq"), "{}", told(&report));
}

#[tokio::test]
async fn a_network_that_was_never_launched_is_named() {
    let mut audited = Audited::new(&World::new()).await;
    let mut chain = audited.chain.clone();
    chain.accounts.clear();
    let error = audit(&mut audited.connection, &chain, &Settings::default()).await.unwrap_err();
    assert!(matches!(error, AuditError::NotLaunched { program: "credits" }), "{error}");
}
