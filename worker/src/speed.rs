//! How long a job would take here. Whoever posts a job earns from a worker that misses its deadline, so everything that takes
//! time counts, at rates that were measured on this machine's slowest case.
use crate::error::WorkerError;
use compute::{Backend, ComputeError, Wanted};
use judge::{Layer, Op, Requant, Shape, Window};
use model::{Model, ModelLayer};
use std::time::{Duration, Instant};

/// Products are computed in blocks of so many terms and columns: fewer take as long.
const BLOCK: u64 = 64;
/// Bytes a second to the disk and to the store, until they have been measured: a fifth of a slow disk.
const STORED_AT_FIRST: f64 = 20e6;
/// Results of fewer bytes say nothing about that.
const STORED_TELLS: usize = 1 << 20;
/// A measurement takes at least so long, or so many rows.
const ENOUGH: Duration = Duration::from_millis(20);
const MOST_ROWS: usize = 256;

/// What this machine does in a second.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Speed {
    /// Multiply-accumulates of wide products.
    pub macs: f64,
    /// Elements that windows are read into, or that sums and lookups read.
    pub elements: f64,
    /// Bytes of output, computed from few elements, hashed and handed over.
    pub bytes: f64,
    /// Bytes of results, kept on disk and put into the store.
    pub stored: f64,
}

impl Speed {
    /// Measures `backend`, whose speed in wide products is known: `gmacs` billions a second. Takes less than a second.
    ///
    /// # Errors
    /// If the backend fails.
    pub fn measure(backend: &mut dyn Backend, gmacs: f64) -> Result<Self, WorkerError> {
        // One channel, so that nothing is read side by side; the widest window there is, and the narrowest.
        let image = Shape { height: 48, width: 48, channels: 1 };
        let window = |side| Window { kernel: [side; 2], stride: [1; 2], padding: [0; 4], fill: 0 };
        let scale = Requant { shift1: 0, mul: 16_384, shift2: 24, zero_point: 0, lo: -128, hi: 127 };
        let pool = Layer {
            op: Op::AveragePool { window: window(32) },
            from: 0,
            input: image,
            requant: Some(scale),
            weight_root: [0; 32],
        };
        let conv = Layer { op: Op::Conv { window: window(2), n: 1 }, ..pool };
        let elements = f64::from(pool.cells()) * 1024.0;
        let pools = rows_per_s(backend, &Model::new("pool", (-128, 127), vec![ModelLayer::of(0, pool, Vec::new())?])?)?;
        let narrow = ModelLayer::weighted(0, conv, &[1; 4], &[0])?;
        let narrow = rows_per_s(backend, &Model::new("narrow", (-128, 127), vec![narrow])?)?;
        Ok(Speed {
            macs: gmacs * 1e9,
            elements: pools * elements,
            bytes: narrow * f64::from(conv.out_row_bytes()),
            stored: STORED_AT_FIRST,
        })
    }

    /// Seconds from the claim of a job of so many rows to its commitment.
    pub fn expected_s(&self, model: &Model, rows: u32) -> f64 {
        let served = verify::served(model, rows);
        let (mut row, mut result) = (0.0, 0.0);
        for (layer, served) in model.layers.iter().map(|layer| &layer.spec).zip(served) {
            let bytes = f64::from(layer.out_row_bytes());
            row += macs(layer) as f64 / self.macs + elements(layer) as f64 / self.elements + bytes / self.bytes;
            result += bytes + if served { 4.0 * f64::from(layer.cells()) } else { 0.0 };
        }
        f64::from(rows) * (row + result / self.stored)
    }

    /// Learns from a result of so many bytes that took `seconds` to keep and to serve. The next one may find disk and network
    /// busier.
    pub fn learn(&mut self, bytes: usize, seconds: f64) {
        if bytes >= STORED_TELLS && seconds > 0.0 {
            self.stored = bytes as f64 / seconds / 2.0;
        }
    }
}

/// Multiply-accumulates of a row, with those that only fill up blocks.
fn macs(layer: &Layer) -> u64 {
    if !layer.is_product() {
        return 0;
    }
    let whole = |count: u32| u64::from(count).next_multiple_of(BLOCK);
    u64::from(layer.places()) * whole(layer.k()) * whole(layer.n())
}

