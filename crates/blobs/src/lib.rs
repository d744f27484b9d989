//! Content-addressed blobs: models, inputs and results, named by the sha256 of their bytes.
use bytes::{Bytes, BytesMut};
use futures::TryStreamExt;
use object_store::local::LocalFileSystem;
use object_store::path::Path as ObjectPath;
use object_store::{ObjectStore, PutPayload};
use sha2::{Digest, Sha256};
use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// sha256 of a blob.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct BlobId(pub [u8; 32]);

impl BlobId {
    pub fn of(bytes: &[u8]) -> Self {
        BlobId(Sha256::digest(bytes).into())
    }
}

impl fmt::Display for BlobId {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for BlobId {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "BlobId({self})")
    }
}

/// Why a blob cannot be had or kept.
#[derive(Debug, thiserror::Error)]
pub enum BlobError {
    #[error("blob {0} is not in the store")]
    Missing(BlobId),
    #[error("blob {id} is damaged: its bytes hash to {found}")]
    Damaged { id: BlobId, found: BlobId },
    #[error("blob {id} has {size} bytes, more than the {limit} accepted")]
    TooLarge { id: BlobId, size: u64, limit: u64 },
    #[error("blob {id} did not arrive within {seconds} s")]
    Slow { id: BlobId, seconds: u64 },
    #[error("blob store: {0}")]
    Store(#[from] object_store::Error),
    #[error("cannot open blob store folder {path}: {cause}")]
    Open { path: String, cause: String },
}

/// A store of blobs.
#[derive(Clone)]
pub struct Blobs {
    store: Arc<dyn ObjectStore>,
    limit: u64,
    patience: Option<Duration>,
}

/// Largest blob that is read: 1 GiB.
pub const MAX_BYTES: u64 = 1 << 30;

impl Blobs {
    /// A store in a local folder, which is created if it is missing.
    ///
    /// # Errors
    /// If the folder cannot be created or opened.
    pub fn folder(path: &Path) -> Result<Self, BlobError> {
        let open = |cause: String| BlobError::Open { path: path.display().to_string(), cause };
        std::fs::create_dir_all(path).map_err(|e| open(e.to_string()))?;
        let store = LocalFileSystem::new_with_prefix(path).map_err(|e| open(e.to_string()))?;
        Ok(Blobs::over(Arc::new(store)))
    }

    /// Blobs in any object store.
    pub fn over(store: Arc<dyn ObjectStore>) -> Self {
        Blobs { store, limit: MAX_BYTES, patience: None }
    }

    /// The same store, refusing to read blobs over `limit` bytes (and never over [`MAX_BYTES`]).
    pub fn with_limit(mut self, limit: u64) -> Self {
        self.limit = limit.min(MAX_BYTES);
        self
    }

    /// The same store, giving up on a blob that has not arrived within `patience`.
    pub fn with_patience(mut self, patience: Duration) -> Self {
        self.patience = Some(patience);
        self
    }

    /// Keeps `bytes` under their hash. Putting the same bytes again changes nothing.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn put(&self, bytes: impl Into<Bytes>) -> Result<BlobId, BlobError> {
        let bytes = bytes.into();
        let id = BlobId::of(&bytes);
        self.store.put(&key(id), PutPayload::from_bytes(bytes)).await?;
        Ok(id)
    }

    /// Reads a blob and checks its hash.
    ///
    /// # Errors
    /// If it is missing, too large, too slow, or does not hash to `id`.
    pub async fn get(&self, id: BlobId) -> Result<Bytes, BlobError> {
        let Some(patience) = self.patience else { return self.fetch(id).await };
        let slow = BlobError::Slow { id, seconds: patience.as_secs() };
        tokio::time::timeout(patience, self.fetch(id)).await.unwrap_or(Err(slow))
    }

    async fn fetch(&self, id: BlobId) -> Result<Bytes, BlobError> {
        let got = match self.store.get(&key(id)).await {
            Err(object_store::Error::NotFound { .. }) => return Err(BlobError::Missing(id)),
            other => other?,
        };
        if got.meta.size > self.limit {
            return Err(BlobError::TooLarge { id, size: got.meta.size, limit: self.limit });
        }
        // The store may send more than it announced.
        let (mut bytes, mut parts) = (BytesMut::with_capacity(got.meta.size as usize), got.into_stream());
        while let Some(part) = parts.try_next().await? {
            let size = (bytes.len() + part.len()) as u64;
            if size > self.limit {
                return Err(BlobError::TooLarge { id, size, limit: self.limit });
            }
            bytes.extend_from_slice(&part);
        }
        match BlobId::of(&bytes) {
            found if found == id => Ok(bytes.freeze()),
            found => Err(BlobError::Damaged { id, found }),
        }
    }
}

fn key(id: BlobId) -> ObjectPath {
    let hex = id.to_string();
    ObjectPath::from(format!("{}/{hex}", &hex[..2]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_blob_comes_back_under_its_hash() {
        let folder = tempfile::tempdir().unwrap();
        let blobs = Blobs::folder(folder.path()).unwrap();
        let id = blobs.put("hello".as_bytes()).await.unwrap();
        assert_eq!(id, BlobId::of(b"hello"));
        assert_eq!(blobs.put("hello".as_bytes()).await.unwrap(), id);
        assert_eq!(blobs.get(id).await.unwrap(), "hello");
    }

    #[tokio::test]
    async fn bytes_that_do_not_match_their_hash_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let blobs = Blobs::folder(folder.path()).unwrap();
        let id = blobs.put("hello".as_bytes()).await.unwrap();
        std::fs::write(folder.path().join(key(id).as_ref()), "jello").unwrap();
        assert!(matches!(blobs.get(id).await, Err(BlobError::Damaged { .. })));
    }

    #[tokio::test]
    async fn missing_and_oversized_blobs_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let blobs = Blobs::folder(folder.path()).unwrap().with_limit(4);
        assert!(matches!(blobs.get(BlobId([7; 32])).await, Err(BlobError::Missing(_))));
        let id = blobs.put("hello".as_bytes()).await.unwrap();
        assert!(matches!(blobs.get(id).await, Err(BlobError::TooLarge { size: 5, limit: 4, .. })));
    }
}
