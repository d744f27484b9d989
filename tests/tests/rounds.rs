//! Challenge rounds on a real network: workers take part by themselves, the keeper holds the rounds.
use anyhow::Result;
use client::{Signer, address, rounds_ix};
use e2e::Device;
use std::time::{Duration, Instant};
use tokio::sync::watch;

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
