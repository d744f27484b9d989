use client::{address, jobs_ix};
use jobs::events::FaultProven;
use jobs::state::{Device, Operator};
use program_tests::forge::replace;
use program_tests::net::{JOB_PRICE, PROVER_BPS, Posted, USER_IOSD, WINDOW_S};
use program_tests::{Cell, Net, Work, device, event, operator, stranger, user, work};
use solana_keypair::Keypair;
use solana_signer::Signer;

/// Uploads `evidence` and expects the dispute of `cell` to be refused with `error`.
#[track_caller]
fn refused(net: &mut Net, error: &str, job: &Posted, cell: Cell, evidence: &[u8]) {
    let prover = stranger();
    net.upload(&prover, job.address, evidence);
    let dispute = net.dispute(&prover, job.address, cell);
    net.refused(error, &[dispute], &[&prover]);
    net.ok(&[jobs_ix::close_proof(prover.pubkey(), job.address)], &[&prover]);
}

/// Proves `cell` of `job` wrong by `prover` and checks that the user gets everything and the supplier nothing.
#[track_caller]
fn is_proven(net: &mut Net, prover: &Keypair, job: &Posted, honest: &Work, cell: Cell) -> u64 {
    net.upload(prover, job.address, &job.work.evidence(cell));
    let state = net.job(&job.address).unwrap();
    let dispute = net.dispute(prover, job.address, cell);
    let meta = net.ok(&[dispute], &[prover]);
    let proven: FaultProven = event::first(&meta.events);
    assert_eq!((proven.layer, proven.row, proven.column), cell);
    assert_eq!((proven.prover, proven.device, proven.refund), (prover.pubkey(), device(0).pubkey(), JOB_PRICE));
    assert_eq!((proven.expected, proven.committed), (honest.cell(cell), job.work.cell(cell)));
    assert_eq!(net.iosd(&user(0)), USER_IOSD);
    let worker: Device = net.vm.read(&address::device(&device(0).pubkey())).unwrap();
    let supplier: Operator = net.vm.read(&address::operator(&operator(0).pubkey())).unwrap();
    assert_eq!((worker.live_job, worker.jobs_faulted, supplier.jobs_faulted), (client::Pubkey::default(), 1, 1));
    assert!(net.vm.account(&address::proof(&job.address, &prover.pubkey())).is_none());
    net.wait(i64::from(WINDOW_S) + 1);
    net.refused("AccountNotInitialized", &[jobs_ix::settle_job(job.address, &state)], &[&stranger()]);
    meta.cu
}

#[test]
fn a_wrong_cell_of_any_layer_refunds_the_user_whole_and_bars_settlement() {
    let shapes = [(work::tiny(), 2), (work::wide(), 2), (work::digits(), 3)];
    for (model, layers) in shapes {
        for layer in 0..layers {
            let cell = (layer, 1, 1);
            let mut net = Net::new();
            let job = net.claimed(&model);
            let cheated = Posted { work: job.work.tampered(cell), ..job.clone() };
            net.commit(&cheated.work);
            is_proven(&mut net, &stranger(), &cheated, &job.work, cell);
        }
    }
}

#[test]
fn the_user_the_operator_and_the_device_may_prove_it_too() {
    for prover in [user(0), operator(0), device(0)] {
        let mut net = Net::new();
        let cell = (1, 0, 1);
        let job = net.cheated(&work::tiny(), cell);
        let honest = Work::honest(&work::tiny(), job.address, 2);
        is_proven(&mut net, &prover, &job, &honest, cell);
    }
}

#[test]
fn a_cell_of_256_products_is_judged_within_a_transactions_default_compute_units() {
    let mut net = Net::new();
    let cell = (0, 1, 7);
    let job = net.cheated(&work::wide(), cell);
    let honest = Work::honest(&work::wide(), job.address, 2);
    let cu = is_proven(&mut net, &stranger(), &job, &honest, cell);
    println!("dispute_cell with 256 products: {cu} CU");
    assert!(cu < 100_000, "{cu} CU");
}

