//! Runs the probe program in the real virtual machine and compares it with the same code on the host.
//!
//! `SBF_OUT_DIR` is where the program lies (default: `target/deploy`), `IO_FUZZ_STEPS` how many random
//! operations to try (default: 5,000).

use litesvm::LiteSVM;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use sbf_probe::checks::checked_op;
use sbf_probe::{ops, task};
use solana_address::Address;
use solana_instruction::Instruction;
use solana_keypair::Keypair;
use solana_message::Message;
use solana_signer::Signer;
use solana_transaction::Transaction;
use std::path::PathBuf;

struct Vm {
    svm: LiteSVM,
    payer: Keypair,
    program: Address,
}

impl Vm {
    fn new() -> Self {
        let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../..");
        let folder = std::env::var_os("SBF_OUT_DIR").map(PathBuf::from);
        let path = folder.unwrap_or_else(|| PathBuf::from(root).join("target/deploy")).join("sbf_probe.so");
        let Ok(program_bytes) = std::fs::read(&path) else {
            panic!("{} is not built: run `cargo xtask build-programs`", path.display());
        };
        let (payer, program) = (Keypair::new(), Address::new_unique());
        let mut svm = LiteSVM::new();
        svm.add_program(program, &program_bytes).expect("the loader accepts the program");
        svm.airdrop(&payer.pubkey(), 1_000_000_000_000).expect("airdrop");
        Vm { svm, payer, program }
    }

    /// Return data and compute units, or the logs of a failure.
    fn run(&mut self, task: u8, input: &[u8]) -> Result<(Vec<u8>, u64), Vec<String>> {
        let data = [&[task], input].concat();
        let instruction = Instruction { program_id: self.program, accounts: vec![], data };
        self.svm.expire_blockhash();
        let message = Message::new(&[instruction], Some(&self.payer.pubkey()));
        let transaction = Transaction::new(&[&self.payer], message, self.svm.latest_blockhash());
        match self.svm.send_transaction(transaction) {
            Ok(done) => Ok((done.return_data.data, done.compute_units_consumed)),
            Err(failed) => Err(failed.meta.logs),
        }
    }

    /// Runs a task on both sides. Returns the compute units.
    fn compare(&mut self, task: u8, input: &[u8]) -> u64 {
        let expected = sbf_probe::run(&[&[task], input].concat());
        let (mut answer, units) = match self.run(task, input) {
            Ok(done) => done,
            Err(logs) => panic!("task {task} with {input:x?} failed: {logs:#?}"),
        };
        // The runtime cuts zeros at the end of return data.
        assert!(answer.len() <= expected.len(), "task {task} with {input:x?}");
        answer.resize(expected.len(), 0);
        assert_eq!(answer, expected, "task {task} with {input:x?}");
        units
    }
}

fn operand(random: &mut StdRng) -> u128 {
    const EDGES: [u128; 17] = [
        0,
        1,
        2,
        3,
        0xffff_ffff,
        0x1_0000_0000,
        1_000_000_000,
        (1 << 63) - 1,
        1 << 63,
        u64::MAX as u128,
        u64::MAX as u128 + 1,
        u128::MAX << 64,
        i64::MIN as i128 as u128,
        (1 << 127) - 1,
        1 << 127,
        u128::MAX - 1,
        u128::MAX,
    ];
    if random.random_bool(0.25) {
        return EDGES[random.random_range(0..EDGES.len())];
    }
    // All widths alike, some of them negative.
    let value = random.random::<u128>() >> random.random_range(0..128);
    if random.random_bool(0.2) { value.wrapping_neg() } else { value }
}

#[test]
fn random_operations_equal_the_host() {
    const BATCH: u64 = 25;
    let steps = std::env::var("IO_FUZZ_STEPS")
        .map_or(5_000, |text| text.parse::<u64>().unwrap_or_else(|_| panic!("IO_FUZZ_STEPS={text} is not a number")));
    let mut vm = Vm::new();
    let mut random = StdRng::seed_from_u64(7);
    for batch in 0..steps.div_ceil(BATCH) {
        let operation = (batch % u64::from(ops::COUNT)) as u8;
        let mut input = vec![];
        for _ in 0..BATCH {
            input.push(operation);
            input.extend(operand(&mut random).to_le_bytes());
            input.extend(operand(&mut random).to_le_bytes());
        }
        vm.compare(task::MATH, &input);
    }
}

