//! ONNX import: integer networks, mapped to the layer table bit for bit.
//!
//! A product is `MatMulInteger` or `ConvInteger`, an `Add` of its bias and, except for the last, a requantisation written in
//! INT32 operators: `Max`, `Min`, `Clip`, `Relu`, `Add`, `Sub`, `Mul`, `Div` by a constant and a final `Cast` to INT8 or UINT8.
//! Two activations are added after a `Cast` to INT32 each, times a constant or not, and requantised in the same way. `MaxPool`
//! is a layer; clamps of activations become lookups. `Reshape`, `Flatten` and `Transpose` are other names for the same bytes:
//! the importer follows where each element lies and permutes weights, so that they cost no layer.
//!
//! The importer composes the operators into one [`judge::Requant`] and proves, by the intervals the values can lie in,
//! that both give the same bits for every input the model accepts. It refuses whatever it cannot prove, naming the
//! node. It never approximates: a float or `QLinear*` model has to be rewritten by whoever can measure its accuracy.

mod arithmetic;
mod attributes;
mod constant;
mod error;
mod formula;
mod graph;
mod import;
mod product;
pub mod proto;
mod relabel;
pub mod rewrite;
mod value;

pub use constant::Element;
pub use error::{ImportError, NodeId};
pub use import::import;
