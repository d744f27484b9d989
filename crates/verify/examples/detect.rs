//! Simulates cheating workers against the audit draw and against a watcher, and compares how many are caught with what the
//! published formula says: `cargo xtask bench detect`.
//!
//! Every job has its own address, commitment and slot hash; every audited cell is proved and judged. A job whose layers have
//! the shares `s_l` of the work, of whose cells the parts `p_l` are wrong, is caught with probability
//! `a (1 - (1 - sum s_l p_l)^c)`.
use compute::Left;
use judge::cell::{Witness, commit, input_root, prove_cell};
use judge::{CellProof, Claim, Layer, Requant, Verdict, audit, judge_cell};
use model::{Model, ModelLayer};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use verify::freivalds;

/// Simulated jobs of each case.
const JOBS: u32 = 10_000;
const ROWS: u32 = 16;
const WIDTHS: [u32; 4] = [24, 40, 32, 10];
/// Share of jobs that are audited, basis points, and cells in an audit.
const AUDITS: [(u16, u8); 2] = [(2_000, 8), (10_000, 2)];
/// Two-sided 99.9 % for the worst of twelve independent cases.
const WORST_Z: f64 = 3.94;

/// How a worker saves work.
#[derive(Clone, Copy)]
enum Cheat {
    /// One row in `n` is computed, or rather is not: all its outputs are noise.
    Skip { one_in: u32 },
    /// One bit of one cell; what follows from it is computed.
    Bit,
    /// Only this layer is computed, from what the cheated ones before it gave.
    Only { layer: usize },
}

const CHEATS: [(&str, Cheat); 6] = [
    ("skips one row in 16", Cheat::Skip { one_in: 16 }),
    ("skips one row in 4", Cheat::Skip { one_in: 4 }),
    ("skips every row", Cheat::Skip { one_in: 1 }),
    ("flips one bit", Cheat::Bit),
    ("computes only the first layer", Cheat::Only { layer: 0 }),
    ("computes only the second layer", Cheat::Only { layer: 1 }),
];

fn model(rng: &mut StdRng) -> Result<Model, Box<dyn std::error::Error>> {
    let layer = |(i, pair): (usize, &[u32])| {
        let (k, n) = (pair[0], pair[1]);
        let weights: Vec<i8> = (0..k * n).map(|_| rng.random()).collect();
        let bias: Vec<i32> = (0..n).map(|_| rng.random_range(-500..500)).collect();
        let rule = Requant { shift1: 2, mul: 20_000, shift2: 21, zero_point: 0, lo: -128, hi: 127 };
        ModelLayer::new(i, k, n, Some(rule), &weights, &bias)
    };
    let layers = WIDTHS.windows(2).enumerate().map(layer).collect::<Result<_, _>>()?;
    Ok(Model::new("detect", (-128, 127), layers)?)
}

impl Cheat {
    /// Input and outputs as the cheat gives them.
    fn work(self, model: &Model, input: &[u8], rng: &mut StdRng) -> Vec<Vec<u8>> {
        let mut activations = vec![input.to_vec()];
        let skipped: Vec<bool> =
            (0..ROWS).map(|row| matches!(self, Cheat::Skip { one_in } if row % one_in == 0)).collect();
        let (layer_at, row_at) = (rng.random_range(0..model.layers.len()), rng.random_range(0..ROWS as usize));
        for (index, layer) in model.layers.iter().enumerate() {
            let inputs = model::sources(&layer.spec, &activations);
            let mut output = layer.run_reference(&inputs, ROWS as usize);
            let width = layer.spec.out_row_bytes() as usize;
            match self {
                Cheat::Skip { .. } => {
                    for (row, bytes) in output.chunks_exact_mut(width).enumerate() {
                        if skipped[row] {
                            rng.fill(bytes);
                        }
                    }
                }
                Cheat::Only { layer: done } if done != index => rng.fill(&mut output[..]),
                Cheat::Bit if layer_at == index => {
                    let column = rng.random_range(0..width);
                    output[row_at * width + column] ^= 1 << rng.random_range(0..8);
                }
                Cheat::Only { .. } | Cheat::Bit => {}
            }
            activations.push(output);
        }
        activations
    }
}

/// The share of the audit's draws that meet a wrong cell: each layer's part of wrong cells, by its part of the work.
fn wrong(model: &Model, activations: &[Vec<u8>]) -> f64 {
    let parts = model.layers.iter().enumerate().map(|(i, layer)| {
        let inputs = model::sources(&layer.spec, activations);
        let right = layer.run_reference(&inputs, ROWS as usize);
        let differ = right.iter().zip(&activations[i + 1]).filter(|(a, b)| a != b).count();
        let work = (layer.spec.macs() + u64::from(layer.spec.cells())) as f64;
        (work, work * differ as f64 / right.len() as f64)
    });
    let (all, bad) = parts.fold((0.0, 0.0), |(all, bad), (work, part)| (all + work, bad + part));
    bad / all
}

