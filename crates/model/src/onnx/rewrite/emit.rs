//! Layers of a rewritten model, each with what the file computes in its place.
use super::super::constant::Element;
use super::super::error::{ImportError, NodeId};
use super::super::value::View;
use super::reference::{FileLayer, FileRule};
use super::scale::rule;
use super::value::{Affine, Body, Integers, Pending, Product, Reals, quantise};
use super::{Port, Rounded};
use crate::ModelLayer;
use judge::layer::MAX_LAYERS;
use judge::{Layer, LayerError, Op, Window};

/// The scale and the zero point that a node quantises to, in the file's terms.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Target {
    pub scale: f32,
    pub zero_point: i32,
    pub element: Element,
}

impl Target {
    fn affine(&self) -> Affine {
        Affine { scale: self.scale, zero: self.zero_point - if self.element == Element::U8 { 128 } else { 0 } }
    }

    fn integers(&self, source: u8, view: View) -> Integers {
        let &Target { scale, zero_point, element } = self;
        Integers { source, element, scale, zero_point, view }
    }
}

/// Layers so far.
#[derive(Default)]
pub struct Layers {
    pub layers: Vec<ModelLayer>,
    pub file: Vec<FileLayer>,
    pub rounded: Vec<Rounded>,
}

/// Weights of one scale: the scale, and the columns.
struct OneScale {
    scale: f64,
    columns: Vec<i8>,
    /// If they had to be rounded: the greatest ratio of two scales.
    rounded: Option<f32>,
}

fn one_scale(product: &Product) -> OneScale {
    let (k, scales) = (product.spec.k() as usize, &product.scales);
    let scale_of = |at: usize| f64::from(scales[at / k % scales.len()]);
    let (low, high) = scales.iter().fold((f32::MAX, 0f32), |(low, high), &s| (low.min(s), high.max(s)));
    let exact: Option<Vec<i8>> = product.columns.iter().map(|&w| i8::try_from(w).ok()).collect();
    if let Some(columns) = exact.filter(|_| low == high) {
        return OneScale { scale: f64::from(low), columns, rounded: None };
    }
    let largest = product.columns.iter().enumerate().map(|(at, &w)| f64::from(w).abs() * scale_of(at));
    let scale = largest.fold(f64::MIN_POSITIVE, f64::max) / 127.0;
    let round = |(at, &w): (usize, &i16)| (f64::from(w) * scale_of(at) / scale).round() as i8;
    OneScale { scale, columns: product.columns.iter().enumerate().map(round).collect(), rounded: Some(high / low) }
}

impl Layers {
    /// Appends a layer and gives its output's number.
    fn push(
        &mut self,
        id: &NodeId,
        layer: ModelLayer,
        file: impl FnOnce(Layer, &ModelLayer) -> FileLayer,
    ) -> Result<u8, ImportError> {
        if self.layers.len() == MAX_LAYERS {
            let source = LayerError::Count.into();
            return Err(ImportError::Layer { node: id.clone(), source });
        }
        self.file.push(file(layer.spec, &layer));
        self.layers.push(layer);
        Ok(self.layers.len() as u8)
    }

    fn of(&self, id: &NodeId, spec: Layer, columns: Vec<u8>) -> Result<ModelLayer, ImportError> {
        let layer = ModelLayer::of(self.layers.len(), spec, columns);
        layer.map_err(|source| ImportError::Layer { node: id.clone(), source })
    }

    /// A maximum pool of bytes.
    pub fn max_pool(&mut self, id: &NodeId, spec: Layer) -> Result<u8, ImportError> {
        let layer = self.of(id, spec, Vec::new())?;
        self.push(id, layer, |spec, _| FileLayer { spec, rule: FileRule::Same(Vec::new()) })
    }

    /// What reals of one byte each are quantised to: the bytes themselves if they stay as they are, else a lookup.
    pub fn table(&mut self, id: &NodeId, x: &Reals, to: Target) -> Result<Integers, ImportError> {
        let Affine { scale, zero } = to.affine();
        let table: Vec<u8> = x.values.iter().map(|&v| quantise(v, scale, zero) as u8).collect();
        if table.iter().enumerate().all(|(byte, &entry)| byte == usize::from(entry)) {
            return Ok(to.integers(x.source, x.view.clone()));
        }
        let source = self.lookup(id, x.source, &x.view, table)?;
        Ok(to.integers(source, x.view.clone()))
    }

