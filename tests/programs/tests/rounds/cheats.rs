//! Every way to pass without doing the work, or on another's work.
use anchor_lang::AccountSerialize;
use client::{address, jobs_ix, rounds_ix, staking_ix};
use jobs::events::{ChallengeFailed, WrongCellProven};
use jobs::state::{Failure, Operator, Phase};
use judge::challenge::{CELLS, COLUMNS, DEPTH, macs, seed};
use program_tests::forge::replace;
use program_tests::net::{CLASS_STAKE, IO, PRICE, PROVER_BPS, ROUNDS, SLASH_CAP_BPS, STAKE, claim};
use program_tests::{Answer, Net, device, event, operator, stranger, user, work};
use solana_signer::Signer;
use staking::state::Pool;

#[test]
fn one_devices_answer_does_not_answer_for_another() {
    let mut net = Net::new();
    let number = net.open_round();
    let mine = net.answer_of(0, number);
    net.commit_answer(0, number, &mine);
    net.commit_answer(1, number, &mine);
    net.draw_cells(number);
    // Its cells are drawn by its own seed, and the leaves bind the seed of the other.
    for cell in 0..CELLS as u8 {
        let stolen = net.answer_cell(0, number, &mine, cell);
        let stolen = replace(stolen, address::device(&device(0).pubkey()), address::device(&device(1).pubkey()));
        let stolen = if stolen.accounts.iter().any(|m| m.pubkey == address::jobs_shard_of(&device(0).pubkey())) {
            replace(stolen, address::jobs_shard_of(&device(0).pubkey()), address::jobs_shard_of(&device(1).pubkey()))
        } else {
            stolen
        };
        net.refused("EvidenceSegment", &[stolen], &[&stranger()]);
    }
}

#[test]
fn a_matrix_of_another_seed_committed_under_the_own_seed_is_wrong_in_every_cell() {
    let mut net = Net::new();
    let number = net.open_round();
    let theirs = net.answer_of(1, number);
    let own = seed(&net.round(number).slot_hash, number, &device(0).pubkey().to_bytes());
    // The bytes are another device's work; the leaves are hashed under the own seed.
    let copied = Answer::of_bytes(own, theirs.bytes().to_vec());
    net.commit_answer(0, number, &copied);
    net.draw_cells(number);
    let refused = (0..CELLS as u8).filter(|cell| {
        let answer = net.answer_cell(0, number, &copied, *cell);
        net.send(&[answer], &[&stranger()]).is_err_and(|f| f.name == "WrongCell")
    });
    // A byte is right by chance once in 256.
    assert!(refused.count() >= 14);
}

#[test]
fn an_answer_of_an_earlier_round_is_worth_nothing_in_the_next() {
    let mut net = Net::new();
    let stale = net.open_round();
    let old = net.answer_of(0, stale);
    net.commit_answer(0, stale, &old);
    net.draw_cells(stale);
    net.answer_all(0, stale, &old);
    net.end_round(stale);
    net.wait(i64::from(ROUNDS.every_s));
    let number = net.open_round();
    net.commit_answer(0, number, &old);
    net.draw_cells(number);
    let replay = net.answer_cell(0, number, &old, 0);
    net.refused("EvidenceSegment", &[replay], &[&stranger()]);
    // Nor does the new answer count in the round that is over.
    let (segment, path) = old.evidence((0, 0));
    let back = rounds_ix::answer_cell(device(0).pubkey(), stale, 0, segment, path);
    net.refused("WrongPhase", &[back], &[&stranger()]);
}

#[test]
fn only_the_drawn_cell_answers() {
    let mut net = Net::new();
    let number = net.open_round();
    let answer = net.answer_of(0, number);
    net.commit_answer(0, number, &answer);
    let me = device(0).pubkey();
    let (segment, path) = answer.evidence((0, 0));
    let early = rounds_ix::answer_cell(me, number, 0, segment, path.clone());
    net.refused("WrongPhase", &[early], &[&stranger()]);
    net.draw_cells(number);
    let (row, column) = net.drawn(number, &answer, 0);
    for other in [((row + 1) % 64, column), (row, (column + 256) % COLUMNS)] {
        let (segment, path) = answer.evidence(other);
        let wrong = rounds_ix::answer_cell(me, number, 0, segment, path);
        net.refused("EvidenceSegment", &[wrong], &[&stranger()]);
    }
    let (mut segment, path) = answer.evidence((row, column));
    let short = rounds_ix::answer_cell(me, number, 0, segment, path[..path.len() - 32].to_vec());
    net.refused("EvidenceSegment", &[short], &[&stranger()]);
    segment[(column as usize + 1) % 256] ^= 1;
    let wrong = rounds_ix::answer_cell(me, number, 0, segment, path);
    net.refused("EvidenceSegment", &[wrong], &[&stranger()]);
    for index in [16, 17, 255] {
        let (segment, path) = answer.evidence((row, column));
        let beyond = rounds_ix::answer_cell(me, number, index, segment, path);
        net.refused("NoSuchAnswer", &[beyond], &[&stranger()]);
    }
}

