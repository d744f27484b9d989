//! int8 products of square matrices, every backend beside its peers in the same rounds.
use crate::peers::Peers;
use crate::timing::{median, processor, rounded, timed};
use anyhow::{Result, ensure};
use compute::sample::Bytes;
use compute::{BackendKind, Cpu, Gemm, Kernel, Opened, threads};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, Instant};

const SIZES: [usize; 5] = [512, 1024, 2048, 4096, 8192];
/// The sizes that the aim speaks of.
const AIM_FROM: usize = 1024;
/// Plain Rust takes minutes beyond this.
const PORTABLE_TO: usize = 2048;
/// A Vulkan driver on the CPU takes minutes beyond this.
const SOFTWARE_TO: usize = 1024;
/// Rounds of one size, unless they take longer than [`PATIENCE`].
const ROUNDS: usize = 61;
const PATIENCE: Duration = Duration::from_secs(15);
/// The fewest rounds that a median is taken of: the second if the first take twice as long. Who takes no part in the comparison with
/// ONNX Runtime is timed as often.
const FEWEST: usize = 5;
const LEAST: usize = 3;
/// Who takes no part in the comparison, or is this much slower than the fastest, is timed once if that takes longer than
/// [`SHORT`]. A way of calling ONNX Runtime this much slower than another is left out of larger sizes.
const TOO_SLOW: f64 = 6.0;
const SHORT: f64 = 0.3;
/// Whether weights are packed beforehand or each time.
const DEALS: [&str; 2] = ["weights constant", "weights given"];
/// Between contenders: ONNX Runtime's threads spin for a while after their work.
const PAUSE: Duration = Duration::from_millis(50);

/// Who multiplies.
enum Who {
    /// Packs the weights beforehand, as for a model that is used again.
    Packed(Kernel),
    /// Packs them each time.
    Given(Kernel),
    /// By its place in the list of adapters.
    Adapter(usize),
    Peer(String),
}

impl Who {
    fn name(&self) -> String {
        match self {
            Who::Packed(kernel) => format!("{}, weights constant", kernel.name()),
            Who::Given(kernel) => format!("{}, weights given", kernel.name()),
            Who::Adapter(index) => format!("adapter {index}"),
            Who::Peer(name) => name.clone(),
        }
    }

    /// Whether the ratio to ONNX Runtime is about it.
    fn is_compared(&self) -> bool {
        match self {
            Who::Packed(kernel) | Who::Given(kernel) => *kernel == Kernel::available()[0],
            Who::Peer(_) => self.is_onnx(),
            Who::Adapter(_) => false,
        }
    }

    fn is_onnx(&self) -> bool {
        matches!(self, Who::Peer(name) if name.contains("weights"))
    }
}

struct Contender {
    who: Who,
    seconds: Vec<f64>,
}

impl Contender {
    fn best(&self) -> f64 {
        self.seconds.iter().copied().fold(f64::INFINITY, f64::min)
    }
}

/// One size's operands.
struct Operands {
    size: usize,
    a: Vec<u8>,
    /// By columns, as our backends take it.
    b: Vec<u8>,
}

struct Machine {
    peers: Peers,
    adapters: Vec<Opened>,
    threads: usize,
}

