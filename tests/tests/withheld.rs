//! Results that are not served: silence is refunded against, an answer earns the bond.
use client::{Pubkey, address};
use e2e::Device;
use jobs::Item;
use jobs::state::{Job, Status};
use localnet::LocalNet;
use std::path::PathBuf;
use tokio::sync::watch;
use user::{Conviction, Outcome};
use worker::{Step, Worker};

async fn story(net: &LocalNet) -> demo::Story<'_> {
    demo::Story::begin(net, &e2e::digits(), &|_| {}).await.unwrap()
}

async fn job(net: &LocalNet, address: &Pubkey) -> Job {
    net.chain().get("job", address, "it was posted").await.unwrap()
}

/// Where everybody looks for the result file.
async fn served(net: &LocalNet, address: &Pubkey) -> PathBuf {
    let blob = blobs::BlobId(job(net, address).await.result_blob).to_string();
    net.blobs().join(&blob[..2]).join(&blob)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_commits_and_serves_nothing_is_refunded_against_and_slashed() {
    let (net, _folder) = e2e::network(12).await.unwrap();
    let story = story(&net).await;
    let device = Device::register(&net, "silent").await.unwrap();
    let before = story.credits().await.unwrap();
    let posted = story.post().await.unwrap();
    let mut worker = device.worker().unwrap();
    assert_eq!(worker.step().await.unwrap(), Step::Claimed(posted.job));
    assert_eq!(worker.step().await.unwrap(), Step::Committed(posted.job));
    drop(worker);
    std::fs::remove_file(served(&net, &posted.job).await).unwrap();

    let found = user::review(&story.chain, &story.blobs, &posted.job).await;
    assert!(user::is_withheld(&found), "nothing is served");
    let (demand, _) = user::demand_output(&story.chain, &story.user, &posted.job).await.unwrap();
    assert!(job(&net, &posted.job).await.demands.any_open());
    let outcome = user::follow(&story.chain, &story.blobs, &story.user, &demand).await.unwrap();
    assert!(matches!(outcome, Outcome::Refunded(_)));

    assert_eq!(story.credits().await.unwrap(), before, "the whole price is back");
    let account = device.account(&story.chain).await.unwrap();
    assert_eq!((account.jobs_paid, account.jobs_faulted, account.live_job), (0, 1, Pubkey::default()));
    let pool = address::operator_pool(&device.owner);
    let position = story.chain.position(&pool, &device.owner).await.unwrap().unwrap();
    assert_eq!(position.reserved, 0);
    assert!(story.chain.demands(&posted.job).await.unwrap().is_empty());
    let told = story.indexed(&posted.job, "refunded").await.unwrap();
    assert_eq!(told["outcome"], "data withheld, refunded", "{told}");
    assert_eq!(told["demands"][0]["status"], "expired", "{told}");
    let report = net.audit().await.unwrap();
    assert!(report.is_clean(), "{report:?}");
    net.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cheat_that_serves_nothing_but_answers_on_chain_is_walked_down_to_and_convicted() {
    let (net, _folder) = e2e::network(30).await.unwrap();
    let story = story(&net).await;
    let device = Device::register(&net, "cheats").await.unwrap();
    let before = story.credits().await.unwrap();
    let posted = story.post().await.unwrap();
    let (backend, choice) = compute::choose(&compute::Preference::Cpu).unwrap();
    let mut worker = Worker::new(&device.config, Box::new(demo::Cheat(backend)), choice.gmacs).unwrap();
    assert_eq!(worker.step().await.unwrap(), Step::Claimed(posted.job));
    assert_eq!(worker.step().await.unwrap(), Step::Committed(posted.job));
    std::fs::remove_file(served(&net, &posted.job).await).unwrap();
    let (stop, stopped) = watch::channel(false);
    let serving = tokio::spawn(worker.run(stopped));

    let found = user::convict(&story.chain, &story.blobs, &story.user, &posted.job, &|said| println!("{said}")).await;
    let Conviction::Wrong { layer, row, column, demands, .. } = found.unwrap() else { panic!("it is wrong") };
    // The last cell of the first layer. 719 rows are ten levels; a row is one segment.
    assert_eq!((layer, row, demands), (0, 718, 4), "column {column}");
    assert_eq!(story.credits().await.unwrap(), before, "the whole price is back");
    assert_eq!(device.account(&story.chain).await.unwrap().jobs_faulted, 1);
    stop.send(true).unwrap();
    serving.await.unwrap().unwrap();
    net.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_answers_from_its_own_disk_after_a_restart_and_by_computing_again_without_it() {
    let (net, _folder) = e2e::network(12).await.unwrap();
    let story = story(&net).await;
    let device = Device::register(&net, "answers").await.unwrap();
    let posted = story.post().await.unwrap();
    let mut worker = device.worker().unwrap();
    assert_eq!(worker.step().await.unwrap(), Step::Claimed(posted.job));
    assert_eq!(worker.step().await.unwrap(), Step::Committed(posted.job));
    drop(worker);
    std::fs::remove_file(served(&net, &posted.job).await).unwrap();

    let ask = async |item| user::demand(&story.chain, &story.user, &posted.job, item).await.unwrap().0;
    let had = story.chain.lamports(&device.key).await.unwrap();
    let demand = ask(Item::LayerRoots).await;
    let more = ask(Item::Nodes { layer: 0, row: None, level: 10, index: 0, depth: 6 }).await;
    let mut worker = device.worker().unwrap();
    assert_eq!(worker.step().await.unwrap(), Step::Answered(posted.job));
    assert!(story.chain.demands(&posted.job).await.unwrap().is_empty());
    let has = story.chain.lamports(&device.key).await.unwrap();
    assert!(has > had + demand.bond + more.bond - 200_000, "{had} {has}: the bonds less fees");
    let outcome = user::follow(&story.chain, &story.blobs, &story.user, &demand).await.unwrap();
    assert!(matches!(outcome, Outcome::Answered { .. }));

    std::fs::remove_dir_all(device.config.kept.join(device.key.to_string())).unwrap();
    std::fs::create_dir_all(device.config.kept.join(device.key.to_string())).unwrap();
    let demand = ask(Item::Segments { layer: 0, row: 3, first: 0, count: 1 }).await;
    let mut worker = device.worker().unwrap();
    assert_eq!(worker.step().await.unwrap(), Step::Answered(posted.job));
    // Executing again has served the result again.
    let outcome = user::follow(&story.chain, &story.blobs, &story.user, &demand).await.unwrap();
    let Outcome::Served(review) = outcome else { panic!("the result can be had") };
    assert_eq!(review.served.job.status, Status::Committed);
    let open = ask(Item::LayerRoots).await;
    user::accept(&story.chain, &story.user, *review).await.unwrap();
    assert_eq!(user::close_demands(&story.chain, &story.user, &posted.job).await.unwrap(), 1);
    assert!(story.chain.bytes(&address::demand(&posted.job, open.n)).await.unwrap().is_none());
    assert_eq!(device.account(&story.chain).await.unwrap().jobs_paid, 1);
    net.stop().await.unwrap();
}
