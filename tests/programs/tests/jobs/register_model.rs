use client::{address, jobs_ix};
use jobs::ModelArgs;
use jobs::events::ModelRegistered;
use jobs::state::{Draft, LayerRecord, Model};
use judge::{Layer, Requant, Shape};
use program_tests::net::model_args;
use program_tests::registry::{self, close_draft, open_draft, register_with_draft, write_draft};
use program_tests::{ALREADY_IN_USE, Net, event, graphs, stranger, user, work};
use solana_signer::Signer;

/// A model of these widths, registered by nobody yet.
fn args(widths: &[u32]) -> ModelArgs {
    model_args(&work::model("m", widths))
}

/// The table after `change`, under the root that it then has.
fn changed(widths: &[u32], change: impl FnOnce(&mut Vec<Layer>)) -> ModelArgs {
    let args = args(widths);
    let mut layers: Vec<Layer> = args.layers.iter().map(|record| record.layer().unwrap()).collect();
    change(&mut layers);
    let records = layers.iter().copied().map(LayerRecord::from).collect();
    ModelArgs { root: judge::model_root(&layers), layers: records, ..args }
}

#[track_caller]
fn refused(error: &str, args: ModelArgs) {
    let register = jobs_ix::register_model(stranger().pubkey(), args);
    Net::new().refused(error, &[register], &[&stranger()]);
}

#[test]
fn anyone_registers_a_model_once() {
    let mut net = Net::new();
    let args = args(&[5, 6, 7]);
    let register = jobs_ix::register_model(stranger().pubkey(), args.clone());
    let meta = net.ok(std::slice::from_ref(&register), &[&stranger()]);
    let registered: ModelRegistered = event::first(&meta.events);
    assert_eq!((registered.input_width, registered.output_width, registered.macs_per_row), (5, 7, 5 * 6 + 6 * 7));
    let stored: Model = net.vm.read(&address::model(&args.root)).unwrap();
    assert_eq!((stored.layers, stored.publisher, stored.max_rows), (args.layers, stranger().pubkey(), 1 << 20));
    net.refused(ALREADY_IN_USE, &[register], &[&stranger()]);
}

#[test]
fn a_graph_of_every_kind_is_registered_as_it_is() {
    let (mut net, model) = (Net::new(), graphs::every_kind());
    let args = model_args(&model);
    let meta = net.ok(&[jobs_ix::register_model(stranger().pubkey(), args)], &[&stranger()]);
    let registered: ModelRegistered = event::first(&meta.events);
    assert_eq!((registered.layers, registered.input_width, registered.output_width), (7, 256, 5));
    assert_eq!(registered.macs_per_row, 64 * 12 * (4 + 108) + 192 * 5);
    let stored: Model = net.vm.read(&address::model(&model.root())).unwrap();
    let layers: Vec<Layer> = stored.layers.iter().map(|record| record.layer().unwrap()).collect();
    assert_eq!(layers, model.specs());
}

#[test]
fn ten_layers_fit_a_transaction_and_forty_eight_a_draft() {
    let mut net = Net::new();
    net.ok(&[jobs_ix::register_model(stranger().pubkey(), args(&[2; 11]))], &[&stranger()]);
    let longest = work::model("longest", &[3; 49]);
    let cu = net.register(&stranger(), &longest);
    println!("register_model with 48 layers: {cu} CU");
    assert!(cu < 200_000, "{cu} CU");
    let stored: Model = net.vm.read(&address::model(&longest.root())).unwrap();
    assert_eq!(stored.layers, model_args(&longest).layers);
    assert!(net.vm.account(&registry::draft(&stranger().pubkey(), &longest.root())).is_none(), "closed");
    // Cells of its first and last layer can be disputed.
    for cell in [(0, 1, 2), (47, 0, 1)] {
        let mut net = net.clone();
        let job = net.cheated(&longest, cell);
        net.upload(&stranger(), job.address, &job.work.evidence(cell));
        let dispute = net.dispute(&stranger(), job.address, cell);
        net.ok(&[dispute], &[&stranger()]);
    }
}

#[test]
fn what_the_arguments_have_comes_before_the_draft() {
    let (mut net, args) = (Net::new(), args(&[3; 13]));
    net.draft(&stranger(), args.root, &args.layers[4..]);
    let first = ModelArgs { layers: args.layers[..4].to_vec(), ..args.clone() };
    net.ok(&[register_with_draft(stranger().pubkey(), first)], &[&stranger()]);
    let stored: Model = net.vm.read(&address::model(&args.root)).unwrap();
    assert_eq!(stored.layers, args.layers);
}

#[test]
fn more_than_forty_eight_layers_are_refused() {
    let (mut net, me) = (Net::new(), stranger());
    let args = args(&[3; 48]);
    net.draft(&me, args.root, &[&args.layers[..], &args.layers[..1]].concat());
    let more = |count| ModelArgs { layers: args.layers[..count].to_vec(), ..args.clone() };
    net.refused("BadLayers", &[register_with_draft(me.pubkey(), more(1))], &[&me]);
    net.refused("BadLayers", &[register_with_draft(me.pubkey(), more(0))], &[&me]);
    refused("BadLayers", changed(&[2, 2], |layers| layers.clear()));
}

