use client::{address, jobs_ix};
use jobs::ModelArgs;
use jobs::events::ModelRegistered;
use jobs::state::{LayerRecord, Model};
use program_tests::net::model_args;
use program_tests::{ALREADY_IN_USE, Net, event, stranger, work};
use solana_signer::Signer;

/// A model of these widths, registered by nobody yet.
fn args(widths: &[u32]) -> ModelArgs {
    model_args(&work::model("m", widths))
}

/// The table after `change`, under the root that it then has.
fn changed(widths: &[u32], change: impl FnOnce(&mut Vec<LayerRecord>)) -> ModelArgs {
    let mut args = args(widths);
    change(&mut args.layers);
    let layers = Model::layers(&args.layers);
    ModelArgs { root: judge::model_root(&layers), ..args }
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
    assert_eq!((stored.layers, stored.publisher), (args.layers, stranger().pubkey()));
    net.refused(ALREADY_IN_USE, &[register], &[&stranger()]);
}

#[test]
fn twelve_layers_fit_and_thirteen_are_refused() {
    let register = jobs_ix::register_model(stranger().pubkey(), args(&[2; 13]));
    Net::new().ok(&[register], &[&stranger()]);
    let thirteen = changed(&[2; 13], |layers| layers.insert(0, layers[0]));
    refused("BadLayers", thirteen);
    refused("BadLayers", changed(&[2, 2], |layers| layers.clear()));
}

#[test]
fn widths_up_to_2048_fit() {
    let last_i8 = |k, n| changed(&[k, n], |l| l[0].requant = args(&[1, 1, 1]).layers[0].requant);
    let register = jobs_ix::register_model(stranger().pubkey(), last_i8(2048, 4));
    Net::new().ok(&[register], &[&stranger()]);
    refused("BadLayers", changed(&[2, 2], |l| l[0].k = 2049));
    refused("BadLayers", changed(&[2, 2], |l| l[0].n = 0));
    refused("BadLayers", changed(&[2, 2], |l| l[0].k = u32::MAX));
    // An i32 row of 1,025 cells is 4,100 bytes: longer than a row that can be committed to.
    refused("BadLayers", changed(&[2, 2], |l| l[0].n = 1025));
}

#[test]
fn shapes_that_do_not_chain_are_refused() {
    refused("BadLayers", changed(&[5, 6, 7], |l| l[1].k = 5));
    refused("BadLayers", changed(&[5, 6, 7], |l| l[0].requant = None));
}

#[test]
fn requantisation_outside_its_bounds_is_refused() {
    type Change = fn(&mut jobs::state::RequantRecord);
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
    swapped.layers[1].weight_root[31] ^= 1;
    refused("WrongModelRoot", swapped);
}

#[test]
fn a_name_is_1_to_32_bytes() {
    refused("BadName", ModelArgs { name: String::new(), ..args(&[5, 6]) });
    refused("BadName", ModelArgs { name: "x".repeat(33), ..args(&[5, 6]) });
    let named = ModelArgs { name: "x".repeat(32), ..args(&[5, 6]) };
    Net::new().ok(&[jobs_ix::register_model(stranger().pubkey(), named)], &[&stranger()]);
}
