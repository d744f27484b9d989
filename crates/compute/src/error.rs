//! What can go wrong while executing a model.
use model::ModelError;
use std::time::Duration;

/// Why a model was not executed. Nothing here says anything about the model's result.
#[derive(Debug, thiserror::Error)]
pub enum ComputeError {
    /// The batch does not fit the model.
    #[error("input: {0}")]
    Input(#[from] ModelError),
    /// A matrix is not as large as its shape says.
    #[error("{what}: {found} bytes, the shape says {expected}")]
    Shape { what: String, expected: usize, found: usize },
    /// The CPU cannot run this kernel.
    #[error("this processor has no {kernel}")]
    NoKernel { kernel: &'static str },
    /// No graphics adapter of the kind asked for.
    #[error("no {wanted} found; Vulkan adapters here: {found}")]
    NoAdapter { wanted: String, found: String },
    /// The adapter exists but gives no device.
    #[error("{adapter}: cannot be opened: {reason}")]
    Open { adapter: String, reason: String },
    /// Something is larger than the adapter, or a driver that has to be allowed for, can take.
    #[error("{adapter}: {what}: {actual}, the limit is {limit}")]
    Limit { adapter: String, what: &'static str, actual: u64, limit: u64 },
    /// The device refused or failed an operation (validation, memory, internal).
    #[error("{adapter}: {reason}")]
    Device { adapter: String, reason: String },
    /// The device is gone; it must be opened again.
    #[error("{adapter}: device lost: {reason}")]
    Lost { adapter: String, reason: String },
    /// The device did not finish in time; it must be opened again.
    #[error("{adapter}: no answer within {limit:?}")]
    Timeout { adapter: String, limit: Duration },
    /// The backend gives wrong numbers and must not be used.
    #[error("{backend}: self-test failed at {case}: {reason}")]
    SelfTest { backend: String, case: String, reason: String },
    /// Every candidate was refused.
    #[error("no usable backend: {reasons}")]
    NoBackend { reasons: String },
    /// A preference that is not known.
    #[error("\"{0}\" is not a backend: use auto, cpu, gpu, gpu:PART-OF-NAME or software")]
    Preference(String),
}

impl ComputeError {
    /// Whether the device has failed, so that the same work may succeed on another.
    pub fn is_of_device(&self) -> bool {
        matches!(self, ComputeError::Device { .. } | ComputeError::Lost { .. } | ComputeError::Timeout { .. })
    }
}
