//! Audits that are open: answered, answered wrong, and not answered.
use client::{address, credits_ix, jobs_ix};
use governance::state::Target;
use jobs::events::{AuditExpired, CellOpened, JobPaid, Verification};
use jobs::state::{Audit, Device, Operator};
use program_tests::forge::replace;
use program_tests::net::{ANSWER_S, AUDIT_CELLS, JOB_PRICE, PROVER_BPS, Posted, RESERVE_BPS, USER_IOSD, WINDOW_S};
use program_tests::{Cell, Net, device, event, guardian, operator, stranger, user, work};
use solana_keypair::Keypair;
use solana_signer::Signer;
use staking::events::StakeSlashed;
use staking::{SlashReason, constants::SILENCE_BPS};

/// A job whose audit is open.
fn audited(net: &mut Net) -> Posted {
    let job = net.committed(&work::digits());
    net.draw(&job, true);
    job
}

/// Uploads `evidence` and expects the answer of cell `index` to be refused with `error`.
#[track_caller]
fn refused(net: &mut Net, error: &str, job: &Posted, index: u8, evidence: &[u8]) {
    let prover = stranger();
    net.upload(&prover, job.address, evidence);
    let open = net.open_cell(&prover, job.address, index);
    net.refused(error, &[open], &[&prover]);
    net.ok(&[jobs_ix::close_proof(prover.pubkey(), job.address)], &[&prover]);
}

fn settle(net: &Net, job: &Posted) -> solana_instruction::Instruction {
    jobs_ix::settle_job(job.address, &net.job(&job.address).unwrap())
}

fn expire(net: &Net, caller: &Keypair, job: &Posted) -> solana_instruction::Instruction {
    jobs_ix::expire_audit(caller.pubkey(), job.address, &net.job(&job.address).unwrap())
}

/// Another cell than `cell`.
fn other(cell: Cell) -> Cell {
    (cell.0, 1 - cell.1, cell.2)
}

#[test]
fn right_answers_in_any_order_pass_the_audit_and_the_job_is_settled_as_audited() {
    let mut net = Net::new();
    let job = audited(&mut net);
    let cells = net.audited_cells(&job);
    for (n, index) in [2u8, 0, 1].into_iter().enumerate() {
        let opened: CellOpened = event::first(&net.answer(&job, index).events);
        assert_eq!((opened.layer, opened.row, opened.column), cells[usize::from(index)]);
        assert_eq!((opened.index, opened.left), (index, AUDIT_CELLS - 1 - n as u8));
        assert_eq!(opened.prover, device(0).pubkey());
        // The buffer's rent is back.
        assert!(net.vm.account(&address::proof(&job.address, &device(0).pubkey())).is_none());
        net.refused("TooEarly", &[settle(&net, &job)], &[&stranger()]);
    }
    assert_eq!(net.job(&job.address).unwrap().audit, Audit::Passed);
    net.wait(i64::from(WINDOW_S) + 1);
    let order = settle(&net, &job);
    let paid: JobPaid = event::first(&net.ok(&[order], &[&stranger()]).events);
    assert_eq!((paid.verification, paid.price), (Verification::Audited, JOB_PRICE));
    assert_eq!(net.own_position(&operator(0)).reserved, 0);
}

#[test]
fn anybody_who_has_the_data_can_answer() {
    let mut net = Net::new();
    let job = audited(&mut net);
    let cell = net.audited_cells(&job)[0];
    net.upload(&user(1), job.address, &job.work.evidence(cell));
    let open = net.open_cell(&user(1), job.address, 0);
    let opened: CellOpened = event::first(&net.ok(&[open], &[&user(1)]).events);
    assert_eq!((opened.prover, opened.left), (user(1).pubkey(), AUDIT_CELLS - 1));
}

#[test]
fn an_answer_at_the_deadline_counts_and_one_second_later_it_does_not() {
    let mut net = Net::new();
    let job = audited(&mut net);
    net.wait(i64::from(ANSWER_S));
    net.answer(&job, 0);
    net.wait(1);
    let cell = net.audited_cells(&job)[1];
    refused(&mut net, "DeadlinePassed", &job, 1, &job.work.evidence(cell));
}

