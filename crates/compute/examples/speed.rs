//! Tests and measures every backend of this machine: `cargo run --release -p compute --example speed`.
use compute::gpu::{Dot, TIMEOUT};
use compute::{Backend, ComputeError, Cpu, Gemm, Gpu, GpuSelect, Kernel, Preference, choose, measure, self_test};
use std::time::Instant;

/// `[m, n, k]` of the products timed.
const PRODUCTS: [[usize; 3]; 8] = [
    [1, 1024, 1024],
    [4, 1024, 1024],
    [8, 1024, 1024],
    [16, 1024, 1024],
    [256, 10, 512],
    [256, 512, 512],
    [1024, 1024, 1024],
    [2048, 2048, 2048],
];

fn main() {
    for kernel in Kernel::available() {
        for threads in [1, 0] {
            let all = std::thread::available_parallelism().map_or(1, |n| n.get());
            report(Cpu::with(kernel, if threads == 0 { all } else { threads }));
        }
    }
    for select in [GpuSelect::Auto, GpuSelect::Software] {
        for dot in [Dot::Packed, Dot::Unpacked] {
            println!("{dot:?} products:");
            report(Gpu::open_with(&select, dot, TIMEOUT));
        }
    }
    match choose(&Preference::Auto) {
        Ok((_, choice)) => println!("auto: {choice}"),
        Err(error) => println!("auto: {error}"),
    }
}

fn report<B: Backend>(backend: Result<B, ComputeError>) {
    if let Err(error) = backend.and_then(|mut backend| time(&mut backend)) {
        println!("{error}");
    }
}

fn time(backend: &mut dyn Backend) -> Result<(), ComputeError> {
    println!("{}", backend.describe());
    let test = self_test(backend)?;
    println!("  self-test: {} cases, {} cells, {:.2?}", test.cases, test.cells, test.elapsed);
    println!("  models: {:.1} GMAC/s", measure(backend)?);
    for [m, n, k] in PRODUCTS {
        let (a, b) = (vec![0x80; m * k], vec![0x7f; n * k]);
        let mut best = f64::INFINITY;
        let start = Instant::now();
        while start.elapsed().as_secs_f64() < 0.5 {
            let run = Instant::now();
            backend.gemm(Gemm { m, n, k }, &a, &b)?;
            best = best.min(run.elapsed().as_secs_f64());
        }
        println!("  {m} x {n} x {k}: {:.2} ms, {:.1} GMAC/s", best * 1e3, (m * n * k) as f64 / best / 1e9);
    }
    Ok(())
}
