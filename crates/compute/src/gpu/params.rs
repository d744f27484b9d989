//! What kernels are told about a layer.
use bytemuck::{Pod, Zeroable};
use judge::commitment::SEGMENT;
use judge::{Hash, Layer, Op};

/// The order is that of the WGSL struct in [`super::bindings`].
#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
pub(super) struct Params {
    m: u32,
    n: u32,
    vecs: u32,
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
            vecs: layer.vecs() as u32,
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

    pub(super) fn is_conv(&self) -> bool {
        matches!(self.spec.op, Op::Conv { .. })
    }

    fn is_gemm(&self) -> bool {
        matches!(self.spec.op, Op::Gemm { .. })
    }

    /// Vectors of 16 bytes in a row of the product's left matrix.
    pub(super) fn vecs(&self) -> usize {
        self.k.div_ceil(16)
    }

    /// Words in such a row.
    pub(super) fn words(&self) -> usize {
        row_words(self.k)
    }

    /// Words in a row of input.
    pub(super) fn in_words(&self) -> usize {
        if self.is_gemm() { self.words() } else { row_words(self.spec.in_row_bytes() as usize) }
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
        row_words(self.cells())
    }

    /// Words of accumulators in a row of output.
    pub(super) fn sums(&self) -> usize {
        if self.spec.is_product() { self.cells() } else { 0 }
    }

    /// Whether there is i8 output.
    pub(super) fn is_i8(&self) -> bool {
        self.spec.out_size() == 1
    }

    /// Bytes in a row of output as it is committed to.
    pub(super) fn committed_bytes(&self) -> usize {
        if self.is_i8() { self.cells() } else { 4 * self.sums() }
    }

    /// Words from one such row to the next on the device.
    pub(super) fn committed_words(&self) -> usize {
        if self.is_i8() { self.out_words() } else { self.sums() }
    }

    /// Segments in such a row.
    pub(super) fn segments(&self) -> usize {
        self.committed_bytes().div_ceil(SEGMENT)
    }

    /// Work for a row, counted in multiply-accumulates.
    pub(super) fn macs(&self) -> usize {
        let reads = self.spec.window().map_or(1, |window| window.area()) * self.cells();
        (self.k * self.n * self.spec.places() as usize).max(reads)
    }
}

/// Words that a row of `bytes` i8 takes on the device: whole vectors, padded with zeros.
pub(super) fn row_words(bytes: usize) -> usize {
    bytes.div_ceil(16) * 4
}

/// What the kernels that hash are told. The order is that of the WGSL struct in [`super::sha`].
#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
pub(super) struct HashParams {
    pub(super) id: [u32; 8],
    pub(super) tag: u32,
    pub(super) layer: u32,
    pub(super) all_rows: u32,
    pub(super) row_bytes: u32,
    pub(super) first: u32,
    pub(super) rows: u32,
    pub(super) stride: u32,
    pub(super) segments: u32,
    pub(super) groups: u32,
    pub(super) count: u32,
    pub(super) out_at: u32,
    pub(super) pad: [u32; 13],
}

impl HashParams {
    /// For the matrix that `domain` describes, without what differs from dispatch to dispatch.
    pub(super) fn of(domain: &judge::Domain) -> Self {
        HashParams {
            layer: domain.layer.swap_bytes(),
            all_rows: domain.rows,
            row_bytes: domain.row_bytes,
            ..Self::tagged(domain.tag, domain.id)
        }
    }

    pub(super) fn tagged(tag: [u8; 4], id: &Hash) -> Self {
        let mut params = HashParams { tag: u32::from_be_bytes(tag), ..HashParams::zeroed() };
        for (word, bytes) in params.id.iter_mut().zip(id.as_chunks::<4>().0) {
            *word = u32::from_be_bytes(*bytes);
        }
        params
    }
}

/// A digest as it lies on the device.
pub(super) fn digest(words: &[u8; 32]) -> Hash {
    let mut hash = [0; 32];
    for (to, from) in hash.as_chunks_mut::<4>().0.iter_mut().zip(words.as_chunks::<4>().0) {
        *to = u32::from_le_bytes(*from).to_be_bytes();
    }
    hash
}
