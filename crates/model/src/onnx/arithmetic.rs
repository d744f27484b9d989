//! Operators with constant operands, and sums of two values.
use super::constant::{Constant, Element};
use super::error::{ImportError, NodeId};
use super::formula::{Formula, Interval};
use super::graph::Operand;
use super::product::range_of;
use super::value::{Activations, Body, Sums, Term};

/// The constants of a node with one value, `None` where one is left out, and whether the value comes first.
fn constants<'a>(
    id: &NodeId,
    operands: &'a [Operand],
    element: Element,
) -> Result<(Vec<Option<&'a Constant>>, bool), ImportError> {
    let refuse = |reason: String| ImportError::Operand { node: id.clone(), reason };
    let mut constants = Vec::new();
    for operand in operands {
        match operand {
            Operand::Constant(c) if c.element == element => constants.push(Some(c)),
            Operand::Constant(_) | Operand::Sizes(_) => {
                return Err(refuse(format!("its constants are not {element}, as its input is")));
            }
            Operand::Absent => constants.push(None),
            Operand::Value(_) => {}
        }
    }
    if operands.len() != constants.len() + 1 {
        return Err(refuse("exactly one operand must be the value computed so far".into()));
    }
    Ok((constants, matches!(operands.first(), Some(Operand::Value(_)))))
}

fn scalar(id: &NodeId, c: Option<&Constant>, rank: usize) -> Result<i128, ImportError> {
    let refuse = |reason: String| ImportError::Operand { node: id.clone(), reason };
    let c = c.ok_or_else(|| refuse("an operand is missing".into()))?;
    let value = c.scalar(rank + 1).map(i128::from);
    value.ok_or_else(|| refuse(format!("its constant has shape {:?}: use one value", c.dims)))
}

/// Applies an INT32 operator with constant operands to what was computed from the accumulators.
pub fn arithmetic(op: &str, sums: &mut Sums, id: &NodeId, operands: &[Operand]) -> Result<(), ImportError> {
    let refuse = |reason: &str| ImportError::Operand { node: id.clone(), reason: reason.into() };
    let inexact = |reason| ImportError::Inexact { node: id.clone(), reason };
    let (constants, value_first) = constants(id, operands, Element::I32)?;
    let rank = sums.view.dims.len();
    let scalar = |c| scalar(id, c, rank);
    match (op, &constants[..]) {
        ("Add" | "Sub", &[Some(c)]) if c.scalar(rank + 1).is_none() => bias(op, sums, id, c),
        ("Add", &[c]) => sums.formula.add(scalar(c)?).map_err(inexact),
        ("Sub", &[c]) if value_first => sums.formula.add(-scalar(c)?).map_err(inexact),
        ("Mul", &[c]) => {
            let c = scalar(c)?;
            match &mut sums.body {
                // A term of a sum to be, and not yet rescaled.
                Body::Linear(terms)
                    if terms.len() == 1
                        && terms[0].multiplier == 1
                        && sums.formula.is_sum()
                        && sums.formula.bias() == 0
                        && c != 0
                        && i16::try_from(c).is_ok() =>
                {
                    terms[0].multiplier = c;
                    sums.formula = Formula::new(scaled(&terms[0])).map_err(inexact)?;
                    Ok(())
                }
                _ => sums.formula.mul(c).map_err(inexact),
            }
        }
        ("Div", &[c]) if value_first => sums.formula.div(scalar(c)?).map_err(inexact),
        ("Sub" | "Div", &[_]) => Err(refuse("the constant must be its second operand")),
        _ => {
            for step in clamps(op, id, &constants, value_first, rank)? {
                match step {
                    Clamp::Max(c) => sums.formula.max(c),
                    Clamp::Min(c) => sums.formula.min(c),
                }
            }
            Ok(())
        }
    }
}

/// A bias of each column.
fn bias(op: &str, sums: &mut Sums, id: &NodeId, c: &Constant) -> Result<(), ImportError> {
    let refuse = |reason: &str| ImportError::Operand { node: id.clone(), reason: reason.into() };
    if op == "Sub" {
        return Err(refuse("write the bias of each column as an Add"));
    }
    let Body::Product(product) = &mut sums.body else {
        return Err(refuse("only a product has a bias of each column: use one value"));
    };
    let (n, dims) = (product.bias.len(), &sums.view.dims);
    let row = c.by_first(n, dims.len()).ok_or_else(|| ImportError::Shape {
        node: id.clone(),
        reason: match dims.len() {
            1 => format!("its constant is {:?}, but its input has {n} columns", c.dims),
            _ => format!("its constant is {:?}, but its input has {n} channels: use [{n}, 1, 1]", c.dims),
        },
    })?;
    if !sums.formula.is_sum() || sums.formula.bias() != 0 {
        return Err(refuse("a bias of each column must directly follow its MatMulInteger or ConvInteger"));
    }
    for (bias, &c) in product.bias.iter_mut().zip(row) {
        *bias += i128::from(c);
    }
    sums.formula = Formula::new(range_of(&product.products, &product.bias))
        .map_err(|reason| ImportError::Inexact { node: id.clone(), reason })?;
    Ok(())
}

