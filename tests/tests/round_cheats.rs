//! Challenge rounds on a real network, with devices that fail or cheat in them.
use anyhow::Result;
use client::{Chain, Keypair, Signer, address, jobs_ix, rounds_ix};
use compute::{Backend, ComputeError, Cpu, Description, Execution, Gemm};
use e2e::Device;
use jobs::Rest;
use jobs::state::{Demand, Phase, Round};
use judge::Hash;
use judge::challenge::{COLUMNS, DEPTH, byte_of, column, domain, drawn_cell, row, seed};
use judge::commitment::SEGMENT;
use judge::merkle::Tree;
use localnet::LocalNet;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio::sync::watch;
use watcher::{Event, Settings, Watcher};
use worker::{Step, Worker};

/// Rows of every class's challenge.
const ROWS: u32 = 64;

/// A network with rounds that leave time for everything on a machine that other tests keep busy.
async fn network() -> (LocalNet, TempDir) {
    let (window_s, every_s, answer_s) = (30, 60, 20);
    // However slow it is.
    let (rows, throughput) = ([ROWS; 4], [0; 4]);
    e2e::network_as(|options| {
        options.rounds = true;
        options.round_rules = jobs::RoundRules { window_s, every_s, answer_s, rows, throughput, ..options.round_rules };
    })
    .await
    .unwrap()
}

