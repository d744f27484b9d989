//! What kernels are told about a layer.
use bytemuck::{Pod, Zeroable};
use judge::{Layer, Op};

/// The order is that of the WGSL struct. Sizes: see [`super::kernels`] and [`super::words`].
#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
pub(super) struct Params {
    m: u32,
    n: u32,
    words: u32,
    first: u32,
    rows: u32,
    cells: u32,
    in_words: u32,
    out_words: u32,
    shift1: u32,
    mul: i32,
    shift2: u32,
    zero_point: i32,
    lo: i32,
    hi: i32,
    k: u32,
    maximum: u32,
    height: i32,
    width: i32,
    channels: u32,
    across: u32,
    places: u32,
    kernel: [u32; 2],
    stride: [u32; 2],
    top: i32,
    left: i32,
    fill: i32,
    multipliers: [i32; 2],
    bias: i32,
    pad: u32,
}

impl Params {
    /// For `rows` rows of the batch, of whose product rows `first..first + m` are computed.
    pub(super) fn new(layer: &Size, rows: usize, first: usize, m: usize) -> Self {
        let spec = &layer.spec;
        let mut params = Params {
            m: m as u32,
            n: layer.n as u32,
            words: layer.words() as u32,
            first: first as u32,
            rows: rows as u32,
            cells: layer.cells() as u32,
            in_words: layer.in_words() as u32,
            out_words: layer.out_words() as u32,
            k: layer.k as u32,
            shift2: 1,
            height: spec.input.height.into(),
            width: spec.input.width.into(),
            channels: spec.input.channels.into(),
            across: spec.output().width.into(),
            places: spec.places(),
            maximum: matches!(spec.op, Op::MaxPool { .. }).into(),
            ..Params::zeroed()
        };
        if let Some(q) = spec.requant {
            (params.shift1, params.mul, params.shift2) = (q.shift1.into(), q.mul.into(), q.shift2.into());
            (params.zero_point, params.lo, params.hi) = (q.zero_point.into(), q.lo.into(), q.hi.into());
        }
        if let Some(window) = spec.window() {
            params.kernel = window.kernel.map(u32::from);
            params.stride = window.stride.map(u32::from);
            (params.top, params.left) = (window.padding[0].into(), window.padding[1].into());
            params.fill = window.fill.into();
        }
        if let Op::Add { multipliers, bias, .. } = spec.op {
            (params.multipliers, params.bias) = (multipliers.map(i32::from), bias);
        }
        params
    }
}

/// A layer's sizes. Those of a product are kept apart: a plain one may be larger than any layer.
#[derive(Clone, Copy)]
pub(super) struct Size {
    pub spec: Layer,
    pub k: usize,
    pub n: usize,
}

impl Size {
    pub(super) fn of(spec: Layer) -> Self {
        Size { spec, k: spec.k() as usize, n: spec.n() as usize }
    }

    /// A plain product, without requantisation.
    pub(super) fn plain(k: usize, n: usize) -> Self {
        Size { spec: Layer::gemm(0, 1, 1, None), k, n }
    }

    fn is_gemm(&self) -> bool {
        matches!(self.spec.op, Op::Gemm { .. })
    }

    /// Words in a row of the product's left matrix.
    pub(super) fn words(&self) -> usize {
        self.k.div_ceil(4)
    }

    /// Words in a row of input.
    pub(super) fn in_words(&self) -> usize {
        if self.is_gemm() { self.words() } else { (self.spec.in_row_bytes() as usize).div_ceil(4) }
    }

    /// Bytes in a row of input.
    pub(super) fn in_bytes(&self) -> usize {
        if self.is_gemm() { self.k } else { self.spec.in_row_bytes() as usize }
    }

    /// Cells in a row of output.
    pub(super) fn cells(&self) -> usize {
        if self.is_gemm() { self.n } else { self.spec.cells() as usize }
    }

    /// Words in a row of i8 output.
    pub(super) fn out_words(&self) -> usize {
        self.cells().div_ceil(4)
    }

    /// Words of accumulators in a row of output.
    pub(super) fn sums(&self) -> usize {
        if self.spec.is_product() { self.cells() } else { 0 }
    }

    /// Whether there is i8 output.
    pub(super) fn is_i8(&self) -> bool {
        self.spec.out_size() == 1
    }

    /// Words read back for a row.
    pub(super) fn back(&self) -> usize {
        self.sums() + if self.is_i8() { self.out_words() } else { 0 }
    }

    /// Work for a row, counted in multiply-accumulates.
    pub(super) fn macs(&self) -> usize {
        let reads = self.spec.window().map_or(1, |window| window.area()) * self.cells();
        (self.k * self.n * self.spec.places() as usize).max(reads)
    }
}