#[test]
fn evidence_about_another_cell_another_row_or_another_job_answers_nothing() {
    let mut net = Net::new();
    let twin = net.post(&user(1), &work::digits());
    let job = audited(&mut net);
    for (index, cell) in net.audited_cells(&job).into_iter().enumerate() {
        let wrong = job.work.evidence(other(cell));
        assert!(job.work.judge(cell, &wrong).is_err());
        let error = match job.work.judge(cell, &wrong).unwrap_err() {
            judge::JudgeError::Input => "EvidenceInput",
            judge::JudgeError::Output => "EvidenceOutput",
            e => panic!("{e}"),
        };
        refused(&mut net, error, &job, index as u8, &wrong);
        // The same model, input and cell, in a job of another address.
        refused(&mut net, "EvidenceInput", &job, index as u8, &twin.work.evidence(cell));
        let mut short = job.work.evidence(cell);
        short.pop();
        refused(&mut net, "EvidenceLength", &job, index as u8, &short);
    }
    assert_eq!(net.job(&job.address).unwrap().unanswered(), AUDIT_CELLS);
}

#[test]
fn a_buffer_or_model_of_another_job_is_refused() {
    let mut net = Net::new();
    let twin = net.post(&user(1), &work::digits());
    let job = audited(&mut net);
    let (prover, cell) = (stranger(), net.audited_cells(&job)[0]);
    net.upload(&prover, twin.address, &job.work.evidence(cell));
    net.upload(&prover, job.address, &job.work.evidence(cell));
    let open = net.open_cell(&prover, job.address, 0);
    let (mine, of_twin) =
        (address::proof(&job.address, &prover.pubkey()), address::proof(&twin.address, &prover.pubkey()));
    net.refused("WrongOwner", &[replace(open.clone(), mine, of_twin)], &[&prover]);
    let (model, tiny) = (address::model(&work::digits().root()), address::model(&work::tiny().root()));
    net.refused("WrongOwner", &[replace(open.clone(), model, tiny)], &[&prover]);
    net.refused("WrongOwner", &[replace(open.clone(), prover.pubkey(), user(1).pubkey())], &[&user(1)]);
    net.refused("WrongState", &[replace(replace(open, job.address, twin.address), mine, of_twin)], &[&prover]);
}

#[test]
fn no_cell_is_answered_twice_and_none_beyond_the_audit() {
    let mut net = Net::new();
    let job = audited(&mut net);
    let evidence = job.work.evidence(net.audited_cells(&job)[1]);
    net.answer(&job, 1);
    refused(&mut net, "AlreadyAnswered", &job, 1, &evidence);
    for index in [AUDIT_CELLS, 31, 32, 255] {
        refused(&mut net, "NoSuchCell", &job, index, &evidence);
    }
}

#[test]
fn there_is_nothing_to_answer_before_the_draw_after_it_or_when_the_job_was_spared() {
    let mut net = Net::new();
    let job = net.committed(&work::tiny());
    let evidence = job.work.evidence((0, 0, 0));
    refused(&mut net, "NoOpenAudit", &job, 0, &evidence);
    net.refused("NoOpenAudit", &[expire(&net, &stranger(), &job)], &[&stranger()]);
    net.draw(&job, false);
    refused(&mut net, "NoOpenAudit", &job, 0, &evidence);
    net.wait(i64::from(ANSWER_S) + 1);
    net.refused("NoOpenAudit", &[expire(&net, &stranger(), &job)], &[&stranger()]);
}

/// The audit of `job` is drawn with the most cells that there can be.
fn all_cells(net: &mut Net, job: &Posted) {
    for _ in 0..4 {
        net.vm.pass_slots(600);
        net.ok(&[jobs_ix::draw_audit(stranger().pubkey(), job.address)], &[&stranger()]);
    }
    net.draw(job, true);
    assert_eq!(net.audited_cells(job).len(), 32);
}

/// A committed result of which `wrong` is wrong, with an open audit that has this cell.
fn cheated(net: &mut Net) -> (Posted, Cell) {
    let posted = net.claimed(&work::tiny());
    for column in 0..4 {
        let wrong = (0, 0, column);
        let job = Posted { work: posted.work.tampered(wrong), ..posted.clone() };
        let mut with = net.clone();
        with.commit(&job.work);
        all_cells(&mut with, &job);
        if with.audited_cells(&job).contains(&wrong) {
            *net = with;
            return (job, wrong);
        }
    }
    panic!("32 of some ten cells contain none of four")
}

