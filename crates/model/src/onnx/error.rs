//! Why a model is refused: every cause names the object and says what to do.
use crate::ModelError;
use std::fmt;

/// Names a node for a person: by its name, or by its place in the graph if it has none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeId {
    /// Place in the graph's node list, from 0.
    pub index: usize,
    /// May be empty.
    pub name: String,
    pub op: String,
}

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self.name.as_str() {
            "" => write!(f, "node {} ({})", self.index, self.op),
            name => write!(f, "node '{name}' ({})", self.op),
        }
    }
}

/// Why an ONNX file is refused.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ImportError {
    #[error("not an ONNX file, or a truncated one: {0}")]
    NotOnnx(String),
    /// No version of the standard operators, or one whose meaning is not known here.
    #[error("operator set: {0}")]
    Opset(String),
    #[error("this is a float model ({0}): quantise it first, to INT8 weights and INT32 arithmetic")]
    Float(String),
    /// Something about the model as a whole that is outside the subset.
    #[error("{0}")]
    Graph(String),
    /// The graph's inputs or outputs.
    #[error("graph {port} '{name}': {reason}")]
    Port { port: &'static str, name: String, reason: String },
    #[error("tensor '{name}': {reason}")]
    Tensor { name: String, reason: String },
    #[error("{node} is not in the integer subset: {hint}")]
    Unsupported { node: NodeId, hint: &'static str },
    /// An INT32 value with several users, a value that nobody computes, or a node off the paths from input to output.
    #[error("the graph cannot be followed at {node}: {reason}")]
    Branch { node: NodeId, reason: String },
    /// Operands missing, of the wrong type, or in the wrong place.
    #[error("{node}: {reason}")]
    Operand { node: NodeId, reason: String },
    #[error("{node}: shapes do not fit: {reason}")]
    Shape { node: NodeId, reason: String },
    /// Bits equal to ONNX's cannot be proven for every input.
    #[error("{node} cannot be imported exactly: {reason}")]
    Inexact { node: NodeId, reason: String },
    #[error("the layer of {node}: {source}")]
    Layer { node: NodeId, source: ModelError },
    #[error("the model cannot be judged on chain: {0}")]
    Model(#[from] ModelError),
}