/// Whether the audit of one job convicts.
fn audited(specs: &[Layer], model: &Model, activations: &[Vec<u8>], (bps, cells): (u16, u8), rng: &mut StdRng) -> bool {
    let (job, slot): ([u8; 32], [u8; 32]) = (rng.random(), rng.random());
    let input_root = input_root(&job, ROWS, WIDTHS[0], &activations[0]).expect("the batch fits");
    let open = Claim { job: &job, layers: specs, rows: ROWS, input_root: &input_root, commitment: &[0; 32] };
    let commitment = commit(&open, activations).expect("the outputs fit");
    let claim = Claim { commitment: &commitment, ..open };
    let seed = audit::seed(&slot, &commitment, &job);
    if !audit::is_drawn(&seed, bps) {
        return false;
    }
    let columns = model.columns();
    let witness = Witness { activations, columns: &columns };
    (0..cells).any(|index| {
        let audit::Cell { layer, row, column } = audit::cell(&seed, index, specs, ROWS).expect("there are cells");
        let evidence = prove_cell(&claim, &witness, layer, row, column).expect("the cell is in the job");
        let proof = CellProof { layer, row, column, evidence: &evidence };
        matches!(judge_cell(&claim, &proof), Ok(Verdict::Fault { .. }))
    })
}

/// Expected and found detections, and how far apart they are in standard deviations.
struct Outcome {
    name: String,
    expected: f64,
    detected: u32,
    z: f64,
}

fn case(name: &str, cheat: Cheat, audits: (u16, u8), model: &Model, rng: &mut StdRng) -> Outcome {
    let specs = model.specs();
    let (mut expected, mut variance, mut detected) = (0.0, 0.0, 0);
    for _ in 0..JOBS {
        let input: Vec<u8> = (0..ROWS * WIDTHS[0]).map(|_| rng.random()).collect();
        let activations = cheat.work(model, &input, rng);
        let share = f64::from(audits.0) / 10_000.0;
        let p = share * (1.0 - (1.0 - wrong(model, &activations)).powi(audits.1.into()));
        expected += p;
        variance += p * (1.0 - p);
        detected += u32::from(audited(&specs, model, &activations, audits, rng));
    }
    let z = if variance > 0.0 { (f64::from(detected) - expected) / variance.sqrt() } else { 0.0 };
    let name = format!("{name}, {} % audited by {} cells", audits.0 / 100, audits.1);
    Outcome { name, expected, detected, z }
}

/// How many of the jobs with one wrong bit in an accumulator the watcher's test misses. It misses one in 2^61.
fn watched(model: &Model, rng: &mut StdRng) -> Option<u32> {
    let mut missed = 0;
    for _ in 0..JOBS {
        let layer = &model.layers[0];
        let (k, n) = (layer.spec.k() as usize, layer.spec.n() as usize);
        let input: Vec<u8> = (0..ROWS as usize * k).map(|_| rng.random()).collect();
        let sum =
            |row: usize, j: usize| judge::dot::dot(&input[row * k..][..k], layer.column(j)).wrapping_add(layer.bias(j));
        let mut sums: Vec<i32> = (0..ROWS as usize * n).map(|at| sum(at / n, at % n)).collect();
        let at = rng.random_range(0..sums.len());
        sums[at] ^= 1 << rng.random_range(0..32);
        let vector = freivalds::draw(n)?;
        let wrong = freivalds::wrong_rows(layer, Left::Rows { bytes: &input, k }, &sums, &vector);
        missed += u32::from(wrong != [at / n]);
    }
    Some(missed)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut rng = StdRng::seed_from_u64(1);
    let model = model(&mut rng)?;
    let cases = CHEATS.iter().flat_map(|cheat| AUDITS.map(|audits| (cheat, audits)));
    let outcomes: Vec<Outcome> =
        cases.map(|((name, cheat), audits)| case(name, *cheat, audits, &model, &mut rng)).collect();
    let missed = watched(&model, &mut rng).ok_or("the operating system gives no randomness")?;
    let worst = outcomes.iter().map(|outcome| outcome.z.abs()).fold(0.0, f64::max);
    let within = worst <= WORST_Z && missed == 0;
    let rows: Vec<String> = outcomes
        .iter()
        .map(|o| {
            let (name, expected, detected, z) = (&o.name, o.expected, o.detected, o.z);
            format!(r#"{{"name":"{name}","jobs":{JOBS},"expected":{expected:.1},"detected":{detected},"z":{z:.2}}}"#)
        })
        .collect();
    println!(
        r#"{{"cases":[{}],"watcher":{{"name":"one wrong bit in an accumulator","jobs":{JOBS},"missed":{missed}}},"worst_z":{worst:.3},"within_confidence":{within}}}"#,
        rows.join(",")
    );
    if within {
        Ok(())
    } else {
        Err(format!("detection is {worst:.2} standard deviations off, {missed} missed").into())
    }
}
