use client::{jobs_ix, rounds_ix};
use jobs::Rest;
use jobs::events::{CellAnswered, ChallengeCommitted, ChallengePassed};
use judge::challenge::macs;
use program_tests::net::ROUNDS;
use program_tests::{Net, device, event, operator, stranger, user};
use solana_signer::Signer;

#[test]
fn a_device_that_answers_all_drawn_cells_passes_with_the_throughput_of_its_commitment() {
    let mut net = Net::new();
    let number = net.open_round();
    let answer = net.answer_of(0, number);
    net.wait(7);
    let meta = net.commit_answer(0, number, &answer);
    let committed: ChallengeCommitted = event::first(&meta.events);
    assert_eq!((committed.seed, committed.root, committed.rows), (answer.seed, answer.root(), 64));
    assert_eq!((committed.seconds, committed.throughput), (7, macs(64) / 7));
    net.draw_cells(number);
    let first = net.answer_cell(0, number, &answer, 5);
    let answered: CellAnswered = event::first(&net.ok(&[first], &[&stranger()]).events);
    assert_eq!((answered.index, answered.answered), (5, 1 << 5));
    assert_eq!(net.device(0).measured, 0, "not before all are shown");
    let rest: Vec<_> = (0..16).filter(|c| *c != 5).map(|c| net.answer_cell(0, number, &answer, c)).collect();
    let last = rest.into_iter().map(|answer| net.ok(&[answer], &[&stranger()])).last().unwrap();
    let passed: ChallengePassed = event::first(&last.events);
    assert_eq!((passed.number, passed.throughput, passed.weight), (number, macs(64) / 7, 0));
    let device = net.device(0);
    assert_eq!((device.measured, device.good_round, device.challenges_passed), (macs(64) / 7, number, 1));
    assert_eq!(net.round(number).passed, 1);
}

#[test]
fn an_answer_within_the_first_second_counts_as_one_second() {
    let mut net = Net::new();
    let number = net.open_round();
    let answer = net.answer_of(0, number);
    net.commit_answer(0, number, &answer);
    assert_eq!(net.device(0).challenge.throughput, macs(64));
}

#[test]
fn a_commitment_at_the_windows_end_counts_and_one_second_later_does_not() {
    let mut net = Net::new();
    let number = net.open_round();
    net.wait(i64::from(ROUNDS.window_s));
    let answer = net.answer_of(0, number);
    net.commit_answer(0, number, &answer);
    net.wait(1);
    let late = rounds_ix::commit_challenge(device(1).pubkey(), operator(0).pubkey(), number, [1; 32]);
    net.refused("DeadlinePassed", std::slice::from_ref(&late), &[&device(1)]);
    net.advance_round(number);
    net.refused("WrongPhase", &[late], &[&device(1)]);
}

#[test]
fn a_device_commits_once_in_a_round() {
    let mut net = Net::new();
    let number = net.open_round();
    let answer = net.answer_of(0, number);
    net.commit_answer(0, number, &answer);
    let again = rounds_ix::commit_challenge(device(0).pubkey(), operator(0).pubkey(), number, [1; 32]);
    net.refused("AlreadyCommitted", &[again], &[&device(0)]);
}

#[test]
fn a_device_slower_than_its_class_cannot_commit() {
    let mut net = Net::new();
    // Class 2: 128 rows, 120 million multiply-accumulates per second: 4 seconds and no more.
    let (owner, worker) = (operator(0), net.wallet("large"));
    let register = jobs_ix::register_device(owner.pubkey(), worker.pubkey(), "large".into(), 2);
    net.ok(&[register], &[&owner, &worker]);
    let number = net.open_round();
    let commit = rounds_ix::commit_challenge(worker.pubkey(), owner.pubkey(), number, [1; 32]);
    net.wait(5);
    net.refused("TooSlow", &[commit], &[&worker]);
}

#[test]
fn a_device_that_registered_in_a_round_takes_part_in_the_next_one() {
    let mut net = Net::new();
    let number = net.open_round();
    let (owner, worker) = (operator(0), net.wallet("late"));
    let register = jobs_ix::register_device(owner.pubkey(), worker.pubkey(), "late".into(), 0);
    net.ok(&[register], &[&owner, &worker]);
    let commit = rounds_ix::commit_challenge(worker.pubkey(), owner.pubkey(), number, [1; 32]);
    net.refused("NotNominated", &[commit], &[&worker]);
    let answer = net.answer_of(0, number);
    net.commit_answer(0, number, &answer);
    net.draw_cells(number);
    net.end_round(number);
    // It did not fail what it could not take part in; it has yet to show what it can.
    let fail = rounds_ix::fail_challenge(worker.pubkey(), owner.pubkey());
    net.refused("NotFailed", &[fail], &[&stranger()]);
    let late = net.device_at(&worker.pubkey()).unwrap();
    assert!(late.require_hireable(number).is_err());
    late.require_hireable(0).unwrap();
    net.wait(i64::from(ROUNDS.every_s));
    let next = net.open_round();
    net.ok(&[rounds_ix::commit_challenge(worker.pubkey(), owner.pubkey(), next, [1; 32])], &[&worker]);
}

#[test]
fn a_cell_of_a_challenge_is_judged_within_40_000_compute_units() {
    let mut net = Net::new();
    let number = net.open_round();
    let answer = net.answer_of(0, number);
    net.commit_answer(0, number, &answer);
    net.draw_cells(number);
    let cu: Vec<u64> = (0..16)
        .map(|cell| {
            let answer = net.answer_cell(0, number, &answer, cell);
            net.ok(&[answer], &[&stranger()]).cu
        })
        .collect();
    println!("compute units of a cell: {cu:?}");
    assert!(cu.iter().all(|cu| *cu < 40_000), "{cu:?}");
}

