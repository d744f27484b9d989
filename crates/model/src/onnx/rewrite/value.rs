//! What a node of a quantised model computes.
use super::super::constant::Element;
use super::super::error::NodeId;
use super::super::value::View;
use super::tensor::{Floats, Numbers};
use judge::{Layer, Window};

/// Quantises one real number to i8 with a zero point in i8's terms: half to even, saturated.
pub fn quantise(value: f32, scale: f32, zero: i32) -> i8 {
    let steps = (value / scale).round_ties_even();
    // Casts saturate; what is not a number becomes zero.
    (steps as i64).saturating_add(zero.into()).clamp(-128, 127) as i8
}

/// A tensor that a layer gives, or the model's input.
#[derive(Clone, Debug)]
pub struct Integers {
    pub source: u8,
    pub element: Element,
    pub scale: f32,
    /// In the element's terms.
    pub zero_point: i32,
    pub view: View,
}

/// A scale and a zero point in the terms of an i8 byte.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Affine {
    pub scale: f32,
    pub zero: i32,
}

/// Real numbers that depend on one byte each.
#[derive(Clone, Debug)]
pub struct Reals {
    pub source: u8,
    pub view: View,
    /// By the byte as an index.
    pub values: Vec<f32>,
    /// Unless a function was applied.
    pub affine: Option<Affine>,
}

impl Reals {
    pub fn map(&self, f: impl Fn(f32) -> f32) -> Self {
        let values = self.values.iter().map(|&v| f(v)).collect();
        Reals { values, affine: None, ..self.clone() }
    }
}

#[derive(Clone, Debug)]
pub enum Body {
    Product(Product),
    Sum([(u8, Affine); 2]),
    Average { source: u8, affine: Affine, spec: Layer, window: Window },
}

/// A product whose input and weights are integers with scales.
#[derive(Clone, Debug)]
pub struct Product {
    pub spec: Layer,
    pub input: Affine,
    /// `n` columns of `k`, less their zero points, in the order of the input's row.
    pub columns: Vec<i16>,
    /// One for all columns, or one each.
    pub scales: Vec<f32>,
    /// One for each column; real numbers.
    pub bias: Vec<f64>,
}

/// Real numbers on their way from accumulators to a quantised tensor.
#[derive(Clone, Debug)]
pub struct Pending {
    pub node: NodeId,
    pub view: View,
    pub body: Body,
    /// Clamped to these.
    pub low: f32,
    pub high: f32,
}

#[derive(Clone, Debug)]
pub enum Value {
    /// The model's input before it is quantised.
    Input(View),
    Integers(Integers),
    Reals(Reals),
    Pending(Box<Pending>),
    Numbers(Numbers),
    Floats(Floats),
}
