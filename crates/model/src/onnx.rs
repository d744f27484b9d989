//! ONNX import: chains of integer fully connected layers, mapped to the layer table bit for bit.
//!
//! A layer is `MatMulInteger`, an `Add` of its bias and, except for the last, a requantisation written in INT32
//! operators: `Max`, `Min`, `Clip`, `Relu`, `Add`, `Sub`, `Mul`, `Div` by a constant and a final `Cast` to INT8 or
//! UINT8. The importer composes those into one [`judge::Requant`] and proves, by the intervals the values can lie in,
//! that both give the same bits for every input the model accepts. It refuses whatever it cannot prove, naming the
//! node. It never approximates: a float or `QLinear*` model has to be rewritten by whoever can measure its accuracy.

mod constant;
mod error;
mod formula;
mod graph;
mod import;
pub mod proto;

pub use error::{ImportError, NodeId};
pub use import::import;