    fn lookup(&mut self, id: &NodeId, from: u8, view: &View, table: Vec<u8>) -> Result<u8, ImportError> {
        let spec = Layer { op: Op::Lookup, from, input: view.any_shape(), requant: None, weight_root: [0; 32] };
        let layer = self.of(id, spec, table)?;
        self.push(id, layer, |spec, layer| FileLayer { spec, rule: FileRule::Same(layer.columns.clone()) })
    }

    /// The layer that gives a pending value as integers.
    pub fn quantise(&mut self, x: &Pending, to: Target) -> Result<Integers, ImportError> {
        let output = to.affine();
        let (lo, hi) = (quantise(x.low, output.scale, output.zero), quantise(x.high, output.scale, output.zero));
        let source = match &x.body {
            Body::Product(product) => self.product(&x.node, product, Some((output, lo, hi)))?.0,
            Body::Sum(terms) => self.sum(&x.node, terms, &x.view, output, lo, hi)?,
            Body::Average { source, affine, spec, window } => {
                let spec = Layer { from: *source, ..*spec };
                self.average(&x.node, spec, window, *affine, output, (lo, hi), &x.view)?
            }
        };
        Ok(to.integers(source, x.view.clone()))
    }

    /// The last layer, which gives accumulators.
    ///
    /// # Errors
    /// If it is no product, or clamped.
    pub fn accumulators(&mut self, x: &Pending) -> Result<Port, ImportError> {
        let refuse = |reason: &str| ImportError::Operand { node: x.node.clone(), reason: reason.into() };
        let Body::Product(product) = &x.body else {
            return Err(refuse("it ends the graph without a QuantizeLinear after it"));
        };
        if x.low != f32::NEG_INFINITY || x.high != f32::INFINITY {
            return Err(refuse("it is clamped and ends the graph: put a QuantizeLinear after it"));
        }
        let (_, scale) = self.product(&x.node, product, None)?;
        Ok(Port {
            name: String::new(),
            element: Element::I32,
            scale: scale as f32,
            zero_point: 0,
            real: true,
            dims: x.view.dims.clone(),
            order: x.view.order.clone(),
        })
    }

    fn product(
        &mut self,
        id: &NodeId,
        product: &Product,
        output: Option<(Affine, i8, i8)>,
    ) -> Result<(u8, f64), ImportError> {
        let inexact = |reason| ImportError::Operand { node: id.clone(), reason };
        let (k, input) = (product.spec.k() as usize, product.input);
        let OneScale { scale, columns, rounded } = one_scale(product);
        let unit = f64::from(input.scale) * scale;
        let rule = match output {
            None => None,
            Some((output, lo, hi)) => {
                let multiplier = unit / f64::from(output.scale);
                Some(rule(multiplier, output.zero, lo, hi, true).map_err(inexact)?)
            }
        };
        let bias = |(j, column): (usize, &[i8])| {
            let sum: i64 = column.iter().map(|&w| i64::from(w)).sum();
            let bias = ((product.bias[j] / unit).round() as i64).saturating_sub(sum * i64::from(input.zero));
            i32::try_from(bias.saturating_add(rule.map_or(0, |rule| rule.bias)))
        };
        let biases: Result<Vec<i32>, _> = columns.chunks_exact(k).enumerate().map(bias).collect();
        let biases = biases.map_err(|_| inexact("its bias is not INT32 in steps of its product".into()))?;
        let spec = Layer { requant: rule.map(|rule| rule.requant), ..product.spec };
        let layer = ModelLayer::weighted(self.layers.len(), spec, &columns, &biases);
        let layer = layer.map_err(|source| ImportError::Layer { node: id.clone(), source })?;
        if let Some(ratio) = rounded {
            self.rounded.push(Rounded { layer: self.layers.len(), node: id.to_string(), ratio });
        }
        // In FLOAT, as kernels of quantised operators have it.
        let scales = |j: usize| input.scale * product.scales[j % product.scales.len()];
        let file_bias = |(j, &b): (usize, &f64)| (b / f64::from(scales(j))).round() as i64;
        let divisor = output.map_or(unit as f32, |(output, _, _)| output.scale);
        let rule = FileRule::Product {
            input: input.zero,
            columns: product.columns.clone(),
            bias: product.bias.iter().enumerate().map(file_bias).collect(),
            multipliers: (0..product.scales.len()).map(|j| scales(j) / divisor).collect(),
            output: output.map(|(output, lo, hi)| (output.zero, lo, hi)),
        };
        Ok((self.push(id, layer, |spec, _| FileLayer { spec, rule })?, unit))
    }

