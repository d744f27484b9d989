//! Integer models as files: the canonical layer table with its weights, results, and the ONNX importer.

pub mod accuracy;
pub mod file;
pub mod npy;
pub mod onnx;
pub mod result;

pub use file::{Model, ModelError, ModelLayer, sources};
pub use result::ResultFile;