#[test]
fn a_cell_is_answered_once() {
    let mut net = Net::new();
    let number = net.open_round();
    let answer = net.answer_of(0, number);
    net.commit_answer(0, number, &answer);
    net.draw_cells(number);
    let first = net.answer_cell(0, number, &answer, 0);
    net.ok(std::slice::from_ref(&first), &[&stranger()]);
    net.refused("AlreadyAnswered", &[first], &[&stranger()]);
}

#[test]
fn an_answer_after_the_deadline_does_not_count() {
    let mut net = Net::new();
    let number = net.open_round();
    let answer = net.answer_of(0, number);
    net.commit_answer(0, number, &answer);
    net.draw_cells(number);
    net.wait(i64::from(ROUNDS.answer_s));
    let on_time = net.answer_cell(0, number, &answer, 0);
    net.ok(&[on_time], &[&stranger()]);
    net.wait(1);
    let late = net.answer_cell(0, number, &answer, 1);
    net.refused("DeadlinePassed", &[late], &[&stranger()]);
}

#[test]
fn a_wrong_drawn_cell_cannot_be_answered() {
    let mut net = Net::new();
    let number = net.open_round();
    let honest = net.answer_of(0, number);
    // The draw is known to this test only: what follows a slot is fixed here.
    let mut ahead = net.clone();
    ahead.commit_answer(0, number, &honest);
    ahead.draw_cells(number);
    let cell = ahead.drawn(number, &honest, 9);
    let cheat = honest.tampered(cell);
    net.commit_answer(0, number, &cheat);
    net.draw_cells(number);
    let wrong = net.answer_cell(0, number, &cheat, 9);
    net.refused("WrongCell", &[wrong], &[&stranger()]);
    // The right segment does not lead to the root.
    let right = net.answer_cell(0, number, &honest, 9);
    net.refused("EvidenceSegment", &[right], &[&stranger()]);
}

#[test]
fn whoever_proves_a_wrong_cell_is_paid_and_the_device_is_slashed_and_demoted() {
    let mut net = Net::new();
    let (owner, worker) = (operator(0), net.wallet("large"));
    let register = jobs_ix::register_device(owner.pubkey(), worker.pubkey(), "large".into(), 1);
    net.ok(&[register], &[&owner, &worker]);
    let number = net.open_round();
    let of = seed(&net.round(number).slot_hash, number, &worker.pubkey().to_bytes());
    let cheat = Answer::honest(of, ROUNDS.rows[1]).tampered((40, 4_000));
    net.ok(&[rounds_ix::commit_challenge(worker.pubkey(), owner.pubkey(), number, cheat.root())], &[&worker]);
    let (me, prover) = (worker.pubkey(), stranger());
    let prove = |cell: (u32, u32)| {
        let (segment, path) = cheat.evidence(cell);
        rounds_ix::prove_cell(prover.pubkey(), me, number, cell, segment, path)
    };
    let punish = rounds_ix::punish_device(me, owner.pubkey(), prover.pubkey());
    net.refused("NotCaught", std::slice::from_ref(&punish), &[&prover]);
    net.refused("NoFault", &[prove((40, 4_001))], &[&prover]);
    let proven: WrongCellProven = event::first(&net.ok(&[prove((40, 4_000))], &[&prover]).events);
    assert_eq!((proven.prover, proven.expected ^ proven.committed), (prover.pubkey(), 1));
    net.refused("NotPunished", &[prove((40, 4_000))], &[&prover]);
    // It cannot flee, and the reward cannot be taken by another.
    net.refused("NotPunished", &[jobs_ix::retire_device(owner.pubkey(), me)], &[&owner]);
    let theft = replace(punish.clone(), address::io_account(&prover.pubkey()), address::io_account(&user(0).pubkey()));
    net.refused("WrongOwner", &[theft], &[&user(0)]);
    let before = (net.io(&prover), net.own_position(&owner).active);
    let failed: ChallengeFailed = event::first(&net.ok(std::slice::from_ref(&punish), &[&user(0)]).events);
    let penalty = CLASS_STAKE[1] * u64::from(ROUNDS.slash_bps) / 10_000;
    assert_eq!(penalty, 40 * IO);
    assert_eq!((failed.reason, failed.class, failed.device_stake), (Failure::WrongCell, 0, CLASS_STAKE[0]));
    assert!(penalty - failed.slashed <= 1, "{} of {penalty}", failed.slashed);
    assert_eq!(net.io(&prover) - before.0, failed.slashed * u64::from(PROVER_BPS) / 10_000);
    assert!(net.own_position(&owner).active <= before.1 - failed.slashed);
    net.refused("NotCaught", &[punish], &[&prover]);
    net.refused("NoSuchAnswer", &[prove((40, 4_000))], &[&prover]);
    assert!(net.device_at(&me).unwrap().require_hireable(0).is_err());
}

