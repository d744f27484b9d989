//! How fast derived tables are: `cargo test --workspace --profile native --test derive_speed -- --ignored --nocapture`.
mod support;

use anchor_lang::prelude::Pubkey;
use indexer::rebuild_by;
use jobs::events::Verification;
use sqlx::{Connection, PgConnection};
use std::time::Instant;
use support::Database;
use support::indexed::{open, to_tip};
use support::story::key;
use support::world::{IO, World};

const OPERATORS: u16 = 10;
const DEVICES_EACH: u16 = 4;

/// Every device does a job a round; some jobs are audited, some are cancelled, and users come and buy.
fn busy(rounds: u16) -> World {
    let mut w = World::new();
    let operators: Vec<Pubkey> = (0..OPERATORS).map(|n| key(100 + n)).collect();
    w.buy(key(1), 400_000 * IO);
    let mut pools = Vec::new();
    for operator in &operators {
        w.open_operator(*operator);
        pools.push((w.open_pool(*operator, true, 500), *operator));
    }
    for (pool, operator) in &pools {
        w.stake(*pool, *operator, 50_000 * IO);
    }
    for _ in 0..3 {
        w.next_epoch();
    }
    for (pool, operator) in &pools {
        w.refresh(*pool, *operator);
    }
    let devices: Vec<Pubkey> = (0..OPERATORS * DEVICES_EACH).map(|n| key(1_000 + n)).collect();
    for (device, n) in devices.iter().zip(0..) {
        w.register_device(*device, operators[n / usize::from(DEVICES_EACH)], "device", 1);
    }
    for round in 0..rounds {
        let user = key(20_000 + round);
        w.buy(user, 1_000 * IO);
        w.open_loyalty(user);
        let jobs: Vec<Pubkey> = devices.iter().map(|_| w.post(user, 1_000_000)).collect();
        let unwanted = w.post(user, 500_000);
        for (job, device) in jobs.iter().zip(&devices) {
            w.claim(*job, *device);
            w.commit(*job);
        }
        w.cancel(unwanted);
        for (job, n) in jobs.iter().zip(0..) {
            w.draw(*job, n % 10 == 0);
            if n % 10 == 0 {
                w.open_cell(*job, 0);
                w.open_cell(*job, 1);
            }
        }
        for (job, n) in jobs.iter().zip(0..) {
            w.pay(*job, if n % 10 == 0 { Verification::Audited } else { Verification::Unchallenged });
        }
    }
    w
}

/// Nanoseconds that a thread has run.
fn ran(thread: &str) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{thread}/schedstat")).unwrap();
    stat.split_whitespace().next().unwrap().parse().unwrap()
}

/// Events a second of processor time, ours and the server's, of a whole rebuild in batches of `size`. Not of the clock: it would
/// tell how busy the machine is.
async fn speed(connection: &mut PgConnection, size: usize) -> f64 {
    let backend: i32 = sqlx::query_scalar("SELECT pg_backend_pid()").fetch_one(&mut *connection).await.unwrap();
    let now = || (ran("thread-self"), ran(&backend.to_string()), Instant::now());
    let before = now();
    let mut tx = connection.begin().await.unwrap();
    let events = rebuild_by(&mut tx, || size).await.unwrap() as f64;
    tx.commit().await.unwrap();
    let after = now();
    let (ours, servers) = ((after.0 - before.0) / 1e9, (after.1 - before.1) / 1e9);
    println!(
        "batches of {size:>4}: {events} events, {:.0} a second of both, {:.1} us each here, {:.1} us each in postgres; {:.0} by the clock",
        events / (ours + servers),
        ours / events * 1e6,
        servers / events * 1e6,
        events / (after.2 - before.2).as_secs_f64()
    );
    sqlx::query("VACUUM ANALYZE").execute(&mut *connection).await.unwrap();
    events / (ours + servers)
}

#[tokio::test]
#[ignore = "means something only with optimised code"]
async fn batches_are_faster_than_single_events() {
    let rounds = std::env::var("ROUNDS").map_or(40, |rounds| rounds.parse().unwrap());
    let mut speeds = Vec::new();
    for (rounds, sizes) in [(1, &[1][..]), (rounds, &[100, 2_000, 8_000][..])] {
        let (world, database) = (busy(rounds), Database::start());
        world.story.chain.pack(400);
        to_tip(&mut open(&world.story.chain, &database).await).await;
        let mut connection = PgConnection::connect(database.url()).await.unwrap();
        for size in sizes {
            speeds.push(speed(&mut connection, *size).await);
        }
    }
    println!("batches of 2000 to single events: {:.1}", speeds[2] / speeds[0]);
    assert!(speeds[2] > 5.0 * speeds[0]);
}