#[test]
fn a_cell_of_2048_products_is_judged_within_a_transactions_default_compute_units() {
    let mut net = Net::new();
    let widest = work::model("widest", &[2048, 2048, 5]);
    let args = program_tests::net::model_args(&widest);
    net.ok(&[jobs_ix::register_model(stranger().pubkey(), args)], &[&stranger()]);
    let cell = (0, 0, 2047);
    let job = net.cheated(&widest, cell);
    let honest = Work::honest(&widest, job.address, 2);
    let cu = is_proven(&mut net, &stranger(), &job, &honest, cell);
    println!("dispute_cell with 2048 products: {cu} CU");
}

#[test]
fn an_honest_cell_of_any_layer_is_no_fault() {
    for model in [work::tiny(), work::digits()] {
        let mut net = Net::new();
        let job = net.committed(&model);
        for (layer, spec) in model.specs().iter().enumerate() {
            for cell in [(layer as u32, 0, 0), (layer as u32, 1, spec.cells() - 1)] {
                refused(&mut net, "NoFault", &job, cell, &job.work.evidence(cell));
            }
        }
    }
}

#[test]
fn the_other_cells_of_a_wrong_result_are_no_fault() {
    let mut net = Net::new();
    let job = net.cheated(&work::tiny(), (0, 1, 2));
    for cell in [(0, 1, 1), (0, 0, 2), (1, 1, 0), (1, 1, 1)] {
        refused(&mut net, "NoFault", &job, cell, &job.work.evidence(cell));
    }
}

#[test]
fn every_part_of_the_evidence_is_checked_and_named() {
    let mut net = Net::new();
    let cell = (1, 0, 0);
    let job = net.cheated(&work::wide(), cell);
    let evidence = job.work.evidence(cell);
    // Layer 1 of `wide` (k = 8, n = 3, i32), 2 rows, 2 layers.
    let parts = [
        (8, "EvidenceInput"),    // input row
        (32, "EvidenceInput"),   // its path in the matrix
        (32, "EvidenceInput"),   // its layer's path
        (12, "EvidenceWeights"), // weight column and bias
        (64, "EvidenceWeights"), // its path
        (12, "EvidenceOutput"),  // output segment
        (32, "EvidenceOutput"),  // its row's path
        (32, "EvidenceOutput"),  // its layer's path
    ];
    let mut start = 0;
    for (length, error) in parts {
        for at in [start, start + length - 1] {
            let mut forged = evidence.clone();
            forged[at] ^= 1;
            refused(&mut net, error, &job, cell, &forged);
        }
        start += length;
    }
    assert_eq!(start, evidence.len());
}

#[test]
fn evidence_of_the_wrong_length_or_about_something_else_is_refused() {
    let mut net = Net::new();
    let cell = (0, 0, 0);
    let job = net.cheated(&work::tiny(), cell);
    let evidence = job.work.evidence(cell);
    refused(&mut net, "EvidenceLength", &job, cell, &evidence[..evidence.len() - 1]);
    refused(&mut net, "EvidenceLength", &job, cell, &[evidence.clone(), vec![0]].concat());
    refused(&mut net, "EvidenceLength", &job, cell, &evidence[..1]);
    // The other row's evidence, this row's evidence under another column, and an honest result nobody committed to.
    refused(&mut net, "EvidenceInput", &job, (0, 1, 0), &evidence);
    refused(&mut net, "EvidenceWeights", &job, (0, 0, 1), &evidence);
    let honest = Work::honest(&work::tiny(), job.address, 2);
    refused(&mut net, "EvidenceOutput", &job, cell, &honest.evidence(cell));
    // A result for another job: the commitment is bound to this one's address.
    let other = Work::honest(&work::tiny(), stranger().pubkey(), 2).tampered(cell);
    refused(&mut net, "EvidenceInput", &job, cell, &other.evidence(cell));
}

