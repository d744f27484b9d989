//! What a worker keeps on disk of a job until it has ended: everything that evidence about it is made of. Whoever posted a job
//! could take the input out of the blob store, and a restart could fall into an audit.
use crate::error::WorkerError;
use blobs::BlobId;
use client::Pubkey;
use jobs::state::Job;
use model::{Model, ResultFile};
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long data is kept at least after it was written: a node that lags may not know the job yet.
const AT_LEAST: Duration = Duration::from_secs(60);

/// The folder of one device; each of its jobs has a folder in it.
#[derive(Clone, Debug)]
pub struct Kept {
    folder: PathBuf,
}

/// A job's data, checked against what was posted and committed to.
pub struct JobData {
    pub model: Model,
    pub input: Vec<u8>,
    pub result: ResultFile,
}

impl Kept {
    pub fn new(folder: &Path, device: &Pubkey) -> Self {
        Kept { folder: folder.join(device.to_string()) }
    }

    /// Writes what a job was posted with, so that it outlives a crash and whoever posted it from here on.
    ///
    /// # Errors
    /// If the disk refuses, naming the path.
    pub fn keep_given(&self, job: &Pubkey, model: &[u8], input: &[u8]) -> Result<(), WorkerError> {
        self.write(job, &[("model", model), ("input", input)])
    }

    /// Writes a job's result beside what it was posted with.
    ///
    /// # Errors
    /// As [`Kept::keep_given`].
    pub fn keep_result(&self, job: &Pubkey, result: &[u8]) -> Result<(), WorkerError> {
        self.write(job, &[("result", result)])
    }

    fn write(&self, job: &Pubkey, files: &[(&str, &[u8])]) -> Result<(), WorkerError> {
        let folder = self.folder.join(job.to_string());
        let failed = |path: &Path| {
            let path = path.to_path_buf();
            move |cause| WorkerError::Keep { path, cause }
        };
        fs::create_dir_all(&folder).map_err(failed(&folder))?;
        for (name, bytes) in files {
            let (part, path) = (folder.join(format!("{name}.part")), folder.join(name));
            let write = || -> std::io::Result<()> {
                let mut file = File::create(&part)?;
                file.write_all(bytes)?;
                file.sync_all()?;
                fs::rename(&part, &path)
            };
            write().map_err(failed(&path))?;
        }
        File::open(&folder).and_then(|f| f.sync_all()).map_err(failed(&folder))
    }

    /// What a job was posted with: its model and its input.
    ///
    /// # Errors
    /// If it is not there, or is not what the job was posted with.
    pub fn load_given(&self, address: &Pubkey, job: &Job) -> Result<(Model, Vec<u8>), WorkerError> {
        let model = Model::from_bytes(&self.read(address, "model")?)?;
        if model.root() != job.model_root {
            let (found, wanted) = (crate::work::hex(&model.root()), crate::work::hex(&job.model_root));
            return Err(WorkerError::WrongModel { found, wanted });
        }
        Ok((model, self.checked(address, "input", job.input_blob)?))
    }

    /// A job's data.
    ///
    /// # Errors
    /// If it is not there, or is not what the job was posted with and committed to.
    pub fn load(&self, address: &Pubkey, job: &Job) -> Result<JobData, WorkerError> {
        let (model, input) = self.load_given(address, job)?;
        let result = self.checked(address, "result", job.result_blob)?;
        Ok(JobData { model, input, result: ResultFile::from_bytes(&result).map_err(WorkerError::Cut)? })
    }

    fn read(&self, address: &Pubkey, name: &str) -> Result<Vec<u8>, WorkerError> {
        let path = self.folder.join(address.to_string()).join(name);
        fs::read(&path).map_err(|cause| WorkerError::Keep { path, cause })
    }

    fn checked(&self, address: &Pubkey, name: &str, id: [u8; 32]) -> Result<Vec<u8>, WorkerError> {
        let bytes = self.read(address, name)?;
        match BlobId::of(&bytes) {
            found if found == BlobId(id) => Ok(bytes),
            found => Err(blobs::BlobError::Damaged { id: BlobId(id), found }.into()),
        }
    }

    /// Jobs that something has been kept of for a while.
    pub fn old(&self) -> Vec<Pubkey> {
        let Ok(entries) = fs::read_dir(&self.folder) else { return Vec::new() };
        let written = |entry: &fs::DirEntry| entry.metadata().and_then(|m| m.modified()).ok();
        let old = |entry: &fs::DirEntry| {
            written(entry).and_then(|at| at.elapsed().ok()).is_some_and(|since| since >= AT_LEAST)
        };
        entries.flatten().filter(old).filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect()
    }