/// Rows whose paths a transaction just holds.
const FITTING_ROWS: u32 = 1 << 16;

/// Device 0 has committed in a challenge of so many rows, with one real row and the siblings it needs. Gives the round and the
/// evidence about drawn cell 3.
fn large(rows: u32) -> (Net, u64, [u8; 256], Vec<u8>) {
    use judge::challenge::{COLUMNS, cell, domain, drawn_cell, path_bytes};
    use judge::merkle::fold;
    use program_tests::vm::slot_hash;
    let mut net = Net::new();
    let number = net.open_round();
    let me = device(0);
    net.commit_answer(0, number, &net.answer_of(0, number));
    net.draw_cells(number);
    let mut device = net.device(0);
    let seed = device.challenge.seed;
    let jobs::state::Phase::Drawn { slot_hash: draw, .. } = net.round(number).phase else { panic!() };
    let (i, j) = drawn_cell(&draw, &seed, rows, 3);
    let columns = j / 256 * 256..(j / 256 + 1) * 256;
    let segment: Vec<u8> = columns.map(|j| cell(&seed, i, j)).collect();
    let segment: [u8; 256] = segment.try_into().unwrap();
    let path: Vec<u8> = (0..path_bytes(rows, i, j) / 32).flat_map(|n| slot_hash(n as u64)).collect();
    let (in_row, in_matrix) = path.split_at(128);
    let leaf = domain(&seed, rows).leaf(i, j / 256, &segment);
    let row = fold(leaf, j as usize / 256, COLUMNS as usize / 256, in_row).unwrap();
    device.challenge.root = fold(row, i as usize, rows as usize, in_matrix).unwrap();
    device.challenge.rows = rows;
    let address = client::address::device(&me.pubkey());
    let mut account = net.vm.account(&address).unwrap();
    let mut data = Vec::new();
    anchor_lang::AccountSerialize::try_serialize(&device, &mut data).unwrap();
    account.data[..data.len()].copy_from_slice(&data);
    net.vm.set_account(address, account);
    (net, number, segment, path)
}

/// [`Net::ok`] asserts that it fits a transaction of a cluster.
#[test]
fn a_cell_of_a_challenge_with_65_536_rows_fits_one_transaction() {
    let (mut net, number, segment, path) = large(FITTING_ROWS);
    assert!(rounds_ix::split(&path).1.is_empty());
    let answer = rounds_ix::answer_cell(device(0).pubkey(), number, 3, segment, path);
    let meta = net.ok(&[answer], &[&stranger()]);
    println!("compute units: {}", meta.cu);
    assert!(meta.cu < 40_000, "{}", meta.cu);
}

#[test]
fn a_cell_of_the_largest_challenge_is_judged_in_one_transaction_with_the_upper_path_in_a_buffer() {
    let (mut net, number, segment, path) = large(jobs::constants::MAX_CHALLENGE_ROWS);
    let (lower, upper) = rounds_ix::split(&path);
    assert_eq!((lower.len(), upper.len()), (32 * 16, 32 * 16));
    let (account, me, prover) = (client::address::device(&device(0).pubkey()), device(0).pubkey(), stranger());
    // What others need may lie before it.
    let padded = [&[9; 40], upper].concat();
    net.upload(&prover, account, &padded);
    let buffer = client::address::proof(&account, &prover.pubkey());
    let answer = |rest| rounds_ix::answer_cell_from(me, number, 3, segment, lower.to_vec(), rest);
    let at = |offset, bytes| answer(Some((buffer, Rest { offset, bytes })));
    for wrong in [answer(None), at(0, 512), at(39, 512), at(40, 480), at(41, 512), at(u32::MAX, 512), at(40, u16::MAX)]
    {
        net.refused("EvidenceSegment", &[wrong], &[&user(0)]);
    }
    // Nothing but a buffer is one.
    let other = answer(Some((client::address::jobs_config(), Rest { offset: 40, bytes: 512 })));
    net.refused("AccountDiscriminatorMismatch", &[other], &[&user(0)]);
    let meta = net.ok(&[at(40, 512)], &[&user(0)]);
    println!("compute units: {}", meta.cu);
    assert!(meta.cu < 40_000, "{}", meta.cu);
    net.ok(&[client::jobs_ix::close_proof(prover.pubkey(), account)], &[&prover]);
}

#[test]
fn a_right_cell_of_the_largest_challenge_cannot_be_proven_wrong() {
    let (mut net, number, segment, path) = large(jobs::constants::MAX_CHALLENGE_ROWS);
    let (account, me, prover) = (client::address::device(&device(0).pubkey()), device(0).pubkey(), stranger());
    let (lower, upper) = rounds_ix::split(&path);
    net.upload(&prover, account, upper);
    let rest = Rest { offset: 0, bytes: 512 };
    let place = Some((client::address::proof(&account, &prover.pubkey()), rest));
    let jobs::state::Phase::Drawn { slot_hash, .. } = net.round(number).phase else { panic!() };
    let drawn = judge::challenge::drawn_cell(&slot_hash, &net.device(0).challenge.seed, 1 << 28, 3);
    let prove = |cell| rounds_ix::prove_cell_from(prover.pubkey(), me, number, cell, segment, lower.to_vec(), place);
    net.refused("NoFault", &[prove(drawn)], &[&prover]);
    net.refused("EvidenceSegment", &[prove((drawn.0 ^ 1, drawn.1))], &[&prover]);
}
