//! The judge on chain against the judge off chain: random cells of random models, right and wrong, with evidence that is
//! right, damaged, cut off or about something else.
use crate::event;
use crate::net::{Net, Posted};
use crate::work::{Cell, Work};
use crate::{graphs, stranger, work};
use anchor_lang::{AccountSerialize, Discriminator};
use client::evidence::judged;
use client::{address, jobs_ix};
use jobs::events::FaultProven;
use jobs::state::{Job, Proof};
use judge::{JudgeError, Verdict};
use model::Model;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use solana_account::Account;
use solana_signer::Signer;

/// Cases of each model before the next.
const CASES_PER_MODEL: u64 = 50;

/// How many cases had which verdict.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counts {
    pub cases: u64,
    pub honest: u64,
    pub faults: u64,
    /// Evidence that proves nothing.
    pub refused: u64,
}

/// Judges `cases` cells on chain and off.
///
/// # Errors
/// The first case in which they differ, in words.
pub fn run(cases: u64, seed: u64) -> Result<Counts, String> {
    let mut rng = StdRng::seed_from_u64(seed);
    let mut counts = Counts::default();
    while counts.cases < cases {
        let model = any_model(&mut rng, counts.cases / CASES_PER_MODEL);
        let mut net = Net::new();
        if net.vm.account(&address::model(&model.root())).is_none() {
            net.register(&stranger(), &model);
        }
        let job = net.committed(&model);
        for _ in 0..CASES_PER_MODEL.min(cases - counts.cases) {
            one(&mut rng, &mut net, &job, &mut counts)?;
        }
    }
    Ok(counts)
}

fn any_model(rng: &mut StdRng, index: u64) -> Model {
    match index % 8 {
        0 => graphs::every_kind(),
        1 => work::digits_cnn(),
        2 => work::digits(),
        3 => graphs::gemm(rng.random_range(1..3_000)),
        4 => graphs::conv(16 * rng.random_range(1..60)),
        5 => {
            let widths: Vec<u32> = (0..rng.random_range(2..6)).map(|_| rng.random_range(1..400)).collect();
            work::model("chain", &widths)
        }
        _ => graphs::random(rng),
    }
}

fn one(rng: &mut StdRng, net: &mut Net, job: &Posted, counts: &mut Counts) -> Result<(), String> {
    let any_cell = |rng: &mut StdRng| -> Cell {
        let layer = rng.random_range(0..job.work.model.layers.len());
        let cells = job.work.model.layers[layer].spec.cells();
        (layer as u32, rng.random_range(0..job.work.rows), rng.random_range(0..cells))
    };
    let mut cell = any_cell(rng);
    let work = match rng.random_range(0..4) {
        0 => job.work.clone(),
        1 => job.work.tampered(any_cell(rng)),
        _ => job.work.tampered(cell),
    };
    let mut evidence = work.evidence(cell);
    match rng.random_range(0..10) {
        0 => {
            let at = rng.random_range(0..evidence.len());
            evidence[at] ^= 1 << rng.random_range(0..8);
        }
        1 => evidence.truncate(rng.random_range(0..evidence.len())),
        2 => evidence.extend((0..rng.random_range(1..65)).map(|_| 0)),
        3 => evidence = work.evidence(any_cell(rng)),
        4 => cell = any_cell(rng),
        // Of another result than the committed one.
        5 => evidence = work.tampered(any_cell(rng)).evidence(cell),
        6 if rng.random_range(0..4) == 0 => cell = outside(cell, rng),
        _ => {}
    }
    let off_chain = work.judge(cell, &evidence);
    let on_chain = judge_on_chain(net, job, &work, cell, &evidence)?;
    if on_chain != off_chain {
        let name = &work.model.name;
        return Err(format!("{name}, cell {cell:?}: {on_chain:?} on chain, {off_chain:?} off chain"));
    }
    counts.cases += 1;
    match off_chain {
        Ok(Verdict::Honest) => counts.honest += 1,
        Ok(Verdict::Fault { .. }) => counts.faults += 1,
        Err(_) => counts.refused += 1,
    }
    Ok(())
}

/// `cell` moved out of every job in one direction.
fn outside(cell: Cell, rng: &mut StdRng) -> Cell {
    let far = rng.random_range(1 << 21..u32::MAX);
    match rng.random_range(0..3) {
        0 => (far, cell.1, cell.2),
        1 => (cell.0, far, cell.2),
        _ => (cell.0, cell.1, far),
    }
}

/// Has the program judge, as if the job's device had committed to `work`, and takes everything back.
fn judge_on_chain(
    net: &mut Net,
    job: &Posted,
    work: &Work,
    cell: Cell,
    evidence: &[u8],
) -> Result<Result<Verdict, JudgeError>, String> {
    let prover = stranger();
    let state = net.job(&job.address).ok_or("the job has ended")?;
    let state = Job { commitment: work.commitment(), ..state };
    let held = net.vm.account(&job.address).ok_or("the job has ended")?;
    let mut data = Vec::new();
    state.try_serialize(&mut data).map_err(|e| e.to_string())?;
    data.resize(held.data.len(), 0);
    net.vm.set_account(job.address, Account { data, ..held });
    write_buffer(net, job, evidence);
    let dispute = jobs_ix::dispute_cell(prover.pubkey(), job.address, &state, cell);
    match net.vm.simulate(&judged(dispute, usize::MAX), &[&prover]) {
        Ok(meta) => {
            let proven: FaultProven = event::first(&meta.events);
            Ok(Ok(Verdict::Fault { expected: proven.expected, committed: proven.committed }))
        }
        Err(failure) => match failure.name.as_str() {
            "NoFault" => Ok(Ok(Verdict::Honest)),
            "CellOutOfRange" => Ok(Err(JudgeError::OutOfRange)),
            "EvidenceLength" => Ok(Err(JudgeError::Length)),
            "EvidenceInput" => Ok(Err(JudgeError::Input)),
            "EvidenceWeights" => Ok(Err(JudgeError::Weights)),
            "EvidenceOutput" => Ok(Err(JudgeError::Output)),
            other => Err(format!("{other}\n{}", failure.logs.join("\n"))),
        },
    }
}

/// The buffer as it would be after all its writes.
fn write_buffer(net: &mut Net, job: &Posted, evidence: &[u8]) {
    let prover = stranger().pubkey();
    let address = address::proof(&job.address, &prover);
    let bump = client::Pubkey::find_program_address(
        &[jobs::constants::PROOF_SEED, job.address.as_ref(), prover.as_ref()],
        &jobs::ID,
    )
    .1;
    let mut data = Proof::DISCRIMINATOR.to_vec();
    data.extend(job.address.as_ref());
    data.extend(prover.as_ref());
    data.push(bump);
    data.extend(evidence);
    let lamports = net.vm.rent(data.len());
    net.vm.set_account(address, Account { lamports, data, owner: jobs::ID, executable: false, rent_epoch: u64::MAX });
}
