//! Which layers are recomputed and which are tested: one rule for the worker and the client.
use judge::Layer;
use model::Model;

/// How a layer is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Run the layer again and compare.
    Recompute,
    /// Test the served accumulators with a random vector, requantise them and compare.
    Product,
}

/// The rule's unit is one multiply-accumulate of a recomputation, at 32 a nanosecond: one core with AVX2 and without
/// VNNI, the client for whom the choice matters most. (`cargo run --release -p verify --example cost` measures both.)
///
/// Testing costs 8 of them (0.25 ns) for each i8 that meets the random vector ...
const TEST_I8: u64 = 8;
/// ... and 12 (0.37 ns) for each accumulator.
const TEST_I32: u64 = 12;
/// Fetching an accumulator of 4 bytes costs 1,024 (32 ns at 1 Gbit/s). It decides: up to a width of about 1,024 it is
/// faster to recompute than to wait for the accumulators.
const FETCH: u64 = 1024;

/// The cheaper way to check a layer over `rows` rows of input. Layers without weights are recomputed. It depends on nothing but its arguments, so that a worker knows
/// which accumulators its client will want.
pub fn method(layer: &Layer, rows: u32) -> Method {
    if !layer.is_product() {
        return Method::Recompute;
    }
    // Rows of the product: of a convolution, one for each place of its window.
    let rows = u64::from(rows) * u64::from(layer.places());
    let (k, n) = (u64::from(layer.k()), u64::from(layer.n()));
    let recompute = rows * k * n;
    // Without requantisation the output is the accumulators, and nothing more is fetched.
    let fetch = if layer.requant.is_some() { FETCH } else { 0 };
    let test = TEST_I8 * k * (n + rows) + (TEST_I32 + fetch) * rows * n;
    if recompute <= test { Method::Recompute } else { Method::Product }
}

/// Per layer, whether its accumulators belong in a result: where [`method`] has the client test them, unless they are the
/// layer's output anyway.
pub fn served(model: &Model, rows: u32) -> Vec<bool> {
    let layers = model.layers.iter();
    layers.map(|layer| layer.spec.requant.is_some() && method(&layer.spec, rows) == Method::Product).collect()
}

/// The accumulators that are [`served`], of every layer's, with bias.
pub fn accumulators_to_serve(model: &Model, rows: u32, accumulators: Vec<Vec<i32>>) -> Vec<Option<Vec<i32>>> {
    served(model, rows).into_iter().zip(accumulators).map(|(served, sums)| served.then_some(sums)).collect()
}
