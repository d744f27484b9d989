//! Which layer tables are models, and their identity.
use crate::commitment::{MAX_ROW_BYTES, SEGMENT};
use crate::evidence::{MAX_EVIDENCE, MAX_SEGMENTS, max_rows};
use crate::hash::{Hash, sha256};
use crate::layer::{Layer, MAX_LAYERS, MAX_POOL, MAX_WIDTH, Op};
use crate::record::RECORD;
use alloc::vec::Vec;
use core::fmt;

const MODEL: &[u8; 4] = b"IOMD";
/// Largest product of an i8 with an i16, twice: what an addition's bias is added to.
const LARGEST_SUM: i64 = 2 << 22;

/// Why a layer table is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LayerError {
    /// No layers, or more than [`MAX_LAYERS`].
    Count,
    /// A size of zero or over [`MAX_WIDTH`], or a row over [`MAX_ROW_BYTES`].
    Width,
    /// A window without a size or step, larger than its image, or with padding as wide as itself.
    Window,
    /// A layer's input is no earlier output with as many elements.
    Wiring,
    /// The output of a layer other than the last is used by no later one.
    Unused,
    /// A layer other than the last gives i32.
    InnerAccumulator,
    /// Shift, multiplier or bounds out of range, or a rule where the kind has none, or none where it has one.
    Requant,
    /// An addition whose bias could overflow.
    Bias,
    /// A weight root for a layer without weights.
    WeightRoot,
    /// A cell's evidence could be longer than [`MAX_EVIDENCE`], or of more than [`MAX_SEGMENTS`] segments.
    Evidence,
    /// A pool's window of more than [`MAX_POOL`] elements.
    Pool,
}

impl fmt::Display for LayerError {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            LayerError::Count => write!(f, "a model has 1 to {MAX_LAYERS} layers"),
            LayerError::Width => {
                write!(f, "sizes and products of a cell are 1 to {MAX_WIDTH} and rows at most {MAX_ROW_BYTES} bytes")
            }
            LayerError::Window => {
                write!(f, "a window has a size and a step, fits its padded image and is larger than its padding")
            }
            LayerError::Wiring => write!(f, "a layer's input is not an earlier output with as many elements"),
            LayerError::Unused => write!(f, "the output of a layer other than the last is used by no later layer"),
            LayerError::InnerAccumulator => write!(f, "only the last layer may give i32 accumulators"),
            LayerError::Requant => write!(
                f,
                "requantisation needs shift1 <= 31, 1 <= mul <= 32767, 1 <= shift2 <= 30 and lo <= hi; averages and \
                 additions have one, maxima and lookups do not"
            ),
            LayerError::Bias => write!(f, "the bias of an addition could make it overflow"),
            LayerError::WeightRoot => write!(f, "a layer without weights has a weight root"),
            LayerError::Evidence => write!(
                f,
                "the evidence about a cell could be over {MAX_EVIDENCE} bytes or {MAX_SEGMENTS} segments of its input"
            ),
            LayerError::Pool => write!(f, "a pool's window has at most {MAX_POOL} elements"),
        }
    }
}

impl core::error::Error for LayerError {}

impl Layer {
    /// Refuses a layer that no table may contain. `last`: it may give its accumulators.
    ///
    /// # Errors
    /// The first reason.
    pub fn check(&self, last: bool) -> Result<(), LayerError> {
        if !self.input.is_valid() {
            return Err(LayerError::Width);
        }
        let output = self.output();
        if self.window().is_some_and(|window| !window.is_valid() || output.height == 0 || output.width == 0) {
            return Err(LayerError::Window);
        }
        if !output.is_valid() || self.k() > MAX_WIDTH {
            return Err(LayerError::Width);
        }
        if let Op::MaxPool { window } | Op::AveragePool { window } = &self.op
            && window.area() > MAX_POOL
        {
            return Err(LayerError::Pool);
        }
        if self.out_row_bytes() as usize > MAX_ROW_BYTES {
            return Err(LayerError::Width);
        }
        match (&self.op, self.requant) {
            (Op::Gemm { .. } | Op::Conv { .. }, None) if !last => return Err(LayerError::InnerAccumulator),
            (Op::Gemm { .. } | Op::Conv { .. } | Op::MaxPool { .. } | Op::Lookup, None) => {}
            (Op::MaxPool { .. } | Op::Lookup, Some(_)) | (_, None) => return Err(LayerError::Requant),
            (_, Some(q)) if !q.is_valid() => return Err(LayerError::Requant),
            _ => {}
        }
        if let Op::Add { bias, .. } = self.op
            && i64::from(bias).abs() + LARGEST_SUM > i64::from(i32::MAX)
        {
            return Err(LayerError::Bias);
        }
        if self.weight_rows() == 0 && self.weight_root != [0; 32] {
            return Err(LayerError::WeightRoot);
        }
        Ok(())
    }
}

/// Refuses a layer table that could not be executed or judged.
pub fn check_layers(layers: &[Layer]) -> Result<(), LayerError> {
    if layers.is_empty() || layers.len() > MAX_LAYERS {
        return Err(LayerError::Count);
    }
    let mut used = 0u64;
    for (i, layer) in layers.iter().enumerate() {
        layer.check(i + 1 == layers.len())?;
        for source in layer.sources() {
            let source = usize::from(source);
            let elements = match source.checked_sub(1) {
                None => layers[0].input.elements(),
                Some(before) if before < i => layers[before].output().elements(),
                Some(_) => return Err(LayerError::Wiring),
            };
            if elements != layer.input.elements() {
                return Err(LayerError::Wiring);
            }
            used |= 1 << source;
        }
    }
    // The last layer's output is the model's: sources up to it, from 1 on, must have been used.
    if (used | 1).trailing_ones() as usize != layers.len() {
        return Err(LayerError::Unused);
    }
    if max_rows(layers) == 0 {
        return Err(LayerError::Evidence);
    }
    Ok(())
}

/// A model's identity: sha256(`"IOMD"` | segment size | number of layers | the layers' records). Nobody can serve other
/// weights, tables or wiring under it.
pub fn model_root(layers: &[Layer]) -> Hash {
    let records: Vec<u8> = layers.iter().flat_map(Layer::record).collect();
    records_root(&records)
}

/// [`model_root`] of records that lie one after another.
pub fn records_root(records: &[u8]) -> Hash {
    let count = (records.len() / RECORD) as u32;
    sha256(&[MODEL, &(SEGMENT as u32).to_le_bytes(), &count.to_le_bytes(), records])
}