    fn sum(
        &mut self,
        id: &NodeId,
        terms: &[(u8, Affine); 2],
        view: &View,
        output: Affine,
        lo: i8,
        hi: i8,
    ) -> Result<u8, ImportError> {
        let refuse = |reason| ImportError::Operand { node: id.clone(), reason };
        let [(first, x), (second, y)] = *terms;
        let unit = f64::from(x.scale.max(y.scale)) / f64::from(i16::MAX);
        let multipliers = [x, y].map(|term| (f64::from(term.scale) / unit).round() as i16);
        let rule = rule(unit / f64::from(output.scale), output.zero, lo, hi, true).map_err(refuse)?;
        let zeros = i64::from(x.zero) * i64::from(multipliers[0]) + i64::from(y.zero) * i64::from(multipliers[1]);
        let bias = i32::try_from(rule.bias - zeros).map_err(|_| refuse("its zero points are out of range".into()))?;
        let op = Op::Add { with: second, multipliers, bias };
        let (input, requant) = (view.any_shape(), Some(rule.requant));
        let layer = self.of(id, Layer { op, from: first, input, requant, weight_root: [0; 32] }, Vec::new())?;
        let rule = FileRule::Sum { inputs: [x, y], output, lo, hi };
        self.push(id, layer, |spec, _| FileLayer { spec, rule })
    }

    #[allow(clippy::too_many_arguments, reason = "one place calls it")]
    fn average(
        &mut self,
        id: &NodeId,
        spec: Layer,
        window: &Window,
        input: Affine,
        output: Affine,
        (lo, hi): (i8, i8),
        view: &View,
    ) -> Result<u8, ImportError> {
        let refuse = |reason| ImportError::Operand { node: id.clone(), reason };
        let area = window.area() as f64;
        let ratio = f64::from(input.scale) / f64::from(output.scale);
        // A pool has no bias: the zero points must come to a whole step, or the average keeps its scale and a lookup
        // changes it.
        let zero = f64::from(output.zero) - f64::from(input.zero) * ratio;
        let whole = (zero - zero.round()).abs() < 1.0 / 64.0 && zero.abs() < 127.0;
        let file = FileRule::Average { input, output, lo, hi };
        let requant = |rule: super::scale::Rule| Layer { requant: Some(rule.requant), ..spec };
        if whole {
            let rule = rule(ratio / area, zero.round() as i32, lo, hi, false).map_err(refuse)?;
            let layer = self.of(id, requant(rule), Vec::new())?;
            return self.push(id, layer, |spec, _| FileLayer { spec, rule: file });
        }
        let rule = rule(1.0 / area, 0, -128, 127, false).map_err(refuse)?;
        let layer = self.of(id, requant(rule), Vec::new())?;
        let kept = FileRule::Average { input, output: input, lo: -128, hi: 127 };
        let between = self.push(id, layer, |spec, _| FileLayer { spec, rule: kept })?;
        let entry = |byte: u8| {
            let real = (i32::from(byte as i8) - input.zero) as f32 * input.scale;
            quantise(real, output.scale, output.zero).clamp(lo, hi) as u8
        };
        let source = self.lookup(id, between, view, (0..=255).map(entry).collect())?;
        // In the file there is one rounding: of the average itself.
        if let Some(last) = self.file.last_mut() {
            *last = FileLayer { spec, rule: file };
        }
        Ok(source)
    }
}
