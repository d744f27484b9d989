//! One job's work: fetch and check, execute, commit. No claims here.
use crate::error::WorkerError;
use crate::speed::Speed;
use blobs::{BlobId, Blobs};
use bytes::Bytes;
use client::{Chain, Pubkey, address};
use compute::{Backend, Committed, Wanted};
use jobs::CommitArgs;
use jobs::state::Job;
use judge::Hash;
use model::{Model, ResultFile};
use std::sync::{Arc, Mutex};
use std::time::Instant;

/// Memory that executing `rows` rows takes, bytes: all outputs and accumulators, and the result file beside them.
pub fn memory(model: &Model, rows: u32) -> u64 {
    ResultFile::max_bytes(&model.specs(), rows).saturating_mul(2)
}

/// Inputs that have been fetched and checked against what was posted.
#[derive(Clone)]
pub struct Prepared {
    pub model: Arc<Model>,
    pub input: Bytes,
}

/// An executed and uploaded job.
pub struct Finished {
    pub args: CommitArgs,
    /// The result file.
    pub result: Bytes,
    /// Executing, and hashing what is executed: bands of rows go through both at a time.
    pub execute_s: f64,
    /// The root over the layers, and the result file.
    pub commit_s: f64,
    pub upload_s: f64,
    /// The backend's speed, if another has taken over.
    pub speed: Option<Speed>,
}

/// Fetches the file that a model's publisher named, and checks its root.
///
/// # Errors
/// If it cannot be had, is damaged, or is another model.
pub async fn published_model(chain: &Chain, blobs: &Blobs, root: &Hash) -> Result<Model, WorkerError> {
    let hint = "the model must be registered first";
    let account: jobs::state::Model = chain.get("model", &address::model(root), hint).await?;
    fetch_model(blobs, account.blob, root).await
}

/// Fetches a model's file and checks its root.
///
/// # Errors
/// If it cannot be had, is damaged, or is another model.
pub async fn fetch_model(blobs: &Blobs, blob: Hash, root: &Hash) -> Result<Model, WorkerError> {
    let model = Model::from_bytes(&blobs.clone().with_limit(model::file::MAX_FILE_BYTES).get(BlobId(blob)).await?)?;
    if model.root() != *root {
        return Err(WorkerError::WrongModel { found: hex(&model.root()), wanted: hex(root) });
    }
    Ok(model)
}

/// Fetches a job's input and checks it against everything that was posted: hash, range, rows and root.
///
/// # Errors
/// If it cannot be had or is not what was posted.
pub async fn fetch_input(blobs: &Blobs, address: &Pubkey, job: &Job, model: &Model) -> Result<Bytes, WorkerError> {
    let bytes = u64::from(job.rows) * u64::from(model.input_width());
    let input = blobs.clone().with_limit(bytes).get(BlobId(job.input_blob)).await?;
    let rows = model.check_input(&input)?;
    if rows != job.rows {
        return Err(WorkerError::WrongRows { found: rows, wanted: job.rows });
    }
    let root = compute::roots::input_root(&address.to_bytes(), rows, model.input_width(), &input);
    if root != Some(job.input_root) {
        return Err(WorkerError::WrongInput);
    }
    Ok(input)
}

/// Executes and hashes a prepared job on the backend, and puts the result in the blob store.
///
/// # Errors
/// If the device or the store fails.
pub async fn execute(
    backend: &Arc<Mutex<Box<dyn Backend>>>,
    blobs: &Blobs,
    address: &Pubkey,
    job: &Job,
    prepared: &Prepared,
) -> Result<Finished, WorkerError> {
    let (backend, model, input) = (backend.clone(), prepared.model.clone(), prepared.input.clone());
    let (id, rows) = (address.to_bytes(), job.rows);
    let work = move || -> Result<_, WorkerError> {
        let start = Instant::now();
        let mut backend = backend.lock().map_err(|e| WorkerError::Cut(e.to_string()))?;
        let layers = model.layers.len();
        let wanted = Wanted { outputs: vec![true; layers], accumulators: verify::served(&model, rows) };
        let Committed { execution, roots } = backend.commit(&id, &model, &input, &wanted)?;
        let execute_s = start.elapsed().as_secs_f64();

        let gmacs = backend.gmacs_since();
        let speed = gmacs.map(|gmacs| Speed::measure(&mut **backend, gmacs)).transpose()?;
        let start = Instant::now();
        let commitment = judge::commitment_root(&roots);
        let accumulators = verify::accumulators_to_serve(&model, rows, execution.accumulators);
        let outputs = execution.activations.into_iter().skip(1).collect();
        let file = ResultFile::new(outputs, accumulators).to_bytes();
        Ok((commitment, file, execute_s, start.elapsed().as_secs_f64(), speed))
    };
    let done = tokio::task::spawn_blocking(work).await.map_err(|e| WorkerError::Cut(e.to_string()))??;
    let (commitment, file, execute_s, commit_s, speed) = done;
    let start = Instant::now();
    let result = Bytes::from(file);
    let result_blob = blobs.put(result.clone()).await?.0;
    let upload_s = start.elapsed().as_secs_f64();
    Ok(Finished { args: CommitArgs { commitment, result_blob }, result, execute_s, commit_s, upload_s, speed })
}

/// Lower-case hex, for logs and messages.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// Reads 64 hex digits, as [`hex`] writes a hash.
pub fn parse_hash(text: &str) -> Option<Hash> {
    let digits: Option<Vec<u8>> =
        (0..text.len()).step_by(2).map(|i| u8::from_str_radix(text.get(i..i + 2)?, 16).ok()).collect();
    digits?.try_into().ok()
}