#[test]
fn a_draft_has_1_to_48_layers_and_is_its_publishers_alone() {
    let (mut net, me, other, root) = (Net::new(), stranger(), user(0), [7; 32]);
    for layers in [0, 49, u8::MAX] {
        net.refused("BadLayers", &[open_draft(me.pubkey(), root, layers)], &[&me]);
    }
    net.ok(&[open_draft(me.pubkey(), root, 48)], &[&me]);
    let size = net.vm.account(&registry::draft(&me.pubkey(), &root)).unwrap().data.len();
    assert_eq!(size, Draft::HEADER + 48 * 64);
    let write = |offset, bytes| write_draft(me.pubkey(), root, offset, bytes);
    for (offset, length) in [(48 * 64, 1), (48 * 64 - 1, 2), (u16::MAX, 1)] {
        net.refused("BadLayers", &[write(offset, vec![1; length])], &[&me]);
    }
    net.ok(&[write(48 * 64 - 1, vec![1])], &[&me]);
    let mine = registry::draft(&me.pubkey(), &root);
    let his = |root| registry::draft(&other.pubkey(), &root);
    let model = args(&[5, 6]);
    let stolen = [
        (write_draft(other.pubkey(), root, 0, vec![1]), his(root)),
        (close_draft(other.pubkey(), root), his(root)),
        (register_with_draft(other.pubkey(), model.clone()), his(model.root)),
    ];
    for (instruction, his) in stolen {
        net.refused("WrongOwner", &[program_tests::forge::replace(instruction, his, mine)], &[&other]);
    }
    net.ok(&[close_draft(me.pubkey(), root)], &[&me]);
    assert!(net.vm.account(&mine).is_none());
}

#[test]
fn sizes_up_to_65535_fit() {
    let requant = Some(Requant { shift1: 0, mul: 1, shift2: 1, zero_point: 0, lo: 0, hi: 1 });
    let widest = changed(&[65_535, 4], |l| l[0].requant = requant);
    Net::new().ok(&[jobs_ix::register_model(stranger().pubkey(), widest)], &[&stranger()]);
    let too_wide = Shape { height: 256, width: 256, channels: 1 };
    refused("BadLayers", changed(&[2, 2], |l| l[0].input = too_wide));
    refused("BadLayers", changed(&[2, 2], |l| l[0].input = Shape::flat(0)));
    refused("BadLayers", changed(&[2, 2], |l| l[0].op = judge::Op::Gemm { n: 0 }));
}

#[test]
fn shapes_that_do_not_fit_and_unused_outputs_are_refused() {
    refused("BadLayers", changed(&[5, 6, 7], |l| l[1].input = Shape::flat(5)));
    refused("BadLayers", changed(&[5, 6, 7], |l| l[1].from = 2));
    refused("BadLayers", changed(&[5, 5, 7], |l| l[1].from = 0));
    refused("BadLayers", changed(&[5, 6, 7], |l| l[0].requant = None));
}

#[test]
fn records_that_are_no_layers_are_refused() {
    for (at, value) in [(0, 0), (0, 7), (1, 2), (18, 1), (28, 1)] {
        let mut args = args(&[5, 6]);
        args.layers[0].bytes[at] = value;
        refused("BadLayers", args);
    }
}

#[test]
fn requantisation_outside_its_bounds_is_refused() {
    type Change = fn(&mut Requant);
    let changes: [Change; 5] =
        [|q| q.shift1 = 32, |q| q.shift2 = 0, |q| q.shift2 = 31, |q| q.mul = 0, |q| (q.lo, q.hi) = (1, 0)];
    for change in changes {
        refused("BadLayers", changed(&[5, 6, 7], |l| change(l[0].requant.as_mut().unwrap())));
    }
}

#[test]
fn a_root_of_another_table_is_refused() {
    let other = args(&[5, 6, 8]).root;
    refused("WrongModelRoot", ModelArgs { root: other, ..args(&[5, 6, 7]) });
    let mut swapped = args(&[5, 6, 7]);
    swapped.layers[1].bytes[63] ^= 1;
    refused("WrongModelRoot", swapped);
}

#[test]
fn a_name_is_1_to_32_bytes() {
    refused("BadName", ModelArgs { name: String::new(), ..args(&[5, 6]) });
    refused("BadName", ModelArgs { name: "x".repeat(33), ..args(&[5, 6]) });
    let named = ModelArgs { name: "x".repeat(32), ..args(&[5, 6]) };
    Net::new().ok(&[jobs_ix::register_model(stranger().pubkey(), named)], &[&stranger()]);
}

#[test]
fn a_batch_is_no_larger_than_the_models_evidence_allows() {
    let (mut net, model) = (Net::new(), graphs::gemm(4096));
    net.register(&stranger(), &model);
    let stored: Model = net.vm.read(&address::model(&model.root())).unwrap();
    assert_eq!(stored.max_rows, judge::max_rows(&model.specs()));
    let (seq, job) = net.next_job(&user(0), &model, 1);
    let args = program_tests::net::post_args(seq, &job);
    let post = |rows| jobs_ix::post_job(user(0).pubkey(), &model.root(), jobs::PostArgs { rows, ..args });
    for rows in [0, stored.max_rows + 1] {
        net.refused("BadRows", &[post(rows)], &[&user(0)]);
    }
    net.ok(&[post(stored.max_rows)], &[&user(0)]);
}
