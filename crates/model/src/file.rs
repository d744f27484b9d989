//! The canonical model file: what a supplier downloads and what the model's root on chain stands for.
use borsh::{BorshDeserialize, BorshSerialize};
use judge::layer::MAX_LAYERS;
use judge::{Hash, Layer, LayerError, RECORD, Requant, Row};

const MAGIC: [u8; 4] = *b"IOM2";

/// Largest model file that workers and users read, bytes. A layer table could name many times more.
pub const MAX_FILE_BYTES: u64 = 128 << 20;

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
    /// `n` rows of `k + 4` bytes: weight column `j` (i8), then its bias (i32, little-endian). A lookup's 256 entries. Empty
    /// for a layer of another kind.
    pub columns: Vec<u8>,
}

/// Why a model file or a batch is refused.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ModelError {
    #[error("not a model file: it does not start with \"IOM2\"")]
    Magic,
    #[error("truncated or damaged model file: {0}")]
    Damaged(String),
    #[error("layer table: {0}")]
    Layers(#[from] LayerError),
    #[error("layer {layer}: weights are {found} bytes, the table says {expected}")]
    Weights { layer: usize, found: usize, expected: usize },
    #[error("layer {layer}, column {column}: the accumulator could pass 32 bits (k * 2^14 + |bias| = {bound})")]
    Accumulator { layer: usize, column: usize, bound: i64 },
    #[error("the model file is {found} bytes, and workers read at most {limit}: split or narrow the model")]
    FileSize { found: u64, limit: u64 },
    #[error("the batch is {found} bytes, not a multiple of the model's input width {width}")]
    BatchSize { found: usize, width: u32 },
    #[error("input byte {index} is {value}, outside the model's range {lo}..={hi}")]
    InputRange { index: usize, value: i8, lo: i8, hi: i8 },
}

#[derive(BorshSerialize, BorshDeserialize)]
struct FileLayer {
    /// The layer's record without its weight root, which follows from the weights.
    record: [u8; RECORD],
    columns: Vec<u8>,
}

#[derive(BorshSerialize, BorshDeserialize)]
struct File {
    magic: [u8; 4],
    name: String,
    input_range: (i8, i8),
    layers: Vec<FileLayer>,
}

impl ModelLayer {
    /// A fully connected layer after the layer before, from weight columns (`n` rows of `k` i8) and biases.
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
        let narrow = |width| u16::try_from(width).map_err(|_| LayerError::Width);
        let from = u8::try_from(index).map_err(|_| LayerError::Count)?;
        let expected = k as usize * n as usize;
        if expected == 0 {
            return Err(ModelError::Weights { layer: index, found: weights.len(), expected });
        }
        Self::weighted(index, Layer::gemm(from, narrow(k)?, narrow(n)?, requant), weights, bias)
    }

    /// A product, from weight columns (`n` rows of `k` i8) and biases. The weight root in `spec` is not looked at.
    ///
    /// # Errors
    /// If the sizes do not fit or the layer is not allowed.
    pub fn weighted(index: usize, spec: Layer, weights: &[i8], bias: &[i32]) -> Result<Self, ModelError> {
        let spec = Layer { weight_root: [0; 32], ..spec };
        spec.check(true)?;
        let (k, n) = (spec.k() as usize, spec.n() as usize);
        if weights.len() != k * n || bias.len() != n || !spec.is_product() {
            return Err(ModelError::Weights { layer: index, found: weights.len(), expected: k * n });
        }
        let mut columns = Vec::with_capacity(k * n + 4 * n);
        for (column, bias) in weights.chunks_exact(k).zip(bias) {
            columns.extend(column.iter().map(|&w| w as u8));
            columns.extend(bias.to_le_bytes());
        }
        Self::of(index, spec, columns)
    }

    /// A layer of any kind, from its committed weights, its table, or nothing. The weight root in `spec` is not looked at.
    ///
    /// # Errors
    /// If the sizes do not fit, the layer is not allowed, or an accumulator could overflow.
    pub fn of(index: usize, spec: Layer, columns: Vec<u8>) -> Result<Self, ModelError> {
        let mut spec = Layer { weight_root: [0; 32], ..spec };
        spec.check(true)?;
        let expected = spec.weight_rows() as usize * spec.column_bytes() as usize;
        if columns.len() != expected {
            return Err(ModelError::Weights { layer: index, found: columns.len(), expected });
        }
        if expected > 0 {
            let root = judge::matrix_root(&judge::cell::weights(index as u32, &spec), &columns);
            spec.weight_root = root.ok_or(ModelError::Weights { layer: index, found: columns.len(), expected })?;
        }
        let layer = ModelLayer { spec, columns };
        for column in 0..spec.n() as usize {
            let bound = i64::from(spec.k()) * (1 << 14) + i64::from(layer.bias(column)).abs();
            if bound >= 1 << 31 {
                return Err(ModelError::Accumulator { layer: index, column, bound });
            }
        }
        Ok(layer)
    }

    /// Weight column `j`: `k` i8 as bytes.
    pub fn column(&self, j: usize) -> &[u8] {
        &self.columns[j * self.spec.column_bytes() as usize..][..self.spec.k() as usize]
    }

    /// Bias of column `j`.
    pub fn bias(&self, j: usize) -> i32 {
        let at = j * self.spec.column_bytes() as usize + self.spec.k() as usize;
        i32::from_le_bytes([self.columns[at], self.columns[at + 1], self.columns[at + 2], self.columns[at + 3]])
    }

    /// What [`Layer::cell`] needs of the weights for the cell at `column`.
    pub fn weights_of(&self, column: u32) -> &[u8] {
        let size = self.spec.column_bytes() as usize;
        &self.columns[self.spec.weight_row(column) as usize * size..][..size]
    }
}

