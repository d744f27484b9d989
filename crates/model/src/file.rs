//! The canonical model file: what a supplier downloads and what the model's root on chain stands for.
use borsh::{BorshDeserialize, BorshSerialize};
use judge::{Hash, Layer, LayerError, Requant};

const MAGIC: [u8; 4] = *b"IOM1";

/// A model that can be executed and judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Model {
    /// What people call it; not part of its identity.
    pub name: String,
    /// Input bytes must lie in this range (inclusive): models with `u8` inputs accept 0..=127 only, so that an `i8`
    /// and a `u8` reading of a byte agree.
    pub input_range: (i8, i8),
    pub layers: Vec<ModelLayer>,
}

/// One layer with its weights.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelLayer {
    pub spec: Layer,
    /// `n` rows of `k + 4` bytes: weight column `j` (i8), then its bias (i32, little-endian).
    pub columns: Vec<u8>,
}

/// Why a model file or a batch is refused.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ModelError {
    #[error("not a model file: it does not start with \"IOM1\"")]
    Magic,
    #[error("truncated or damaged model file: {0}")]
    Damaged(String),
    #[error("layer table: {0}")]
    Layers(#[from] LayerError),
    #[error("layer {layer}: weights are {found} bytes, the table says {expected}")]
    Weights { layer: usize, found: usize, expected: usize },
    #[error("layer {layer}, column {column}: the accumulator could pass 32 bits (k * 2^14 + |bias| = {bound})")]
    Accumulator { layer: usize, column: usize, bound: i64 },
    #[error("the batch is {found} bytes, not a multiple of the model's input width {width}")]
    BatchSize { found: usize, width: u32 },
    #[error("input byte {index} is {value}, outside the model's range {lo}..={hi}")]
    InputRange { index: usize, value: i8, lo: i8, hi: i8 },
}

#[derive(BorshSerialize, BorshDeserialize)]
struct FileLayer {
    k: u32,
    n: u32,
    requant: Option<FileRequant>,
    columns: Vec<u8>,
}

#[derive(BorshSerialize, BorshDeserialize)]
struct FileRequant {
    shift1: u8,
    mul: u16,
    shift2: u8,
    zero_point: i8,
    lo: i8,
    hi: i8,
}

#[derive(BorshSerialize, BorshDeserialize)]
struct File {
    magic: [u8; 4],
    name: String,
    input_range: (i8, i8),
    layers: Vec<FileLayer>,
}

impl ModelLayer {
    /// Builds a layer from weight columns (`n` rows of `k` i8) and biases, computing its weight root.
    ///
    /// # Errors
    /// If the sizes do not fit or a width is out of range.
    pub fn new(
        index: usize,
        k: u32,
        n: u32,
        requant: Option<Requant>,
        weights: &[i8],
        bias: &[i32],
    ) -> Result<Self, ModelError> {
        let expected = k as usize * n as usize;
        if weights.len() != expected || bias.len() != n as usize || expected == 0 {
            return Err(ModelError::Weights { layer: index, found: weights.len(), expected });
        }
        let mut columns = Vec::with_capacity(expected + 4 * bias.len());
        for (column, bias) in weights.chunks_exact(k as usize).zip(bias) {
            columns.extend(column.iter().map(|&w| w as u8));
            columns.extend(bias.to_le_bytes());
        }
        Self::from_columns(index, k, n, requant, columns)
    }

    fn from_columns(
        index: usize,
        k: u32,
        n: u32,
        requant: Option<Requant>,
        columns: Vec<u8>,
    ) -> Result<Self, ModelError> {
        let mut spec = Layer { k, n, requant, weight_root: [0; 32] };
        if k > judge::layer::MAX_WIDTH || n > judge::layer::MAX_WIDTH {
            return Err(LayerError::Width.into());
        }
        let expected = n as usize * spec.column_bytes() as usize;
        let root = judge::matrix_root(&judge::cell::weights(index as u32, &spec), &columns);
        spec.weight_root = root.ok_or(ModelError::Weights { layer: index, found: columns.len(), expected })?;
        let layer = ModelLayer { spec, columns };
        for column in 0..n as usize {
            let bound = i64::from(k) * (1 << 14) + i64::from(layer.bias(column)).abs();
            if bound >= 1 << 31 {
                return Err(ModelError::Accumulator { layer: index, column, bound });
            }
        }
        Ok(layer)
    }

    /// Weight column `j`: `k` i8 as bytes.
    pub fn column(&self, j: usize) -> &[u8] {
        &self.columns[j * self.spec.column_bytes() as usize..][..self.spec.k as usize]
    }

    /// Bias of column `j`.
    pub fn bias(&self, j: usize) -> i32 {
        let at = j * self.spec.column_bytes() as usize + self.spec.k as usize;
        i32::from_le_bytes([self.columns[at], self.columns[at + 1], self.columns[at + 2], self.columns[at + 3]])
    }
}

