//! Integer layers: what they are and how large everything about them is.
use crate::commitment::{MAX_ROW_BYTES, SEGMENT};
use crate::hash::Hash;
use crate::requant::Requant;

/// Most products in one cell, and the largest height, width or number of channels: what a record has room for. Sums of so
/// many products of two i8 are below 2^30.
pub const MAX_WIDTH: u32 = u16::MAX as u32;
/// Most elements in a pool's window: the chain reads them one by one, for about 300 compute units each.
pub const MAX_POOL: usize = 1024;
/// Most layers in a model: with 64 bytes to each, the table fits in an account.
pub const MAX_LAYERS: usize = 48;
/// Entries of a lookup table: one for each byte.
pub const TABLE: usize = 256;

/// How a row of activations is read: `height * width` pixels of `channels` elements each, in this order (HWC). The same
/// bytes may be read as another shape with as many elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    pub height: u16,
    pub width: u16,
    pub channels: u16,
}

impl Shape {
    /// A row without pixels: `elements` channels of one pixel.
    pub const fn flat(elements: u16) -> Self {
        Shape { height: 1, width: 1, channels: elements }
    }

    /// Elements in a row.
    pub fn elements(&self) -> usize {
        usize::from(self.height) * usize::from(self.width) * usize::from(self.channels)
    }

    pub(crate) fn is_valid(&self) -> bool {
        (1..=MAX_ROW_BYTES).contains(&self.elements())
    }
}

/// A window that moves over an image. Positions outside the image read as `fill`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Height and width, at least 1.
    pub kernel: [u8; 2],
    /// Steps down and to the right, at least 1.
    pub stride: [u8; 2],
    /// Pixels of padding at the top, left, bottom and right, each fewer than the kernel has in that direction.
    pub padding: [u8; 4],
    /// What padding reads as: for a convolution the input's zero point.
    pub fill: i8,
}

impl Window {
    /// Pixels in it.
    pub fn area(&self) -> usize {
        usize::from(self.kernel[0]) * usize::from(self.kernel[1])
    }

    pub(crate) fn is_valid(&self) -> bool {
        let [top, left, bottom, right] = self.padding;
        let [height, width] = self.kernel;
        top.max(bottom) < height && left.max(right) < width && !self.stride.contains(&0)
    }

    /// How many places it has along one side; none if it is larger than the padded image.
    fn places(&self, axis: usize, size: u16) -> u16 {
        let padded = u32::from(size) + u32::from(self.padding[axis]) + u32::from(self.padding[axis + 2]);
        let room = padded.checked_sub(self.kernel[axis].into());
        let places = room.and_then(|room| room.checked_div(self.stride[axis].into()));
        places.map_or(0, |steps| u16::try_from(steps + 1).unwrap_or(u16::MAX))
    }
}

/// What a layer computes. `x` is its input, a row of i8 read as its shape; all sums wrap at 32 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    /// Fully connected: `acc[j] = sum_i x[i] * weight[i][j] + bias[j]` for `n` columns.
    Gemm { n: u16 },
    /// Convolution with one group: `n` columns over the pixels in the window, row by row and with all their channels.
    Conv { window: Window, n: u16 },
    /// The greatest element of a channel in the window.
    MaxPool { window: Window },
    /// The sum of a channel over the window, requantised: an average has `mul / 2^shift2 = 1 / area`.
    AveragePool { window: Window },
    /// `acc = x * multipliers[0] + y * multipliers[1] + bias`, where `y` is another source of as many elements.
    Add { with: u8, multipliers: [i16; 2], bias: i32 },
    /// `table[x]`, where the index is the byte as it is stored.
    Lookup,
}

/// One layer of a model. Sources are numbered: 0 is the model's input, `l + 1` the output of layer `l`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layer {
    pub op: Op,
    /// Source of the input.
    pub from: u8,
    /// How the input is read.
    pub input: Shape,
    /// From accumulators to i8. `None`: the i32 accumulators themselves are the output (a product in the last layer), or
    /// the layer has none (maximum and lookup).
    pub requant: Option<Requant>,
    /// Root over the weight columns with their biases, or over the one row that is the lookup table, see
    /// [`crate::WEIGHTS`]. Zero for a layer without either.
    pub weight_root: Hash,
}

