//! What committing and verifying cost beside executing, without a network.
use crate::digits::Digits;
use anyhow::Result;
use compute::Preference;
use judge::{Claim, Requant};
use model::{Model, ModelLayer, ResultFile};
use serde::Serialize;
use std::path::Path;
use std::time::Instant;
use verify::Case;

/// Medians over the repetitions, seconds.
#[derive(Clone, Debug, Serialize)]
pub struct JobCost {
    pub adapter: String,
    pub rows: u32,
    pub repetitions: usize,
    pub execute_s: f64,
    /// Hashing the outputs of all layers.
    pub commit_s: f64,
    /// The client's whole check: hashing again and checking every cell.
    pub verify_s: f64,
    /// `(commit_s + verify_s) / execute_s`.
    pub overhead: f64,
}

/// The demo's job: all digits of the test set.
///
/// # Errors
/// If a file is missing, the device fails, or a result is not accepted.
pub fn digits_job(folder: &Path, backend: &Preference, repetitions: usize) -> Result<JobCost> {
    let digits = Digits::load(folder)?;
    measure(&digits.model, &digits.pixels, backend, repetitions)
}

/// A job of three layers, `width` wide, with made-up weights: hashing grows with the width, executing with its square.
///
/// # Errors
/// As [`digits_job`].
pub fn wide_job(width: u32, rows: u32, backend: &Preference, repetitions: usize) -> Result<JobCost> {
    let mut state = 1u32;
    let mut next = move || {
        // A linear congruential generator: any bytes will do.
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as i8
    };
    let requant = Requant { shift1: 8, mul: 16_384, shift2: 14, zero_point: 0, lo: 0, hi: 127 };
    let layers = (0..3).map(|index| {
        let weights: Vec<i8> = (0..width * width).map(|_| next()).collect();
        ModelLayer::new(index, width, width, Some(requant), &weights, &vec![0; width as usize])
    });
    let model = Model::new("wide", (-128, 127), layers.collect::<Result<_, _>>()?)?;
    let input: Vec<u8> = (0..width * rows).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    measure(&model, &input, backend, repetitions)
}

/// Executes, commits and verifies one job `repetitions` times.
fn measure(model: &Model, input: &[u8], backend: &Preference, repetitions: usize) -> Result<JobCost> {
    let (mut backend, choice) = compute::choose(backend)?;
    let (job, rows) = ([7; 32], model.check_input(input)?);
    let specs = model.specs();
    let input_root = judge::cell::input_root(&job, rows, model.input_width(), input)
        .ok_or_else(|| anyhow::anyhow!("the batch does not fit the model"))?;
    let (mut execute, mut commit, mut check) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..repetitions.max(1) {
        let start = Instant::now();
        let execution = backend.execute(model, input)?;
        execute.push(start.elapsed().as_secs_f64());

        let start = Instant::now();
        let claim = Claim { job: &job, layers: &specs, rows, input_root: &input_root, commitment: &[0; 32] };
        let commitment = compute::roots::commit(&claim, &execution.activations)?;
        commit.push(start.elapsed().as_secs_f64());

        let accumulators = verify::accumulators_to_serve(model, rows, execution.accumulators);
        let result = ResultFile::new(execution.activations[1..].to_vec(), accumulators);
        let start = Instant::now();
        let case = Case { model, job: &job, rows, input, input_root: &input_root, commitment: &commitment };
        verify::check(&case, &result)?;
        check.push(start.elapsed().as_secs_f64());
    }
    let (execute_s, commit_s, verify_s) = (median(execute), median(commit), median(check));
    Ok(JobCost {
        adapter: choice.chosen.to_string(),
        rows,
        repetitions: repetitions.max(1),
        execute_s,
        commit_s,
        verify_s,
        overhead: (commit_s + verify_s) / execute_s,
    })
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}
