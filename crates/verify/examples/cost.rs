//! Measures what the constants of the choice between recomputing and testing stand for, on one thread:
//! `cargo run --release -p verify --example cost`.
use compute::{Backend, ComputeError, Cpu, Kernel, Left};
use judge::Requant;
use model::{Model, ModelLayer};
use std::time::Instant;
use verify::freivalds;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // Products small enough for `wrong_rows` to stay on one thread.
    for [rows, k, n] in [[500, 1024, 64], [64, 1024, 1024], [1, 2048, 2048], [250, 64, 2048], [128, 2048, 2048]] {
        let weights = vec![-128i8; (k * n) as usize];
        let requant = Requant { shift1: 8, mul: 20_000, shift2: 20, zero_point: 0, lo: -128, hi: 127 };
        let layer = ModelLayer::new(0, k, n, Some(requant), &weights, &vec![5; n as usize])?;
        let model = Model::new("cost", (-128, 127), vec![layer.clone()])?;
        let input = vec![0x7f; (rows * k) as usize];
        println!("[{rows}, {k}] x [{k}, {n}]");
        let mut accumulators = Vec::new();
        for kernel in Kernel::available() {
            let mut cpu = Cpu::with(kernel, 1)?;
            accumulators = cpu.layer(&layer, &[&input; 2])?.0;
            let seconds = best(|| cpu.execute(&model, &input).map(drop))?;
            let rate = f64::from(rows) * f64::from(k) * f64::from(n) / seconds / 1e9;
            println!("  recompute, {}: {:.3} ms, {rate:.1} MAC/ns", kernel.name(), seconds * 1e3);
        }
        let vector = freivalds::draw(n as usize).ok_or("no randomness")?;
        let mut wrong = 0;
        let seconds = best(|| {
            wrong = freivalds::wrong_rows(&layer, Left::Rows { bytes: &input, k: k as usize }, &accumulators, &vector)
                .len();
            Ok(())
        })?;
        let i8s = f64::from(k) * f64::from(n + rows);
        let i32s = f64::from(rows) * f64::from(n);
        println!("  test: {:.3} ms, {i8s} i8 and {i32s} i32, {wrong} wrong rows", seconds * 1e3);
        println!("    {:.3} ns each if an i32 counts as 1.5 i8", seconds * 1e9 / (i8s + 1.5 * i32s));
    }
    Ok(())
}

fn best(mut run: impl FnMut() -> Result<(), ComputeError>) -> Result<f64, ComputeError> {
    let mut best = f64::INFINITY;
    let start = Instant::now();
    while start.elapsed().as_secs_f64() < 0.3 {
        let run_start = Instant::now();
        run()?;
        best = best.min(run_start.elapsed().as_secs_f64());
    }
    Ok(best)
}
