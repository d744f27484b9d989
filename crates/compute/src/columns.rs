//! Weight matrices by columns, as models commit to them.
use crate::ComputeError;
use model::ModelLayer;

/// `n` weight columns of `k` i8, each followed by its bias or by nothing.
#[derive(Clone, Copy)]
pub(crate) struct Columns<'a> {
    pub k: usize,
    pub n: usize,
    bytes: &'a [u8],
    /// Bytes from one column to the next: `k`, or `k + 4` with bias.
    stride: usize,
}

impl<'a> Columns<'a> {
    pub(crate) fn of_layer(layer: &'a ModelLayer) -> Result<Self, ComputeError> {
        let (k, n) = (layer.spec.k() as usize, layer.spec.n() as usize);
        let (expected, found) = (n * (k + 4), layer.columns.len());
        if found != expected || k == 0 || n == 0 {
            return Err(ComputeError::Shape { what: "weight columns".into(), expected, found });
        }
        Ok(Columns { k, n, bytes: &layer.columns, stride: k + 4 })
    }

    /// Without biases; `bytes` is `n * k` long and not empty.
    pub(crate) fn plain(k: usize, n: usize, bytes: &'a [u8]) -> Self {
        Columns { k, n, bytes, stride: k }
    }

    /// The weights of column `j` and its bias.
    pub(crate) fn get(&self, j: usize) -> (&'a [u8], i32) {
        let column = &self.bytes[j * self.stride..][..self.stride];
        let (weights, bias) = column.split_at(self.k);
        (weights, bias.try_into().map_or(0, i32::from_le_bytes))
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&'a [u8], i32)> {
        let columns = *self;
        (0..columns.n).map(move |j| columns.get(j))
    }
}
