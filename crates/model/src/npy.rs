//! NumPy's `.npy` files: batches, labels and recorded outputs.

/// An array of numbers, row-major.
#[derive(Clone, Debug, PartialEq)]
pub struct Array {
    pub dims: Vec<usize>,
    pub values: Values,
}

/// Its elements.
#[derive(Clone, Debug, PartialEq)]
pub enum Values {
    Integers(Vec<i64>),
    Reals(Vec<f32>),
}

impl Array {
    /// Reads versions 1 to 3 of the format.
    ///
    /// # Errors
    /// In words: if it is damaged, in Fortran order, or of other elements than integers and floats.
    pub fn read(bytes: &[u8]) -> Result<Array, String> {
        let rest = bytes.strip_prefix(b"\x93NUMPY").ok_or("it does not start as a .npy file")?;
        let (version, rest) = rest.split_at_checked(2).ok_or("it is truncated")?;
        let size = if version[0] == 1 { 2 } else { 4 };
        let (length, rest) = rest.split_at_checked(size).ok_or("it is truncated")?;
        let length = length.iter().rev().fold(0usize, |sum, &byte| sum << 8 | usize::from(byte));
        let (header, data) = rest.split_at_checked(length).ok_or("it is truncated")?;
        let header = std::str::from_utf8(header).map_err(|_| "its header is not text")?;
        let field = |name: &str| {
            let (_, after) = header.split_once(&format!("'{name}':")).ok_or(format!("its header has no '{name}'"))?;
            Ok::<_, String>(after.trim_start())
        };
        if !field("fortran_order")?.starts_with("False") {
            return Err("it is in Fortran order: save numpy.ascontiguousarray of it".into());
        }
        let shape = field("shape")?.strip_prefix('(').and_then(|text| text.split_once(')'));
        let (shape, _) = shape.ok_or("its header has no shape")?;
        let sizes = shape.split(',').map(str::trim).filter(|size| !size.is_empty());
        let dims: Vec<usize> =
            sizes.map(|size| size.parse().map_err(|_| "its shape is damaged")).collect::<Result<_, _>>()?;
        let count =
            dims.iter().try_fold(1usize, |product, &d| product.checked_mul(d)).ok_or("its shape is too large")?;
        let kind = field("descr")?.trim_start_matches('\'').split('\'').next().unwrap_or_default();
        let values = read(kind, data)
            .ok_or(format!("its elements are '{kind}': use uint8, int8, int32, int64, float32 or float64"))?;
        let found = match &values {
            Values::Integers(values) => values.len(),
            Values::Reals(values) => values.len(),
        };
        if found != count {
            return Err(format!("it holds {found} elements, and its shape {dims:?} says {count}"));
        }
        Ok(Array { dims, values })
    }

    /// The elements as reals.
    pub fn reals(&self) -> Vec<f32> {
        match &self.values {
            Values::Integers(values) => values.iter().map(|&v| v as f32).collect(),
            Values::Reals(values) => values.clone(),
        }
    }
}

fn read(kind: &str, data: &[u8]) -> Option<Values> {
    let integers = |f: &dyn Fn(&[u8]) -> i64, size| Some(Values::Integers(data.chunks(size).map(f).collect()));
    fn word<const N: usize>(bytes: &[u8]) -> [u8; N] {
        let mut word = [0; N];
        word[..bytes.len()].copy_from_slice(bytes);
        word
    }
    match kind {
        "|u1" | "|b1" => integers(&|b| b[0].into(), 1),
        "|i1" => integers(&|b| (b[0] as i8).into(), 1),
        "<i4" => integers(&|b| i32::from_le_bytes(word(b)).into(), 4),
        "<i8" => integers(&|b| i64::from_le_bytes(word(b)), 8),
        "<f4" => Some(Values::Reals(data.chunks(4).map(|b| f32::from_le_bytes(word(b))).collect())),
        "<f8" => Some(Values::Reals(data.chunks(8).map(|b| f64::from_le_bytes(word(b)) as f32).collect())),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(descr: &str, order: &str, shape: &str, data: &[u8]) -> Vec<u8> {
        let header = format!("{{'descr': '{descr}', 'fortran_order': {order}, 'shape': {shape}, }}\n");
        let length = (header.len() as u16).to_le_bytes();
        [b"\x93NUMPY\x01\x00", &length[..], header.as_bytes(), data].concat()
    }

    #[test]
    fn arrays_of_every_kind_are_read() {
        let read = |descr: &str, shape: &str, data: &[u8]| Array::read(&file(descr, "False", shape, data)).unwrap();
        assert_eq!(read("|u1", "(3,)", &[1, 2, 255]).values, Values::Integers(vec![1, 2, 255]));
        assert_eq!(read("|i1", "(1, 2)", &[1, 255]), Array { dims: vec![1, 2], values: Values::Integers(vec![1, -1]) });
        assert_eq!(read("<i8", "()", &(-5i64).to_le_bytes()).values, Values::Integers(vec![-5]));
        assert_eq!(read("<f8", "(1,)", &1.5f64.to_le_bytes()).reals(), [1.5]);
    }

    #[test]
    fn damaged_files_are_refused_with_the_cause() {
        let says = |bytes: &[u8], part: &str| {
            let error = Array::read(bytes).unwrap_err();
            assert!(error.contains(part), "{error}");
        };
        says(b"PK", "does not start");
        says(&file("|u1", "True", "(1,)", &[1]), "Fortran");
        says(&file("<f2", "False", "(1,)", &[1, 1]), "'<f2'");
        says(&file("|u1", "False", "(2,)", &[1]), "holds 1");
        says(&file("|u1", "False", "(2,)", &[1])[..20], "truncated");
    }
}
