//! Watchers against cheats, against each other, and against whoever keeps data back.
use blobs::Blobs;
use client::{Chain, Keypair, Pubkey, Signer, address, jobs_ix};
use e2e::Device;
use e2e::cheat::{Cheat, Cheater};
use jobs::state::{Audit, Job, Proof, Status};
use localnet::LocalNet;
use object_store::local::LocalFileSystem;
use object_store::throttle::{ThrottleConfig, ThrottledStore};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use watcher::{Cause, Counters, Event, Owed, Settings, Watcher};

/// How long the watchers may take for everything.
const PATIENCE: Duration = Duration::from_secs(60);
/// What proving a fault earns on this network, IO base units: a quarter of twice the price at 25 cents.
const REWARD: u64 = 100_000_000;

/// A running watcher and what it has said.
struct Guard {
    wallet: Keypair,
    said: Arc<Mutex<Vec<Event>>>,
    stop: watch::Sender<bool>,
    task: JoinHandle<Result<Counters, client::ClientError>>,
}

impl Guard {
    async fn start(net: &LocalNet, url: String, blobs: Blobs, settings: Settings) -> Self {
        let wallet = Keypair::new();
        net.fund(&wallet.pubkey(), 0).await.unwrap();
        Self::with(wallet, url, blobs, settings)
    }

    fn with(wallet: Keypair, url: String, blobs: Blobs, settings: Settings) -> Self {
        let said = Arc::new(Mutex::new(Vec::new()));
        let report = {
            let said = said.clone();
            move |event: &Event| said.lock().unwrap().push(event.clone())
        };
        let watcher = Watcher::new(Chain::new(url), blobs, Some(wallet.insecure_clone()), settings, report);
        let (stop, stopped) = watch::channel(false);
        Guard { wallet, said, stop, task: tokio::spawn(watcher.run(stopped)) }
    }

    fn said(&self) -> Vec<Event> {
        self.said.lock().unwrap().clone()
    }