/// A step of `Max`, `Min`, `Clip` or `Relu`.
#[derive(Clone, Copy)]
enum Clamp {
    Max(i128),
    Min(i128),
}

fn clamps(
    op: &str,
    id: &NodeId,
    constants: &[Option<&Constant>],
    value_first: bool,
    rank: usize,
) -> Result<Vec<Clamp>, ImportError> {
    let scalar = |c| scalar(id, c, rank);
    match (op, constants) {
        ("Relu", []) => Ok(vec![Clamp::Max(0)]),
        ("Max", constants) => constants.iter().map(|&c| Ok(Clamp::Max(scalar(c)?))).collect(),
        ("Min", constants) => constants.iter().map(|&c| Ok(Clamp::Min(scalar(c)?))).collect(),
        ("Clip", constants) if value_first && constants.len() <= 2 => {
            let mut steps = Vec::new();
            if let Some(&low @ Some(_)) = constants.first() {
                steps.push(Clamp::Max(scalar(low)?));
            }
            if let Some(&high @ Some(_)) = constants.get(1) {
                steps.push(Clamp::Min(scalar(high)?));
            }
            Ok(steps)
        }
        _ => Err(ImportError::Operand { node: id.clone(), reason: "it has the wrong number of operands".into() }),
    }
}

/// What a clamp of activations makes of each value in their range: a table, and the range of its results. `None` if it
/// changes nothing.
pub fn table(
    op: &str,
    id: &NodeId,
    operands: &[Operand],
    x: &Activations,
) -> Result<Option<(Vec<u8>, Interval)>, ImportError> {
    let (constants, value_first) = constants(id, operands, x.element)?;
    let steps = clamps(op, id, &constants, value_first, x.view.dims.len())?;
    let clamp = |v: i128| {
        steps.iter().fold(v, |v, step| match *step {
            Clamp::Max(c) => v.max(c),
            Clamp::Min(c) => v.min(c),
        })
    };
    let range = Interval { low: clamp(x.range.low), high: clamp(x.range.high) };
    if range.high > 127 {
        let reason = format!("its result can be {}: the judge reads bytes as INT8", range.high);
        return Err(ImportError::Inexact { node: id.clone(), reason });
    }
    let table = (0..=255u8).map(|byte| clamp(i128::from(byte as i8)) as u8).collect();
    Ok((range != x.range).then_some((table, range)))
}

/// What a term can be.
fn scaled(term: &Term) -> Interval {
    let (a, b) = (term.range.low * term.multiplier, term.range.high * term.multiplier);
    Interval { low: a.min(b), high: a.max(b) }
}

/// The sum of two INT32 values, each of which is activations times a constant.
pub fn add(id: &NodeId, x: Sums, y: Sums) -> Result<Sums, ImportError> {
    let refuse = |reason: &str| ImportError::Operand { node: id.clone(), reason: reason.into() };
    let (Body::Linear(mut terms), Body::Linear(more)) = (x.body, y.body) else {
        return Err(refuse(
            "a product cannot be added to another value: requantise and Cast it to INT8 or UINT8 first",
        ));
    };
    if terms.len() + more.len() > 2 || !x.formula.is_sum() || !y.formula.is_sum() {
        return Err(refuse("two values can be added if each is activations, Cast to INT32, at most times a constant"));
    }
    if x.view != y.view {
        let reason = format!("its inputs are {:?} and {:?}, or lie in different orders", x.view.dims, y.view.dims);
        return Err(ImportError::Shape { node: id.clone(), reason });
    }
    terms.extend(more);
    let inexact = |reason| ImportError::Inexact { node: id.clone(), reason };
    let ends = terms.iter().map(scaled).fold(Interval { low: 0, high: 0 }, |sum, term| Interval {
        low: sum.low + term.low,
        high: sum.high + term.high,
    });
    let mut formula = Formula::new(ends).map_err(inexact)?;
    formula.add(x.formula.bias() + y.formula.bias()).map_err(inexact)?;
    Ok(Sums { node: id.clone(), body: Body::Linear(terms), view: x.view, formula })
}
