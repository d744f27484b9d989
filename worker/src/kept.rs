//! The result of the live job, on the worker's own disk: a demand for its data must be answered even if nobody serves the
//! result file any more, and after a restart.
use crate::error::WorkerError;
use blobs::BlobId;
use client::Pubkey;
use std::path::{Path, PathBuf};

/// A folder with one file: a device has one live job.
pub struct Kept {
    folder: PathBuf,
}

impl Kept {
    /// # Errors
    /// If the folder cannot be made.
    pub fn open(folder: &Path) -> Result<Self, WorkerError> {
        let kept = Kept { folder: folder.into() };
        std::fs::create_dir_all(folder).map_err(|cause| kept.error(cause))?;
        Ok(kept)
    }

    fn path(&self, job: &Pubkey) -> PathBuf {
        self.folder.join(format!("{job}.result"))
    }

    fn error(&self, cause: std::io::Error) -> WorkerError {
        WorkerError::Keep { path: self.folder.clone(), cause }
    }

    /// Keeps the result file of `job`, and no other any more. It is whole or not there.
    ///
    /// # Errors
    /// If the disk fails.
    pub fn put(&self, job: &Pubkey, bytes: &[u8]) -> Result<(), WorkerError> {
        let half = self.folder.join(format!("{job}.half"));
        let write = || {
            std::fs::write(&half, bytes)?;
            std::fs::File::open(&half)?.sync_all()?;
            std::fs::rename(&half, self.path(job))
        };
        write().map_err(|cause| self.error(cause))?;
        self.forget_all_but(Some(job))
    }

    /// The file that was committed to as `blob`; `None` if it is not there, or damaged.
    pub fn get(&self, job: &Pubkey, blob: [u8; 32]) -> Option<Vec<u8>> {
        let bytes = std::fs::read(self.path(job)).ok()?;
        (BlobId::of(&bytes).0 == blob).then_some(bytes)
    }

    /// Frees the disk of what no demand can be about any more.
    ///
    /// # Errors
    /// If the disk fails.
    pub fn forget_all_but(&self, job: Option<&Pubkey>) -> Result<(), WorkerError> {
        let keep = job.map(|job| self.path(job));
        let clean = || {
            for entry in std::fs::read_dir(&self.folder)? {
                let path = entry?.path();
                let ours = path.extension().is_some_and(|e| e == "result" || e == "half");
                if ours && Some(&path) != keep.as_ref() {
                    std::fs::remove_file(path)?;
                }
            }
            Ok(())
        };
        clean().map_err(|cause| self.error(cause))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_result_survives_and_a_damaged_one_is_not_used() {
        let folder = tempfile::tempdir().unwrap();
        let (one, two) = (Pubkey::new_from_array([1; 32]), Pubkey::new_from_array([2; 32]));
        let blob = BlobId::of(b"result").0;
        Kept::open(folder.path()).unwrap().put(&one, b"result").unwrap();
        let kept = Kept::open(folder.path()).unwrap();
        assert_eq!(kept.get(&one, blob).unwrap(), b"result");
        assert_eq!(kept.get(&two, blob), None);
        std::fs::write(kept.path(&one), b"resulT").unwrap();
        assert_eq!(kept.get(&one, blob), None);
        kept.put(&two, b"result").unwrap();
        assert!(!kept.path(&one).exists());
        kept.forget_all_but(None).unwrap();
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