#[test]
fn a_wrong_cell_proven_after_passing_takes_the_pass_and_its_pay_back() {
    let mut net = Net::new();
    let owner = operator(0);
    net.ok(&[rounds_ix::set_offer(owner.pubkey(), device(0).pubkey(), 900)], &[&owner]);
    let number = net.open_round();
    let honest = net.answer_of(0, number);
    let mut ahead = net.clone();
    ahead.commit_answer(0, number, &honest);
    ahead.draw_cells(number);
    let drawn: Vec<_> = (0..16).map(|cell| ahead.drawn(number, &honest, cell)).collect();
    let wrong = (0..64).map(|row| (row, 7)).find(|cell| !drawn.contains(cell)).unwrap();
    let cheat = honest.tampered(wrong);
    net.commit_answer(0, number, &cheat);
    net.draw_cells(number);
    net.answer_all(0, number, &cheat);
    let round = net.round(number);
    assert_eq!((round.passed, round.unshared, round.weight), (1, 1, u128::from(macs(64))));
    let (segment, path) = cheat.evidence(wrong);
    let prove = rounds_ix::prove_cell(stranger().pubkey(), device(0).pubkey(), number, wrong, segment, path);
    net.wait(2 * i64::from(ROUNDS.answer_s));
    net.ok(std::slice::from_ref(&prove), &[&stranger()]);
    let round = net.round(number);
    assert_eq!((round.passed, round.unshared, round.weight), (0, 0, 0));
    let punish = rounds_ix::punish_device(device(0).pubkey(), owner.pubkey(), stranger().pubkey());
    net.ok(&[punish], &[&stranger()]);
    assert_eq!((net.device(0).challenges_passed, net.device(0).challenges_failed), (0, 1));
    net.wait(1);
    net.advance_round(number);
    let fail = rounds_ix::fail_challenge(device(0).pubkey(), owner.pubkey());
    net.refused("NotFailed", &[fail], &[&stranger()]);
}

#[test]
fn nothing_can_be_proven_against_an_honest_answer_or_after_the_round() {
    let mut net = Net::new();
    let number = net.open_round();
    let honest = net.answer_of(0, number);
    let cheat = honest.tampered((3, 3));
    net.commit_answer(0, number, &honest);
    net.commit_answer(1, number, &net.answer_of(1, number).tampered((5, 5)));
    let prove = |answer: &Answer, index: usize, cell| {
        let (segment, path) = answer.evidence(cell);
        rounds_ix::prove_cell(stranger().pubkey(), device(index).pubkey(), number, cell, segment, path)
    };
    net.refused("NoFault", &[prove(&honest, 0, (3, 3))], &[&stranger()]);
    net.refused("EvidenceSegment", &[prove(&cheat, 0, (3, 3))], &[&stranger()]);
    let late = prove(&net.answer_of(1, number).tampered((5, 5)), 1, (5, 5));
    net.draw_cells(number);
    net.wait(2 * i64::from(ROUNDS.answer_s) + 1);
    net.refused("DeadlinePassed", std::slice::from_ref(&late), &[&stranger()]);
    net.advance_round(number);
    net.refused("WrongPhase", &[late], &[&stranger()]);
}

