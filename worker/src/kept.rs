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

    /// Writes a job's data, so that it outlives a crash from here on.
    ///
    /// # Errors
    /// If the disk refuses, naming the path.
    pub fn keep(&self, job: &Pubkey, model: &[u8], input: &[u8], result: &[u8]) -> Result<(), WorkerError> {
        let folder = self.folder.join(job.to_string());
        let failed = |path: &Path| {
            let path = path.to_path_buf();
            move |cause| WorkerError::Keep { path, cause }
        };
        fs::create_dir_all(&folder).map_err(failed(&folder))?;
        for (name, bytes) in [("model", model), ("input", input), ("result", result)] {
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

    /// A job's data.
    ///
    /// # Errors
    /// If it is not there, or is not what the job was posted with and committed to.
    pub fn load(&self, address: &Pubkey, job: &Job) -> Result<JobData, WorkerError> {
        let folder = self.folder.join(address.to_string());
        let read = |name: &str| {
            let path = folder.join(name);
            fs::read(&path).map_err(|cause| WorkerError::Keep { path, cause })
        };
        let checked = |name: &str, id: [u8; 32]| -> Result<Vec<u8>, WorkerError> {
            let bytes = read(name)?;
            match BlobId::of(&bytes) {
                found if found == BlobId(id) => Ok(bytes),
                found => Err(blobs::BlobError::Damaged { id: BlobId(id), found }.into()),
            }
        };
        let model = Model::from_bytes(&read("model")?)?;
        if model.root() != job.model_root {
            let (found, wanted) = (crate::work::hex(&model.root()), crate::work::hex(&job.model_root));
            return Err(WorkerError::WrongModel { found, wanted });
        }
        let input = checked("input", job.input_blob)?;
        let result = ResultFile::from_bytes(&checked("result", job.result_blob)?).map_err(WorkerError::Cut)?;
        Ok(JobData { model, input, result })
    }

    /// Removes what is kept of every job but `live`.
    pub fn forget_all_but(&self, live: Option<&Pubkey>) {
        let live = live.map(ToString::to_string);
        let Ok(entries) = fs::read_dir(&self.folder) else { return };
        for entry in entries.flatten().filter(|e| e.file_name().to_str() != live.as_deref()) {
            if let Err(error) = fs::remove_dir_all(entry.path()) {
                tracing::warn!(path = %entry.path().display(), %error, "cannot remove what was kept of a job");
            }
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
            kept.keep(address, &model.to_bytes(), &[5, 6], &bytes).unwrap();
        }
        // Another process of the same device finds it.
        let after = Kept::new(folder.path(), &device);
        let data = after.load(&one, &job).unwrap();
        assert_eq!((data.model.root(), data.input, data.result), (model.root(), vec![5, 6], result));
        after.forget_all_but(Some(&two));
        assert!(after.load(&one, &job).is_err() && after.load(&two, &job).is_ok());
        after.forget_all_but(None);
        assert!(after.load(&two, &job).is_err());
        // Another device's jobs are its own.
        assert!(Kept::new(folder.path(), &Pubkey::new_unique()).load(&one, &job).is_err());
    }

    #[test]
    fn damaged_files_and_those_of_another_job_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let (device, address) = (Pubkey::new_unique(), Pubkey::new_unique());
        let kept = Kept::new(folder.path(), &device);
        let (model, bytes) = (model(), ResultFile::new(vec![vec![7; 4]], vec![None]).to_bytes());
        kept.keep(&address, &model.to_bytes(), &[5, 6], &bytes).unwrap();
        let right = Job { model_root: model.root(), ..job(&[5, 6], &bytes) };
        assert!(kept.load(&address, &right).is_ok());
        assert!(matches!(kept.load(&address, &job(&[5, 6], &bytes)), Err(WorkerError::WrongModel { .. })));
        let other = Job { input_blob: [1; 32], ..right.clone() };
        assert!(matches!(kept.load(&address, &other), Err(WorkerError::Blob(_))));
        std::fs::write(folder.path().join(device.to_string()).join(address.to_string()).join("result"), b"x").unwrap();
        assert!(matches!(kept.load(&address, &right), Err(WorkerError::Blob(_))));
    }
}