/// Elements that a row's cells are computed from, one by one; those of a fully connected layer are read as they lie.
fn elements(layer: &Layer) -> u64 {
    match &layer.op {
        Op::Gemm { .. } => 0,
        Op::Conv { .. } => u64::from(layer.places()) * u64::from(layer.k()),
        Op::MaxPool { window } | Op::AveragePool { window } => u64::from(layer.cells()) * window.area() as u64,
        Op::Add { .. } => 2 * u64::from(layer.cells()),
        Op::Lookup => layer.cells().into(),
    }
}

/// Rows of `model` a second, hashed as a job's.
fn rows_per_s(backend: &mut dyn Backend, model: &Model) -> Result<f64, ComputeError> {
    let wanted = Wanted::everything(model);
    let mut run = |rows: usize| {
        let input: Vec<u8> = (0..rows * model.input_width() as usize).map(|i| (i % 251) as u8).collect();
        let start = Instant::now();
        backend.commit(&[0; 32], model, &input, &wanted)?;
        Ok::<_, ComputeError>(start.elapsed())
    };
    // A device compiles its kernels at first.
    run(1)?;
    let mut rows = 1;
    loop {
        let took = run(rows)?;
        if took >= ENOUGH || rows >= MOST_ROWS {
            return Ok(rows as f64 / took.as_secs_f64().max(1e-6));
        }
        rows *= 4;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Policy;
    use compute::Cpu;

    /// A fast machine: 1 TMAC/s, a billion elements and a gigabyte a second.
    const FAST: Speed = Speed { macs: 1e12, elements: 1e9, bytes: 1e9, stored: 1e9 };

    fn model(op: Op, input: Shape) -> Model {
        let requant = match op {
            Op::MaxPool { .. } | Op::Lookup => None,
            _ => Some(Requant { shift1: 0, mul: 16_384, shift2: 24, zero_point: 0, lo: -128, hi: 127 }),
        };
        let spec = Layer { op, from: 0, input, requant, weight_root: [0; 32] };
        let columns = vec![0; spec.weight_rows() as usize * spec.column_bytes() as usize];
        Model::new("m", (-128, 127), vec![ModelLayer::of(0, spec, columns).unwrap()]).unwrap()
    }

    #[test]
    fn a_model_that_only_reads_is_not_taken_for_no_work_and_its_deadline_is_refused() {
        // The widest pool over a megapixel: not one multiply-accumulate, and 190 billion elements to read.
        let window = Window { kernel: [32; 2], stride: [1; 2], padding: [0; 4], fill: 0 };
        let image = Shape { height: 1_000, width: 1_000, channels: 1 };
        let pools = model(Op::AveragePool { window }, image);
        assert_eq!(pools.macs(), 0);
        let expected = FAST.expected_s(&pools, 200);
        assert!((190.0..250.0).contains(&expected), "{expected}");
        let job = crate::offer::tests::job();
        assert!(Policy::default().refuse(&jobs::state::Job { execute_s: 5, ..job }, 0, expected).is_some());
    }

    #[test]
    fn sums_lookups_narrow_products_and_long_results_take_time_too() {
        let image = Shape { height: 1_000, width: 1_000, channels: 1 };
        let point = Window { kernel: [1; 2], stride: [1; 2], padding: [0; 4], fill: 0 };
        // A million cells each, 1,000 rows: at least a second to compute and another one to keep.
        let ops = [Op::Lookup, Op::Add { with: 0, multipliers: [1, 1], bias: 0 }, Op::Conv { window: point, n: 1 }];
        for op in ops {
            let expected = FAST.expected_s(&model(op, image), 1_000);
            assert!(expected > 2.0, "{op:?}: {expected}");
        }
        let narrow = FAST.expected_s(&model(Op::Conv { window: point, n: 1 }, image), 1_000);
        assert!(narrow > 4_096.0 * 1e9 / FAST.macs, "a block is computed for one column of one term: {narrow}");
    }

    #[test]
    fn slow_storage_is_learned_from_results_that_tell() {
        let mut speed = FAST;
        speed.learn(1_000, 10.0);
        assert_eq!(speed, FAST);
        speed.learn(10_000_000, 10.0);
        assert_eq!(speed.stored, 500_000.0);
    }

    #[test]
    fn this_machine_can_be_measured() {
        let speed = Speed::measure(&mut Cpu::new(), 10.0).unwrap();
        assert!(speed.elements.is_finite() && speed.elements > 1e5, "{speed:?}");
        assert!(speed.bytes.is_finite() && speed.bytes > 1e3, "{speed:?}");
    }
}
