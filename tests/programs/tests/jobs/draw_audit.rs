use client::{address, jobs_ix};
use jobs::constants::{DRAW_DELAY, DRAW_FEE};
use jobs::events::{AuditDrawn, AuditMissed, ResultCommitted};
use jobs::state::Audit;
use judge::audit::{is_drawn, seed};
use program_tests::forge::replace;
use program_tests::net::{ANSWER_S, AUDIT_BPS, AUDIT_CELLS, Posted, WINDOW_S, commit_args};
use program_tests::vm::MAX_SLOT_HASHES;
use program_tests::{Net, device, event, key, stranger, user, work};
use solana_account::Account;
use solana_instruction::Instruction;
use solana_signer::Signer;

fn draw(job: &Posted) -> Instruction {
    jobs_ix::draw_audit(stranger().pubkey(), job.address)
}

fn audit(net: &Net, job: &Posted) -> Audit {
    net.job(&job.address).unwrap().audit
}

fn due(net: &Net, job: &Posted) -> u64 {
    audit(net, job).draw_slot().unwrap()
}

/// The first slot that draws is past, and its hash is this.
fn with_hash(net: &mut Net, slot: u64, hash: [u8; 32]) {
    let hashes = net.vm.slot_hashes().into_iter();
    let hashes: Vec<_> = hashes.map(|(s, old)| (s, if s == slot { hash } else { old })).collect();
    net.vm.set_slot_hashes(&hashes);
}

#[test]
fn a_commitment_is_drawn_by_the_slot_32_later_and_not_before_it_is_complete() {
    let mut net = Net::new();
    let job = net.claimed(&work::tiny());
    let slot = net.vm.slot();
    let commit = jobs_ix::commit_result(device(0).pubkey(), job.address, commit_args(&job.work));
    let meta = net.ok(&[commit], &[&device(0)]);
    let committed: ResultCommitted = event::first(&meta.events);
    assert_eq!((committed.draw_slot, due(&net, &job)), (slot + DRAW_DELAY, slot + DRAW_DELAY));
    net.refused("TooEarly", &[draw(&job)], &[&stranger()]);
    net.vm.pass_slots(DRAW_DELAY);
    // The draw slot runs: its hash does not exist yet.
    assert_eq!(net.vm.slot(), slot + DRAW_DELAY);
    net.refused("TooEarly", &[draw(&job)], &[&stranger()]);
    net.vm.pass_slots(1);
    let meta = net.ok(&[draw(&job)], &[&stranger()]);
    let drawn: AuditDrawn = event::first(&meta.events);
    let hash = net.vm.slot_hashes()[0];
    assert_eq!((drawn.slot, drawn.slot_hash, drawn.certain), (hash.0, hash.1, false));
    assert_eq!(drawn.slot, slot + DRAW_DELAY);
    net.refused("AlreadyDrawn", &[draw(&job)], &[&stranger()]);
}

#[test]
fn when_and_by_whom_it_is_drawn_makes_no_difference() {
    let mut first = Net::new();
    let job = first.committed(&work::tiny());
    first.vm.pass_slots(DRAW_DELAY + 1);
    let mut late = first.clone();
    late.vm.pass_slots(MAX_SLOT_HASHES as u64 - 1);
    let early: AuditDrawn = event::first(&first.ok(&[draw(&job)], &[&stranger()]).events);
    let by_user = jobs_ix::draw_audit(user(1).pubkey(), job.address);
    let last: AuditDrawn = event::first(&late.ok(&[by_user], &[&user(1)]).events);
    assert_eq!((early.slot, early.seed, early.audited), (last.slot, last.seed, last.audited));
}

#[test]
fn a_skipped_draw_slot_leaves_the_draw_to_the_next_block() {
    let mut net = Net::new();
    let job = net.committed(&work::tiny());
    let slot = due(&net, &job);
    net.vm.pass_slots(DRAW_DELAY + 5);
    let hashes: Vec<_> = net.vm.slot_hashes().into_iter().filter(|(s, _)| *s < slot || *s > slot + 2).collect();
    net.vm.set_slot_hashes(&hashes);
    let drawn: AuditDrawn = event::first(&net.ok(&[draw(&job)], &[&stranger()]).events);
    assert_eq!(drawn.slot, slot + 3);
    let id = job.address.to_bytes();
    assert_eq!(drawn.seed, seed(&drawn.slot_hash, &job.work.commitment(), &id));
    assert_eq!(drawn.audited, is_drawn(&drawn.seed, AUDIT_BPS));
}

