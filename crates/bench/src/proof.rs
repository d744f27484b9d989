//! What proof costs beside execution, on one wide layer.
use crate::timing::{median, processor, rounded, timed};
use anyhow::{Context, Result, bail, ensure};
use compute::sample::Bytes;
use compute::{Backend, Cpu, roots, threads};
use judge::{Claim, Hash, Requant};
use model::{Model, ModelLayer, ResultFile};
use serde_json::{Value, json};
use verify::{Case, Rejection};

/// Rows, depth and columns.
const WIDTH: u32 = 4096;
const QUICK_WIDTH: u32 = 1024;
const ROUNDS: usize = 15;
const QUICK_ROUNDS: usize = 5;
const JOB: Hash = [7; 32];
/// Bytes of evidence in the transaction that opens the buffer, at least, and in each that writes on, as `client::evidence`
/// cuts them.
const FIRST_BYTES: usize = 681;
const WRITE_BYTES: usize = 1_012;

/// A job of one layer, as wide as it has rows.
struct Job {
    model: Model,
    rows: u32,
    input: Vec<u8>,
    input_root: Hash,
}

impl Job {
    fn new(width: u32) -> Result<Self> {
        let mut random = Bytes(u64::from(width));
        let weights: Vec<i8> = random.take((width * width) as usize).into_iter().map(|byte| byte as i8).collect();
        // Sums spread over about 5,400 * sqrt(width): this brings them to about 64.
        let shift1 = (width.ilog2() / 2) as u8;
        let requant = Requant { shift1, mul: 19_661, shift2: 21, zero_point: 0, lo: -128, hi: 127 };
        let layer = ModelLayer::new(0, width, width, Some(requant), &weights, &vec![0; width as usize])?;
        let model = Model::new("proof", (-128, 127), vec![layer])?;
        let input = random.take((width * width) as usize);
        let input_root = roots::input_root(&JOB, width, width, &input).context("the input fits")?;
        Ok(Job { model, rows: width, input, input_root })
    }

    fn commit(&self, activations: &[Vec<u8>]) -> Result<Hash> {
        let (layers, commitment) = (self.model.specs(), [0; 32]);
        let claim = Claim {
            job: &JOB,
            layers: &layers,
            rows: self.rows,
            input_root: &self.input_root,
            commitment: &commitment,
        };
        Ok(roots::commit(&claim, activations)?)
    }

    fn case<'a>(&'a self, commitment: &'a Hash) -> Case<'a> {
        Case {
            model: &self.model,
            job: &JOB,
            rows: self.rows,
            input: &self.input,
            input_root: &self.input_root,
            commitment,
        }
    }
}

/// Everything at 4,096 rows and columns; at 1,024 if `quick`.
pub fn run(quick: bool) -> Result<Value> {
    let (width, rounds) = if quick { (QUICK_WIDTH, QUICK_ROUNDS) } else { (WIDTH, ROUNDS) };
    let job = Job::new(width)?;
    let mut cpu = Cpu::new();
    let backend = cpu.describe().to_string();
    println!("{}, {backend}, [{width}, {width}] x [{width}, {width}], medians of {rounds}", processor());

    let [mut execute, mut commit, mut check, mut output_root, mut recompute, mut input_root] =
        [const { Vec::new() }; 6];
    for round in 0..=rounds {
        let (execute_s, execution) = timed(|| cpu.execute(&job.model, &job.input));
        let execution = execution?;
        let (commit_s, commitment) = timed(|| job.commit(&execution.activations));
        let commitment = commitment?;
        let outputs = execution.activations[1..].to_vec();
        let result = ResultFile::new(outputs, execution.accumulators.into_iter().map(Some).collect());
        let case = job.case(&commitment);
        let (check_s, report) = timed(|| verify::check_known(&case, &result));
        let report = report?;
        let (input_s, root) = timed(|| roots::input_root(&JOB, width, width, &job.input));
        ensure!(root == Some(job.input_root), "the input has another root");
        // A user who recomputes has the served output to compare with, too.
        let (recompute_s, same) =
            timed(|| cpu.execute(&job.model, &job.input).map(|own| own.activations[1] == result.outputs[0]));
        ensure!(same?, "recomputing gives another output");
        // The first round packs weights and touches memory for the first time.
        if round > 0 {
            execute.push(execute_s);
            commit.push(commit_s);
            check.push(check_s);
            output_root.push(report.hashing_seconds);
            input_root.push(input_s);
            recompute.push(recompute_s);
        }
    }
    let share =
        |part: &[f64], whole: &[f64]| median(part.iter().zip(whole).map(|(part, whole)| part / whole).collect());
    let (overhead, check_share) = (share(&commit, &execute), share(&check, &recompute));
    // The posted batch is known to who posted it. A stranger hashes it first, to know that it is the posted one, ...
    let sum = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a + b).collect::<Vec<f64>>();
    let stranger = sum(&check, &input_root);
    let check_share_with_input_root = share(&stranger, &recompute);
    // ... whether he then tests or recomputes; and who recomputes hashes the output as well, to know that it was
    // committed to.
    let recompute_with_roots = sum(&sum(&recompute, &input_root), &output_root);
    let check_share_with_roots_on_both_sides = share(&stranger, &recompute_with_roots);
    let ms = |times: &[f64]| rounded(1e3 * median(times.to_vec()));
    let figures = json!({
        "processor": processor(),
        "backend": backend,
        "threads": threads::available(),
        "width": width,
        "rounds": rounds,
        "overhead": rounded(overhead),
        "check_share": rounded(check_share),
        "check_share_with_input_root": rounded(check_share_with_input_root),
        "check_share_with_roots_on_both_sides": rounded(check_share_with_roots_on_both_sides),
        "execute_ms": ms(&execute),
        "commit_ms": ms(&commit),
        "check_ms": ms(&check),
        "check_output_root_ms": ms(&output_root),
        "input_root_ms": ms(&input_root),
        "recompute_ms": ms(&recompute),
        "gpu_overhead": null,
        "gpu_overhead_reason": "not measured here: needs a GPU",
        "bytes": {},
        "transactions": {},
    });
    let mut figures = figures;
    for width in [256, 1024, 4096] {
        let bytes = fraud_proof(width)?;
        figures["bytes"][width.to_string()] = json!(bytes);
        // One opens the buffer, one judges.
        let writes = bytes.saturating_sub(FIRST_BYTES).div_ceil(WRITE_BYTES);
        figures["transactions"][width.to_string()] = json!(writes + 2);
    }
    println!("{}", serde_json::to_string_pretty(&figures)?);
    Ok(figures)
}

/// Bytes of evidence against one cell of a job of one layer.
fn fraud_proof(width: u32) -> Result<usize> {
    let job = Job::new(width)?;
    let mut outputs = Cpu::new().execute(&job.model, &job.input)?.activations.split_off(1);
    let at = outputs[0].len() / 2 + width as usize / 3;
    outputs[0][at] ^= 1;
    let commitment = job.commit(&[&[Vec::new()], &outputs[..]].concat())?;
    let case = job.case(&commitment);
    match verify::check(&case, &ResultFile::new(outputs.clone(), vec![None])) {
        Err(Rejection::Cell { layer, row, column, .. }) => {
            Ok(verify::evidence(&case, &outputs, layer, row, column)?.len())
        }
        other => bail!("the wrong cell was not found: {other:?}"),
    }
}
