//! Withheld data: demands, answers, silence, and every way to cheat with them.
use client::{Pubkey, address, jobs_ix};
use jobs::Item;
use jobs::constants::{MAX_DEMANDS, MAX_OPEN_DEMANDS};
use jobs::events::{DemandAnswered, DemandClosed, DemandExpired, DemandMade};
use jobs::state::{Demand, Demands, Device, Job};
use program_tests::forge::replace;
use program_tests::net::{DEMAND_ANSWER_S, DEMAND_BOND, JOB_PRICE, PRICE, Posted, USER_IOSD, WINDOW_S, claim};
use program_tests::{Net, device, event, operator, stranger, user, work};
use solana_keypair::Keypair;
use solana_signer::Signer;

/// The whole first row of the first layer's output.
const ROW: Item = Item::Segments { layer: 0, row: 0, first: 0, count: 1 };
const ANSWER_S: i64 = DEMAND_ANSWER_S as i64;
const WINDOW: i64 = WINDOW_S as i64;

/// Uploads `answer` and gives it for `demand`.
#[track_caller]
fn answers(net: &mut Net, prover: &Keypair, demand: &Demand, answer: &[u8]) -> DemandAnswered {
    net.upload(prover, demand.job, answer);
    let state = net.job(&demand.job).unwrap();
    let meta = net.ok(&[jobs_ix::answer_demand(prover.pubkey(), &state, demand)], &[prover]);
    event::first(&meta.events)
}

/// Uploads `answer` and expects it to be refused for `demand`.
#[track_caller]
fn refuses(net: &mut Net, error: &str, demand: &Demand, answer: &[u8]) {
    let prover = stranger();
    net.upload(&prover, demand.job, answer);
    let state = net.job(&demand.job).unwrap();
    net.refused(error, &[jobs_ix::answer_demand(prover.pubkey(), &state, demand)], &[&prover]);
    net.ok(&[jobs_ix::close_proof(prover.pubkey(), demand.job)], &[&prover]);
}

#[track_caller]
fn refuses_demand(net: &mut Net, error: &str, demander: &Keypair, job: Pubkey, item: Item) {
    let state = net.job(&job).unwrap();
    net.refused(error, &[jobs_ix::demand_data(demander.pubkey(), job, &state, item)], &[demander]);
}

fn is_open(net: &Net, demand: &Demand) -> bool {
    net.vm.account(&address::demand(&demand.job, demand.n)).is_some()
}

/// A job with rows of 32 segments, of which five rows make a tree of three levels.
fn long(net: &mut Net) -> Posted {
    let model = work::model("long rows", &[16, 2_048]);
    let args = program_tests::net::model_args(&model);
    net.ok(&[jobs_ix::register_model(stranger().pubkey(), args)], &[&stranger()]);
    let (seq, work) = net.next_job(&user(0), &model, 5);
    let post = jobs_ix::post_job(user(0).pubkey(), &model.root(), program_tests::net::post_args(seq, &work));
    net.ok(&[post], &[&user(0)]);
    net.ok(&[claim(0, work.job)], &[&device(0)]);
    net.commit(&work);
    Posted { address: work.job, work }
}