#[test]
fn a_missed_draw_makes_the_audit_certain_and_every_further_one_makes_it_larger() {
    let mut net = Net::new();
    let job = net.committed(&work::tiny());
    let mut cells = AUDIT_CELLS;
    for _ in 0..4 {
        let missed_slot = due(&net, &job);
        net.vm.pass_slots(DRAW_DELAY + MAX_SLOT_HASHES as u64 + 1);
        let slot = net.vm.slot();
        let lamports = net.vm.lamports(&job.address);
        let missed: AuditMissed = event::first(&net.ok(&[draw(&job)], &[&stranger()]).events);
        cells = (2 * cells).min(32);
        assert_eq!((missed.missed_slot, missed.draw_slot), (missed_slot, slot + DRAW_DELAY));
        assert_eq!(missed.cells, cells);
        assert_eq!(audit(&net, &job), Audit::Pending { draw_slot: slot + DRAW_DELAY, certain: true });
        // Only a draw is paid for.
        assert_eq!(net.vm.lamports(&job.address), lamports);
        net.refused("TooEarly", &[draw(&job)], &[&stranger()]);
    }
    // A hash by which the job would not have been audited changes nothing any more.
    net.vm.pass_slots(DRAW_DELAY + 1);
    let (slot, id) = (due(&net, &job), job.address.to_bytes());
    let spares = |hash: &[u8; 32]| !is_drawn(&seed(hash, &job.work.commitment(), &id), AUDIT_BPS);
    let hash = (0..=255u8).map(|n| [n; 32]).find(spares).unwrap();
    with_hash(&mut net, slot, hash);
    let drawn: AuditDrawn = event::first(&net.ok(&[draw(&job)], &[&stranger()]).events);
    assert_eq!((drawn.slot_hash, drawn.certain, drawn.audited, drawn.cells), (hash, true, true, 32));
    assert_eq!(net.audited_cells(&job).len(), 32);
}

#[test]
fn the_last_hash_that_is_still_there_decides_and_one_slot_later_the_draw_is_missed() {
    let mut net = Net::new();
    let job = net.committed(&work::tiny());
    net.vm.pass_slots(DRAW_DELAY + MAX_SLOT_HASHES as u64);
    assert_eq!(net.vm.slot_hashes().last().unwrap().0, due(&net, &job));
    let mut later = net.clone();
    let _: AuditDrawn = event::first(&net.ok(&[draw(&job)], &[&stranger()]).events);
    later.vm.pass_slots(1);
    let _: AuditMissed = event::first(&later.ok(&[draw(&job)], &[&stranger()]).events);
}

#[test]
fn the_drawn_share_is_the_parameter_within_its_confidence_interval() {
    let mut net = Net::new();
    let job = net.committed(&work::tiny());
    net.vm.pass_slots(DRAW_DELAY + 1);
    let (slot, draws) = (due(&net, &job), 600u32);
    let before = net.vm.account(&job.address).unwrap();
    let mut audited = 0;
    for n in 0..draws {
        with_hash(&mut net, slot, judge::sha256(&[&n.to_le_bytes()]));
        let meta = net.send(&[draw(&job)], &[&stranger()]).unwrap();
        audited += u32::from(event::first::<AuditDrawn>(&meta.events).audited);
        net.vm.set_account(job.address, before.clone());
    }
    // Half of 600; 61 is five standard deviations.
    assert!(audited.abs_diff(draws / 2) < 61, "{audited} of {draws}");
}