/// One GPU cannot answer for two devices: the work of two seeds shares nothing but the hashing's code, so it takes twice the
/// time, and a class is sized so that once takes more than half of the window.
#[test]
fn one_processor_that_fills_more_than_half_of_the_window_cannot_answer_for_two_devices() {
    let mut net = Net::new();
    let number = net.open_round();
    let opened = net.vm.now();
    let (rows, window) = (ROUNDS.rows[0], i64::from(ROUNDS.window_s));
    // A processor as fast as the class is sized for: its work fills 11 of the 20 seconds.
    let per_second = macs(rows) / 11;
    let after = |answers: u64| opened + i64::try_from((answers * macs(rows)).div_ceil(per_second)).unwrap();
    let (first, second) = (net.answer_of(0, number), net.answer_of(1, number));
    let shared = first.bytes().iter().zip(second.bytes()).filter(|(a, b)| a == b).count();
    assert!(shared < first.bytes().len() / 200, "{shared} bytes are alike: one in 256 is chance");
    assert_eq!(macs(rows), u64::from(rows) * u64::from(COLUMNS) * DEPTH as u64);
    net.vm.set_time(after(1));
    assert!(after(1) - opened > window / 2);
    net.commit_answer(0, number, &first);
    net.vm.set_time(after(2));
    let late = rounds_ix::commit_challenge(device(1).pubkey(), operator(0).pubkey(), number, second.root());
    net.refused("DeadlinePassed", &[late], &[&device(1)]);
}

#[test]
fn a_devices_key_must_sign_its_commitment() {
    let mut net = Net::new();
    let number = net.open_round();
    let mut unsigned = rounds_ix::commit_challenge(device(0).pubkey(), operator(0).pubkey(), number, [1; 32]);
    unsigned.accounts[0].is_signer = false;
    net.refused("AccountNotSigner", &[unsigned], &[&stranger()]);
    let by_other = rounds_ix::commit_challenge(stranger().pubkey(), operator(0).pubkey(), number, [1; 32]);
    let by_other = replace(by_other, address::device(&stranger().pubkey()), address::device(&device(0).pubkey()));
    net.refused("WrongOwner", &[by_other], &[&stranger()]);
}

#[test]
fn a_demotion_never_frees_a_reservation_or_a_running_job() {
    let mut net = Net::new();
    let job = net.claimed(&work::tiny());
    let reserved = net.own_position(&operator(0)).reserved;
    let number = net.open_round();
    let answer = net.answer_of(1, number);
    net.commit_answer(1, number, &answer);
    net.draw_cells(number);
    net.answer_all(1, number, &answer);
    net.end_round(number);
    let fail = rounds_ix::fail_challenge(device(0).pubkey(), operator(0).pubkey());
    net.ok(&[fail], &[&stranger()]);
    assert_eq!(net.own_position(&operator(0)).reserved, reserved);
    net.commit(&job.work);
    let state = net.job(&job.address).unwrap();
    net.ok(&[jobs_ix::accept_result(user(0).pubkey(), job.address, &state)], &[&user(0)]);
}

/// A device that fails could else retire and come back as new.
#[test]
fn a_device_that_comes_back_under_its_old_key_must_pass_before_it_is_hired() {
    let mut net = Net::new();
    net.pass_round(&[(0, 2)]);
    net.refused("HiringPaused", &[rounds_ix::set_class(operator(1).pubkey(), device(2).pubkey(), 1)], &[&operator(1)]);
    let (owner, me) = (operator(1), device(2));
    net.ok(&[jobs_ix::retire_device(owner.pubkey(), me.pubkey())], &[&owner]);
    let back = jobs_ix::register_device(owner.pubkey(), me.pubkey(), "back".into(), 0);
    net.ok(&[back], &[&owner, &me]);
    net.submit_price(PRICE);
    let job = net.post(&user(0), &work::tiny()).address;
    net.refused("HiringPaused", &[claim(2, job)], &[&me]);
    net.pass_round(&[(0, 2), (2, 2)]);
    net.submit_price(PRICE);
    net.ok(&[claim(2, job)], &[&me]);
}

