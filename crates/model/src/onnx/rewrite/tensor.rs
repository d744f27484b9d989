//! Constants of quantised models: integers with scales, and floats.
use super::super::constant::Constant;
use super::super::error::ImportError;
use super::super::proto::{EXTERNAL, TensorProto, element};

/// Floats of a constant.
#[derive(Clone, Debug)]
pub struct Floats {
    pub dims: Vec<usize>,
    pub values: Vec<f32>,
}

impl Floats {
    /// # Errors
    /// If it is not a whole FLOAT tensor in this file.
    pub fn read(tensor: &TensorProto, name: &str) -> Result<Self, ImportError> {
        let refuse = |reason: &str| ImportError::Tensor { name: name.into(), reason: reason.into() };
        if tensor.data_location == EXTERNAL || !tensor.external_data.is_empty() {
            return Err(refuse("its data is in another file: save the model as a single file"));
        }
        if tensor.data_type != element::FLOAT {
            return Err(refuse("it is not FLOAT: convert the model's floats to FLOAT"));
        }
        let (words, rest) = tensor.raw_data.as_chunks::<4>();
        let mut values: Vec<f32> = words.iter().map(|word| f32::from_le_bytes(*word)).collect();
        values.extend(&tensor.float_data);
        let dims: Option<Vec<usize>> = tensor.dims.iter().map(|&d| usize::try_from(d).ok()).collect();
        let dims = dims.ok_or_else(|| refuse("its shape has a negative size"))?;
        let count = dims.iter().try_fold(1usize, |product, &d| product.checked_mul(d));
        if !rest.is_empty() || count != Some(values.len()) {
            return Err(refuse("its values do not fill its shape"));
        }
        if values.iter().any(|v| !v.is_finite()) {
            return Err(refuse("it holds infinities or values that are not numbers"));
        }
        Ok(Floats { dims, values })
    }

    pub fn scalar(&self) -> Option<f32> {
        if let [value] = self.values[..] { Some(value) } else { None }
    }
}

/// A constant that is quantised: `(value - zero point) * scale`, with one scale or one for each index along an axis.
#[derive(Clone, Debug)]
pub struct Numbers {
    pub dims: Vec<usize>,
    /// Less their zero points.
    pub values: Vec<i32>,
    pub scales: Vec<f32>,
    pub axis: usize,
}

impl Numbers {
    /// # Errors
    /// In words, if scales and zero points do not fit.
    pub fn new(
        constant: &Constant,
        scales: &Floats,
        zero_points: Option<&Constant>,
        axis: i64,
    ) -> Result<Self, String> {
        let rank = constant.dims.len();
        let count = scales.values.len();
        let axis = if axis < 0 { axis + rank as i64 } else { axis };
        let axis = if count == 1 { 0 } else { usize::try_from(axis).unwrap_or(usize::MAX) };
        if count != 1 && constant.dims.get(axis) != Some(&count) {
            return Err(format!("{count} scales do not fit dimension {axis} of {:?}", constant.dims));
        }
        if scales.values.iter().any(|&s| s <= 0.0) {
            return Err("a scale is not positive".into());
        }
        let zeros = zero_points.map_or(&[0][..], |z| &z.values);
        if zero_points.is_some_and(|z| z.element != constant.element) || ![1, count].contains(&zeros.len()) {
            return Err("its zero points do not fit its values and scales".into());
        }
        let below: usize = constant.dims.get(axis + 1..).unwrap_or_default().iter().product();
        let value = |(at, &v): (usize, &i32)| {
            let zero = if zeros.len() == 1 { zeros[0] } else { zeros[at / below % count] };
            v.checked_sub(zero).ok_or_else(|| format!("{v} less its zero point {zero} is not INT32"))
        };
        let values = constant.values.iter().enumerate().map(value).collect::<Result<_, _>>()?;
        Ok(Numbers { dims: constant.dims.clone(), values, scales: scales.values.clone(), axis })
    }

    /// What they stand for.
    pub fn reals(&self) -> Floats {
        let below: usize = self.dims.get(self.axis + 1..).unwrap_or_default().iter().product();
        let count = self.scales.len();
        let real = |(at, &v): (usize, &i32)| {
            let scale = if count == 1 { self.scales[0] } else { self.scales[at / below % count] };
            v as f32 * scale
        };
        Floats { dims: self.dims.clone(), values: self.values.iter().enumerate().map(real).collect() }
    }
}