/// All sizes; the first two if `quick`.
pub fn run(python: &Path, quick: bool) -> Result<Value> {
    let threads = threads::available();
    let mut peers = Peers::start(python, threads)?;
    let (versions, saturates) = (peers.versions()?, peers.saturates()?);
    let mut machine = Machine { peers, adapters: compute::every_gpu(), threads };
    println!("{}, {threads} threads, ONNX Runtime {}", processor(), versions["onnxruntime"]);
    println!("ONNX Runtime saturates: {saturates}");

    let sizes = if quick { &SIZES[..2] } else { &SIZES[..] };
    let mut too_slow = BTreeSet::new();
    let (mut rows, mut worst) = (Vec::new(), f64::INFINITY);
    let mut of_adapters = vec![Vec::new(); machine.adapters.len()];
    for &size in sizes {
        let contenders = machine.size(size, quick, &mut too_slow)?;
        let torch = contenders.iter().find(|c| matches!(&c.who, Who::Peer(name) if name.starts_with("torch")));
        for contender in &contenders {
            if let Who::Adapter(index) = contender.who {
                let gpu = machine.adapters[index].0.kind == BackendKind::Gpu;
                let vs_torch = torch.filter(|_| gpu).map(|torch| rounded(ratio(torch, contender)));
                of_adapters[index].push(json!({
                    "size": size, "gmacs": gmacs(size, contender), "vs_dp4a_peak": null, "vs_torch_int_mm": vs_torch,
                }));
            }
        }
        let ratios: Vec<(&str, f64)> =
            DEALS.into_iter().filter_map(|deal| Some((deal, against_onnx(&contenders, deal)?))).collect();
        if size >= AIM_FROM {
            worst = ratios.iter().fold(worst, |worst, (_, ratio)| worst.min(*ratio));
        }
        let speeds: serde_json::Map<String, Value> =
            contenders.iter().map(|c| (c.who.name(), json!(gmacs(size, c)))).collect();
        let ratios: serde_json::Map<String, Value> =
            ratios.into_iter().map(|(deal, ratio)| (deal.into(), json!(rounded(ratio)))).collect();
        let rounds = contenders[0].seconds.len();
        println!("{size}: {}", serde_json::to_string_pretty(&speeds)?);
        println!("  against ONNX Runtime: {}", Value::Object(ratios.clone()));
        rows.push(json!({ "size": size, "gmacs": speeds, "vs_onnxruntime": ratios, "rounds": rounds }));
    }
    let adapters: Vec<Value> = machine.adapters.iter().zip(of_adapters).map(|(a, sizes)| adapter(a, sizes)).collect();
    Ok(json!({
        "processor": processor(),
        "threads": threads,
        "onnxruntime": { "version": versions["onnxruntime"], "saturates": saturates },
        "torch": if versions["torch"].is_null() { versions["device"].clone() } else { versions["torch"].clone() },
        "cpu_vs_onnxruntime": rounded(worst),
        "sizes": rows,
        "adapters": adapters,
    }))
}

fn adapter((description, opened): &Opened, sizes: Vec<Value>) -> Value {
    let reason = match (opened, description.kind) {
        (Err(reason), _) => format!("not measured: {reason}"),
        (Ok(_), BackendKind::SoftwareGpu) => format!(
            "shares of a peak not measured: a software rasteriser, which has no dp4a unit; sizes over {SOFTWARE_TO} not \
             measured: they take minutes"
        ),
        (Ok(_), _) => "share of dp4a peak not measured: the driver does not tell the chip's peak; \
                       speeds count the transfers of both operands and the product"
            .into(),
    };
    json!({
        "name": description.name, "driver": description.driver, "kind": format!("{:?}", description.kind),
        "sizes": sizes, "reason": reason,
    })
}

impl Machine {
    /// Rounds of everybody on one size. All products are compared cell by cell first.
    fn size(&mut self, size: usize, quick: bool, too_slow: &mut BTreeSet<String>) -> Result<Vec<Contender>> {
        let mut random = Bytes(size as u64);
        let (a, b) = (random.take(size * size), random.take(size * size));
        let names = self.peers.load(size, &a, &transposed(size, &b))?;
        let operands = Operands { size, a, b };

        let kernels: Vec<Kernel> = Kernel::available();
        let fits = |kernel: &&Kernel| **kernel != Kernel::Portable || size <= PORTABLE_TO;
        let mut everybody: Vec<Who> = kernels.iter().filter(fits).map(|kernel| Who::Packed(*kernel)).collect();
        everybody.push(Who::Given(kernels[0]));
        everybody.extend(names.into_iter().map(Who::Peer));
        everybody.extend(self.adapters.iter().enumerate().filter_map(|(index, (description, opened))| {
            let fits = description.kind != BackendKind::SoftwareGpu || size <= SOFTWARE_TO;
            (fits && opened.is_ok()).then_some(Who::Adapter(index))
        }));
        everybody.retain(|who| !too_slow.contains(&who.name()));

        let mut expected = Vec::new();
        let mut contenders: Vec<Contender> = Vec::new();
        let mut runs = Vec::new();
        for who in everybody {
            let mut run = self.prepare(&who, &operands)?;
            let (warm_up, cells) = run.once(self, &operands, true)?;
            if expected.is_empty() {
                expected = cells;
            } else {
                ensure!(cells == expected, "{} gives other numbers at size {size}", who.name());
            }
            contenders.push(Contender { who, seconds: vec![warm_up] });
            runs.push(run);
        }
        let start = Instant::now();
        let mut slow = vec![false; contenders.len()];
        for round in 0..if quick { FEWEST } else { ROUNDS } {
            let patience = if round < FEWEST { 2 * PATIENCE } else { PATIENCE };
            if round >= LEAST && start.elapsed() > patience {
                break;
            }
            // Another order each time: nobody always runs after the same one.
            for i in (0..slow.len()).map(|i| (i + round) % slow.len()) {
                let (contender, run, slow) = (&mut contenders[i], &mut runs[i], slow[i]);
                if slow || (round >= FEWEST && !contender.who.is_compared()) {
                    continue;
                }
                std::thread::sleep(PAUSE);
                let (seconds, _) = run.once(self, &operands, false)?;
                if round == 0 {
                    // The first run built sessions and touched memory for the first time.
                    contender.seconds.clear();
                }
                contender.seconds.push(seconds);
            }
            let fastest = contenders.iter().map(Contender::best).fold(f64::INFINITY, f64::min);
            let slow_or_other = |c: &Contender| c.best() > TOO_SLOW * fastest || !c.who.is_compared();
            slow = contenders.iter().map(|c| c.best() > SHORT && slow_or_other(c)).collect();
        }
        let fastest = |deal: &str| {
            let those = contenders.iter().filter(|c| c.who.is_onnx() && c.who.name().ends_with(deal));
            those.map(Contender::best).fold(f64::INFINITY, f64::min)
        };
        for deal in DEALS {
            let lost = contenders.iter().filter(|c| c.who.is_onnx() && c.who.name().ends_with(deal));
            let lost = lost.filter(|c| c.best() > TOO_SLOW * fastest(deal));
            too_slow.extend(lost.map(|c| c.who.name()));
        }
        Ok(contenders)
    }

