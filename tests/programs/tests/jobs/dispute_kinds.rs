//! Disputes about every kind of layer, and what they cost.
use client::evidence::judged;
use client::jobs_ix;
use jobs::events::FaultProven;
use judge::{Layer, Op, Requant, Shape, Window};
use model::Model;
use program_tests::graphs::{self, KINDS};
use program_tests::net::Posted;
use program_tests::{Cell, Net, Work, event, stranger, work};
use solana_signer::Signer;

const REQUANT: Requant = Requant { shift1: 0, mul: 16_000, shift2: 17, zero_point: 0, lo: -128, hi: 127 };

/// Uploads the evidence about `cell` and expects a proof of its fault; gives the compute units.
#[track_caller]
pub fn convicted(net: &mut Net, job: &Posted, honest: &Work, cell: Cell) -> u64 {
    let prover = stranger();
    net.upload(&prover, job.address, &job.work.evidence(cell));
    let dispute = net.dispute(&prover, job.address, cell);
    let meta = net.ok(&judged(dispute, job.work.evidence(cell).len()), &[&prover]);
    let proven: FaultProven = event::first(&meta.events);
    assert_eq!((proven.layer, proven.row, proven.column), cell);
    assert_eq!((proven.expected, proven.committed), (honest.cell(cell), job.work.cell(cell)));
    meta.cu
}

/// Uploads the evidence about `cell` and expects it to be found right.
#[track_caller]
fn acquitted(net: &mut Net, job: &Posted, cell: Cell) {
    refused(net, "NoFault", job, cell, &job.work.evidence(cell));
}

#[track_caller]
fn refused(net: &mut Net, error: &str, job: &Posted, cell: Cell, evidence: &[u8]) {
    let prover = stranger();
    net.upload(&prover, job.address, evidence);
    let dispute = net.dispute(&prover, job.address, cell);
    net.refused(error, &judged(dispute, evidence.len()), &[&prover]);
    net.ok(&[jobs_ix::close_proof(prover.pubkey(), job.address)], &[&prover]);
}

fn registered(model: &Model) -> Net {
    let mut net = Net::new();
    net.register(&stranger(), model);
    net
}

/// Cells at the corners, on the edges and inside, of one layer.
fn places(model: &Model, layer: usize) -> Vec<u32> {
    let cells = model.layers[layer].spec.cells();
    let mut places = vec![0, 1, cells / 3, cells / 2, cells - 2, cells - 1];
    places.retain(|&place| place < cells);
    places.dedup();
    places
}

#[test]
fn a_wrong_cell_of_every_kind_is_convicted() {
    let model = graphs::every_kind();
    let up = registered(&model);
    for (layer, kind) in KINDS.iter().enumerate() {
        for column in places(&model, layer) {
            let (mut net, cell) = (up.clone(), (layer as u32, 1, column));
            let job = net.cheated(&model, cell);
            let honest = Work::honest(&model, job.address, 2);
            let cu = convicted(&mut net, &job, &honest, cell);
            println!("{kind}, cell {column}: {cu} CU");
        }
    }
}

#[test]
fn an_honest_cell_of_every_kind_is_not() {
    let model = graphs::every_kind();
    let mut net = registered(&model);
    let job = net.committed(&model);
    for layer in 0..KINDS.len() {
        for column in places(&model, layer) {
            acquitted(&mut net, &job, (layer as u32, 0, column));
        }
    }
}

#[test]
fn a_fault_does_not_spread_to_the_layers_that_read_it() {
    let model = graphs::every_kind();
    let mut net = registered(&model);
    let job = net.cheated(&model, (1, 1, 300));
    for layer in [2, 3, 4, 5, 6] {
        acquitted(&mut net, &job, (layer, 1, 4));
    }
}

/// Random cells, half of them wrong, judged on chain and by the same rules off chain.
#[test]
fn chain_and_host_agree_on_random_cells() {
    let model = graphs::every_kind();
    let up = registered(&model);
    let mut state = 12_345u32;
    let mut below = |limit: u32| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) % limit
    };
    for _ in 0..40 {
        let mut net = up.clone();
        let layer = below(KINDS.len() as u32);
        let cell = (layer, below(2), below(model.layers[layer as usize].spec.cells()));
        let job = if below(2) == 0 { net.cheated(&model, cell) } else { net.committed(&model) };
        let near = (layer, cell.1, below(model.layers[layer as usize].spec.cells()));
        for cell in [near, cell] {
            let evidence = job.work.evidence(cell);
            match job.work.judge(cell, &evidence) {
                Ok(judge::Verdict::Honest) => refused(&mut net, "NoFault", &job, cell, &evidence),
                Ok(judge::Verdict::Fault { expected, committed }) => {
                    let honest = Work::honest(&model, job.address, 2);
                    assert_eq!((expected, committed), (honest.cell(cell), job.work.cell(cell)));
                    convicted(&mut net, &job, &honest, cell);
                    break;
                }
                Err(error) => panic!("{error}"),
            }
        }
    }
}