#[test]
fn withheld_output_ends_refunded_and_slashed_and_the_demander_has_everything_back() {
    let mut net = Net::new();
    let job = net.committed(&work::tiny());
    let (me, caller) = (user(1), stranger());
    let had = net.vm.lamports(&me.pubkey());
    let demand = net.demand(&me, job.address, ROW);
    let made: DemandMade = event::first(&net.events);
    assert_eq!((made.n, made.demander, made.item, made.bond), (0, me.pubkey(), ROW, DEMAND_BOND));
    assert_eq!(made.deadline, net.vm.now() + ANSWER_S);
    let state = net.job(&job.address).unwrap();
    let expire = jobs_ix::expire_demand(caller.pubkey(), &state, &demand);
    net.wait(ANSWER_S);
    net.refused("TooEarly", std::slice::from_ref(&expire), &[&caller]);
    net.wait(1);
    let supply = net.vm.supply(&address::io_mint());
    let meta = net.ok(&[expire], &[&caller]);
    let expired: DemandExpired = event::first(&meta.events);
    assert_eq!((expired.n, expired.demander, expired.caller), (0, me.pubkey(), caller.pubkey()));
    assert_eq!((expired.refund, expired.slashed, expired.bond), (JOB_PRICE, state.reserved, DEMAND_BOND));
    assert_eq!(net.iosd(&user(0)), USER_IOSD);
    assert_eq!(supply - net.vm.supply(&address::io_mint()), state.reserved - net.io(&caller));
    assert!(net.io(&caller) > 0 && net.io(&caller) < state.reserved / 2, "the caller has a share");
    let fees = 5_000;
    assert_eq!(net.vm.lamports(&me.pubkey()), had - fees);
    let worker: Device = net.vm.read(&address::device(&device(0).pubkey())).unwrap();
    assert_eq!((worker.live_job, worker.jobs_faulted), (Pubkey::default(), 1));
    assert_eq!(net.own_position(&operator(0)).reserved, 0);
    assert!(net.job(&job.address).is_none() && !is_open(&net, &demand));
}

#[test]
fn an_answer_pays_the_bond_to_whoever_gives_it_returns_the_rent_and_tells_the_data() {
    let mut net = Net::new();
    let job = net.committed(&work::tiny());
    let (me, worker) = (user(0), device(0));
    let had = net.vm.lamports(&me.pubkey());
    let demand = net.demand(&me, job.address, ROW);
    let before = net.vm.lamports(&worker.pubkey());
    let answered = answers(&mut net, &worker, &demand, &job.work.answer(ROW).unwrap());
    assert_eq!(answered.data, &job.work.activations[1][..4]);
    assert_eq!((answered.n, answered.prover, answered.bond), (0, worker.pubkey(), DEMAND_BOND));
    // Three transactions: open, write, answer.
    assert_eq!(net.vm.lamports(&worker.pubkey()), before + DEMAND_BOND - 3 * 5_000);
    assert_eq!(net.vm.lamports(&me.pubkey()), had - 5_000 - DEMAND_BOND);
    assert!(!is_open(&net, &demand));
    assert!(net.vm.account(&address::proof(&job.address, &worker.pubkey())).is_none());
    let state = net.job(&job.address).unwrap();
    net.wait(WINDOW + 1);
    net.draw(&job, false);
    net.ok(&[jobs_ix::settle_job(job.address, &state)], &[&stranger()]);
}

#[test]
fn every_kind_of_demand_can_be_answered_and_the_nodes_lead_from_the_layers_down_to_a_segment() {
    let mut net = Net::new();
    let job = long(&mut net);
    let layer = 0;
    let items = [
        Item::LayerRoots,
        Item::Nodes { layer, row: None, level: 3, index: 0, depth: 3 },
        Item::Nodes { layer, row: None, level: 2, index: 1, depth: 2 },
        Item::Nodes { layer, row: None, level: 1, index: 2, depth: 1 },
        Item::Nodes { layer, row: Some(4), level: 5, index: 0, depth: 5 },
        Item::Nodes { layer, row: Some(3), level: 3, index: 3, depth: 1 },
        Item::Segments { layer, row: 4, first: 31, count: 1 },
        Item::Segments { layer, row: 2, first: 24, count: 8 },
    ];
    for (n, item) in items.into_iter().enumerate() {
        let demand = net.demand(&user(1), job.address, item);
        assert_eq!(usize::from(demand.n), n);
        let answered = answers(&mut net, &device(0), &demand, &job.work.answer(item).unwrap());
        let expected = match item {
            Item::LayerRoots => 32,
            Item::Nodes { depth: 3, .. } => 5 * 32,
            // The fifth row has no sibling and is its own parent, twice.
            Item::Nodes { row: None, .. } => 32,
            Item::Nodes { depth, .. } => 32 << depth,
            Item::Segments { count, .. } => 256 * usize::from(count),
        };
        assert_eq!(answered.data.len(), expected, "{item:?}");
    }
}