/// The matrices that a layer reads, of those of the input and of all layers before; the second is the first unless the
/// layer adds.
pub fn sources<'a, T: AsRef<[u8]>>(spec: &Layer, activations: &'a [T]) -> [&'a [u8]; 2] {
    let mut sources = spec.sources().map(|source| activations[usize::from(source)].as_ref());
    let first = sources.next().unwrap_or_default();
    [first, sources.next().unwrap_or(first)]
}

impl ModelLayer {
    /// The layer's output over `rows` rows, cell by cell with the judge's own definition. `inputs` as [`sources`] gives
    /// them.
    pub fn run_reference(&self, inputs: &[&[u8]; 2], rows: usize) -> Vec<u8> {
        let mut out = Vec::with_capacity(rows * self.spec.out_row_bytes() as usize);
        for row in 0..rows {
            let row = self.rows_at(inputs, row);
            for column in 0..self.spec.cells() {
                let value = self.spec.cell(row, self.weights_of(column), column).to_le_bytes();
                out.extend_from_slice(&value[..self.spec.out_size()]);
            }
        }
        out
    }

    /// The layer's accumulators, with bias, by the same definition; none for a layer that is no product.
    pub fn reference_accumulators(&self, inputs: &[&[u8]; 2], rows: usize) -> Vec<i32> {
        let cells = if self.spec.is_product() { self.spec.cells() } else { 0 };
        let acc =
            |row: usize, column| self.spec.accumulator(self.rows_at(inputs, row), self.weights_of(column), column);
        (0..rows).flat_map(|row| (0..cells).map(move |column| acc(row, column))).collect()
    }

    /// Row `row` of each input.
    pub fn rows_at<'a>(&self, inputs: &[&'a [u8]; 2], row: usize) -> [Row<'a>; 2] {
        let width = self.spec.in_row_bytes() as usize;
        inputs.map(|matrix| Row::whole(&matrix[row * width..][..width]))
    }
}

impl Model {
    /// # Errors
    /// If the layers do not form a graph that can be judged.
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
        self.layers[0].spec.in_row_bytes()
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
        let rows = self.check_input(input)?;
        let mut activations = vec![input.to_vec()];
        for layer in &self.layers {
            activations.push(layer.run_reference(&sources(&layer.spec, &activations), rows as usize));
        }
        Ok(activations)
    }

    /// The canonical file.
    pub fn to_bytes(&self) -> Vec<u8> {
        let layers = self.layers.iter().map(|l| FileLayer {
            record: Layer { weight_root: [0; 32], ..l.spec }.record(),
            columns: l.columns.clone(),
        });
        let file =
            File { magic: MAGIC, name: self.name.clone(), input_range: self.input_range, layers: layers.collect() };
        borsh::to_vec(&file).unwrap_or_else(|e| unreachable!("writing to memory: {e}"))
    }

    /// The canonical file, if workers would read it.
    ///
    /// # Errors
    /// If it is over [`MAX_FILE_BYTES`].
    pub fn to_file(&self) -> Result<Vec<u8>, ModelError> {
        let found = self.layers.iter().map(|layer| (layer.columns.len() + RECORD + 4) as u64).sum::<u64>();
        if found > MAX_FILE_BYTES - 1024 {
            return Err(ModelError::FileSize { found, limit: MAX_FILE_BYTES - 1024 });
        }
        Ok(self.to_bytes())
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
        if file.layers.len() > MAX_LAYERS {
            return Err(LayerError::Count.into());
        }
        let layers = file.layers.into_iter().enumerate().map(|(i, l)| {
            let damaged = || ModelError::Damaged(format!("layer {i} is none that there is"));
            let spec = Layer::from_record(&l.record).filter(|spec| spec.weight_root == [0; 32]);
            ModelLayer::of(i, spec.ok_or_else(damaged)?, l.columns)
        });
        Model::new(file.name, file.input_range, layers.collect::<Result<_, _>>()?)
    }
}
