//! Convolutions as products: the left matrix has a row for each place of the window in each image.
use judge::{Layer, Op, Window};

/// The left matrix of a product, row by row.
#[derive(Clone, Copy)]
pub enum Left<'a> {
    /// Rows of `k` bytes as they lie.
    Rows { bytes: &'a [u8], k: usize },
    /// Rows gathered from whole images.
    Patches(Patches<'a>),
}

/// The patches under a window, image by image and place by place.
#[derive(Clone, Copy)]
pub struct Patches<'a> {
    layer: &'a Layer,
    window: &'a Window,
    images: &'a [u8],
}

impl<'a> Left<'a> {
    /// What a layer multiplies its weights by; `None` if it has none. `input` is whole rows.
    pub fn of(layer: &'a Layer, input: &'a [u8]) -> Option<Self> {
        match &layer.op {
            Op::Gemm { .. } => Some(Left::Rows { bytes: input, k: layer.k() as usize }),
            Op::Conv { window, .. } => Some(Left::Patches(Patches { layer, window, images: input })),
            _ => None,
        }
    }

    pub fn rows(&self) -> usize {
        match self {
            Left::Rows { bytes, k } => bytes.len() / k,
            Left::Patches(patches) => {
                let image = patches.layer.in_row_bytes() as usize;
                patches.images.len() / image * patches.layer.places() as usize
            }
        }
    }

    /// Rows `from..to`, in `scratch` if they do not lie together.
    pub fn block<'s>(&self, from: usize, to: usize, scratch: &'s mut Vec<u8>) -> &'s [u8]
    where
        'a: 's,
    {
        match self {
            Left::Rows { bytes, k } => &bytes[from * k..to * k],
            Left::Patches(patches) => {
                scratch.clear();
                (from..to).for_each(|row| patches.append(row, scratch));
                scratch
            }
        }
    }
}

impl Patches<'_> {
    fn append(&self, row: usize, out: &mut Vec<u8>) {
        let places = self.layer.places() as usize;
        let size = self.layer.in_row_bytes() as usize;
        let image = &self.images[row / places * size..][..size];
        let start = out.len();
        for run in self.layer.window_runs(self.window, row % places, None) {
            // Where runs leave a gap, the window is over padding.
            out.resize(start + run.weight, self.window.fill as u8);
            out.extend_from_slice(&image[run.at..][..run.len]);
        }
        out.resize(start + self.layer.k() as usize, self.window.fill as u8);
    }
}