#[test]
fn what_no_such_job_has_cannot_be_demanded() {
    let mut net = Net::new();
    let job = long(&mut net);
    let (layer, me) = (0, user(1));
    let outside = [
        Item::Segments { layer: 1, row: 0, first: 0, count: 1 },
        Item::Segments { layer: u32::MAX, row: 0, first: 0, count: 1 },
        Item::Segments { layer, row: 5, first: 0, count: 1 },
        Item::Segments { layer, row: 0, first: 32, count: 1 },
        Item::Segments { layer, row: 0, first: 31, count: 2 },
        Item::Segments { layer, row: 0, first: u32::MAX, count: 2 },
        Item::Segments { layer, row: 0, first: 0, count: 0 },
        Item::Segments { layer, row: 0, first: 0, count: 9 },
        Item::Nodes { layer: 1, row: None, level: 1, index: 0, depth: 1 },
        Item::Nodes { layer, row: None, level: 4, index: 0, depth: 1 },
        Item::Nodes { layer, row: None, level: 255, index: 0, depth: 1 },
        Item::Nodes { layer, row: None, level: 0, index: 0, depth: 0 },
        Item::Nodes { layer, row: None, level: 1, index: 0, depth: 2 },
        Item::Nodes { layer, row: None, level: 1, index: 3, depth: 1 },
        Item::Nodes { layer, row: None, level: 1, index: 0, depth: 0 },
        Item::Nodes { layer, row: Some(5), level: 1, index: 0, depth: 1 },
        Item::Nodes { layer, row: Some(0), level: 6, index: 0, depth: 1 },
        Item::Nodes { layer, row: Some(0), level: 5, index: 1, depth: 1 },
    ];
    for item in outside {
        refuses_demand(&mut net, "DemandOutOfRange", &me, job.address, item);
    }
}

#[test]
fn a_job_is_not_settled_while_a_demand_is_open_and_the_answer_can_still_be_used() {
    let mut net = Net::new();
    let job = net.committed(&work::tiny());
    net.wait(WINDOW);
    let demand = net.demand(&user(0), job.address, ROW);
    net.wait(60);
    let settle = jobs_ix::settle_job(job.address, &net.job(&job.address).unwrap());
    net.refused("DemandOpen", std::slice::from_ref(&settle), &[&stranger()]);
    let answered = answers(&mut net, &device(0), &demand, &job.work.answer(ROW).unwrap());
    assert_eq!(answered.window_end, net.vm.now() + ANSWER_S);
    net.refused("TooEarly", std::slice::from_ref(&settle), &[&stranger()]);
    // A follow-up is possible again until the new end.
    net.wait(ANSWER_S);
    let second = net.demand(&user(0), job.address, Item::LayerRoots);
    answers(&mut net, &device(0), &second, &job.work.answer(Item::LayerRoots).unwrap());
    net.wait(ANSWER_S + 1);
    net.draw(&job, false);
    net.ok(&[settle], &[&stranger()]);
}

#[test]
fn an_answer_never_shortens_the_window() {
    let mut net = Net::new();
    let job = net.committed(&work::tiny());
    let before = net.job(&job.address).unwrap().window_end;
    let demand = net.demand(&user(0), job.address, ROW);
    let answered = answers(&mut net, &device(0), &demand, &job.work.answer(ROW).unwrap());
    assert_eq!((answered.window_end, net.job(&job.address).unwrap().window_end), (before, before));
}

#[test]
fn demands_are_made_until_the_windows_end_and_only_about_a_committed_result() {
    let mut net = Net::new();
    let posted = net.post(&user(1), &work::tiny());
    refuses_demand(&mut net, "WrongState", &user(1), posted.address, ROW);
    let job = net.claimed(&work::tiny());
    refuses_demand(&mut net, "WrongState", &user(0), job.address, ROW);
    net.commit(&job.work);
    net.wait(WINDOW + 1);
    refuses_demand(&mut net, "DeadlinePassed", &user(0), job.address, ROW);
}

