//! A job's result as a worker serves it: the outputs of all layers, and accumulators for those layers where checking a
//! product is cheaper than recomputing it.
use borsh::io::{Error, ErrorKind, Read};
use borsh::{BorshDeserialize, BorshSerialize};
use judge::layer::MAX_LAYERS;

const MAGIC: [u8; 4] = *b"IOR1";

/// Contents of a result blob.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize)]
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

    /// Most bytes that a result of `rows` rows can have: every layer's output and accumulators. A longer file is padding.
    pub fn max_bytes(layers: &[judge::Layer], rows: u32) -> u64 {
        let cells: u64 = layers
            .iter()
            .map(|l| u64::from(l.cells()) * (l.out_size() as u64 + if l.is_product() { 4 } else { 0 }))
            .sum();
        let headers = 4 + 2 * 4 + layers.len() as u64 * (4 + 1 + 4);
        cells.saturating_mul(u64::from(rows)).saturating_add(headers)
    }

    /// The last layer's output.
    pub fn output(&self) -> &[u8] {
        self.outputs.last().map_or(&[], |o| o)
    }
}

impl BorshDeserialize for ResultFile {
    /// Reads no more matrices than a model can have: an empty one is a byte in the file and much more in memory.
    fn deserialize_reader<R: Read>(reader: &mut R) -> Result<Self, Error> {
        let magic = BorshDeserialize::deserialize_reader(reader)?;
        Ok(ResultFile { magic, outputs: few(reader)?, accumulators: few(reader)? })
    }
}

fn few<T: BorshDeserialize, R: Read>(reader: &mut R) -> Result<Vec<T>, Error> {
    let count = u32::deserialize_reader(reader)? as usize;
    if count > MAX_LAYERS {
        return Err(Error::new(ErrorKind::InvalidData, "more matrices than a model has layers"));
    }
    (0..count).map(|_| T::deserialize_reader(reader)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_result_comes_back_and_one_with_too_many_matrices_does_not() {
        let file = ResultFile::new(vec![vec![1, 2], vec![3]], vec![None, Some(vec![-1])]);
        assert_eq!(ResultFile::from_bytes(&file.to_bytes()), Ok(file));
        let many = ResultFile::new(Vec::new(), vec![None; MAX_LAYERS + 1]);
        assert!(ResultFile::from_bytes(&many.to_bytes()).unwrap_err().contains("more matrices"));
        let mut huge = ResultFile::new(Vec::new(), Vec::new()).to_bytes();
        huge[4..8].copy_from_slice(&u32::MAX.to_le_bytes());
        assert!(ResultFile::from_bytes(&huge).is_err());
    }
}