    /// Waits until it has said something that `wanted` knows.
    async fn says(&self, wanted: impl Fn(&Event) -> bool) {
        let start = Instant::now();
        while !self.said().iter().any(&wanted) {
            assert!(start.elapsed() < PATIENCE, "it has said only {:#?}", self.said());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    async fn stop(self) -> (Counters, Vec<Event>, Keypair) {
        let _ = self.stop.send(true);
        let counters = tokio::time::timeout(Duration::from_secs(10), self.task).await.expect("a told watcher stops");
        let said = self.said.lock().unwrap().clone();
        (counters.unwrap().unwrap(), said, self.wallet)
    }
}

fn settings() -> Settings {
    Settings { poll: Duration::from_millis(100), patience: Duration::from_secs(5), ..Settings::default() }
}

async fn find(chain: &Chain, job: &Pubkey) -> Option<Job> {
    chain.find("job", job).await.unwrap()
}

/// Posts a job and has `device` commit to something.
async fn cheated(story: &demo::Story<'_>, device: &Device, cheat: Cheat) -> Pubkey {
    let job = story.post().await.unwrap().job;
    let digits = demo::Digits::load(&e2e::digits()).unwrap();
    let (chain, blobs) = (&story.chain, &story.blobs);
    let cheater = Cheater { chain, blobs, device, model: &digits.model, input: &digits.pixels };
    cheater.take(&job, cheat).await.unwrap();
    job
}

async fn buffers(chain: &Chain, prover: &Keypair) -> usize {
    chain.list::<Proof>(&jobs::ID, &[(32, prover.pubkey().to_bytes().to_vec())]).await.unwrap().len()
}

#[tokio::test(flavor = "multi_thread")]
async fn racing_watchers_prove_every_visible_cheat_once_and_never_what_is_right() {
    let (net, _folder) = e2e::network(300).await.unwrap();
    let story = demo::Story::begin(&net, &e2e::digits(), &|_| {}).await.unwrap();
    let names = ["a", "b", "c", "d", "e", "f"];
    let devices = Device::register_each(&net, names).await.unwrap();
    let before = story.credits().await.unwrap();
    // Both find the network busy; one of them through a node that drops connections.
    let urls = [net.rpc_url.clone(), e2e::flaky(&net, 3).await];
    let mut guards = Vec::new();
    for url in urls {
        guards.push(Guard::start(&net, url, story.blobs.clone(), settings()).await);
    }
    let mut jobs = HashMap::new();
    for (device, cheat) in devices.iter().zip([Cheat::Honest].into_iter().chain(Cheat::VISIBLE)) {
        jobs.insert(cheat, cheated(&story, device, cheat).await);
    }
    let honest = jobs.remove(&Cheat::Honest).unwrap();
    let start = Instant::now();
    for (cheat, job) in &jobs {
        while find(&story.chain, job).await.is_some() {
            assert!(start.elapsed() < PATIENCE, "{cheat:?} was not caught: {:#?}", guards[0].said());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
    for guard in &guards {
        guard.says(|event| matches!(event, Event::Right { job, .. } if *job == honest)).await;
    }
    assert_eq!(find(&story.chain, &honest).await.unwrap().status, Status::Committed);
    assert_eq!(story.credits().await.unwrap(), before - 500_000, "the price of every cheat's job came back");

    let mut proven = HashMap::new();
    for guard in guards {
        let (counters, said, wallet) = guard.stop().await;
        let mine = said.iter().filter_map(|e| if let Event::Proven { job, .. } = e { Some(*job) } else { None });
        mine.for_each(|job| *proven.entry(job).or_insert(0) += 1);
        assert_eq!(counters.right, 1, "{said:#?}");
        assert_eq!((counters.unchecked, counters.earned_io), (0, counters.proven * REWARD), "{said:#?}");
        let coins = story.chain.tokens(&address::io_account(&wallet.pubkey())).await.unwrap();
        assert_eq!(coins, counters.earned_io);
        assert_eq!(buffers(&story.chain, &wallet).await, 0, "its buffers' rent is back");
        assert_eq!(counters.wrong, counters.proven + counters.lost, "{said:#?}");
    }
    let once: HashMap<_, _> = jobs.values().map(|job| (*job, 1)).collect();
    assert_eq!(proven, once, "each fault is proven by one of them");
    for device in &devices[1..] {
        let account = device.account(&story.chain).await.unwrap();
        assert_eq!((account.jobs_faulted, account.jobs_paid, account.live_job), (1, 0, Pubkey::default()));
        assert_eq!(story.owed(&device.owner).await.unwrap(), 0);
    }
    net.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn data_that_is_kept_back_is_reported_and_keeps_no_watcher_from_the_other_jobs() {
    let (net, folder) = e2e::network(300).await.unwrap();
    let story = demo::Story::begin(&net, &e2e::digits(), &|_| {}).await.unwrap();
    let devices = Device::register_each(&net, ["a", "b", "c", "d", "e", "f", "g", "h", "i"]).await.unwrap();
    let (first, others) = devices.split_first().unwrap();
    let honest = cheated(&story, first, Cheat::Honest).await;
    let mut silent = HashMap::new();
    for (device, cheat) in others.iter().zip(Cheat::SILENT) {
        silent.insert(cheated(&story, device, cheat).await, cheat);
    }
    // Two at a time: what cannot be had must make way.
    let few = Settings { at_once: 2, ..settings() };
    let guard = Guard::start(&net, net.rpc_url.clone(), story.blobs.clone(), few).await;
    let wrong = cheated(&story, &devices[8], Cheat::OutputByte).await;
    guard.says(|event| matches!(event, Event::Proven { job, .. } if *job == wrong)).await;
    for job in silent.keys() {
        guard.says(|event| matches!(event, Event::Unchecked { job: of, .. } if of == job)).await;
    }
    let (counters, said, wallet) = guard.stop().await;
    assert_eq!((counters.proven, counters.wrong, counters.right), (1, 1, 1), "{said:#?}");
    for event in &said {
        if let Event::Unchecked { job, cause, reason, again } = event {
            assert_eq!((*cause, *again), (Cause::Withheld, true), "{:?}: {reason}", silent[job]);
        }
    }
    for (job, cheat) in &silent {
        assert_eq!(find(&story.chain, job).await.unwrap().status, Status::Committed, "{cheat:?}");
    }
    assert_eq!(buffers(&story.chain, &wallet).await, 0);

    // A store that takes minutes for every file, and too little memory.
    let slow = ThrottledStore::new(
        LocalFileSystem::new_with_prefix(folder.path().join("blobs")).unwrap(),
        ThrottleConfig { wait_get_per_call: Duration::from_secs(600), ..Default::default() },
    );
    let impatient = Settings { patience: Duration::from_millis(200), ..settings() };
    let guard = Guard::start(&net, net.rpc_url.clone(), Blobs::over(Arc::new(slow)), impatient).await;
    guard.says(|event| matches!(event, Event::Unchecked { job, cause: Cause::Missing, reason, .. } if *job == honest && reason.contains("did not arrive"))).await;
    assert_eq!(guard.stop().await.0.wrong, 0);
    let small = Settings { max_memory: 1 << 20, once: true, ..settings() };
    let guard = Guard::start(&net, net.rpc_url.clone(), story.blobs.clone(), small).await;
    let counters = tokio::time::timeout(PATIENCE, guard.task).await.expect("it has seen all").unwrap().unwrap();
    assert_eq!((counters.unchecked, counters.right), (8, 0), "{:#?}", guard.said.lock().unwrap());
    net.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_withholds_a_result_is_asked_for_it_on_chain_and_loses_by_silence_or_by_the_answers() {
    let (net, _folder) = e2e::network(12).await.unwrap();
    let story = demo::Story::begin(&net, &e2e::digits(), &|_| {}).await.unwrap();
    let devices = Device::register_each(&net, ["a", "b", "c", "d", "e", "f", "g", "h", "i"]).await.unwrap();
    let before = story.credits().await.unwrap();
    let asks = Settings { bond_limit: 1_000_000_000, at_once: 8, ..settings() };
    let guard = Guard::start(&net, net.rpc_url.clone(), story.blobs.clone(), asks).await;
    let start = story.chain.lamports(&guard.wallet.pubkey()).await.unwrap();
    // The first is right and accepted at once; a root to copy is on chain until the last moment.
    let first = cheated(&story, &devices[0], Cheat::Honest).await;
    let mut jobs = HashMap::new();
    for (device, cheat) in devices[1..].iter().zip([Cheat::AnswersOnly].into_iter().chain(Cheat::SILENT)) {
        jobs.insert(cheat, cheated(&story, device, cheat).await);
    }
    let review = user::review(&story.chain, &story.blobs, &first).await.unwrap();
    user::accept(&story.chain, &story.user, review).await.unwrap();

    // One of them answers whatever it is asked.
    let talks = jobs[&Cheat::AnswersOnly];
    let digits = demo::Digits::load(&e2e::digits()).unwrap();
    let (chain, blobs) = (&story.chain, &story.blobs);
    let cheater = Cheater { chain, blobs, device: &devices[1], model: &digits.model, input: &digits.pixels };
    let (begun, mut answered) = (Instant::now(), 0);
    while find(chain, &talks).await.is_some() {
        assert!(begun.elapsed() < PATIENCE, "it was not convicted: {:#?}", guard.said());
        answered += cheater.answer(&talks, Cheat::AnswersOnly).await.unwrap_or(0);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    for (cheat, job) in &jobs {
        while find(chain, job).await.is_some() {
            assert!(begun.elapsed() < PATIENCE, "{cheat:?} was not caught: {:#?}", guard.said());
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
    guard.says(|event| matches!(event, Event::Proven { job, .. } if *job == talks)).await;
    for (_, job) in jobs.iter().filter(|(cheat, _)| **cheat != Cheat::AnswersOnly) {
        guard.says(|event| matches!(event, Event::Silent { job: of, .. } if of == job)).await;
    }
    let (counters, said, wallet) = guard.stop().await;
    assert_eq!((counters.proven, counters.silent, counters.wrong), (1, Cheat::SILENT.len() as u64, 1), "{said:#?}");
    // Layers' roots, ten levels of rows in two parts, a segment.
    assert_eq!((answered, counters.demanded), (4, 4 + counters.silent), "{said:#?}");
    assert_eq!(story.credits().await.unwrap(), before - 500_000, "the price of every cheat's job came back");
    for device in &devices[1..] {
        let account = device.account(chain).await.unwrap();
        assert_eq!((account.jobs_faulted, account.jobs_paid), (1, 0));
    }
    assert_eq!(buffers(chain, &wallet).await, 0);
    // The bonds of what was answered are lost, the others are back; a little rent is in the coin account.
    let bonds = answered as u64 * chain.jobs_config().await.unwrap().demand_bond;
    let spent = start - chain.lamports(&wallet.pubkey()).await.unwrap();
    assert!((bonds..bonds + 4_000_000).contains(&spent), "{spent} lamports");
    net.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watcher_that_died_in_a_proof_pays_only_for_the_rest_and_closes_what_is_left() {
    let (net, _folder) = e2e::network(300).await.unwrap();
    let story = demo::Story::begin(&net, &e2e::digits(), &|_| {}).await.unwrap();
    let [one, two, three] = Device::register_each(&net, ["a", "b", "c"]).await.unwrap();
    let (open, over) = (cheated(&story, &one, Cheat::HiddenByte).await, cheated(&story, &two, Cheat::HiddenByte).await);
    // A proof of each but for the judgement, as left by a watcher that was killed.
    let wallet = Keypair::new();
    net.fund(&wallet.pubkey(), 0).await.unwrap();
    let (chain, me) = (&story.chain, wallet.pubkey());
    for job in [open, over] {
        let evidence = user::review(chain, &story.blobs, &job).await.unwrap().fault().unwrap().evidence;
        let begun = jobs_ix::proof_buffer(me, job, None, evidence.len() as u32);
        chain.send(&begun, &[&wallet]).await.unwrap();
        let all = jobs_ix::write_proof(me, job, 0, evidence);
        chain.send(&[all], &[&wallet]).await.unwrap();
    }
    let review = user::review(chain, &story.blobs, &over).await.unwrap();
    user::dispute(chain, &story.user, &review).await.unwrap();
    let again = user::dispute(chain, &story.user, &review).await.unwrap_err();
    assert!(matches!(again, user::UserError::Ended { .. }), "{again}");
    assert_eq!(buffers(chain, &story.user).await, 0, "the loser's buffer is closed");

    // Looking changes nothing.
    let dry = Settings { dry_run: true, once: true, ..settings() };
    let guard = Guard::with(wallet.insecure_clone(), net.rpc_url.clone(), story.blobs.clone(), dry);
    let counters = tokio::time::timeout(PATIENCE, guard.task).await.expect("it has seen all").unwrap().unwrap();
    assert_eq!((counters.wrong, counters.proven, counters.buffers_closed), (1, 0, 0));
    assert_eq!(buffers(chain, &wallet).await, 2);

    let once = Settings { once: true, ..settings() };
    let guard = Guard::with(wallet.insecure_clone(), net.rpc_url.clone(), story.blobs.clone(), once.clone());
    let said = guard.said.clone();
    let counters = tokio::time::timeout(PATIENCE, guard.task).await.expect("it has seen all").unwrap().unwrap();
    let said = said.lock().unwrap().clone();
    assert_eq!((counters.proven, counters.buffers_closed, counters.lost), (1, 1, 0), "{said:#?}");
    // The prover's coin account, and the judgement: nothing is written twice.
    assert!(said.iter().any(|e| matches!(e, Event::Proven { transactions: 2, .. })), "{said:#?}");
    assert_eq!(buffers(chain, &wallet).await, 0);

    // A share of none, a reward that is too small, a wallet that cannot pay.
    let last = cheated(&story, &three, Cheat::OutputByte).await;
    for idle in [Settings { share_bps: 0, ..once.clone() }, Settings { min_reward: REWARD + 1, ..once.clone() }] {
        let guard = Guard::with(wallet.insecure_clone(), net.rpc_url.clone(), story.blobs.clone(), idle);
        let counters = tokio::time::timeout(PATIENCE, guard.task).await.expect("it has seen all").unwrap().unwrap();
        assert_eq!((counters.seen, counters.passed_over, counters.wrong), (1, 1, 0));
    }
    let guard = Guard::with(Keypair::new(), net.rpc_url.clone(), story.blobs.clone(), once.clone());
    let said = guard.said.clone();
    let counters = tokio::time::timeout(PATIENCE, guard.task).await.expect("it has seen all").unwrap().unwrap();
    assert_eq!((counters.wrong, counters.unproven, counters.proven), (1, 1, 0));
    assert!(format!("{:?}", said.lock().unwrap()).contains("send it some"), "{:?}", said.lock().unwrap());
    assert_eq!(find(chain, &last).await.unwrap().status, Status::Committed);
    let exact = Settings { min_reward: REWARD, ..once };
    let guard = Guard::with(wallet, net.rpc_url.clone(), story.blobs.clone(), exact);
    let counters = tokio::time::timeout(PATIENCE, guard.task).await.expect("it has seen all").unwrap().unwrap();
    assert_eq!((counters.proven, counters.earned_io), (1, REWARD));
    net.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_audit_is_drawn_by_the_watcher_and_a_worker_that_does_not_answer_it_loses_its_stake() {
    let (net, _folder) =
        e2e::network_as(|options| (options.challenge_window_s, options.answer_s) = (300, 10)).await.unwrap();
    let story = demo::Story::begin(&net, &e2e::digits(), &|_| {}).await.unwrap();
    let device = Device::register(&net, "a").await.unwrap();
    let guard = Guard::start(&net, net.rpc_url.clone(), story.blobs.clone(), settings()).await;
    let start = Instant::now();
    let mut drawn = Vec::new();
    // Its results are right; it answers no audit. Half of all jobs are audited.
    let silent = loop {
        assert!(start.elapsed() < PATIENCE * 2, "no audit in {} draws: {:#?}", drawn.len(), guard.said());
        let job = cheated(&story, &device, Cheat::Honest).await;
        guard.says(|event| matches!(event, Event::Drawn { job: of, .. } if *of == job)).await;
        drawn.push(job);
        if find(&story.chain, &job).await.is_some_and(|job| job.audit == Audit::NotDrawn) {
            let review = user::review(&story.chain, &story.blobs, &job).await.unwrap();
            user::accept(&story.chain, &story.user, review).await.unwrap();
            continue;
        }
        break job;
    };
    let ended = |event: &Event| matches!(event, Event::Silent { job, owed: Owed::Audit, .. } if *job == silent);
    guard.says(ended).await;
    assert!(find(&story.chain, &silent).await.is_none());
    let (counters, said, wallet) = guard.stop().await;
    assert_eq!((counters.drawn, counters.silent, counters.wrong), (drawn.len() as u64, 1, 0), "{said:#?}");
    // 1 % of what a job reserves, of which a proof would have earned a quarter.
    assert_eq!(counters.earned_io, REWARD / 25);
    let coins = story.chain.tokens(&address::io_account(&wallet.pubkey())).await.unwrap();
    assert_eq!(coins, counters.earned_io);
    let account = device.account(&story.chain).await.unwrap();
    assert_eq!((account.jobs_faulted, account.jobs_paid), (1, drawn.len() as u64 - 1));
    net.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proof_that_is_refused_keeps_its_buffer_so_that_another_try_costs_nothing() {
    let (net, _folder) = e2e::network(300).await.unwrap();
    let story = demo::Story::begin(&net, &e2e::digits(), &|_| {}).await.unwrap();
    let device = Device::register(&net, "right").await.unwrap();
    let job = cheated(&story, &device, Cheat::Honest).await;
    let account = find(&story.chain, &job).await.unwrap();
    let wallet = Keypair::new();
    net.fund(&wallet.pubkey(), 0).await.unwrap();
    let evidence = vec![1; 3_000];
    let fault = user::Fault { layer: 0, row: 0, column: 0, expected: 0, committed: 1, evidence };
    let mut has = Vec::new();
    for _ in 0..2 {
        let Err(error) = user::prove(&story.chain, &wallet, &job, &account, fault.clone()).await else {
            panic!("it proves nothing")
        };
        assert!(user::is_refusal(&error), "{error}");
        assert_eq!(buffers(&story.chain, &wallet).await, 1);
        has.push(story.chain.lamports(&wallet.pubkey()).await.unwrap());
    }
    assert_eq!(has[0], has[1], "lamports after the first and the second try");
    net.stop().await.unwrap();
}