#[test]
fn an_answer_is_taken_in_the_last_second_and_refused_after_it() {
    let mut net = Net::new();
    let job = net.committed(&work::tiny());
    let (first, second) = (net.demand(&user(0), job.address, ROW), net.demand(&user(0), job.address, ROW));
    let answer = job.work.answer(ROW).unwrap();
    net.wait(ANSWER_S);
    answers(&mut net, &device(0), &first, &answer);
    net.wait(1);
    refuses(&mut net, "DeadlinePassed", &second, &answer);
}

#[test]
fn a_demand_is_answered_once_and_its_number_never_comes_back() {
    let mut net = Net::new();
    let job = net.committed(&work::tiny());
    let answer = job.work.answer(ROW).unwrap();
    let demand = net.demand(&user(0), job.address, ROW);
    answers(&mut net, &device(0), &demand, &answer);
    refuses(&mut net, "AccountNotInitialized", &demand, &answer);
    let state = net.job(&job.address).unwrap();
    let next = net.demand(&user(0), job.address, ROW);
    assert_eq!(next.n, 1);
    // As if no demand had been made before.
    let fresh = Job { demands: Demands::default(), ..state };
    let again = jobs_ix::demand_data(user(0).pubkey(), job.address, &fresh, ROW);
    net.refused("ConstraintSeeds", &[again], &[&user(0)]);
}

#[test]
fn only_the_right_answer_is_taken() {
    let mut net = Net::new();
    let job = long(&mut net);
    let item = Item::Segments { layer: 0, row: 1, first: 4, count: 2 };
    let demand = net.demand(&user(1), job.address, item);
    let right = job.work.answer(item).unwrap();
    // Two segments, siblings of three levels of five, the row's path of three levels; one layer has no path.
    assert_eq!(right.len(), 512 + 32 * (4 + 3));
    for at in [0, 255, 511, 512, 512 + 127, 512 + 128, right.len() - 1] {
        let mut forged = right.clone();
        forged[at] ^= 1;
        refuses(&mut net, "EvidenceOutput", &demand, &forged);
    }
    refuses(&mut net, "EvidenceLength", &demand, &right[..right.len() - 1]);
    refuses(&mut net, "EvidenceLength", &demand, &[right.clone(), vec![0]].concat());
    refuses(&mut net, "EvidenceLength", &demand, &right[..10]);
    // Another row's and other segments' answers have the same length.
    for other in [
        Item::Segments { layer: 0, row: 0, first: 4, count: 2 },
        Item::Segments { layer: 0, row: 1, first: 6, count: 2 },
    ] {
        refuses(&mut net, "EvidenceOutput", &demand, &job.work.answer(other).unwrap());
    }
    answers(&mut net, &device(0), &demand, &right);
}

#[test]
fn another_layers_data_and_nodes_for_leaves_are_no_answer() {
    let mut net = Net::new();
    let model = work::model("equal layers", &[256, 256, 256]);
    let args = program_tests::net::model_args(&model);
    net.ok(&[jobs_ix::register_model(stranger().pubkey(), args)], &[&stranger()]);
    let job = net.committed(&model);
    let of = |layer| Item::Nodes { layer, row: None, level: 1, index: 0, depth: 1 };
    let demand = net.demand(&user(1), job.address, of(0));
    let (right, wrong) = (job.work.answer(of(0)).unwrap(), job.work.answer(of(1)).unwrap());
    assert_eq!(right.len(), wrong.len());
    refuses(&mut net, "EvidenceOutput", &demand, &wrong);
    // The layers' roots, with the layer's path: one level higher.
    let roots = job.work.answer(Item::LayerRoots).unwrap();
    refuses(&mut net, "EvidenceOutput", &demand, &[roots.clone(), roots[..32].to_vec()].concat());
    answers(&mut net, &device(0), &demand, &right);
}