#[test]
fn cells_outside_the_job_are_refused() {
    let mut net = Net::new();
    let cell = (0, 0, 0);
    let job = net.cheated(&work::tiny(), cell);
    let evidence = job.work.evidence(cell);
    for outside in [(2, 0, 0), (0, 2, 0), (0, 0, 4), (1, 0, 2), (u32::MAX, 0, 0), (0, u32::MAX, 0), (0, 0, u32::MAX)] {
        refused(&mut net, "CellOutOfRange", &job, outside, &evidence);
    }
}

#[test]
fn a_job_without_a_result_cannot_be_disputed() {
    let mut net = Net::new();
    let cell = (0, 0, 0);
    let job = net.claimed(&work::tiny());
    refused(&mut net, "WrongState", &job, cell, &job.work.tampered(cell).evidence(cell));
    let posted = net.post(&user(1), &work::tiny());
    // It has no device whose accounts could be named.
    refused(&mut net, "AccountNotInitialized", &posted, cell, &posted.work.evidence(cell));
}

#[test]
fn a_fault_can_be_proven_until_the_job_is_settled() {
    let mut net = Net::new();
    let cell = (0, 0, 3);
    let job = net.cheated(&work::tiny(), cell);
    net.wait(100 * i64::from(WINDOW_S));
    let honest = Work::honest(&work::tiny(), job.address, 2);
    is_proven(&mut net, &stranger(), &job, &honest, cell);
}

#[test]
fn wrong_accounts_are_refused() {
    let mut net = Net::new();
    let cell = (0, 0, 0);
    let other = net.post(&user(1), &work::tiny());
    let job = net.cheated(&work::tiny(), cell);
    let (me, him) = (stranger(), user(1));
    net.upload(&me, job.address, &job.work.evidence(cell));
    net.upload(&me, other.address, &job.work.evidence(cell));
    net.upload(&him, job.address, &job.work.evidence(cell));
    let dispute = net.dispute(&me, job.address, cell);
    let mine = address::proof(&job.address, &me.pubkey());
    let (tiny, wide) = (address::model(&work::tiny().root()), address::model(&work::wide().root()));
    let (supplier, worker) = (operator(0).pubkey(), device(0).pubkey());
    let swaps = [
        (mine, address::proof(&job.address, &him.pubkey()), "WrongOwner"),
        (mine, address::proof(&other.address, &me.pubkey()), "WrongOwner"),
        (tiny, wide, "WrongOwner"),
        (tiny, mine, "AccountDiscriminatorMismatch"),
        (address::device(&worker), address::device(&device(1).pubkey()), "WrongOwner"),
        (address::operator(&supplier), address::operator(&operator(1).pubkey()), "WrongOwner"),
        (address::escrow(&job.address), address::escrow(&other.address), "WrongOwner"),
        (address::iosd_account(&user(0).pubkey()), address::iosd_account(&him.pubkey()), "WrongOwner"),
        (user(0).pubkey(), him.pubkey(), "WrongOwner"),
    ];
    for (right, wrong, error) in swaps {
        net.refused(error, &[replace(dispute.clone(), right, wrong)], &[&me]);
    }
    net.ok(&[dispute], &[&me]);
}

#[test]
fn a_proven_fault_slashes_the_reservation_pays_the_prover_and_burns_the_rest() {
    let mut net = Net::new();
    let (owner, cell) = (operator(0), (0, 1, 2));
    let job = net.cheated(&work::tiny(), cell);
    let (reserved, own) = (net.job(&job.address).unwrap().reserved, net.own_position(&owner));
    let supply = net.vm.supply(&address::io_mint());
    net.upload(&stranger(), job.address, &job.work.evidence(cell));
    let dispute = net.dispute(&stranger(), job.address, cell);
    net.ok(&[dispute], &[&stranger()]);
    let share = reserved * u64::from(PROVER_BPS) / 10_000;
    assert_eq!(net.io(&stranger()), share);
    assert_eq!(supply - net.vm.supply(&address::io_mint()), reserved - share);
    let left = net.own_position(&owner);
    assert_eq!((left.reserved, left.active), (0, own.active));
}
