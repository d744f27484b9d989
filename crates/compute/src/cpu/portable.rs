//! The kernel that runs everywhere.
use crate::columns::Columns;

pub(super) struct Weights {
    k: usize,
    /// `n` columns of `k`.
    weights: Vec<u8>,
    bias: Vec<i32>,
}

impl Weights {
    pub(super) fn new(columns: Columns) -> Self {
        let weights = columns.iter().flat_map(|(column, _)| column.iter().copied()).collect();
        Weights { k: columns.k, weights, bias: columns.iter().map(|(_, bias)| bias).collect() }
    }

    /// `c = bias + input x weights` for the whole rows in `input`.
    pub(super) fn multiply(&self, input: &[u8], c: &mut [i32]) {
        let rows = input.chunks_exact(self.k).zip(c.chunks_exact_mut(self.bias.len()));
        for (row, out) in rows {
            let columns = self.weights.chunks_exact(self.k).zip(&self.bias);
            for (cell, (column, bias)) in out.iter_mut().zip(columns) {
                *cell = row.iter().zip(column).fold(*bias, |sum, (&x, &w)| {
                    // i16 holds any product of two i8, and lets the compiler use multiply-add on pairs.
                    sum.wrapping_add(i32::from(i16::from(x as i8) * i16::from(w as i8)))
                });
            }
        }
    }
}