#[test]
fn a_wrong_cell_is_no_answer_and_convicts() {
    let mut net = Net::new();
    let (job, wrong) = cheated(&mut net);
    let index = net.audited_cells(&job).iter().position(|c| *c == wrong).unwrap() as u8;
    refused(&mut net, "WrongCell", &job, index, &job.work.evidence(wrong));
    // An honest cell's value in its place does not lead to the commitment.
    let honest = work::Work::honest(&work::tiny(), job.address, 2);
    refused(&mut net, "EvidenceOutput", &job, index, &honest.evidence(wrong));
    net.upload(&stranger(), job.address, &job.work.evidence(wrong));
    let dispute = net.dispute(&stranger(), job.address, wrong);
    let slashed: StakeSlashed = event::first(&net.ok(&[dispute], &[&stranger()]).events);
    assert_eq!(slashed.reason, SlashReason::WrongCell);
    assert_eq!(slashed.to_prover, slashed.reserved * u64::from(PROVER_BPS) / 10_000);
}

#[test]
fn an_open_audit_bars_settlement_even_after_the_window() {
    let mut net = Net::new();
    let job = net.committed(&work::tiny());
    net.wait(i64::from(WINDOW_S) + 1);
    net.draw(&job, true);
    net.refused("AuditOpen", &[settle(&net, &job)], &[&stranger()]);
    net.answer(&job, 0);
    net.refused("AuditOpen", &[settle(&net, &job)], &[&stranger()]);
    net.wait(i64::from(ANSWER_S) + 1);
    // It stays barred: the only way on is to expire it.
    net.refused("AuditOpen", &[settle(&net, &job)], &[&stranger()]);
}

#[test]
fn the_user_may_accept_during_an_audit() {
    let mut net = Net::new();
    let job = audited(&mut net);
    net.answer(&job, 0);
    let accept = jobs_ix::accept_result(user(0).pubkey(), job.address, &net.job(&job.address).unwrap());
    let paid: JobPaid = event::first(&net.ok(&[accept], &[&user(0)]).events);
    assert_eq!(paid.verification, Verification::Accepted);
    assert_eq!(net.own_position(&operator(0)).reserved, 0);
}

#[test]
fn silence_refunds_the_user_slashes_the_reservation_and_burns_all_but_the_callers_fee() {
    let mut net = Net::new();
    let job = audited(&mut net);
    net.answer(&job, 1);
    net.wait(i64::from(ANSWER_S));
    net.refused("TooEarly", &[expire(&net, &stranger(), &job)], &[&stranger()]);
    net.wait(1);
    let (before, supply) = (net.io(&stranger()), net.vm.supply(&address::io_mint()));
    let stake = net.own_position(&operator(0));
    let order = expire(&net, &stranger(), &job);
    let meta = net.ok(&[order], &[&stranger()]);
    let expired: AuditExpired = event::first(&meta.events);
    let slashed: StakeSlashed = event::first(&meta.events);
    // One IOSD is one IO here: the reservation is a multiple of the price.
    let reserved = JOB_PRICE * 100 * u64::from(RESERVE_BPS) / 10_000;
    assert_eq!((expired.left, expired.refund, expired.slashed), (AUDIT_CELLS - 1, JOB_PRICE, reserved));
    assert_eq!((expired.device, expired.caller), (device(0).pubkey(), stranger().pubkey()));
    let fee = reserved * u64::from(SILENCE_BPS) / 10_000;
    assert_eq!((slashed.reason, slashed.to_prover, slashed.burned), (SlashReason::Silence, fee, reserved - fee));
    assert_eq!(net.io(&stranger()), before + fee);
    assert_eq!(net.vm.supply(&address::io_mint()), supply - (reserved - fee));
    assert_eq!(net.iosd(&user(0)), USER_IOSD);
    let left = net.own_position(&operator(0));
    assert_eq!((left.reserved, left.active), (0, stake.active));
    let worker: Device = net.vm.read(&address::device(&device(0).pubkey())).unwrap();
    let supplier: Operator = net.vm.read(&address::operator(&operator(0).pubkey())).unwrap();
    assert_eq!((worker.live_job, worker.jobs_faulted, supplier.jobs_faulted), (client::Pubkey::default(), 1, 1));
    assert!(net.job(&job.address).is_none());
}