/// Stake that is withdrawn after registering could stand behind the next operator's devices.
#[test]
fn without_the_stake_that_its_devices_need_an_operator_takes_no_part_in_rounds() {
    let mut net = Net::new();
    let owner = operator(1);
    let pool = address::operator_pool(&owner.pubkey());
    let needed = net.vm.read::<Operator>(&address::operator(&owner.pubkey())).unwrap().required_stake;
    net.ok(&[staking_ix::unstake(owner.pubkey(), pool, STAKE - needed + 1)], &[&owner]);
    let number = net.open_round();
    let commit = rounds_ix::commit_challenge(device(2).pubkey(), owner.pubkey(), number, [1; 32]);
    net.refused("StakeTooLow", std::slice::from_ref(&commit), &[&device(2)]);
    let others = operator(0).pubkey();
    let pool_of = |owner| address::operator_pool(owner);
    let borrowed = replace(commit.clone(), pool_of(&owner.pubkey()), pool_of(&others));
    net.refused("WrongPool", &[borrowed], &[&device(2)]);
    let borrowed = replace(commit, address::operator(&owner.pubkey()), address::operator(&others));
    net.refused("WrongOwner", &[borrowed], &[&device(2)]);
}

/// What a wrong cell costs is counted by the class.
#[test]
fn a_device_keeps_its_class_from_its_commitment_to_the_rounds_end() {
    let mut net = Net::new();
    net.pass_round(&[(2, 2)]);
    let owner = operator(1);
    let set = |class| rounds_ix::set_class(owner.pubkey(), device(2).pubkey(), class);
    net.ok(&[set(1)], &[&owner]);
    let number = net.open_round();
    let answer = net.answer_of(2, number);
    net.commit_answer(2, number, &answer);
    net.refused("ChallengeRunning", &[set(0)], &[&owner]);
    net.draw_cells(number);
    net.answer_all(2, number, &answer);
    net.refused("ChallengeRunning", &[set(0)], &[&owner]);
    net.end_round(number);
    net.ok(&[set(0)], &[&owner]);
}

#[test]
fn a_round_that_nobody_passes_counts_for_nothing() {
    let mut net = Net::new();
    let number = net.open_round();
    let owner = operator(0);
    net.ok(&[rounds_ix::commit_challenge(device(0).pubkey(), owner.pubkey(), number, [7; 32])], &[&device(0)]);
    net.draw_cells(number);
    net.end_round(number);
    assert_eq!(net.round(number).phase, Phase::Void);
    for index in 0..3 {
        let owner = program_tests::challenge::owner(index);
        let fail = rounds_ix::fail_challenge(device(index).pubkey(), owner.pubkey());
        net.refused("NotFailed", &[fail], &[&stranger()]);
    }
    net.ok(&[rounds_ix::close_round(number, stranger().pubkey())], &[&stranger()]);
}

/// Else all but the first wrong answer of an epoch would be free.
#[test]
fn a_caught_device_waits_for_the_next_epoch_when_its_pool_can_be_slashed_no_further() {
    let mut net = Net::new();
    let owner = operator(0);
    let number = net.open_round();
    let caught = |net: &mut Net, index: usize| {
        let cheat = net.answer_of(index, number).tampered((1, 1));
        net.commit_answer(index, number, &cheat);
        let (segment, path) = cheat.evidence((1, 1));
        let me = device(index).pubkey();
        let prove = rounds_ix::prove_cell(stranger().pubkey(), me, number, (1, 1), segment, path);
        net.ok(&[prove], &[&stranger()]);
        rounds_ix::punish_device(me, owner.pubkey(), stranger().pubkey())
    };
    let (first, second) = (caught(&mut net, 0), caught(&mut net, 1));
    // All that the epoch allows is taken.
    let address = address::operator_pool(&owner.pubkey());
    let mut pool: Pool = net.vm.read(&address).unwrap();
    (pool.slash_epoch, pool.slash_base) = (net.epoch(), pool.active + pool.warming + pool.cooling);
    pool.slashed = pool.slash_base * u64::from(SLASH_CAP_BPS) / 10_000;
    let mut account = net.vm.account(&address).unwrap();
    pool.try_serialize(&mut account.data.as_mut_slice()).unwrap();
    net.vm.set_account(address, account);
    net.refused("SlashCapReached", std::slice::from_ref(&first), &[&stranger()]);
    net.refused("SlashCapReached", std::slice::from_ref(&second), &[&stranger()]);
    net.refused("NotPunished", &[jobs_ix::retire_device(owner.pubkey(), device(0).pubkey())], &[&owner]);
    net.next_epoch();
    let failed: ChallengeFailed = event::first(&net.ok(&[first], &[&stranger()]).events);
    assert!(failed.slashed > 0);
}
