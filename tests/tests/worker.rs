//! Workers against a real network.
use client::{Keypair, Pubkey, Signer, jobs_ix, staking_ix};
use e2e::Device;
use jobs::state::{Audit, Job, Status};
use localnet::LocalNet;
use std::time::Duration;
use tokio::sync::watch;
use worker::{Step, Worker};

/// A user with credits on a network that knows the digits model.
async fn story(net: &LocalNet) -> demo::Story<'_> {
    demo::Story::begin(net, &e2e::digits(), &|_| {}).await.unwrap()
}

async fn job(net: &LocalNet, address: &Pubkey) -> Job {
    net.chain().get("job", address, "it was posted").await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn two_workers_race_for_one_job_and_the_loser_moves_on_to_the_next() {
    let (net, _folder) = e2e::network(60).await.unwrap();
    let story = story(&net).await;
    let [one, two] = Device::register_each(&net, ["one", "two"]).await.unwrap();
    let posted = story.post().await.unwrap();
    let (mut a, mut b) = (one.worker().unwrap(), two.worker().unwrap());
    let (first, second) = tokio::join!(a.step(), b.step());
    let steps = [first.unwrap(), second.unwrap()];
    let claimed = steps.iter().filter(|s| **s == Step::Claimed(posted.job)).count();
    let lost = steps.iter().filter(|s| matches!(s, Step::LostRace(_) | Step::Idle)).count();
    assert_eq!((claimed, lost), (1, 1), "{steps:?}");

    let next = story.post().await.unwrap();
    let loser: &mut Worker = if steps[0] == Step::Claimed(posted.job) { &mut b } else { &mut a };
    assert_eq!(loser.step().await.unwrap(), Step::Claimed(next.job));
    net.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_dies_after_its_claim_finishes_the_job_when_it_comes_back() {
    let (net, _folder) = e2e::network(60).await.unwrap();
    let story = story(&net).await;
    let device = Device::register(&net, "restarts").await.unwrap();
    let posted = story.post().await.unwrap();
    let mut before = device.worker().unwrap();
    assert_eq!(before.step().await.unwrap(), Step::Claimed(posted.job));
    drop(before);

    let mut after = device.worker().unwrap();
    assert_eq!(after.step().await.unwrap(), Step::Committed(posted.job));
    assert_eq!(after.step().await.unwrap(), Step::Waiting(posted.job));
    let review = user::review(&story.chain, &story.blobs, &posted.job).await.unwrap();
    user::accept(&story.chain, &story.user, review).await.unwrap();
    assert_eq!(after.step().await.unwrap(), Step::Idle);
    assert_eq!(device.account(&story.chain).await.unwrap().jobs_paid, 1);
    net.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_dies_in_an_audit_answers_the_rest_of_it_when_it_comes_back() {
    let (net, _folder) = e2e::network_as(|options| options.audit_bps = 10_000).await.unwrap();
    let story = story(&net).await;
    let device = Device::register(&net, "audited").await.unwrap();
    for disk_lost in [false, true] {
        let posted = story.post().await.unwrap();
        let mut before = device.worker().unwrap();
        assert_eq!(before.step().await.unwrap(), Step::Claimed(posted.job));
        assert_eq!(before.step().await.unwrap(), Step::Committed(posted.job));
        // 32 slots of 100 ms lie between commitment and draw.
        while before.step().await.unwrap() != Step::Drawn(posted.job) {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        assert_eq!(before.step().await.unwrap(), Step::Answered(posted.job));
        assert_eq!(job(&net, &posted.job).await.unanswered(), 1);
        drop(before);
        if disk_lost {
            std::fs::remove_dir_all(&device.config.kept).unwrap();
        }

        let mut after = device.worker().unwrap();
        assert_eq!(after.step().await.unwrap(), Step::Answered(posted.job), "its disk was lost: {disk_lost}");
        assert_eq!(job(&net, &posted.job).await.audit, Audit::Passed);
        let review = user::review(&story.chain, &story.blobs, &posted.job).await.unwrap();
        user::accept(&story.chain, &story.user, review).await.unwrap();
    }
    let account = device.account(&story.chain).await.unwrap();
    assert_eq!((account.jobs_paid, account.jobs_faulted), (2, 0));
    net.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_takes_model_and_input_out_of_the_store_after_the_claim_gets_the_result_all_the_same() {
    let (net, _folder) = e2e::network(60).await.unwrap();
    let story = story(&net).await;
    let device = Device::register(&net, "careful").await.unwrap();
    let mut before = device.worker().unwrap();
    for restarted in [false, true] {
        let posted = story.post().await.unwrap();
        assert_eq!(before.step().await.unwrap(), Step::Claimed(posted.job));
        let of = job(&net, &posted.job).await;
        let files = [of.input_blob, of.model_blob].map(|id| {
            let id = blobs::BlobId(id).to_string();
            net.blobs().join(&id[..2]).join(&id)
        });
        let kept = files.clone().map(|path| std::fs::read(path).unwrap());
        files.iter().for_each(|path| std::fs::remove_file(path).unwrap());
        let mut after = if restarted { device.worker().unwrap() } else { before };
        assert_eq!(after.step().await.unwrap(), Step::Committed(posted.job), "restarted: {restarted}");
        files.iter().zip(kept).for_each(|(path, bytes)| std::fs::write(path, bytes).unwrap());
        let review = user::review(&story.chain, &story.blobs, &posted.job).await.unwrap();
        user::accept(&story.chain, &story.user, review).await.unwrap();
        before = after;
    }
    assert_eq!(device.account(&story.chain).await.unwrap().jobs_paid, 2);
    net.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_with_a_damaged_input_is_never_claimed() {
    let (net, _folder) = e2e::network(60).await.unwrap();
    let story = story(&net).await;
    let device = Device::register(&net, "careful").await.unwrap();
    let posted = story.post().await.unwrap();
    let blob = blobs::BlobId(job(&net, &posted.job).await.input_blob).to_string();
    let path = net.blobs().join(&blob[..2]).join(&blob);
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[100] ^= 1;
    std::fs::write(&path, bytes).unwrap();

    assert_eq!(device.worker().unwrap().step().await.unwrap(), Step::Idle);
    assert_eq!(job(&net, &posted.job).await.status, Status::Posted);
    let before = story.credits().await.unwrap();
    user::cancel(&story.chain, &story.user, &posted.job).await.unwrap();
    assert_eq!(story.credits().await.unwrap(), before + 500_000, "the whole price comes back");
    net.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_that_was_registered_with_a_wrong_file_hash_still_serves_users_who_have_the_file() {
    let (net, _folder) = e2e::network(60).await.unwrap();
    let attacker = Keypair::new();
    net.fund(&attacker.pubkey(), 0).await.unwrap();
    let model = demo::Digits::load(&e2e::digits()).unwrap().model;
    let layers = model.specs().into_iter().map(Into::into).collect();
    let args = jobs::ModelArgs { root: model.root(), blob: [0; 32], name: "poisoned".into(), layers };
    let register = jobs_ix::register_model(attacker.pubkey(), args);
    net.chain().send(&[register], &[&attacker]).await.unwrap();

    let story = story(&net).await;
    let mut worker = Device::register(&net, "any").await.unwrap().worker().unwrap();
    let posted = story.post().await.unwrap();
    assert_eq!(worker.step().await.unwrap(), Step::Claimed(posted.job));
    assert_eq!(worker.step().await.unwrap(), Step::Committed(posted.job));
    let review = user::review(&story.chain, &story.blobs, &posted.job).await.unwrap();
    user::accept(&story.chain, &story.user, review).await.unwrap();
    net.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_result_that_nobody_challenges_is_settled_by_its_worker_after_the_window() {
    let (net, _folder) = e2e::network(2).await.unwrap();
    let story = story(&net).await;
    let device = Device::register(&net, "patient").await.unwrap();
    let posted = story.post().await.unwrap();
    let (stop, stopped) = watch::channel(false);
    let serving = tokio::spawn(device.worker().unwrap().run(stopped));
    let paid = story.indexed(&posted.job, "paid").await.unwrap();
    // Half of all jobs are audited; what the page says is what happened.
    let (known, audit) = (paid["verification"].as_str(), paid["audit"]["state"].as_str());
    assert!(
        matches!((known, audit), (Some("unchallenged"), Some("not_drawn")) | (Some("audited"), Some("passed"))),
        "{paid}"
    );
    assert_eq!(story.owed(&device.owner).await.unwrap(), 475_000);

    stop.send(true).unwrap();
    let stopped = tokio::time::timeout(Duration::from_secs(10), serving).await;
    stopped.expect("a told worker stops").unwrap().unwrap();
    net.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_below_the_price_floor_or_of_other_models_are_left_alone() {
    let (net, _folder) = e2e::network(60).await.unwrap();
    let story = story(&net).await;
    let device = Device::register(&net, "picky").await.unwrap();
    story.post().await.unwrap();
    let with = |min_price: &str, models: &[&str]| {
        let mut device = Device { config: device.config.clone(), wallet: device.wallet.clone(), ..device };
        device.config.min_price = min_price.into();
        device.config.models = models.iter().map(|m| m.to_string()).collect();
        device.worker().unwrap()
    };
    assert_eq!(with("0.500001", &[]).step().await.unwrap(), Step::Idle);
    assert_eq!(with("0", &["ab".repeat(32).as_str()]).step().await.unwrap(), Step::Idle);
    assert!(matches!(with("0.5", &[]).step().await.unwrap(), Step::Claimed(_)));
    net.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_cannot_accept_and_an_empty_wallet_is_told_what_to_do() {
    let (net, _folder) = e2e::network(60).await.unwrap();
    let story = story(&net).await;
    let mut worker = Device::register(&net, "any").await.unwrap().worker().unwrap();
    let posted = story.post().await.unwrap();
    worker.step().await.unwrap();
    worker.step().await.unwrap();
    let (stranger, live) = (Keypair::new(), job(&net, &posted.job).await);
    net.fund(&stranger.pubkey(), 0).await.unwrap();
    let accept = jobs_ix::accept_result(stranger.pubkey(), posted.job, &live);
    let refused = net.chain().send(&[accept], &[&stranger]).await.unwrap_err();
    assert_eq!(refused.program_error(), Some("WrongOwner"), "{refused}");
    assert_eq!(job(&net, &posted.job).await.status, Status::Committed);

    let order = credits::BuyOrder::ExactOut { iosd: 1, max_io: u64::MAX };
    let error = user::buy_credits(&net.chain(), &stranger, order).await.unwrap_err().to_string();
    assert!(error.contains("AccountNotInitialized"), "{error}");
    net.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_claim_without_enough_stake_is_refused_and_left_to_others() {
    let (net, _folder) = e2e::network(60).await.unwrap();
    let story = story(&net).await;
    let device = Device::register(&net, "bare").await.unwrap();
    let pool = client::address::operator_pool(&device.owner);
    let out = staking_ix::unstake(device.owner, pool, 45 * 100_000_000);
    story.chain.send(&[out], &[&device.wallet]).await.unwrap();
    let posted = story.post().await.unwrap();
    let mut worker = device.worker().unwrap();
    assert_eq!(worker.step().await.unwrap(), Step::Refused(posted.job));
    assert_eq!(job(&net, &posted.job).await.status, Status::Posted);
    assert_eq!(worker.step().await.unwrap(), Step::Idle, "it is not tried again at once");
    net.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_claim_that_expires_refunds_the_user_and_costs_the_operator_part_of_its_reservation() {
    let (net, _folder) = e2e::network(60).await.unwrap();
    let story = story(&net).await;
    let device = Device::register(&net, "asleep").await.unwrap();
    let model = demo::Digits::load(&e2e::digits()).unwrap();
    let terms = user::Terms { price: 500_000, claim_s: 60, execute_s: 2, pay_io: None };
    let posted = user::post_job(&story.chain, &story.blobs, &story.user, &model.model, model.pixels, terms);
    let posted = posted.await.unwrap();
    let before = (story.credits().await.unwrap(), story.coins().await.unwrap());
    assert_eq!(device.worker().unwrap().step().await.unwrap(), Step::Claimed(posted.job));
    assert_eq!(job(&net, &posted.job).await.reserved, 4 * 100_000_000, "twice the price at 25 cents");
    let early = user::expire(&story.chain, &device.wallet, &posted.job).await.unwrap_err();
    assert!(early.to_string().contains("TooEarly"), "{early}");
    tokio::time::sleep(Duration::from_secs(4)).await;
    user::expire(&story.chain, &device.wallet, &posted.job).await.unwrap();
    let after = (story.credits().await.unwrap(), story.coins().await.unwrap());
    assert_eq!((after.0 - before.0, after.1 - before.1), (500_000, 40_000_000), "the price, and a tenth of the stake");
    net.stop().await.unwrap();
}

#[tokio::test]
async fn a_node_that_does_not_answer_is_named_with_its_address() {
    let chain = client::Chain::new("http://127.0.0.1:9");
    let error = chain.now().await.unwrap_err();
    assert!(matches!(error, client::ClientError::Unreachable { .. }), "{error}");
    assert!(error.to_string().contains("http://127.0.0.1:9"), "{error}");
}
