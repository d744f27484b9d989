//! Challenge rounds on a real network: workers take part by themselves, the keeper holds the rounds.
use anyhow::Result;
use client::{Signer, address, rounds_ix};
use compute::Cpu;
use e2e::{Device, Shared};
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// Long beside what the network takes, seconds.
const WINDOW_S: u32 = 12;

/// What each row of a challenge takes a device that needs so many seconds for all of them.
fn row(seconds: f64, rows: u32) -> Duration {
    Duration::from_secs_f64(seconds / f64::from(rows))
}

/// Asks until the answer is yes.
async fn until(what: &str, mut asked: impl AsyncFnMut() -> Result<bool>) -> Result<()> {
    let start = Instant::now();
    while !asked().await? {
        anyhow::ensure!(start.elapsed() < Duration::from_secs(200), "waited in vain: {what}");
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_passes_rounds_by_itself_and_is_paid_for_being_ready_and_an_absent_one_is_not_hired() {
    let (net, _folder) = e2e::network_with_rounds().await.unwrap();
    let [ready, absent] = Device::register_each(&net, ["ready", "absent"]).await.unwrap();
    let chain = net.chain();
    for device in [&ready, &absent] {
        let offer = rounds_ix::set_offer(device.wallet.pubkey(), device.key, 1_000);
        chain.send(&[offer], &[&device.wallet]).await.unwrap();
    }
    let (stop, stopped) = watch::channel(false);
    let serving = tokio::spawn(ready.worker().unwrap().run(stopped));
    until("the ready device passes", async || Ok(ready.account(&chain).await?.challenges_passed > 0)).await.unwrap();
    until("the absent device fails", async || Ok(absent.account(&chain).await?.challenges_failed > 0)).await.unwrap();
    let coins = address::io_account(&ready.owner);
    let before = chain.tokens(&coins).await.unwrap();
    until("its operator is paid", async || Ok(chain.tokens(&coins).await? > before)).await.unwrap();

    let config = chain.jobs_config().await.unwrap();
    let (good, bad) = (ready.account(&chain).await.unwrap(), absent.account(&chain).await.unwrap());
    assert!(good.measured > 0 && good.require_hireable(config.settled_round).is_ok());
    assert!(bad.require_hireable(config.settled_round).is_err());
    // The way back: its worker comes, records nothing by hand, and passes the next round.
    let (stop_other, stopped) = watch::channel(false);
    let back = tokio::spawn(absent.worker().unwrap().run(stopped));
    until("the absent device comes back", async || Ok(absent.account(&chain).await?.challenges_passed > 0))
        .await
        .unwrap();
    let config = chain.jobs_config().await.unwrap();
    assert!(absent.account(&chain).await.unwrap().require_hireable(config.settled_round).is_ok());
    for (stop, task) in [(stop, serving), (stop_other, back)] {
        stop.send(true).unwrap();
        task.await.unwrap().unwrap();
    }
    // The keeper goes on meanwhile, and the local validator names the slot that it is still filling: a difference of that moment is
    // gone at the next look, one in the books stays.
    let mut report = net.audit().await.unwrap();
    for _ in 0..5 {
        if report.differences.is_empty() {
            break;
        }
        report = net.audit().await.unwrap();
    }
    assert!(report.differences.is_empty(), "{:#?}", report.differences);
    net.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn one_gpu_answering_two_challenges_misses_one_of_them() {
    // More than half of the window for each.
    let rows = 64;
    let (net, _folder) = e2e::network_with_windows(WINDOW_S, [rows; 4]).await.unwrap();
    let devices = Device::register_each(&net, ["one", "the same"]).await.unwrap();
    let chain = net.chain();
    let backend = Shared::new(Box::new(Cpu::new()), row(0.6 * f64::from(WINDOW_S), rows));
    let (stop, stopped) = watch::channel(false);
    let serve = |device: &Device| tokio::spawn(device.worker_on(&backend).unwrap().run(stopped.clone()));
    let serving: Vec<_> = devices.iter().map(serve).collect();
    until("a device fails", async || {
        let [one, same] = [devices[0].account(&chain).await?, devices[1].account(&chain).await?];
        let both = one.challenge.round == same.challenge.round && one.challenge.round > 0;
        assert!(!both, "both committed to answers of round {} with {rows} rows", one.challenge.round);
        Ok(one.challenges_failed + same.challenges_failed > 0)
    })
    .await
    .unwrap();
    let config = chain.jobs_config().await.unwrap();
    let mut hireable = 0;
    for device in &devices {
        let account = device.account(&chain).await.unwrap();
        hireable += u32::from(account.require_hireable(config.settled_round).is_ok());
        println!("{rows} rows: {} passed, {} failed", account.challenges_passed, account.challenges_failed);
    }
    assert!(hireable < 2, "one GPU is hired as two");
    stop.send(true).unwrap();
    for task in serving {
        task.await.unwrap().unwrap();
    }
    net.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_too_slow_for_its_class_answers_late_and_falls_to_the_class_that_it_can_serve() {
    // Of its class ten times the rows of the lowest.
    let rows = 640;
    let gpu = Shared::new(Box::new(Cpu::new()), row(1.6 * f64::from(WINDOW_S), rows));
    let (net, _folder) = e2e::network_with_windows(WINDOW_S, [64, rows, rows, rows]).await.unwrap();
    let [slow, witness] = Device::register_in(&net, [("slow", 1), ("witness", 0)]).await.unwrap();
    let chain = net.chain();
    let (stop, stopped) = watch::channel(false);
    let serving =
        [slow.worker_on(&gpu), witness.worker()].map(|worker| tokio::spawn(worker.unwrap().run(stopped.clone())));
    until("the slow device fails", async || Ok(slow.account(&chain).await?.challenges_failed > 0)).await.unwrap();
    let account = slow.account(&chain).await.unwrap();
    let config = chain.jobs_config().await.unwrap();
    assert_eq!((account.class, account.challenges_passed, account.challenge.round), (0, 0, 0), "it came too late");
    assert!(account.require_hireable(config.settled_round).is_err());
    assert!(witness.account(&chain).await.unwrap().challenges_passed > 0);
    until("it passes in the lower class", async || Ok(slow.account(&chain).await?.challenges_passed > 0))
        .await
        .unwrap();
    stop.send(true).unwrap();
    for task in serving {
        task.await.unwrap().unwrap();
    }
    net.stop().await.unwrap();
}