#[test]
fn another_jobs_data_answers_nothing() {
    let mut net = Net::new();
    let job = net.committed(&work::tiny());
    let other = net.post(&user(1), &work::tiny());
    net.ok(&[claim(1, other.address)], &[&device(1)]);
    let commit = program_tests::net::commit_args(&other.work);
    net.ok(&[jobs_ix::commit_result(device(1).pubkey(), other.address, commit)], &[&device(1)]);
    let demand = net.demand(&user(0), job.address, ROW);
    let answer = other.work.answer(ROW).unwrap();
    assert_eq!(other.work.activations, job.work.activations, "the same work");
    refuses(&mut net, "EvidenceOutput", &demand, &answer);
    // The other job's account in this one's place, with everything that belongs to it.
    let me = stranger();
    net.upload(&me, other.address, &answer);
    net.upload(&me, job.address, &job.work.answer(ROW).unwrap());
    let state = net.job(&job.address).unwrap();
    let right = jobs_ix::answer_demand(me.pubkey(), &state, &demand);
    let swapped = replace(right.clone(), job.address, other.address);
    net.refused("WrongOwner", std::slice::from_ref(&swapped), &[&me]);
    let proof = |job: &Pubkey| address::proof(job, &me.pubkey());
    let whole = replace(swapped, proof(&job.address), proof(&other.address));
    net.refused("WrongOwner", &[whole], &[&me]);
    net.ok(&[right], &[&me]);
}

#[test]
fn nobody_takes_a_bond_or_rent_that_is_not_theirs() {
    let mut net = Net::new();
    let job = net.committed(&work::tiny());
    let demand = net.demand(&user(1), job.address, ROW);
    let me = stranger();
    net.upload(&me, job.address, &job.work.answer(ROW).unwrap());
    net.upload(&device(0), job.address, &job.work.answer(ROW).unwrap());
    let state = net.job(&job.address).unwrap();
    let thief = me.pubkey();
    let answer = jobs_ix::answer_demand(thief, &state, &demand);
    net.refused("WrongOwner", &[replace(answer.clone(), user(1).pubkey(), thief)], &[&me]);
    // An answer that somebody else has uploaded.
    let (mine, his) = (address::proof(&job.address, &thief), address::proof(&job.address, &device(0).pubkey()));
    net.refused("WrongOwner", &[replace(answer, mine, his)], &[&me]);
    let close = jobs_ix::close_demand(&demand);
    net.refused("JobLives", std::slice::from_ref(&close), &[&me]);
    net.refused("JobLives", std::slice::from_ref(&close), &[&user(1)]);
    net.wait(ANSWER_S + 1);
    let expire = jobs_ix::expire_demand(thief, &state, &demand);
    net.refused("WrongOwner", &[replace(expire.clone(), user(1).pubkey(), thief)], &[&me]);
    net.refused("JobLives", std::slice::from_ref(&close), &[&user(1)]);
    // The job is gone, but another account in its place is not its absence.
    net.ok(&[expire], &[&me]);
    net.refused("AccountNotInitialized", &[close], &[&me]);
}

#[test]
fn a_demand_of_one_job_does_not_expire_another() {
    let mut net = Net::new();
    let job = net.committed(&work::tiny());
    let other = net.post(&user(1), &work::tiny());
    net.ok(&[claim(1, other.address)], &[&device(1)]);
    let commit = program_tests::net::commit_args(&other.work);
    net.ok(&[jobs_ix::commit_result(device(1).pubkey(), other.address, commit)], &[&device(1)]);
    let demand = net.demand(&stranger(), job.address, ROW);
    net.wait(ANSWER_S + 1);
    let state = net.job(&other.address).unwrap();
    let here = Demand { job: other.address, ..demand.clone() };
    let expire = jobs_ix::expire_demand(stranger().pubkey(), &state, &here);
    let swapped = replace(expire, address::demand(&other.address, 0), address::demand(&job.address, 0));
    net.refused("WrongOwner", &[swapped], &[&stranger()]);
}

