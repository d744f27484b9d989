//! The cells that take most to judge, in models of as many layers as there can be: the program's heap of 32 KiB and the compute
//! units that the client asks for suffice for the refund and the slash after a fault, and for the answer in an audit.
use crate::dispute_kinds::convicted;
use judge::audit;
use judge::layer::MAX_LAYERS;
use judge::{Layer, Op, Requant, Shape, Window};
use model::Model;
use program_tests::graphs;
use program_tests::{Net, Work, stranger};

const REQUANT: Option<Requant> = Some(Requant { shift1: 0, mul: 16_000, shift2: 17, zero_point: 0, lo: -128, hi: 127 });

/// `op` on an image, followed by lookups: `layers` in all.
fn model(layers: usize, [height, width, channels]: [u16; 3], op: Op) -> Model {
    let input = Shape { height, width, channels };
    let requant = REQUANT.filter(|_| !matches!(op, Op::MaxPool { .. }));
    let first = Layer { op, from: 0, input, requant, weight_root: [0; 32] };
    let lookup = |from| Layer { op: Op::Lookup, from, input: first.output(), requant: None, weight_root: [0; 32] };
    let rest = (1..layers as u8).map(lookup);
    graphs::of("widest", &std::iter::once(first).chain(rest).collect::<Vec<_>>())
}

/// What takes much, and a model whose first layer is that.
fn widest() -> [(&'static str, Model); 7] {
    let window = |height, width| Window { kernel: [height, width], stride: [1; 2], padding: [0; 4], fill: -3 };
    let conv = |height, width| Op::Conv { window: window(height, width), n: 1 };
    let long = |image, op| model(MAX_LAYERS, image, op);
    let average = Op::AveragePool { window: window(32, 32) };
    [
        ("fully connected", long([1, 1, u16::MAX], Op::Gemm { n: 1 })),
        ("240 of 242 segments", long([242, 256, 1], conv(240, 255))),
        ("every other segment", long([216, 2, 256], conv(216, 1))),
        ("average of one channel", long([32, 32, 1], average)),
        ("average of one channel and nothing else", model(1, [32, 32, 1], average)),
        ("maximum of one channel", long([32, 32, 1], Op::MaxPool { window: window(32, 32) })),
        ("maximum of one channel of many", long([16, 16, 2_048], Op::MaxPool { window: window(16, 16) })),
    ]
}

fn registered(model: &Model) -> Net {
    let mut net = Net::new();
    net.register(&stranger(), model);
    net
}

#[test]
fn a_wrong_cell_of_the_widest_layers_is_convicted_in_the_longest_models() {
    for (name, model) in widest() {
        let (mut net, cell) = (registered(&model), (0, 1, 0));
        let job = net.cheated(&model, cell);
        let honest = Work::honest(&model, job.address, 2);
        let cu = convicted(&mut net, &job, &honest, cell);
        println!("{name}: {cu} CU with refund and slash, {} bytes of evidence", job.work.evidence(cell).len());
    }
}

#[test]
fn a_right_cell_of_the_widest_layers_is_answered_in_the_longest_models() {
    for (name, model) in widest() {
        let mut net = registered(&model);
        let job = net.committed(&model);
        let layers = model.specs();
        net.draw_by(&job, |seed| {
            audit::is_drawn(seed, program_tests::net::AUDIT_BPS)
                && audit::cell(seed, 0, &layers, 2).is_some_and(|cell| cell.layer == 0)
        });
        println!("{name}: {} CU to answer", net.answer(&job, 0).cu);
    }
}