#[test]
fn every_layer_of_the_convolutional_digits_model_can_be_disputed() {
    let model = work::digits_cnn();
    let up = registered(&model);
    for layer in 0..model.layers.len() {
        let cell = (layer as u32, 1, model.layers[layer].spec.cells() / 2);
        let mut net = up.clone();
        let job = net.cheated(&model, cell);
        let honest = Work::honest(&model, job.address, 2);
        acquitted(&mut net, &job, (cell.0, 0, cell.2));
        convicted(&mut net, &job, &honest, cell);
    }
}

#[test]
fn evidence_of_another_length_or_about_another_cell_proves_nothing() {
    let model = graphs::every_kind();
    let mut net = registered(&model);
    let job = net.committed(&model);
    for layer in 0..KINDS.len() as u32 {
        let cell = (layer, 1, 1);
        let evidence = job.work.evidence(cell);
        refused(&mut net, "EvidenceLength", &job, cell, &evidence[..evidence.len() - 1]);
        refused(&mut net, "EvidenceLength", &job, cell, &[&evidence[..], &[0]].concat());
        refused(&mut net, "EvidenceInput", &job, (layer, 0, 1), &evidence);
        let mut forged = evidence.clone();
        forged[0] ^= 1;
        refused(&mut net, "EvidenceInput", &job, cell, &forged);
        let mut forged = evidence.clone();
        *forged.last_mut().unwrap() ^= 1;
        refused(&mut net, "EvidenceOutput", &job, cell, &forged);
    }
    // The lookup's table lies before its output: a segment, two siblings, a row and three layers above it.
    let cell = (3, 1, 1);
    let mut forged = job.work.evidence(cell);
    let table = forged.len() - 256 - 32 * 6 - 256;
    forged[table] ^= 1;
    refused(&mut net, "EvidenceWeights", &job, cell, &forged);
}

/// Compute units within which a cell is judged, everything up to the verdict.
const BOUNDS: [(u16, u64); 5] = [(16, 20_000), (256, 24_000), (1_024, 34_000), (4_096, 68_000), (16_384, 208_000)];

#[test]
fn cells_of_any_width_are_judged_within_their_compute_units() {
    // A convolution's lines begin anywhere in a segment, so that its widest cell has fewer products.
    let kinds = [("gemm", graphs::gemm as fn(u16) -> Model, 65_520), ("conv", graphs::conv, 60_000)];
    for (name, build, most) in kinds {
        for (k, bound) in BOUNDS.into_iter().chain([(most, 740_000)]) {
            let model = build(k);
            let mut net = registered(&model);
            let cell = (0, 1, 3);
            let job = net.cheated(&model, cell);
            let honest = Work::honest(&model, job.address, 2);
            let cu = convicted(&mut net, &job, &honest, cell);
            let judged = judged_cu(&mut registered(&model), &model, cell);
            println!("{name}, {k} products: {judged} CU to judge, {cu} CU with refund and slash");
            assert!(judged <= bound, "{judged} CU, {bound} are promised");
            assert!(name != "gemm" || k != 4_096 || judged <= 60_000, "{judged} CU");
            assert!(k > 4_096 || cu < 200_000, "{cu} CU: more than a transaction has without asking");
        }
    }
}

/// Windows that are slow to judge: lines that share segments with none, padding that is not zero, pools.
#[test]
fn the_slowest_cells_are_judged_in_one_transaction() {
    let window =
        |height, width, padding: [u8; 4]| Window { kernel: [height, width], stride: [1; 2], padding, fill: -3 };
    let layer = |input, op, requant| Layer { op, from: 0, input, requant, weight_root: [0; 32] };
    let image = |height, width, channels| Shape { height, width, channels };
    let conv = |window, n| Op::Conv { window, n };
    let slow = [
        ("a segment to each line", layer(image(255, 256, 1), conv(window(255, 255, [0; 4]), 2), Some(REQUANT))),
        ("mostly padding", layer(image(2, 2, 64), conv(window(32, 31, [30, 29, 30, 29]), 2), Some(REQUANT))),
        ("maximum", layer(image(64, 32, 32), Op::MaxPool { window: window(32, 32, [0; 4]) }, None)),
        ("average", layer(image(32, 32, 2), Op::AveragePool { window: window(32, 32, [0; 4]) }, Some(REQUANT))),
        ("one channel of many", layer(image(16, 16, 2_048), Op::MaxPool { window: window(16, 16, [0; 4]) }, None)),
    ];
    for (name, layer) in slow {
        let model = graphs::of(name, &[layer]);
        let mut net = registered(&model);
        let cell = (0, 1, 1);
        let job = net.cheated(&model, cell);
        let honest = Work::honest(&model, job.address, 2);
        let cu = convicted(&mut net, &job, &honest, cell);
        println!("{name}: {cu} CU with refund and slash, {} bytes of evidence", job.work.evidence(cell).len());
    }
}

/// Compute units until an honest cell is found right: everything but what follows a fault.
fn judged_cu(net: &mut Net, model: &Model, cell: Cell) -> u64 {
    let job = net.committed(model);
    let (prover, evidence) = (stranger(), job.work.evidence(cell));
    net.upload(&prover, job.address, &evidence);
    let dispute = net.dispute(&prover, job.address, cell);
    let failure = net.send(&judged(dispute, evidence.len()), &[&prover]).unwrap_err();
    failure.cu_of(&jobs::ID)
}
