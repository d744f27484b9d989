//! A job's result as a worker serves it: the outputs of all layers, and accumulators for those layers where checking a
//! product is cheaper than recomputing it.
use borsh::{BorshDeserialize, BorshSerialize};

const MAGIC: [u8; 4] = *b"IOR1";

/// Contents of a result blob.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct ResultFile {
    magic: [u8; 4],
    /// Per layer, the committed output matrix, row-major.
    pub outputs: Vec<Vec<u8>>,
    /// Per layer, the i32 accumulators with bias (`rows * n`), where the layer is checked by its product. Not committed
    /// to: a wrong one only fails the check.
    pub accumulators: Vec<Option<Vec<i32>>>,
}

impl ResultFile {
    pub fn new(outputs: Vec<Vec<u8>>, accumulators: Vec<Option<Vec<i32>>>) -> Self {
        ResultFile { magic: MAGIC, outputs, accumulators }
    }

    pub fn to_bytes(&self) -> Vec<u8> {
        borsh::to_vec(self).unwrap_or_else(|e| unreachable!("writing to memory: {e}"))
    }

    /// # Errors
    /// If the bytes are not a result file.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, String> {
        let file = Self::try_from_slice(bytes).map_err(|e| format!("not a result file: {e}"))?;
        if file.magic != MAGIC {
            return Err("not a result file: it does not start with \"IOR1\"".into());
        }
        Ok(file)
    }

    /// The last layer's output.
    pub fn output(&self) -> &[u8] {
        self.outputs.last().map_or(&[], |o| o)
    }
}