#[test]
fn others_are_limited_at_once_and_in_all_and_never_use_up_what_the_user_has() {
    let mut net = Net::new();
    let job = net.committed(&work::tiny());
    let answer = job.work.answer(ROW).unwrap();
    let (spammer, me) = (stranger(), user(0));
    for _ in 0..MAX_DEMANDS / MAX_OPEN_DEMANDS {
        let open: Vec<Demand> = (0..MAX_OPEN_DEMANDS).map(|_| net.demand(&spammer, job.address, ROW)).collect();
        refuses_demand(&mut net, "TooManyDemands", &user(2), job.address, ROW);
        let mine = net.demand(&me, job.address, ROW);
        for demand in open.iter().chain([&mine]) {
            answers(&mut net, &device(0), demand, &answer);
        }
    }
    refuses_demand(&mut net, "TooManyDemands", &spammer, job.address, ROW);
    refuses_demand(&mut net, "TooManyDemands", &device(0), job.address, ROW);
    for _ in 0..MAX_OPEN_DEMANDS {
        net.demand(&me, job.address, ROW);
    }
    refuses_demand(&mut net, "TooManyDemands", &me, job.address, ROW);
}

#[test]
fn demands_block_neither_acceptance_nor_a_dispute_and_are_closed_after_them() {
    for disputed in [false, true] {
        let mut net = Net::new();
        let cell = (0, 0, 1);
        let job = net.cheated(&work::tiny(), cell);
        let demander = user(1);
        let had = net.vm.lamports(&demander.pubkey());
        let demands = [net.demand(&demander, job.address, ROW), net.demand(&demander, job.address, Item::LayerRoots)];
        let state = net.job(&job.address).unwrap();
        if disputed {
            net.upload(&stranger(), job.address, &job.work.evidence(cell));
            let dispute = net.dispute(&stranger(), job.address, cell);
            net.ok(&[dispute], &[&stranger()]);
        } else {
            net.ok(&[jobs_ix::accept_result(user(0).pubkey(), job.address, &state)], &[&user(0)]);
        }
        net.wait(ANSWER_S + 1);
        let late = jobs_ix::expire_demand(stranger().pubkey(), &state, &demands[0]);
        net.refused("AccountNotInitialized", &[late], &[&stranger()]);
        for demand in &demands {
            let close = jobs_ix::close_demand(demand);
            let thief = replace(close.clone(), demander.pubkey(), stranger().pubkey());
            net.refused("WrongOwner", &[thief], &[&stranger()]);
            let meta = net.ok(&[close], &[&stranger()]);
            let closed: DemandClosed = event::first(&meta.events);
            assert_eq!((closed.n, closed.demander, closed.bond), (demand.n, demander.pubkey(), DEMAND_BOND));
        }
        assert_eq!(net.vm.lamports(&demander.pubkey()), had - 2 * 5_000);
    }
}

#[test]
fn a_demand_is_not_closed_by_naming_another_job_that_has_ended() {
    let mut net = Net::new();
    let ended = net.committed(&work::tiny());
    let state = net.job(&ended.address).unwrap();
    net.ok(&[jobs_ix::accept_result(user(0).pubkey(), ended.address, &state)], &[&user(0)]);
    net.submit_price(PRICE);
    let job = net.committed(&work::tiny());
    let demand = net.demand(&user(1), job.address, ROW);
    let close = replace(jobs_ix::close_demand(&demand), job.address, ended.address);
    net.refused("WrongOwner", &[close], &[&user(1)]);
}

#[test]
fn whoever_asks_may_be_the_worker_and_whoever_answers_the_demander() {
    let mut net = Net::new();
    let job = net.committed(&work::tiny());
    for me in [device(0), user(0)] {
        let had = net.vm.lamports(&me.pubkey());
        let demand = net.demand(&me, job.address, ROW);
        answers(&mut net, &me, &demand, &job.work.answer(ROW).unwrap());
        assert_eq!(net.vm.lamports(&me.pubkey()), had - 4 * 5_000);
    }
}