#[test]
fn who_draws_gets_the_fee_that_the_user_put_by_and_an_undrawn_jobs_user_gets_it_back() {
    let mut net = Net::new();
    let purse = net.vm.lamports(&user(0).pubkey());
    let job = net.committed(&work::tiny());
    let (before, held) = (net.vm.lamports(&stranger().pubkey()), net.vm.lamports(&job.address));
    net.draw(&job, true);
    // One signature.
    assert_eq!(net.vm.lamports(&stranger().pubkey()), before + DRAW_FEE - 5_000);
    assert_eq!(net.vm.lamports(&job.address), held - DRAW_FEE);
    let accept = jobs_ix::accept_result(user(0).pubkey(), job.address, &net.job(&job.address).unwrap());
    net.ok(&[accept], &[&user(0)]);
    assert_eq!(net.vm.lamports(&user(0).pubkey()), purse - DRAW_FEE - 2 * 5_000);

    let purse = net.vm.lamports(&user(0).pubkey());
    let job = net.committed(&work::tiny());
    let accept = jobs_ix::accept_result(user(0).pubkey(), job.address, &net.job(&job.address).unwrap());
    net.ok(&[accept], &[&user(0)]);
    assert_eq!(net.vm.lamports(&user(0).pubkey()), purse - 2 * 5_000);
}

#[test]
fn slot_hashes_that_somebody_made_up_are_refused() {
    let mut net = Net::new();
    let job = net.committed(&work::tiny());
    net.vm.pass_slots(DRAW_DELAY + 1);
    let real = net.vm.account(&jobs::slot_hashes::ADDRESS).unwrap();
    let forged = key("forged slot hashes").pubkey();
    for owner in [real.owner, jobs::ID, stranger().pubkey()] {
        net.vm.set_account(forged, Account { owner, ..real.clone() });
        let swap = replace(draw(&job), jobs::slot_hashes::ADDRESS, forged);
        net.refused("WrongSlotHashes", &[swap], &[&stranger()]);
    }
}

#[test]
fn a_job_without_a_result_has_no_draw_and_wrong_accounts_are_refused() {
    let mut net = Net::new();
    let posted = net.post(&user(1), &work::tiny());
    let job = net.claimed(&work::tiny());
    net.vm.pass_slots(DRAW_DELAY + 1);
    net.refused("WrongState", &[draw(&posted)], &[&stranger()]);
    net.refused("WrongState", &[draw(&job)], &[&stranger()]);
    net.commit(&job.work);
    net.vm.pass_slots(DRAW_DELAY + 1);
    let index = credits::constants::shard_of(&job.address);
    let swaps = [
        (job.address, posted.address, "WrongState"),
        (job.address, address::escrow(&job.address), "AccountOwnedByWrongProgram"),
        (address::jobs_shard(index), address::jobs_shard((index + 1) % 16), "WrongShard"),
        (address::jobs_config(), address::staking_config(), "AccountOwnedByWrongProgram"),
    ];
    for (right, wrong, error) in swaps {
        net.refused(error, &[replace(draw(&job), right, wrong)], &[&stranger()]);
    }
    let mut unsigned = draw(&job);
    unsigned.accounts[0].is_signer = false;
    net.refused("AccountNotSigner", &[unsigned], &[&user(0)]);
}

#[test]
fn terms_are_those_of_the_claim_and_the_time_to_answer_that_of_the_draw() {
    let mut net = Net::new();
    let job = net.committed(&work::tiny());
    // Whatever a vote changes in between.
    let mut config = net.vm.account(&address::jobs_config()).unwrap();
    let mut changed: jobs::state::Config = net.vm.read(&address::jobs_config()).unwrap();
    (changed.audit_bps, changed.audit_cells, changed.answer_s) = (10_000, 9, 77);
    config.data = {
        let mut data = Vec::new();
        anchor_lang::AccountSerialize::try_serialize(&changed, &mut data).unwrap();
        data.resize(config.data.len(), 0);
        data
    };
    net.vm.set_account(address::jobs_config(), config);
    let mut spared = net.clone();
    let drawn: AuditDrawn = event::first(&spared.draw(&job, false).events);
    assert!(!drawn.audited);
    let drawn: AuditDrawn = event::first(&net.draw(&job, true).events);
    assert_eq!((drawn.cells, drawn.deadline), (AUDIT_CELLS, net.vm.now() + 77));
    assert_ne!(ANSWER_S, 77);
}

#[test]
fn a_job_is_settled_only_after_its_window_and_its_draw() {
    let mut net = Net::new();
    let job = net.committed(&work::tiny());
    let settle = jobs_ix::settle_job(job.address, &net.job(&job.address).unwrap());
    net.wait(i64::from(WINDOW_S) + 1);
    net.refused("AuditPending", std::slice::from_ref(&settle), &[&stranger()]);
    net.draw(&job, false);
    net.ok(&[settle], &[&stranger()]);
}
