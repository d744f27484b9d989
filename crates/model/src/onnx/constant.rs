//! Constant tensors of the three element types that integer models are made of.
use super::error::ImportError;
use super::proto::{EXTERNAL, TensorProto, element};
use std::fmt;

/// Element types of values in an importable graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Element {
    U8,
    I8,
    I32,
}

impl Element {
    pub fn from_proto(data_type: i32) -> Option<Self> {
        match data_type {
            element::UINT8 => Some(Element::U8),
            element::INT8 => Some(Element::I8),
            element::INT32 => Some(Element::I32),
            _ => None,
        }
    }

    /// Least and greatest value.
    pub fn range(self) -> (i128, i128) {
        match self {
            Element::U8 => (0, 255),
            Element::I8 => (-128, 127),
            Element::I32 => (i32::MIN.into(), i32::MAX.into()),
        }
    }
}

impl fmt::Display for Element {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(match self {
            Element::U8 => "UINT8",
            Element::I8 => "INT8",
            Element::I32 => "INT32",
        })
    }
}

/// Whether a type is a floating point one.
pub fn is_float(data_type: i32) -> bool {
    [element::FLOAT, element::FLOAT16, element::DOUBLE, element::BFLOAT16].contains(&data_type)
}

/// A constant with its values widened to i32.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Constant {
    pub element: Element,
    pub dims: Vec<usize>,
    /// Row-major.
    pub values: Vec<i32>,
}

impl Constant {
    /// Reads a tensor that calls itself `name`.
    ///
    /// # Errors
    /// If its data lies elsewhere, is not an integer type of the subset, or does not fill its shape exactly.
    pub fn read(tensor: &TensorProto, name: &str) -> Result<Self, ImportError> {
        let refuse = |reason: String| ImportError::Tensor { name: name.into(), reason };
        if tensor.data_location == EXTERNAL || !tensor.external_data.is_empty() {
            return Err(refuse("its data is in another file: save the model as a single file".into()));
        }
        if is_float(tensor.data_type) {
            return Err(ImportError::Float(format!("tensor '{name}' holds floats")));
        }
        let element = Element::from_proto(tensor.data_type)
            .ok_or_else(|| refuse(format!("element type {} is not UINT8, INT8 or INT32", tensor.data_type)))?;
        let dims: Option<Vec<usize>> = tensor.dims.iter().map(|&d| usize::try_from(d).ok()).collect();
        let dims = dims.ok_or_else(|| refuse(format!("shape {:?} has a negative size", tensor.dims)))?;
        let count = dims
            .iter()
            .try_fold(1usize, |product, &d| product.checked_mul(d))
            .ok_or_else(|| refuse(format!("shape {dims:?} is too large")))?;

        let values: Vec<i32> = if tensor.raw_data.is_empty() {
            tensor.int32_data.clone()
        } else if !tensor.int32_data.is_empty() {
            return Err(refuse("it has both raw and typed data".into()));
        } else {
            match element {
                Element::U8 => tensor.raw_data.iter().map(|&b| i32::from(b)).collect(),
                Element::I8 => tensor.raw_data.iter().map(|&b| i32::from(b as i8)).collect(),
                Element::I32 => {
                    let words = tensor.raw_data.chunks_exact(4);
                    if !words.remainder().is_empty() {
                        return Err(refuse(format!("{} bytes are no whole INT32 values", tensor.raw_data.len())));
                    }
                    words.map(|w| i32::from_le_bytes([w[0], w[1], w[2], w[3]])).collect()
                }
            }
        };
        if values.len() != count {
            return Err(refuse(format!("{} values do not fill its shape {dims:?}", values.len())));
        }
        let (least, greatest) = element.range();
        if let Some(v) = values.iter().find(|&&v| !(least..=greatest).contains(&i128::from(v))) {
            return Err(refuse(format!("value {v} is not {element}")));
        }
        Ok(Constant { element, dims, values })
    }

    /// The value of a scalar, or of a tensor with one element and at most `rank` dimensions, so that it broadcasts unseen.
    pub fn scalar(&self, rank: usize) -> Option<i32> {
        match self.values[..] {
            [value] if self.dims.len() <= rank => Some(value),
            _ => None,
        }
    }

    /// One value for each of the `n` columns or channels of a value with `rank` dimensions after the batch, of which they
    /// are the first.
    pub fn by_first(&self, n: usize, rank: usize) -> Option<&[i32]> {
        let dims = match &self.dims[..] {
            [1, dims @ ..] if dims.len() == rank => dims,
            dims => dims,
        };
        let (first, rest) = dims.split_first()?;
        (dims.len() == rank && *first == n && rest.iter().all(|&d| d == 1)).then_some(&self.values[..])
    }
}

/// The values of an INT64 tensor that calls itself `name`: sizes of a shape.
///
/// # Errors
/// If its data lies elsewhere or is not whole.
pub fn sizes(tensor: &TensorProto, name: &str) -> Result<Vec<i64>, ImportError> {
    let refuse = |reason: &str| ImportError::Tensor { name: name.into(), reason: reason.into() };
    if tensor.data_location == EXTERNAL || !tensor.external_data.is_empty() {
        return Err(refuse("its data is in another file: save the model as a single file"));
    }
    let (words, rest) = tensor.raw_data.as_chunks::<8>();
    if !rest.is_empty() || !(words.is_empty() || tensor.int64_data.is_empty()) {
        return Err(refuse("it is not whole INT64 values"));
    }
    let values = words.iter().map(|word| i64::from_le_bytes(*word)).chain(tensor.int64_data.iter().copied());
    let values: Vec<i64> = values.collect();
    if tensor.dims != [values.len() as i64] {
        return Err(refuse("a shape has one dimension, which its values fill"));
    }
    Ok(values)
}
