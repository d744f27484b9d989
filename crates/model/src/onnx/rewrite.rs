//! Rewriting of quantised ONNX models (QDQ and QLinear operators) to integer requantisation.
//!
//! Such models rescale in floating point and round half to even, which cannot be judged to the bit. Each product, sum and
//! average between two quantised tensors becomes one layer whose scale is a shift, a 15-bit multiplier and a second shift;
//! whatever maps one byte to one byte (Sigmoid, LeakyRelu, another scale, ...) becomes a lookup with the file's own bits.
//! So a rewritten layer can differ from the file by one step where the file's value lies close to the middle of two. How
//! often it does is measured by [`crate::accuracy`], never assumed.
//!
//! Bytes are i8: a UINT8 tensor is kept less 128. Weights with a scale for each column, or outside INT8 without their zero
//! point, are rounded once more to one scale for the layer, and the layer is listed in [`Rewritten::rounded`].

mod elementwise;
mod emit;
mod graph;
mod ops;
mod qlinear;
mod reference;
mod scale;
mod tensor;
mod unary;
mod value;

pub use reference::FileLayer;

use super::constant::Element;
use super::error::ImportError;
use super::proto::ModelProto;
use crate::Model;
use prost::Message;

/// How the bytes of a model's input or output are read.
#[derive(Clone, Debug, PartialEq)]
pub struct Port {
    /// Name in the file.
    pub name: String,
    /// What the file quantises to: a byte is the value itself (INT8), or less 128 (UINT8). INT32 for accumulators.
    pub element: Element,
    /// The real number that one step is worth.
    pub scale: f32,
    /// The quantised value that stands for zero.
    pub zero_point: i32,
    /// Whether the file's own tensor is of real numbers.
    pub real: bool,
    /// Sizes without the batch.
    pub dims: Vec<usize>,
    /// For each element in the file's order, its place in a row of the model.
    pub order: Vec<u32>,
}

impl Port {
    /// What is added to a byte to give the quantised value.
    pub fn offset(&self) -> i32 {
        if self.element == Element::U8 { 128 } else { 0 }
    }

    /// The byte that a real number is quantised to: rounded half to even and saturated, as ONNX defines it.
    pub fn quantise(&self, value: f32) -> i8 {
        value::quantise(value, self.scale, self.zero_point - self.offset())
    }

    /// The real number that a byte, or an accumulator, stands for.
    pub fn dequantise(&self, value: i32) -> f32 {
        (value + self.offset() - self.zero_point) as f32 * self.scale
    }
}

/// A quantised model as an integer model.
pub struct Rewritten {
    pub model: Model,
    pub input: Port,
    pub output: Port,
    /// For every layer what the file computes, in floating point.
    pub file: Vec<FileLayer>,
    /// Layers whose weights had to be rounded again, and the greatest ratio of two scales in each.
    pub rounded: Vec<Rounded>,
    /// What was left out, in words.
    pub notes: Vec<String>,
}

/// A layer whose weights did not fit one scale.
#[derive(Clone, Debug, PartialEq)]
pub struct Rounded {
    pub layer: usize,
    /// The node in the file.
    pub node: String,
    /// Largest scale of a column over the smallest.
    pub ratio: f32,
}

/// Whether a file uses quantised operators, and so has to be rewritten.
///
/// # Errors
/// If it is no ONNX file.
pub fn is_quantised(bytes: &[u8]) -> Result<bool, ImportError> {
    let file = ModelProto::decode(bytes).map_err(|e| ImportError::NotOnnx(e.to_string()))?;
    let quantised =
        |op: &str| op == "QuantizeLinear" || op == "DequantizeLinear" || op == "QGemm" || op.starts_with("QLinear");
    Ok(file.graph.is_some_and(|graph| graph.node.iter().any(|node| quantised(&node.op_type))))
}

/// Rewrites a quantised ONNX file as an integer model called `name`.
///
/// # Errors
/// If the file is damaged, or a node fits no layer: the error names it and says why.
pub fn rewrite(name: &str, bytes: &[u8]) -> Result<Rewritten, ImportError> {
    let file = ModelProto::decode(bytes).map_err(|e| ImportError::NotOnnx(e.to_string()))?;
    let graph = file.graph.as_ref().ok_or_else(|| ImportError::NotOnnx("it has no graph".into()))?;
    super::import::check_opset(&file)?;
    if !file.functions.is_empty() {
        return Err(ImportError::Graph("the model defines functions of its own: inline them".into()));
    }
    graph::Walk::new(graph)?.run(name)
}