    fn prepare(&self, who: &Who, operands: &Operands) -> Result<Run> {
        let size = operands.size;
        Ok(match who {
            Who::Packed(kernel) => {
                let cpu = Cpu::with(*kernel, self.threads)?;
                Run::Packed(cpu.prepare(size, size, &operands.b)?, cpu, vec![0; size * size])
            }
            Who::Given(kernel) => Run::Given(Cpu::with(*kernel, self.threads)?, vec![0; size * size]),
            Who::Adapter(index) => Run::Adapter(*index),
            Who::Peer(name) => Run::Peer(name.clone()),
        })
    }
}

/// Somebody with everything in place.
enum Run {
    Packed(compute::cpu::Packed, Cpu, Vec<i32>),
    Given(Cpu, Vec<i32>),
    Adapter(usize),
    Peer(String),
}

impl Run {
    /// Seconds of one product, and the product if `wanted`.
    fn once(&mut self, machine: &mut Machine, operands: &Operands, wanted: bool) -> Result<(f64, Vec<i32>)> {
        let Operands { size, a, b } = operands;
        let keep = |c: &Vec<i32>| if wanted { c.clone() } else { Vec::new() };
        match self {
            Run::Packed(weights, cpu, c) => {
                let (seconds, outcome) = timed(|| cpu.multiply(weights, a, c));
                outcome?;
                Ok((seconds, keep(c)))
            }
            Run::Given(cpu, c) => {
                let (seconds, outcome) = timed(|| cpu.multiply(&cpu.prepare(*size, *size, b)?, a, c));
                outcome?;
                Ok((seconds, keep(c)))
            }
            Run::Adapter(index) => {
                let shape = Gemm { m: *size, n: *size, k: *size };
                let backend = machine.adapters[*index].1.as_mut().map_err(|reason| anyhow::anyhow!("{reason}"))?;
                let (seconds, outcome) = timed(|| backend.gemm(shape, a, b));
                Ok((seconds, outcome?))
            }
            Run::Peer(name) => {
                let seconds = machine.peers.run(name)?;
                Ok((seconds, if wanted { machine.peers.cells(name)? } else { Vec::new() }))
            }
        }
    }
}

fn transposed(size: usize, matrix: &[u8]) -> Vec<u8> {
    let mut out = vec![0; matrix.len()];
    // In squares, so that both sides stay in the cache.
    for (i, j) in (0..size).step_by(64).flat_map(|i| (0..size).step_by(64).map(move |j| (i, j))) {
        for row in i..(i + 64).min(size) {
            for column in j..(j + 64).min(size) {
                out[column * size + row] = matrix[row * size + column];
            }
        }
    }
    out
}

fn gmacs(size: usize, contender: &Contender) -> f64 {
    rounded((size * size * size) as f64 / median(contender.seconds.clone()) / 1e9)
}

/// How many times as fast `ours` is: the median over the rounds that both ran in.
fn ratio(theirs: &Contender, ours: &Contender) -> f64 {
    median(theirs.seconds.iter().zip(&ours.seconds).map(|(theirs, ours)| theirs / ours).collect())
}

/// Our fastest kernel against the fastest that ONNX Runtime has for the same deal.
fn against_onnx(contenders: &[Contender], deal: &str) -> Option<f64> {
    let of = |onnx: bool| {
        let those = contenders.iter().filter(move |c| c.who.is_onnx() == onnx && c.who.name().ends_with(deal));
        those.min_by(|a, b| median(a.seconds.clone()).total_cmp(&median(b.seconds.clone())))
    };
    Some(ratio(of(true)?, of(false)?))
}