impl Layer {
    /// A fully connected layer whose weights are not known yet.
    pub fn gemm(from: u8, k: u16, n: u16, requant: Option<Requant>) -> Self {
        Layer { op: Op::Gemm { n }, from, input: Shape::flat(k), requant, weight_root: [0; 32] }
    }

    /// Sources, one or two.
    pub fn sources(&self) -> impl Iterator<Item = u8> + use<> {
        let second = if let Op::Add { with, .. } = self.op { Some(with) } else { None };
        core::iter::once(self.from).chain(second)
    }

    /// The window that moves over its input, if it has one.
    pub fn window(&self) -> Option<&Window> {
        match &self.op {
            Op::Conv { window, .. } | Op::MaxPool { window } | Op::AveragePool { window } => Some(window),
            Op::Gemm { .. } | Op::Add { .. } | Op::Lookup => None,
        }
    }

    /// How the output may be read.
    pub fn output(&self) -> Shape {
        let over = |window: &Window, channels| Shape {
            height: window.places(0, self.input.height),
            width: window.places(1, self.input.width),
            channels,
        };
        match &self.op {
            Op::Gemm { n } => Shape::flat(*n),
            Op::Conv { window, n } => over(window, *n),
            Op::MaxPool { window } | Op::AveragePool { window } => over(window, self.input.channels),
            Op::Add { .. } | Op::Lookup => self.input,
        }
    }

    /// Cells in one row of output.
    pub fn cells(&self) -> u32 {
        self.output().elements() as u32
    }

    /// Whether it multiplies by weights, and so has accumulators that can be tested as a product.
    pub fn is_product(&self) -> bool {
        matches!(self.op, Op::Gemm { .. } | Op::Conv { .. })
    }

    /// Products in one cell; zero for a layer without weights.
    pub fn k(&self) -> u32 {
        match &self.op {
            Op::Gemm { .. } => self.input.elements() as u32,
            Op::Conv { window, .. } => (window.area() * usize::from(self.input.channels)) as u32,
            _ => 0,
        }
    }

    /// Weight columns; zero for a layer without weights.
    pub fn n(&self) -> u32 {
        match self.op {
            Op::Gemm { n } | Op::Conv { n, .. } => n.into(),
            _ => 0,
        }
    }

    /// Rows of the product for one row of input: the window's places in a convolution.
    pub fn places(&self) -> u32 {
        if let Op::Conv { .. } = self.op { u32::from(self.output().height) * u32::from(self.output().width) } else { 1 }
    }

    /// Bytes of one output element: 1 (i8) or 4 (i32, little-endian).
    pub fn out_size(&self) -> usize {
        if self.is_product() && self.requant.is_none() { 4 } else { 1 }
    }

    /// Bytes of one input row.
    pub fn in_row_bytes(&self) -> u32 {
        self.input.elements() as u32
    }

    /// Bytes of one output row.
    pub fn out_row_bytes(&self) -> u32 {
        self.cells() * self.out_size() as u32
    }

    /// Rows of the committed weight matrix: one for each column, one for a lookup table, none otherwise.
    pub fn weight_rows(&self) -> u32 {
        if self.op == Op::Lookup { 1 } else { self.n() }
    }

    /// Bytes of one of them: a column and its bias, or the table.
    pub fn column_bytes(&self) -> u32 {
        match self.op {
            Op::Gemm { .. } | Op::Conv { .. } => self.k() + 4,
            Op::Lookup => TABLE as u32,
            _ => 0,
        }
    }

    /// The row of the weight matrix that a cell needs.
    pub fn weight_row(&self, column: u32) -> u32 {
        match self.op {
            Op::Gemm { .. } => column,
            Op::Conv { n, .. } => column % u32::from(n),
            _ => 0,
        }
    }

    /// Multiply-accumulates for one row of input.
    pub fn macs(&self) -> u64 {
        u64::from(self.k()) * u64::from(self.n()) * u64::from(self.places())
    }

    /// The segment of the output row in which a cell lies.
    pub fn segment_of(&self, column: u32) -> usize {
        column as usize * self.out_size() / SEGMENT
    }
}