/// Waits for a round after `since` whose phase is `wanted`.
async fn round(chain: &Chain, since: u64, wanted: impl Fn(&Phase) -> bool) -> Round {
    let start = Instant::now();
    loop {
        let number = chain.jobs_config().await.unwrap().round;
        let round = chain.find::<Round>("round", &address::round(number)).await.unwrap();
        if let Some(round) = round.filter(|round| number > since && wanted(&round.phase)) {
            return round;
        }
        assert!(start.elapsed() < Duration::from_secs(200), "no such round");
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
}

/// A backend that does all work but challenges, and counts how often it was asked for one.
struct NoChallenges(Box<dyn Backend>, Arc<AtomicU32>);

impl Backend for NoChallenges {
    fn describe(&self) -> &Description {
        self.0.describe()
    }

    fn execute(&mut self, model: &model::Model, input: &[u8]) -> Result<Execution, ComputeError> {
        self.0.execute(model, input)
    }

    fn challenge(&mut self, _: &judge::Hash, _: u32) -> Result<compute::challenge::Answer, ComputeError> {
        self.1.fetch_add(1, Ordering::SeqCst);
        Err(ComputeError::Shape { what: "challenge".into(), expected: 1, found: 0 })
    }

    fn gemm(&mut self, shape: Gemm, a: &[u8], b: &[u8]) -> Result<Vec<i32>, ComputeError> {
        self.0.gemm(shape, a, b)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_round_that_fails_keeps_no_worker_from_its_jobs_and_from_what_it_owes_of_them() {
    let (net, _folder) = network().await;
    let story = demo::Story::begin(&net, &e2e::digits(), &|_| {}).await.unwrap();
    let device = Device::register(&net, "faulty").await.unwrap();
    let chain = net.chain();
    let (backend, choice) = compute::choose(&compute::Preference::Cpu).unwrap();
    let asked = Arc::new(AtomicU32::new(0));
    let mut worker = Worker::new(&device.config, Box::new(NoChallenges(backend, asked.clone())), choice.gmacs).unwrap();
    let since = device.account(&chain).await.unwrap().since_round;
    round(&chain, since, |phase| *phase == Phase::Open).await;
    let job = story.post().await.unwrap().job;
    assert_eq!(worker.step().await.unwrap(), Step::Claimed(job));
    assert!(asked.load(Ordering::SeqCst) > 0, "the round did not fail");
    assert_eq!(worker.step().await.unwrap(), Step::Committed(job));
    let (demand, _) = user::demand_output(&chain, &story.user, &job).await.unwrap();
    let account = address::demand(&job, demand.n);
    let start = Instant::now();
    while chain.find::<Demand>("demand", &account).await.unwrap().is_some() {
        assert!(start.elapsed() < Duration::from_secs(20), "the demand was not answered");
        worker.step().await.unwrap();
    }
    assert!(chain.bytes(&job).await.unwrap().is_some(), "the job goes on: the demand was answered");
    net.stop().await.unwrap();
}

/// An answer whose last byte in every segment is wrong.
struct Mostly {
    seed: Hash,
    bytes: Vec<u8>,
}

impl Mostly {
    fn compute(seed: Hash) -> Result<Self> {
        let rows: Vec<u8> = (0..ROWS).flat_map(|i| row(&seed, i)).collect();
        let columns: Vec<u8> = (0..COLUMNS).flat_map(|j| column(&seed, j)).collect();
        let shape = Gemm { m: ROWS as usize, n: COLUMNS as usize, k: DEPTH };
        let mut bytes: Vec<u8> = Cpu::new().gemm(shape, &rows, &columns)?.into_iter().map(byte_of).collect();
        bytes.iter_mut().skip(SEGMENT - 1).step_by(SEGMENT).for_each(|byte| *byte ^= 1);
        Ok(Mostly { seed, bytes })
    }

    fn segments(&self, row: u32) -> &[[u8; SEGMENT]] {
        self.bytes[row as usize * COLUMNS as usize..][..COLUMNS as usize].as_chunks().0
    }

    fn row(&self, row: u32) -> Tree {
        let leaves = (0..).zip(self.segments(row)).map(|(i, s)| domain(&self.seed, ROWS).leaf(row, i, s));
        Tree::new(leaves.collect())
    }

    fn matrix(&self) -> Tree {
        Tree::new((0..ROWS).map(|row| self.row(row).root()).collect())
    }

    fn open(&self, (row, column): (u32, u32)) -> ([u8; SEGMENT], Vec<u8>) {
        let place = column as usize / SEGMENT;
        let mut path = self.row(row).path(place);
        path.extend(self.matrix().path(row as usize));
        (self.segments(row)[place], path)
    }
}

/// Opens, fills and closes a buffer about the round, and names the buffer about the device in all of it.
async fn mislead(chain: &Chain, key: &Keypair) {
    let (me, round) = (key.pubkey(), chain.jobs_config().await.unwrap().round);
    let other = address::round(round);
    let mut calls = [
        jobs_ix::open_proof(me, other, 32),
        jobs_ix::write_proof(me, other, 0, vec![9; 32]),
        jobs_ix::close_proof(me, other),
    ];
    let ours = jobs_ix::close_proof(me, address::device(&me)).accounts;
    calls.iter_mut().for_each(|call| call.accounts.extend_from_slice(&ours));
    chain.send(&calls, &[key]).await.unwrap();
}

/// Shows a cell as workers do, or with most of its path in a buffer and more bytes and accounts than are asked for.
async fn show(chain: &Chain, key: &Keypair, number: u64, (index, cell): (u8, (u32, u32)), answer: &Mostly, hide: bool) {
    let (me, account) = (key.pubkey(), address::device(&key.pubkey()));
    let (segment, path) = answer.open(cell);
    let (path, rest) = path.split_at(if hide { 32 } else { path.len() });
    let place = if hide {
        // Written twice, so that what counts is what it held when the cell was shown.
        client::evidence::upload(chain, key, account, &vec![7; rest.len()], &[]).await.unwrap();
        client::evidence::upload(chain, key, account, rest, &[]).await.unwrap();
        mislead(chain, key).await;
        Some((address::proof(&account, &me), Rest { offset: 0, bytes: rest.len() as u16 }))
    } else {
        None
    };
    let mut show = rounds_ix::answer_cell_from(me, number, index, segment, path.to_vec(), place);
    if hide {
        show.data.extend([1; 8]);
    }
    chain.send(&[show], &[key]).await.unwrap();
    client::evidence::close(chain, key, account).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn devices_that_show_right_cells_of_wrong_answers_are_caught_by_the_watcher_even_if_paths_hide_in_buffers() {
    let (net, _folder) = network().await;
    let devices = Device::register_each(&net, ["cheats", "hides"]).await.unwrap();
    let (chain, mut since) = (net.chain(), 0);
    for device in &devices {
        since = since.max(device.account(&chain).await.unwrap().since_round);
    }
    let keys = devices.each_ref().map(|device| client::read_keypair(&device.config.device_key).unwrap());
    let open = round(&chain, since, |phase| *phase == Phase::Open).await;
    let number = open.number;
    let answers = devices.each_ref().map(|device| {
        let of = seed(&open.slot_hash, number, &device.key.to_bytes());
        Mostly::compute(of).unwrap()
    });
    for ((device, key), answer) in devices.iter().zip(&keys).zip(&answers) {
        let commit = rounds_ix::commit_challenge(device.key, device.owner, number, answer.matrix().root());
        chain.send(&[commit], &[key]).await.unwrap();
    }

    let wallet = Keypair::new();
    net.fund(&wallet.pubkey(), 0).await.unwrap();
    let said = Arc::new(Mutex::new(Vec::new()));
    let heard = said.clone();
    let report = move |event: &Event| heard.lock().unwrap().push(event.clone());
    let blobs = blobs::Blobs::folder(&net.blobs()).unwrap();
    let watcher = Watcher::new(net.chain(), blobs, Some(wallet.insecure_clone()), Settings::default(), report);
    let (stop, stopped) = watch::channel(false);
    let watching = tokio::spawn(watcher.run(stopped));

    let drawn = round(&chain, since, |phase| matches!(phase, Phase::Drawn { .. })).await;
    assert_eq!(drawn.number, number);
    let Phase::Drawn { slot_hash, .. } = drawn.phase else { unreachable!() };
    for ((key, answer), hide) in keys.iter().zip(&answers).zip([false, true]) {
        let cells = (0..16).map(|index| (index, drawn_cell(&slot_hash, &answer.seed, ROWS, index)));
        let right = cells.filter(|(_, (_, column))| *column as usize % SEGMENT != SEGMENT - 1);
        for cell in right.take(2) {
            show(&chain, key, number, cell, answer, hide).await;
        }
    }
    let start = Instant::now();
    for device in &devices {
        let slashed = |event: &Event| matches!(event, Event::Punished { device: of, .. } if *of == device.key);
        while !said.lock().unwrap().iter().any(slashed) {
            assert!(start.elapsed() < Duration::from_secs(90), "it has said only {:#?}", said.lock().unwrap());
            tokio::time::sleep(Duration::from_millis(250)).await;
        }
        let account = device.account(&chain).await.unwrap();
        assert_eq!((account.failed_round, account.challenges_failed), (number, 1));
    }
    let earned = chain.tokens(&address::io_account(&wallet.pubkey())).await.unwrap();
    assert!(earned > 0, "the prover's share");
    stop.send(true).unwrap();
    watching.await.unwrap().unwrap();
    net.stop().await.unwrap();
}
