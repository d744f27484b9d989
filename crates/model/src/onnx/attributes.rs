//! Attributes of nodes.
use super::error::{ImportError, NodeId};
use super::proto::NodeProto;
use judge::Window;

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

/// The window of a convolution or pool. `kernel`: its size where the weights say it.
pub fn window(node: &NodeProto, id: &NodeId, kernel: Option<[usize; 2]>, fill: i8) -> Result<Window, ImportError> {
    let refuse = |reason: &str| ImportError::Operand { node: id.clone(), reason: reason.into() };
    let auto_pad = node.attribute.iter().find(|a| a.name == "auto_pad");
    if auto_pad.is_some_and(|a| !a.s.is_empty() && a.s != b"NOTSET") {
        return Err(refuse("write its padding as 'pads' instead of 'auto_pad'"));
    }
    if integer(node, "group", 1) != 1 {
        return Err(refuse("convolutions with groups cannot be judged: use one group"));
    }
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
    let (&[height, width], &[down, right], &[top, left, bottom, right_pad]) =
        (&size[..], &numbers("strides", 2, 1)?[..], &numbers("pads", 4, 0)?[..])
    else {
        return Err(refuse("its window is not two-dimensional, or larger than 255"));
    };
    Ok(Window { kernel: [height, width], stride: [down, right], padding: [top, left, bottom, right_pad], fill })
}
