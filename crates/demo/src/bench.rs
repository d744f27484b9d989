//! What committing and verifying cost beside executing, without a network.
use crate::digits::Digits;
use anyhow::Result;
use compute::Preference;
use judge::Claim;
use model::ResultFile;
use serde::Serialize;
use std::path::Path;
use std::time::Instant;
use verify::Case;

/// Medians over the repetitions, seconds.
#[derive(Clone, Debug, Serialize)]
pub struct JobCost {
    pub adapter: String,
    pub rows: usize,
    pub repetitions: usize,
    pub execute_s: f64,
    /// Hashing the outputs of all layers.
    pub commit_s: f64,
    /// The client's whole check: hashing again and checking every cell.
    pub verify_s: f64,
    /// `(commit_s + verify_s) / execute_s`.
    pub overhead: f64,
}

/// Executes, commits and verifies the demo's job `repetitions` times.
///
/// # Errors
/// If a file is missing, the device fails, or a result is not accepted.
pub fn job(folder: &Path, backend: &Preference, repetitions: usize) -> Result<JobCost> {
    let digits = Digits::load(folder)?;
    let (mut backend, choice) = compute::choose(backend)?;
    let (job, rows) = ([7; 32], digits.labels.len() as u32);
    let specs = digits.model.specs();
    let input_root = judge::cell::input_root(&job, rows, digits.model.input_width(), &digits.pixels)
        .ok_or_else(|| anyhow::anyhow!("the test set does not fit the model"))?;
    let (mut execute, mut commit, mut check) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..repetitions.max(1) {
        let start = Instant::now();
        let execution = backend.execute(&digits.model, &digits.pixels)?;
        execute.push(start.elapsed().as_secs_f64());

        let start = Instant::now();
        let claim = Claim { job: &job, layers: &specs, rows, input_root: &input_root, commitment: &[0; 32] };
        let commitment = judge::cell::commit(&claim, &execution.activations)?;
        commit.push(start.elapsed().as_secs_f64());

        let accumulators = verify::accumulators_to_serve(&digits.model, rows, execution.accumulators);
        let result = ResultFile::new(execution.activations[1..].to_vec(), accumulators);
        let (model, input) = (&digits.model, &digits.pixels);
        let start = Instant::now();
        let case = Case { model, job: &job, rows, input, input_root: &input_root, commitment: &commitment };
        verify::check(&case, &result)?;
        check.push(start.elapsed().as_secs_f64());
    }
    let (execute_s, commit_s, verify_s) = (median(execute), median(commit), median(check));
    Ok(JobCost {
        adapter: choice.chosen.to_string(),
        rows: digits.labels.len(),
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