#[test]
fn aborts_where_the_host_panics() {
    use checked_op::*;
    let most_negative = i64::MIN as u64 as u128;
    let aborts = [
        (ADD_U64, u64::MAX.into(), 1),
        (MUL_U64, 1 << 33, 1 << 33),
        (SUB_U64, 1, 2),
        (MUL_I64, 1 << 62, 2),
        (MUL_U32, 1 << 17, 1 << 17),
        (DIV_U64, 5, 0),
        (DIV_I64, 5, 0),
        (DIV_I64, most_negative, u64::MAX.into()),
        (MUL_U128, 1 << 64, 1 << 64),
        (MUL_I128, 1 << 126, 2),
        (INDEX, 3, 0),
    ];
    let works = [
        (ADD_U64, u128::from(u64::MAX) - 1, 1),
        (MUL_U64, 1 << 31, 1 << 32),
        (SUB_U64, 2, 2),
        (MUL_I64, -7i128 as u128, 3),
        (MUL_U32, 1 << 15, 1 << 16),
        (DIV_U64, u64::MAX.into(), 3),
        (DIV_I64, -7i128 as u128, 2),
        (MUL_U128, 1 << 63, 1 << 64),
        (MUL_I128, 1 << 126, u128::MAX),
        (INDEX, 2, 0),
    ];
    let mut vm = Vm::new();
    let input =
        |(operation, a, b): (u8, u128, u128)| [&[operation], &a.to_le_bytes()[..], &b.to_le_bytes()[..]].concat();
    for case in works {
        vm.compare(task::CHECKED, &input(case));
    }
    for case in aborts {
        let data = [&[task::CHECKED], &input(case)[..]].concat();
        assert!(std::panic::catch_unwind(|| sbf_probe::run(&data)).is_err(), "{case:?} works on the host");
        let Err(logs) = vm.run(task::CHECKED, &input(case)) else { panic!("{case:?} works on chain") };
        let stopped = logs.iter().any(|line| line.contains("panicked") || line.contains("Panicked"));
        assert!(stopped, "{case:?} failed in another way: {logs:#?}");
    }
}

#[test]
fn calls_through_tables_equal_the_host() {
    let mut vm = Vm::new();
    let mut random = StdRng::seed_from_u64(8);
    for choice in 0..=u8::MAX {
        let mut input = vec![choice];
        input.extend((operand(&mut random) as u64).to_le_bytes());
        input.extend(operand(&mut random).to_le_bytes());
        vm.compare(task::DYNAMIC, &input);
    }
}

#[test]
fn memory_operations_equal_the_host() {
    let mut vm = Vm::new();
    let mut random = StdRng::seed_from_u64(9);
    for len in (0..100).chain([200, 400, 599, 600, 601, 900]) {
        let input: Vec<u8> = (0..len).map(|_| random.random()).collect();
        vm.compare(task::MEMORY, &input);
    }
}

#[test]
fn int8_dot_products_equal_the_host() {
    let mut vm = Vm::new();
    let mut random = StdRng::seed_from_u64(10);
    for len in [0, 1, 2, 3, 7, 8, 9, 64, 500] {
        let input: Vec<u8> = (0..2 * len).map(|_| random.random()).collect();
        vm.compare(task::DOT, &input);
    }
    vm.compare(task::DOT, &[0x80; 1000]);
    // What one multiply-add costs, beside what every call does.
    let units = vm.compare(task::DOT, &[0x7f; 1000]) - vm.compare(task::DOT, &[]);
    assert!(units < 20 * 500, "{units} compute units for 500 multiply-adds");
}

#[test]
fn floats_equal_the_host() {
    const EDGES: [f64; 14] = [
        0.0,
        -0.0,
        1.0,
        -1.5,
        255.5,
        65_536.0,
        1e10,
        -1e19,
        1e300,
        5e-324,
        f64::MAX,
        f64::INFINITY,
        f64::NEG_INFINITY,
        f64::NAN,
    ];
    let mut vm = Vm::new();
    let mut random = StdRng::seed_from_u64(11);
    let mut pairs: Vec<_> = EDGES.iter().flat_map(|a| EDGES.map(|b| (*a, b))).collect();
    pairs.extend((0..200).map(|_| {
        let mut any = || {
            let exponent = random.random_range(-80..80);
            random.random_range(-1.0..1.0) * f64::powi(2.0, exponent)
        };
        (any(), any())
    }));
    for (a, b) in pairs {
        vm.compare(task::FLOAT, &[a.to_le_bytes(), b.to_le_bytes()].concat());
    }
}
