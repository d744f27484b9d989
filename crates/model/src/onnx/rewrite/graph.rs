//! Walks a quantised graph from its input to its output.
use super::super::constant::{Constant, Element, sizes};
use super::super::error::{ImportError, NodeId};
use super::super::graph::{Graph, node_id};
use super::super::proto::{GraphProto, NodeProto, element};
use super::super::value::View;
use super::emit::{Layers, Target};
use super::tensor::{Floats, Numbers};
use super::value::{Affine, Integers, Reals, Value};
use super::{Port, Rewritten};
use crate::Model;
use judge::Shape;
use std::collections::HashMap;

/// What a node is given.
#[derive(Clone, Debug)]
pub enum Arg {
    Value(Value),
    Constant(Constant),
    Sizes(Vec<i64>),
    Absent,
}

pub struct Walk<'a> {
    graph: &'a GraphProto,
    names: Graph<'a>,
}

/// What is known so far.
pub struct State {
    pub layers: Layers,
    /// The model's input, once its scale is known.
    pub input: Option<Port>,
    pub notes: Vec<String>,
    /// Of the input, in the file.
    name: String,
    dims: Vec<usize>,
}

impl<'a> Walk<'a> {
    pub fn new(graph: &'a GraphProto) -> Result<Self, ImportError> {
        Ok(Walk { graph, names: Graph::new(graph)? })
    }

    /// The rewritten model. Images lie pixel by pixel; where the file has them so itself, its input is taken as it is.
    pub fn run(&self, name: &str) -> Result<Rewritten, ImportError> {
        let (_, _, dims) = self.names.input_port()?;
        match (self.walk(name, image(&dims)), &dims[..]) {
            (Err(error @ ImportError::Shape { .. }), [_, _, _]) => {
                self.walk(name, View::row_major(&dims)).map_err(|_| error)
            }
            (result, _) => result,
        }
    }

    fn walk(&self, name: &str, view: Option<View>) -> Result<Rewritten, ImportError> {
        let (input, data_type, dims) = self.names.input_port()?;
        let refuse = |reason: String| ImportError::Port { port: "input", name: input.into(), reason };
        let view = view.ok_or_else(|| refuse(format!("a row of {dims:?} is empty or too large")))?;
        let first = match (data_type, Element::from_proto(data_type)) {
            // Places are given when it is quantised: until then they are those of the file.
            (element::FLOAT, _) => Value::Input(View { order: (0..view.order.len() as u32).collect(), ..view }),
            (_, Some(element @ (Element::U8 | Element::I8))) => {
                Value::Integers(Integers { source: 0, element, scale: 1.0, zero_point: 0, view })
            }
            _ => return Err(refuse(format!("element type {data_type} is not FLOAT, UINT8 or INT8"))),
        };
        let (name_of, notes) = (input.to_string(), Vec::new());
        let mut state = State { layers: Layers::default(), input: None, notes, name: name_of, dims: dims.clone() };
        if let Value::Integers(x) = &first {
            state.port(x, false);
        }
        let mut values: HashMap<&str, Value> = HashMap::from([(input, first)]);
        for index in self.names.order()? {
            let (node, id) = (&self.graph.node[index], node_id(&self.graph.node, index));
            let args = node.input.iter().map(|name| self.arg(node, name, &values)).collect::<Result<Vec<_>, _>>()?;
            let result = self.names.result(index);
            let last = self.graph.output.iter().any(|output| output.name == result);
            let value = state.node(node, &id, &args, last)?;
            values.insert(result, value);
        }
        let output = self.graph.output[0].name.as_str();
        let value = values.remove(output);
        let refuse = |reason: &str| ImportError::Port { port: "output", name: output.into(), reason: reason.into() };
        let port = |x: &Integers, real| Port { name: output.into(), ..port(x, real) };
        let (source, output) = match value {
            Some(Value::Integers(x)) => (x.source, port(&x, false)),
            Some(Value::Reals(Reals { source, view, affine: Some(Affine { scale, zero }), .. })) => {
                // In i8's terms: another element would read the same bytes.
                let x = Integers { source, element: Element::I8, scale, zero_point: zero, view };
                (source, port(&x, true))
            }
            Some(Value::Pending(x)) => {
                let accumulators = state.layers.accumulators(&x)?;
                (state.layers.layers.len() as u8, Port { name: output.into(), ..accumulators })
            }
            _ => return Err(refuse("it is not quantised: end with QuantizeLinear, or a product")),
        };
        if usize::from(source) != state.layers.layers.len() {
            return Err(refuse("it is not what the last layer gives"));
        }
        let input = state.input.ok_or_else(|| ImportError::Graph("the input is never quantised".into()))?;
        let Layers { layers, file, rounded } = state.layers;
        let model = Model::new(name, (i8::MIN, i8::MAX), layers)?;
        Ok(Rewritten { model, input, output, file, rounded, notes: state.notes })
    }

