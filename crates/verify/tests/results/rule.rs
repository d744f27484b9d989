//! Which layers are recomputed: fixed points of the rule, which worker and client must share.
use crate::job::Job;
use judge::{Layer, Requant};
use verify::{Method, accumulators_to_serve, method};

#[test]
fn the_rule_is_the_same_for_everyone() {
    let requant = Requant { shift1: 1, mul: 1, shift2: 1, zero_point: 0, lo: 0, hi: 1 };
    let layer = |k, n, requant| Layer::gemm(0, k, n, requant);
    let cases = [
        (layer(2048, 2048, Some(requant)), 1, Method::Recompute),
        (layer(2048, 2048, Some(requant)), 16, Method::Recompute),
        (layer(2048, 2048, Some(requant)), 17, Method::Product),
        (layer(1024, 1024, Some(requant)), 60_000, Method::Recompute),
        (layer(1048, 1024, Some(requant)), 60_000, Method::Product),
        (layer(64, 9, None), 1000, Method::Recompute),
        (layer(64, 10, None), 1000, Method::Product),
        (layer(512, 512, None), 1000, Method::Product),
        (layer(512, 512, None), 8, Method::Recompute),
    ];
    for (layer, rows, expected) in cases {
        assert_eq!(method(&layer, rows), expected, "{layer:?} over {rows} rows");
    }
}

#[test]
fn only_accumulators_of_tested_layers_are_served() {
    let job = Job::new(1, 60, &[1600, 100, 40, 60], true);
    let served = accumulators_to_serve(&job.model, 60, job.accumulators.clone());
    let methods: Vec<Method> = job.model.layers.iter().map(|layer| method(&layer.spec, 60)).collect();
    assert_eq!(
        methods,
        [Method::Product, Method::Recompute, Method::Product],
        "the last layer's output is its accumulators"
    );
    assert_eq!(served, [Some(job.accumulators[0].clone()), None, None]);
}
