//! Attributes of nodes.
use super::error::{ImportError, NodeId};
use super::proto::NodeProto;
use judge::{Shape, Window};

/// What may be said about a node of this kind.
pub fn known(op: &str) -> &'static [&'static str] {
    match op {
        // The other two concern 8-bit floats.
        "Cast" => &["to", "saturate", "round_mode"],
        "Constant" => &["value"],
        "ConvInteger" => &["auto_pad", "dilations", "group", "kernel_shape", "pads", "strides"],
        "MaxPool" => &["auto_pad", "ceil_mode", "dilations", "kernel_shape", "pads", "storage_order", "strides"],
        "Flatten" => &["axis"],
        "Transpose" => &["perm"],
        "Reshape" => &["allowzero"],
        _ => &[],
    }
}

/// A list; empty if it is not given.
pub fn list<'a>(node: &'a NodeProto, name: &str) -> &'a [i64] {
    node.attribute.iter().find(|a| a.name == name).map_or(&[], |a| &a.ints)
}

pub fn integer(node: &NodeProto, name: &str, default: i64) -> i64 {
    node.attribute.iter().find(|a| a.name == name).map_or(default, |a| a.i)
}

/// The window of a convolution or pool over `input`. `kernel`: its size where the weights say it.
pub fn window(
    node: &NodeProto,
    id: &NodeId,
    kernel: Option<[usize; 2]>,
    input: Shape,
    fill: i8,
) -> Result<Window, ImportError> {
    let refuse = |reason: &str| ImportError::Operand { node: id.clone(), reason: reason.into() };
    if list(node, "dilations").iter().any(|&d| d != 1) {
        return Err(refuse("dilated windows cannot be judged"));
    }
    if integer(node, "ceil_mode", 0) != 0 || integer(node, "storage_order", 0) != 0 {
        return Err(refuse("'ceil_mode' and 'storage_order' must be 0"));
    }
    let numbers = |name: &str, count: usize, default: i64| -> Result<Vec<u8>, ImportError> {
        let given = list(node, name);
        let given = if given.is_empty() { vec![default; count] } else { given.to_vec() };
        let bytes: Vec<u8> = given.iter().filter_map(|&n| u8::try_from(n).ok()).collect();
        if bytes.len() == count && given.len() == count {
            Ok(bytes)
        } else {
            Err(refuse(&format!("'{name}' is {given:?}: use {count} numbers from 0 to 255")))
        }
    };
    let size = match kernel {
        Some(kernel) => kernel.map(|size| i64::try_from(size).unwrap_or(0)).to_vec(),
        None => list(node, "kernel_shape").to_vec(),
    };
    let given = list(node, "kernel_shape");
    if !given.is_empty() && given != size {
        return Err(refuse("'kernel_shape' is not that of its weights"));
    }
    let size: Vec<u8> = size.iter().filter_map(|&n| u8::try_from(n).ok()).collect();
    let (&[height, width], &[down, right], pads) = (&size[..], &numbers("strides", 2, 1)?[..], numbers("pads", 4, 0)?)
    else {
        return Err(refuse("its window is not two-dimensional, or larger than 255"));
    };
    // What is missing for as many places as steps fit in the image, in SAME_UPPER with the larger half at the end.
    let missing = |size: u16, kernel: u8, stride: u8| {
        let (size, kernel, stride) = (u32::from(size), u32::from(kernel), u32::from(stride).max(1));
        let missing = ((size.div_ceil(stride) - 1) * stride + kernel).saturating_sub(size);
        let half = (missing / 2) as u8;
        (half, (missing - u32::from(half)) as u8)
    };
    let auto_pad = node.attribute.iter().find(|a| a.name == "auto_pad").map_or(&b""[..], |a| &a.s);
    let (y, x) = (missing(input.height, height, down), missing(input.width, width, right));
    let padding = match auto_pad {
        b"" | b"NOTSET" => [pads[0], pads[1], pads[2], pads[3]],
        b"VALID" => [0; 4],
        b"SAME_UPPER" => [y.0, x.0, y.1, x.1],
        b"SAME_LOWER" => [y.1, x.1, y.0, x.0],
        _ => return Err(refuse("'auto_pad' is none of NOTSET, VALID, SAME_UPPER and SAME_LOWER")),
    };
    Ok(Window { kernel: [height, width], stride: [down, right], padding, fill })
}