impl Model {
    /// # Errors
    /// If the layers do not form a chain that can be judged.
    pub fn new(name: impl Into<String>, input_range: (i8, i8), layers: Vec<ModelLayer>) -> Result<Self, ModelError> {
        let model = Model { name: name.into(), input_range, layers };
        judge::check_layers(&model.specs())?;
        Ok(model)
    }

    /// The layer table, as registered on chain.
    pub fn specs(&self) -> Vec<Layer> {
        self.layers.iter().map(|l| l.spec).collect()
    }

    /// The model's identity.
    pub fn root(&self) -> Hash {
        judge::model_root(&self.specs())
    }

    /// Elements in one input row.
    pub fn input_width(&self) -> u32 {
        self.layers[0].spec.k
    }

    /// Multiply-accumulates for one row.
    pub fn macs(&self) -> u64 {
        self.layers.iter().map(|l| l.spec.macs()).sum()
    }

    /// The weight columns of every layer, as [`judge::cell::Witness`] wants them.
    pub fn columns(&self) -> Vec<Vec<u8>> {
        self.layers.iter().map(|l| l.columns.clone()).collect()
    }

    /// Number of rows in `input`.
    ///
    /// # Errors
    /// If it is empty or not a whole number of rows, or a value is outside the model's input range.
    pub fn check_input(&self, input: &[u8]) -> Result<u32, ModelError> {
        let width = self.input_width();
        if input.is_empty() || !input.len().is_multiple_of(width as usize) {
            return Err(ModelError::BatchSize { found: input.len(), width });
        }
        let (lo, hi) = self.input_range;
        if let Some(index) = input.iter().position(|&b| !(lo..=hi).contains(&(b as i8))) {
            return Err(ModelError::InputRange { index, value: input[index] as i8, lo, hi });
        }
        Ok((input.len() / width as usize) as u32)
    }

    /// Runs the model cell by cell with the judge's own definition: slow, and the reference for every kernel.
    /// Returns `layers + 1` row-major matrices, the first of which is the input.
    ///
    /// # Errors
    /// As [`Model::check_input`].
    pub fn run_reference(&self, input: &[u8]) -> Result<Vec<Vec<u8>>, ModelError> {
        self.check_input(input)?;
        let mut activations = vec![input.to_vec()];
        for layer in &self.layers {
            let rows = activations[activations.len() - 1].chunks_exact(layer.spec.k as usize);
            let mut out = Vec::with_capacity(rows.len() * layer.spec.out_row_bytes() as usize);
            for row in rows {
                for column in layer.columns.chunks_exact(layer.spec.column_bytes() as usize) {
                    let value = layer.spec.cell(row, column);
                    match layer.spec.requant {
                        Some(_) => out.push(value as u8),
                        None => out.extend(value.to_le_bytes()),
                    }
                }
            }
            activations.push(out);
        }
        Ok(activations)
    }

    /// The canonical file.
    pub fn to_bytes(&self) -> Vec<u8> {
        let layers = self.layers.iter().map(|l| FileLayer {
            k: l.spec.k,
            n: l.spec.n,
            requant: l.spec.requant.map(|q| FileRequant {
                shift1: q.shift1,
                mul: q.mul,
                shift2: q.shift2,
                zero_point: q.zero_point,
                lo: q.lo,
                hi: q.hi,
            }),
            columns: l.columns.clone(),
        });
        let file =
            File { magic: MAGIC, name: self.name.clone(), input_range: self.input_range, layers: layers.collect() };
        borsh::to_vec(&file).unwrap_or_else(|e| unreachable!("writing to memory: {e}"))
    }

    /// Reads a canonical file, checking shapes, bounds and accumulator ranges, and recomputing every weight root.
    ///
    /// # Errors
    /// If it is damaged or could not be executed and judged.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ModelError> {
        if !bytes.starts_with(&MAGIC) {
            return Err(ModelError::Magic);
        }
        let file = File::try_from_slice(bytes).map_err(|e| ModelError::Damaged(e.to_string()))?;
        if file.layers.len() > judge::layer::MAX_LAYERS {
            return Err(LayerError::Count.into());
        }
        let layers = file.layers.into_iter().enumerate().map(|(i, l)| {
            let requant = l.requant.map(|q| Requant {
                shift1: q.shift1,
                mul: q.mul,
                shift2: q.shift2,
                zero_point: q.zero_point,
                lo: q.lo,
                hi: q.hi,
            });
            ModelLayer::from_columns(i, l.k, l.n, requant, l.columns)
        });
        Model::new(file.name, file.input_range, layers.collect::<Result<_, _>>()?)
    }
}