#[test]
fn the_cheat_who_ends_its_own_silence_gets_no_more_than_anybody() {
    let mut net = Net::new();
    let job = audited(&mut net);
    net.wait(i64::from(ANSWER_S) + 1);
    let before = net.io(&operator(0));
    let open = credits_ix::create_io_account(operator(0).pubkey(), operator(0).pubkey());
    let order = expire(&net, &operator(0), &job);
    let slashed: StakeSlashed = event::first(&net.ok(&[open, order], &[&operator(0)]).events);
    let got = net.io(&operator(0)) - before;
    assert_eq!(got, slashed.reserved * u64::from(SILENCE_BPS) / 10_000);
    const { assert!(SILENCE_BPS < PROVER_BPS) };
}

#[test]
fn accounts_of_another_job_device_operator_or_user_are_refused() {
    let mut net = Net::new();
    let twin = net.post(&user(1), &work::tiny());
    net.ok(&[program_tests::net::claim(2, twin.address)], &[&device(2)]);
    let job = audited(&mut net);
    net.wait(i64::from(ANSWER_S) + 1);
    let order = expire(&net, &stranger(), &job);
    let (first, second) = (operator(0).pubkey(), operator(1).pubkey());
    let (pool, others) = (address::operator_pool(&first), address::operator_pool(&second));
    let swaps = [
        (job.address, twin.address, "WrongOwner"),
        (address::escrow(&job.address), address::escrow(&twin.address), "WrongOwner"),
        (address::device(&device(0).pubkey()), address::device(&device(1).pubkey()), "WrongOwner"),
        (address::device(&device(0).pubkey()), address::device(&device(2).pubkey()), "WrongOwner"),
        (address::operator(&first), address::operator(&second), "WrongOwner"),
        (pool, others, "WrongPool"),
        (address::position(&pool, &first), address::position(&others, &second), "WrongOwner"),
        (user(0).pubkey(), stranger().pubkey(), "WrongOwner"),
    ];
    for (right, wrong, error) in swaps {
        net.refused(error, &[replace(order.clone(), right, wrong)], &[&stranger()]);
    }
    // The caller's share cannot go into the vault it comes from.
    let swap = replace(order, address::io_account(&stranger().pubkey()), address::stake_vault());
    net.refused("ConstraintDuplicateMutableAccount", &[swap], &[&stranger()]);
}

#[test]
fn pauses_stop_no_draw_no_answer_and_no_expiry() {
    let mut net = Net::new();
    let job = net.committed(&work::digits());
    for (target, flags) in [
        (Target::Jobs, jobs::constants::PAUSE_ALL),
        (Target::Staking, staking::constants::PAUSE_ALL),
        (Target::Credits, credits::constants::PAUSE_BUY | credits::constants::PAUSE_LOCK),
    ] {
        net.ok(&[client::governance_ix::guardian_pause(guardian().pubkey(), target, flags)], &[&guardian()]);
    }
    net.draw(&job, true);
    net.answer(&job, 0);
    let mut silent = net.clone();
    silent.wait(i64::from(ANSWER_S) + 1);
    let order = expire(&silent, &stranger(), &job);
    silent.ok(&[order], &[&stranger()]);
    net.answer(&job, 1);
    net.answer(&job, 2);
    net.wait(i64::from(WINDOW_S) + 1);
    let order = settle(&net, &job);
    net.ok(&[order], &[&stranger()]);
}

#[test]
fn a_cell_of_every_kind_of_layer_can_be_answered_within_the_default_compute_units() {
    let mut net = Net::new();
    let model = work::digits_cnn();
    net.ok(&[jobs_ix::register_model(stranger().pubkey(), program_tests::net::model_args(&model))], &[&stranger()]);
    let job = net.committed(&model);
    all_cells(&mut net, &job);
    let cells = net.audited_cells(&job);
    let layers: std::collections::BTreeSet<u32> = cells.iter().map(|c| c.0).collect();
    let most = (0..cells.len() as u8).map(|index| net.answer(&job, index).cu).max().unwrap();
    println!("open_cell over layers {layers:?} of {}: at most {most} CU", model.layers.len());
    assert!(layers.len() > 1 && most < 100_000);
    assert_eq!(net.job(&job.address).unwrap().audit, Audit::Passed);
}
