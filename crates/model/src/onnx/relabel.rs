//! `Reshape`, `Flatten` and `Transpose`: other names for the same bytes.
use super::attributes::{integer, list};
use super::error::{ImportError, NodeId};
use super::graph::Operand;
use super::proto::NodeProto;
use super::value::View;

impl View {
    /// All elements in one dimension.
    pub fn flattened(self) -> Self {
        View { dims: vec![self.order.len()], order: self.order }
    }
}

/// What `view` is after the node.
pub fn relabel(node: &NodeProto, id: &NodeId, operands: &[Operand], view: &View) -> Result<View, ImportError> {
    let refuse = |reason: String| ImportError::Operand { node: id.clone(), reason };
    let elements = view.order.len();
    match (node.op_type.as_str(), operands) {
        ("Flatten", [_]) if integer(node, "axis", 1) == 1 => Ok(view.clone().flattened()),
        ("Flatten", _) => Err(refuse("it must keep the batch: use axis 1".into())),
        ("Transpose", [_]) => {
            let permutation: Vec<usize> = list(node, "perm").iter().filter_map(|&i| usize::try_from(i).ok()).collect();
            let mut sorted = permutation.clone();
            sorted.sort_unstable();
            let whole = sorted.into_iter().eq(0..=view.dims.len());
            if !whole || permutation.first() != Some(&0) {
                let perm = list(node, "perm");
                return Err(refuse(format!(
                    "'perm' is {perm:?}: it must name every dimension once and the batch first"
                )));
            }
            Ok(view.transpose(&permutation[1..].iter().map(|i| i - 1).collect::<Vec<_>>()))
        }
        ("Reshape", [_, Operand::Sizes(sizes)]) => {
            let dims = reshaped(sizes, elements, integer(node, "allowzero", 0) != 0).ok_or_else(|| {
                refuse(format!("the shape {sizes:?} does not keep the batch and its {elements} elements to a row"))
            })?;
            Ok(View { dims, order: view.order.clone() })
        }
        ("Reshape", _) => Err(refuse("its shape is not a constant".into())),
        _ => Err(refuse("it has the wrong number of operands".into())),
    }
}

/// The dimensions after the batch; `None` if the batch is not the first, or the elements do not fit.
fn reshaped(sizes: &[i64], elements: usize, allow_zero: bool) -> Option<Vec<usize>> {
    let (&batch, rest) = sizes.split_first()?;
    let open = rest.iter().filter(|&&size| size == -1).count();
    // -1 is what is left over: the batch only if every other size is given.
    let keeps = (batch == 0 && !allow_zero && open <= 1) || (batch == -1 && open == 0);
    if !keeps || rest.is_empty() {
        return None;
    }
    let given = rest.iter().filter(|&&size| size != -1);
    let given = given.map(|&size| usize::try_from(size).ok().filter(|&size| size > 0)).collect::<Option<Vec<_>>>()?;
    let product = given.iter().try_fold(1usize, |product, &size| product.checked_mul(size))?;
    let dims: Vec<usize> = rest.iter().map(|&size| usize::try_from(size).unwrap_or(elements / product)).collect();
    (dims.iter().try_fold(1usize, |product, &size| product.checked_mul(size)) == Some(elements)).then_some(dims)
}