    /// Removes what is kept of a job.
    pub fn forget(&self, job: &Pubkey) {
        let path = self.folder.join(job.to_string());
        match fs::remove_dir_all(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                tracing::warn!(path = %path.display(), %error, "cannot remove what was kept of a job");
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jobs::state::{Audit, Status};

    fn job(input: &[u8], result: &[u8]) -> Job {
        Job {
            status: Status::Committed,
            user: Pubkey::default(),
            seq: 0,
            model_root: [9; 32],
            rows: 1,
            input_root: [0; 32],
            input_blob: BlobId::of(input).0,
            model_blob: [0; 32],
            price: 1,
            claim_deadline: 0,
            execute_s: 1,
            device: Pubkey::default(),
            operator: Pubkey::default(),
            reserved: 0,
            commit_deadline: 0,
            commitment: [0; 32],
            result_blob: BlobId::of(result).0,
            window_end: 0,
            audit_bps: 0,
            audit_cells: 0,
            audit: Audit::None,
            demands: Default::default(),
            bump: 0,
        }
    }

    fn model() -> Model {
        let layer = model::ModelLayer::new(0, 2, 1, None, &[1, 2], &[3]).unwrap();
        Model::new("m", (-128, 127), vec![layer]).unwrap()
    }

    #[test]
    fn what_is_kept_comes_back_and_is_gone_once_the_job_has_ended() {
        let folder = tempfile::tempdir().unwrap();
        let (device, one, two) = (Pubkey::new_unique(), Pubkey::new_unique(), Pubkey::new_unique());
        let kept = Kept::new(folder.path(), &device);
        let result = ResultFile::new(vec![vec![7; 4]], vec![None]);
        let (model, bytes) = (model(), result.to_bytes());
        let job = Job { model_root: model.root(), ..job(&[5, 6], &bytes) };
        for address in [&one, &two] {
            kept.keep_given(address, &model.to_bytes(), &[5, 6]).unwrap();
            kept.keep_result(address, &bytes).unwrap();
        }
        // Another process of the same device finds it.
        let after = Kept::new(folder.path(), &device);
        let data = after.load(&one, &job).unwrap();
        assert_eq!((data.model.root(), data.input, data.result), (model.root(), vec![5, 6], result));
        after.forget(&one);
        assert!(after.load(&one, &job).is_err() && after.load(&two, &job).is_ok());
        // Another device's jobs are its own.
        assert!(Kept::new(folder.path(), &Pubkey::new_unique()).load(&two, &job).is_err());
    }

    #[test]
    fn what_was_kept_before_the_claim_is_there_without_a_result_and_what_is_fresh_is_never_old() {
        let folder = tempfile::tempdir().unwrap();
        let (device, address) = (Pubkey::new_unique(), Pubkey::new_unique());
        let kept = Kept::new(folder.path(), &device);
        let model = model();
        let job = Job { model_root: model.root(), ..job(&[5, 6], &[]) };
        kept.keep_given(&address, &model.to_bytes(), &[5, 6]).unwrap();
        let (found, input) = kept.load_given(&address, &job).unwrap();
        assert_eq!((found.root(), input), (model.root(), vec![5, 6]));
        assert!(kept.load(&address, &job).is_err());

        assert!(kept.old().is_empty());
        let long_ago = std::time::SystemTime::now() - AT_LEAST;
        let path = folder.path().join(device.to_string()).join(address.to_string());
        File::open(path).unwrap().set_modified(long_ago).unwrap();
        assert_eq!(kept.old(), [address]);
    }

    #[test]
    fn damaged_files_and_those_of_another_job_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let (device, address) = (Pubkey::new_unique(), Pubkey::new_unique());
        let kept = Kept::new(folder.path(), &device);
        let (model, bytes) = (model(), ResultFile::new(vec![vec![7; 4]], vec![None]).to_bytes());
        kept.keep_given(&address, &model.to_bytes(), &[5, 6]).unwrap();
        kept.keep_result(&address, &bytes).unwrap();
        let right = Job { model_root: model.root(), ..job(&[5, 6], &bytes) };
        assert!(kept.load(&address, &right).is_ok());
        assert!(matches!(kept.load(&address, &job(&[5, 6], &bytes)), Err(WorkerError::WrongModel { .. })));
        let other = Job { input_blob: [1; 32], ..right.clone() };
        assert!(matches!(kept.load(&address, &other), Err(WorkerError::Blob(_))));
        std::fs::write(folder.path().join(device.to_string()).join(address.to_string()).join("result"), b"x").unwrap();
        assert!(matches!(kept.load(&address, &right), Err(WorkerError::Blob(_))));
    }
}