    fn arg(&self, node: &NodeProto, name: &str, values: &HashMap<&str, Value>) -> Result<Arg, ImportError> {
        if name.is_empty() {
            return Ok(Arg::Absent);
        }
        if let Some(value) = values.get(name) {
            return Ok(Arg::Value(value.clone()));
        }
        let Some(tensor) = self.names.constant(name) else { return Ok(Arg::Absent) };
        match tensor.data_type {
            element::INT64 if node.op_type != "Constant" => sizes(tensor, name).map(Arg::Sizes),
            element::FLOAT => Ok(Arg::Value(Value::Floats(Floats::read(tensor, name)?))),
            _ => Constant::read(tensor, name).map(Arg::Constant),
        }
    }
}

fn image(dims: &[usize]) -> Option<View> {
    let narrow = |size: usize| u16::try_from(size).ok().filter(|&size| size > 0);
    match *dims {
        [c, h, w] => {
            let shape = Shape { height: narrow(h)?, width: narrow(w)?, channels: narrow(c)? };
            View::row_major(dims).map(|_| View::image(shape))
        }
        _ => View::row_major(dims),
    }
}

fn port(x: &Integers, real: bool) -> Port {
    Port {
        name: String::new(),
        element: x.element,
        scale: x.scale,
        zero_point: x.zero_point,
        real,
        dims: x.view.dims.clone(),
        order: x.view.order.clone(),
    }
}

impl State {
    /// Notes how the input is read.
    fn port(&mut self, x: &Integers, real: bool) {
        self.input = Some(Port { name: self.name.clone(), ..port(x, real) });
    }

    /// `QuantizeLinear`, whoever writes it.
    pub fn quantise(&mut self, id: &NodeId, x: &Value, to: Target) -> Result<Value, ImportError> {
        let refuse = |reason: &str| ImportError::Operand { node: id.clone(), reason: reason.into() };
        match x {
            Value::Input(view) => {
                let Target { scale, zero_point, element } = to;
                let places = image(&view.dims).ok_or_else(|| refuse("a row of the input is empty or too large"))?;
                let mut order = vec![0; places.order.len()];
                view.order.iter().zip(&places.order).for_each(|(&at, &place)| order[at as usize] = place);
                let port = Port {
                    name: self.name.clone(),
                    element,
                    scale,
                    zero_point,
                    real: true,
                    dims: self.dims.clone(),
                    order,
                };
                if self.input.as_ref().is_some_and(|before| *before != port) {
                    return Err(refuse(
                        "it quantises the input, which another node quantises with another scale or shape",
                    ));
                }
                self.input = Some(port);
                Ok(Value::Integers(Integers { source: 0, element, scale, zero_point, view: places }))
            }
            Value::Reals(x) => self.layers.table(id, x, to).map(Value::Integers),
            Value::Pending(x) => self.layers.quantise(x, to).map(Value::Integers),
            Value::Integers(_) | Value::Numbers(_) | Value::Floats(_) => {
                Err(refuse("its input is not computed from the model's input in real numbers"))
            }
        }
    }

    /// `DequantizeLinear`, whoever writes it.
    pub fn dequantise(&mut self, id: &NodeId, x: &Arg, target: Target) -> Result<Value, ImportError> {
        let refuse = |reason: String| ImportError::Operand { node: id.clone(), reason };
        match x {
            Arg::Value(Value::Integers(x)) if x.element == target.element => {
                if x.source == 0
                    && let Some(port) = &mut self.input
                    && !port.real
                {
                    (port.scale, port.zero_point) = (target.scale, target.zero_point);
                }
                let zero = target.zero_point - if x.element == Element::U8 { 128 } else { 0 };
                let affine = Affine { scale: target.scale, zero };
                let real = |byte: u8| (i32::from(byte as i8) - zero) as f32 * target.scale;
                let values = (0..=255).map(real).collect();
                Ok(Value::Reals(Reals { source: x.source, view: x.view.clone(), values, affine: Some(affine) }))
            }
            Arg::Value(Value::Integers(x)) => {
                Err(refuse(format!("its input is {}, its zero point {}", x.element, target.element)))
            }
            _ => Err(refuse("its input is not quantised".into())),
        }
    }

    /// Constant weights or biases with their scales.
    pub fn numbers(
        id: &NodeId,
        constant: &Constant,
        scales: &Floats,
        zero_points: Option<&Constant>,
        axis: i64,
    ) -> Result<Numbers, ImportError> {
        Numbers::new(constant, scales, zero_points, axis)
            .map_err(|reason| ImportError::Operand { node: id.clone(), reason })
    }
}
